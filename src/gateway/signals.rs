//! What is told between processes and never stored: best effort, at most 4 KiB each.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::house::House;
use crate::model::ids::{AccountId, ConversationId, WorkspaceId};
use crate::model::protocol::{Author, Presence};

/// A signal of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum Signal {
    /// Somebody is writing.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Its account, for what may be seen.
        account: AccountId,
        /// Who.
        who: Author,
        /// Whether the visitor gets it too; notes are written in private.
        to_visitor: bool,
    },
    /// A manager looks at a conversation, or no longer.
    Viewing {
        /// Which.
        conversation: ConversationId,
        /// Its account, for what may be seen.
        account: AccountId,
        /// Who.
        who: Author,
        /// Whether they do.
        on: bool,
        /// Whether whoever looks too shall say so.
        asks: bool,
    },
    /// A visitor has a conversation from now on: its other sockets follow it too.
    Begun {
        /// The visitor.
        visitor: String,
        /// The conversation.
        conversation: ConversationId,
    },
    /// Somebody watches a conversation: its visitor's sockets say where the visitor is.
    Watch {
        /// Which.
        conversation: ConversationId,
    },
    /// Where a visitor is.
    Presence {
        /// Its account, for what may be seen.
        account: AccountId,
        /// Where.
        presence: Presence,
    },
    /// What a user or token may see changed, or it opens nothing any more: their sockets come back and are asked anew.
    Access {
        /// The user's or token's id; none: everybody.
        who: Option<String>,
    },
    /// A page that showed a conversation is gone.
    Left {
        /// Whose it was: a user or token.
        who: String,
        /// Which.
        conversation: ConversationId,
    },
    /// Somebody is to be told something: it need not wait for the next look.
    Notices,
    /// Something waits in somebody's answers.
    Answered,
}

/// Sends a signal to every process, this one included.
pub async fn send(house: &House, workspace: WorkspaceId, signal: &Signal) {
    let bytes = match serde_json::to_vec(signal) {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) => {
            tracing::error!(%error, "a signal could not be written");
            return;
        }
    };
    if let Err(error) = house.store.workspace(workspace).signal(bytes).await {
        tracing::debug!(%workspace, %error, "a signal was lost");
    }
}
