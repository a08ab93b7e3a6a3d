//! The actors.
//!
//! * [`house`]: what every actor is given: store, clock, channels, files, who runs here
//! * [`supervisor`]: the Gateway: heartbeat, ownership, one [`channel_actor`] per provider login, back-off
//! * [`channel_actor`]: a login's mailbox and outbox, and its [`conversation`] actors
//! * [`conversation`]: the single writer of a conversation: one batch per cause
//! * [`administration`]: workspaces, people, channels: what owners and admins change
//! * [`hub`]: tails the feeds and hands each frame, serialised once, to the sockets that may see it
//! * [`inbox`]: the list and counters of open conversations, in memory, kept by the feed
//! * [`intake`]: what providers send to hooks, until it is durable
//! * [`searcher`]: brings the search index up to date and asks it
//! * [`events`]: from feed entries to frames; [`cursor`]: places in them
//! * [`tally`]: the day's numbers; [`attendance`]: who is here
//! * [`timers`]: durable timers that are due
//! * [`signals`]: what is told between processes and never stored
//! * [`maintenance`]: what must not grow for ever
//! * [`known_customers`]: what a customer is, put together from records
//! * [`kept`]: what was read a moment ago and may be believed for a while
//! * [`commands`]: what clients ask of the actors, on this node or another, and what they are answered; [`crm_commands`]: those of CRMs
//! * [`crm_widget`]: what a CRM's widget asks
//! * [`entries`]: what lies in the streams; `begins`: how often one was begun, and what becomes of one that cannot be handled
//! * [`tenure`]: what the owner of a piece of work holds
//! * [`faults`]: places where tests break the process on purpose
//! * [`post`]: letters, from the commit of their cause to the mail server
//! * [`webhooks`]: outgoing webhooks, from the feed to other people's servers
//! * [`panics`]: the words of panics, until their cause is handled again
//! * [`views`]: from records to what clients see

pub mod administration;
pub mod attendance;
mod begins;
pub mod channel_actor;
pub mod commands;
pub mod conversation;
pub mod crm_actor;
pub mod crm_commands;
pub mod crm_intake;
pub mod crm_widget;
pub mod cursor;
pub mod entries;
pub mod events;
pub mod faults;
pub mod house;
pub mod hub;
pub mod inbox;
pub mod intake;
pub mod kept;
pub mod known_customers;
pub mod likeness;
mod lines;
pub mod links;
pub mod maintenance;
pub mod notices;
pub mod panics;
pub mod post;
pub mod searcher;
pub mod signals;
pub mod supervisor;
pub mod tally;
pub mod tenure;
pub mod timers;
pub mod views;
pub mod webhooks;
