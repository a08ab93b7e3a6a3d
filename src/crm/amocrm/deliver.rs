//! What becomes of a message in amoCRM.

use super::client::Client;
use crate::crm::contract::{CrmContext, CrmError, Delivered, Job};
use crate::model::conversation::Conversation;
use crate::model::crm::CrmConnection;
use crate::model::message::{Delivery, Message, Told};
use crate::model::reason::Reason;

/// Which stretch of its conversation a message belongs to.
#[must_use]
pub fn key(_connection: &CrmConnection, _conversation: &Conversation, _message: &Message) -> String {
    String::new()
}

/// Gives a message to amoCRM.
///
/// # Errors
/// Not yet possible.
pub async fn deliver(_client: &Client, _context: &CrmContext, _job: &Job) -> Result<Delivered, CrmError> {
    Err(CrmError::Rejected(Reason::new("not_supported")))
}

/// Whether it wants to hear what changed of a message.
#[must_use]
pub fn follows(_connection: &CrmConnection, _message: &Message, _delivery: &Delivery) -> bool {
    false
}

/// Tells what changed of a message.
///
/// # Errors
/// Not yet possible.
pub async fn tell(_client: &Client, _context: &CrmContext, _job: &Job) -> Result<Told, CrmError> {
    Err(CrmError::Rejected(Reason::new("not_supported")))
}
