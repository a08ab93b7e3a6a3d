//! What is done to conversations in CRMs and by their widgets.

use serde::{Deserialize, Serialize};

use crate::model::crm::{Joins, To};
use crate::model::ids::{ConnectionId, ConversationId, FileId, MessageId};
use crate::model::message::Part;
use crate::model::protocol::Author;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// What somebody wrote to the customer in a CRM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FromCrm {
    /// Where.
    pub conversation: ConversationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The CRM's id of it.
    pub external_id: String,
    /// The key it is known by however often it comes.
    pub client_id: String,
    /// Who.
    pub author: Author,
    /// What it says.
    pub parts: Vec<Part>,
    /// Its files, which are here.
    pub files: Vec<FileId>,
    /// Why it cannot go: a file did not come.
    pub failed: Option<Reason>,
    /// What it answers.
    pub reply_to: Option<MessageId>,
    /// When.
    pub at: Time,
}

/// What somebody says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The words.
    pub text: String,
    /// Files the connection uploaded.
    pub files: Vec<FileId>,
    /// The mailing it is of: no CRM gets it.
    pub mailing: Option<String>,
}

/// What somebody does by a CRM's widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FromWidget {
    /// Where.
    pub to: To,
    /// The connection.
    pub connection: ConnectionId,
    /// What the conversation belongs to in the CRM.
    pub joins: Joins,
    /// The key it is known by however often it comes.
    pub client_id: String,
    /// Who.
    pub author: Author,
    /// What is said; none: the conversation only begins.
    pub words: Option<Words>,
    /// Where what the CRM makes of a beginning is to be told; none: nothing is to be made there.
    pub opens: Option<String>,
    /// When.
    pub at: Time,
}
