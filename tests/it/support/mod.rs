//! What the tests stand on.
//!
//! * `amocrm`: an account of the fake amoCRM, connected
//! * [`app`]: the whole product on a free port, and clients of it
//! * `fake_provider`, `rig`: the product with logins of the tests' channel, and the provider behind it; `fake_crm`: the tests' CRM
//! * [`node`]: the product itself as a child process
//! * `provider_side`: webhooks posted until they are taken, and what went out compared with the log
//! * [`connected`]: the product as a process, connected to a provider's fake
//! * [`client`]: what a correct client of the sockets does
//! * [`fakes`]: the fakes of providers as a child process, and a door for what they post
//! * [`fake_push`]: a push service that opens what it is handed, as a browser would
//! * [`fake_smtp`]: a mail server that keeps what it is handed, or fails on purpose
//! * [`fakes`]: the fakes of providers (`tests/fakes`), and what a channel is given to call them with
//! * [`ledger`]: what the server has called durable, kept outside of it
//! * [`proxy`]: cuts all connections at once
//! * [`receiver`]: takes webhooks, checks their signatures, answers as it is told to
//! * [`recount`]: counts a whole store anew and compares
//! * [`redis_server`]: a real redis-server as a child process
//! * `widget_page`: a page of a CRM with our widget in it
//! * [`s3`]: a small S3 server, written from Amazon's API reference

pub(crate) mod amocrm;
pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod connected;
pub(crate) mod fake_crm;
pub(crate) mod fake_provider;
pub(crate) mod fake_push;
pub(crate) mod fake_smtp;
pub(crate) mod fakes;
pub(crate) mod ledger;
pub(crate) mod node;
pub(crate) mod provider_side;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod recount;
pub(crate) mod redis_server;
pub(crate) mod rig;
pub(crate) mod s3;
pub(crate) mod widget_page;
