//! Domain types and rules: no I/O, no clock, no async.
//!
//! * [`ids`]: newtypes of every id and how they are written
//! * [`time`]: the one time type and where "now" and randomness come from
//! * [`people`]: users, members of a workspace, roles, sessions, API tokens
//! * [`entry`]: invites, password links, the second step of a login
//! * [`totp`], [`device`]: the codes of authenticator apps; what a browser calls itself
//! * [`mailing`]: the same words to many contacts of a CRM
//! * [`letter`]: letters to people and how far they came
//! * [`connection`]: provider app › login › channel account, the links from accounts to CRM connections
//! * [`crm`]: CRM connections, where conversations stand in them, what they offer to choose from
//! * [`contact`]: phones and e-mails as people type them
//! * [`hours`]: when people answer
//! * [`network`]: which addresses anybody on the internet could have
//! * [`notice`]: who is told of what, and when there is silence
//! * [`visit`]: how somebody came to the site
//! * [`deals`]: which deal and contact of a CRM a message belongs to; [`substitution`]: words with places in them
//! * [`customer`]: identities, customers, who vouches for what
//! * [`conversation`]: places, conversations, episodes, the inbox row
//! * [`message`]: content, origin, states, deliveries
//! * [`tag`], [`reply`]: tags of conversations, canned replies
//! * [`webhook`]: what is told to other programs, and how it is repeated
//! * [`profile`]: links to people in networks
//! * [`personal`]: what is one manager's own: marks and drafts
//! * [`protocol`]: the frames of the socket and the views they carry
//! * [`reason`]: codes with parameters that the edge puts into words

pub mod connection;
pub mod contact;
pub mod conversation;
pub mod crm;
pub mod customer;
pub mod deals;
pub mod device;
pub mod entry;
pub mod hours;
pub mod ids;
pub mod letter;
pub mod mailing;
pub mod message;
pub mod network;
pub mod notice;
pub mod people;
pub mod personal;
pub mod profile;
pub mod protocol;
pub mod reason;
pub mod reply;
pub mod sign;
pub mod substitution;
pub mod tag;
pub mod tally;
pub mod time;
pub mod totp;
pub mod visit;
pub mod webhook;
