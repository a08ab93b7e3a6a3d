//! Domain types and rules: no I/O, no clock, no async.
//!
//! * [`ids`]: newtypes of every id and how they are written
//! * [`time`]: the one time type and where "now" and randomness come from
//! * [`people`]: users, members of a workspace, roles, sessions, API tokens
//! * [`connection`]: provider app › login › channel account, CRM connections, the links between them
//! * [`contact`]: phones and e-mails as people type them
//! * [`hours`]: when people answer
//! * [`visit`]: how somebody came to the site
//! * [`customer`]: identities, customers, who vouches for what
//! * [`conversation`]: places, conversations, episodes, the inbox row
//! * [`message`]: content, origin, states, deliveries
//! * [`protocol`]: the frames of the socket and the views they carry
//! * [`reason`]: codes with parameters that the edge puts into words

pub mod connection;
pub mod contact;
pub mod conversation;
pub mod customer;
pub mod hours;
pub mod ids;
pub mod message;
pub mod people;
pub mod protocol;
pub mod reason;
pub mod time;
pub mod visit;
