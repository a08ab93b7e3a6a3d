//! What clients ask of the actors, on this node or another, and what they are answered.

use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

pub use super::crm_commands::{FromCrm, FromWidget, Words};
use super::entries::{self, MailboxEntry};
use super::house::House;
use crate::model::connection::ProviderLogin;
use crate::model::conversation::Conversation;
pub use crate::model::crm::To;
use crate::model::ids::{AccountId, ConversationId, LoginId, MessageId, TagId, UserId, WorkspaceId};
use crate::model::message::{Message, Origin};
use crate::model::protocol::{Author, SendFrame};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::handle::PartitionStore;
use crate::store::port::{CommitError, StoreError};
use crate::store::records::streams;

/// How long a client waits for an answer before it hears `try_again`.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long an answer to another node is kept.
pub const ANSWER_KEPT_MS: i64 = 60_000;

/// What is asked of a conversation by people and integrations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// What a channel's edge brought in (a visitor's frame), already routed to this login.
    Part {
        /// The part, for the channel's `parse`.
        #[serde(with = "crate::store::key::base64")]
        body: Vec<u8>,
    },
    /// A message, or a note.
    Send {
        /// What is to be sent.
        frame: SendFrame,
        /// Who writes it.
        author: Author,
        /// Where it comes from.
        origin: Origin,
        /// When it was written.
        at: Time,
    },
    /// A message to somebody who has not written yet, or whose conversation is not known.
    WriteFirst {
        /// The account it goes out from.
        account: AccountId,
        /// Whom to: a phone, a link, a user name, as the account's channel reads it.
        address: String,
        /// The client's own key.
        client_id: String,
        /// What it says.
        text: String,
        /// Who writes it.
        author: Author,
        /// Where it comes from.
        origin: Origin,
        /// When it was written.
        at: Time,
    },
    /// Everything up to a message was read.
    Read {
        /// The last message read.
        up_to: MessageId,
        /// By whom.
        by: String,
    },
    /// The conversation is dealt with.
    Close {
        /// Where.
        conversation: ConversationId,
        /// By whom.
        by: String,
    },
    /// It is not after all.
    Reopen {
        /// Where.
        conversation: ConversationId,
        /// By whom.
        by: String,
    },
    /// Somebody shall answer it; none: nobody in particular.
    Assign {
        /// Where.
        conversation: ConversationId,
        /// Who shall.
        to: Option<UserId>,
        /// Who says so.
        by: String,
    },
    /// Put it aside until a moment; none: bring it back.
    Snooze {
        /// Where.
        conversation: ConversationId,
        /// Until when.
        until: Option<Time>,
        /// By whom.
        by: String,
    },
    /// The moment it was put aside for has come.
    Wake {
        /// Where.
        conversation: ConversationId,
        /// That moment: if it was put aside for another meanwhile, nothing happens.
        due: Time,
    },
    /// Its customer may have waited too long by now.
    Escalate {
        /// Where.
        conversation: ConversationId,
        /// 1: who answers is told; 2: admins and owners.
        step: u8,
        /// The moment the timer stood at: if it was moved meanwhile, nothing happens.
        due: Time,
    },
    /// A site's visitor has not seen what was answered for a while.
    WriteAnswers {
        /// Where.
        conversation: ConversationId,
        /// The moment the timer stood at.
        due: Time,
        /// Whether they are on the site now.
        online: bool,
    },
    /// It is known what became of the letter to a site's visitor.
    AnswersWritten {
        /// Where.
        conversation: ConversationId,
        /// The first message of the letter.
        from: u32,
        /// The last.
        up_to: u32,
        /// What became of it, as it is shown with them.
        how: Reason,
    },
    /// A site's visitor who had left is on the site again.
    CameBack {
        /// Where.
        conversation: ConversationId,
    },
    /// It is to be looked at again.
    MarkUnread {
        /// Where.
        conversation: ConversationId,
    },
    /// Tags go on and off.
    Tag {
        /// Where.
        conversation: ConversationId,
        /// On.
        on: Vec<TagId>,
        /// Off.
        off: Vec<TagId>,
        /// By whom.
        by: String,
    },
    /// What the customer writes is shown to nobody any more, or is again.
    Block {
        /// Where.
        conversation: ConversationId,
        /// Which of both.
        blocked: bool,
        /// By whom.
        by: String,
    },
    /// The customer's name has changed: it is looked up anew.
    Rename {
        /// Where.
        conversation: ConversationId,
    },
    /// Other words for a message of ours.
    Edit {
        /// Which.
        message: MessageId,
        /// What it says from now on.
        text: String,
    },
    /// Take a message of ours back.
    Delete {
        /// Which.
        message: MessageId,
    },
    /// A reaction of somebody, set or taken off.
    React {
        /// To which.
        message: MessageId,
        /// The emoji; none: taken off.
        emoji: Option<String>,
        /// Whose.
        who: Author,
    },
    /// Try a failed or unknown message once more.
    Retry {
        /// Which.
        message: MessageId,
        /// By whom.
        by: String,
    },
    /// Somebody wrote to the customer in a CRM.
    FromCrm(Box<FromCrm>),
    /// Somebody writes by a CRM's widget, or begins a conversation there.
    FromWidget(Box<FromWidget>),
    /// Blank a message's words and files for good; its place stays.
    Erase {
        /// Which.
        message: MessageId,
        /// By whom.
        by: String,
    },
}

impl Command {
    /// The conversation it is for; none: the channel's `parse`, or the address, will tell.
    #[must_use]
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Part { .. } | Self::WriteFirst { .. } => None,
            Self::Send { frame, .. } => Some(frame.conversation),
            Self::FromCrm(said) => Some(said.conversation),
            Self::FromWidget(asked) => match asked.to {
                To::Conversation { id } => Some(id),
                To::Address { .. } => None,
            },
            Self::Read { up_to: message, .. }
            | Self::Retry { message, .. }
            | Self::Erase { message, .. }
            | Self::Edit { message, .. }
            | Self::Delete { message }
            | Self::React { message, .. } => Some(message.conversation),
            Self::Close { conversation, .. }
            | Self::Reopen { conversation, .. }
            | Self::Assign { conversation, .. }
            | Self::Snooze { conversation, .. }
            | Self::Wake { conversation, .. }
            | Self::Escalate { conversation, .. }
            | Self::WriteAnswers { conversation, .. }
            | Self::AnswersWritten { conversation, .. }
            | Self::CameBack { conversation }
            | Self::MarkUnread { conversation }
            | Self::Tag { conversation, .. }
            | Self::Block { conversation, .. }
            | Self::Rename { conversation } => Some(*conversation),
        }
    }
}

/// What a command is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The message is durable.
    Message {
        /// As it is now.
        message: Box<Message>,
        /// Whether its key was seen before.
        duplicate: bool,
    },
    /// The conversation as it is now.
    Conversation {
        /// The conversation.
        conversation: Box<Conversation>,
    },
    /// Done; there is nothing to tell.
    Done,
    /// It was not done, and will not be as it is.
    Refused {
        /// Why.
        reason: Reason,
    },
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It will not be as it is.
    #[error("refused: {0:?}")]
    Refused(Reason),
    /// It may have been or not; the same command with the same key may be sent again.
    #[error("try again: {0}")]
    TryAgain(String),
    /// The owner lost its ownership; somebody else does the work now.
    #[error("fenced")]
    Fenced,
}

impl CommandError {
    /// A refusal that is only a code.
    #[must_use]
    pub fn refused(code: &str) -> Self {
        Self::Refused(Reason::new(code))
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::TryAgain("store_full".to_owned()),
            StoreError::ReadOnly(_) => Self::TryAgain("store_read_only".to_owned()),
            StoreError::Invalid(what) | StoreError::Corrupt(what) | StoreError::TooNew(what) | StoreError::Unfit(what) => {
                tracing::error!(what, "the store refused what should have been right");
                Self::TryAgain("internal".to_owned())
            }
            StoreError::Unavailable(_) | StoreError::Unclear(_) => Self::TryAgain("store_unavailable".to_owned()),
        }
    }
}

impl From<CommitError> for CommandError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Refused(refusal) => Self::TryAgain(format!("conflict: {refusal:?}")),
        }
    }
}

/// Asks the owner of a login to carry out a command, wherever the owner runs.
///
/// # Errors
/// It was refused, or nobody answered within [`ANSWER_LIMIT`].
pub async fn ask(house: &House, workspace: WorkspaceId, login: LoginId, command: Command) -> Result<Answer, CommandError> {
    if let Some(actor) = house.directory.find(workspace, login) {
        match tokio::time::timeout(ANSWER_LIMIT, actor.send(super::channel_actor::Ask(command.clone()))).await {
            Ok(Ok(Err(CommandError::Fenced))) => {}
            Ok(Ok(answer)) => return answer,
            Ok(Err(_)) => return Err(CommandError::TryAgain("actor_restarts".to_owned())),
            Err(_) => return Err(CommandError::TryAgain("timeout".to_owned())),
        }
    }
    ask_elsewhere(house, workspace, login, command).await
}

/// Puts the command into the login's mailbox and waits for the answer its owner leaves.
async fn ask_elsewhere(house: &House, workspace: WorkspaceId, login: LoginId, command: Command) -> Result<Answer, CommandError> {
    let store = house.store.workspace(workspace);
    if let Some(known) = store.get::<ProviderLogin>(ProviderLogin::at(login)).await?
        && house.channels.get(&known.record.provider).is_none()
    {
        return Err(CommandError::Refused(Reason::new("channel_unknown").with("provider", known.record.provider)));
    }
    let answer_key = format!("answer/{}", house.world.secret::<16>());
    let mut signals = store.signals();
    let entry = MailboxEntry::Command { answer: answer_key.clone(), at: house.world.now(), command: Box::new(command) };
    let mut batch = Batch::new();
    batch.once(format!("asked/{answer_key}").into_bytes(), ANSWER_KEPT_MS, "");
    batch.append(&streams::mailbox(login), entries::write(&entry)?);
    store.commit(batch).await?;
    match left(&store, &mut signals, &answer_key).await? {
        Answer::Refused { reason } => Err(CommandError::Refused(reason)),
        answer => Ok(answer),
    }
}

/// Waits for the answer that an owner leaves. `signals`: those since before it was asked.
///
/// # Errors
/// There was none within [`ANSWER_LIMIT`].
pub(super) async fn left<T: DeserializeOwned>(
    store: &PartitionStore, signals: &mut broadcast::Receiver<Bytes>, answer: &str,
) -> Result<T, CommandError> {
    let wait = async {
        loop {
            if let Some(answer) = store.answer(answer.as_bytes()).await? {
                return serde_json::from_slice(&answer).map_err(|error| CommandError::TryAgain(error.to_string()));
            }
            // The owner signals when it left the answer; the pause covers a lost signal.
            tokio::select! {
                _ = signals.recv() => {}
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    };
    tokio::time::timeout(ANSWER_LIMIT, wait).await.unwrap_or_else(|_| Err(CommandError::TryAgain("timeout".to_owned())))
}

/// Tells who waits on any node that an answer was left.
pub(super) async fn tell_left(store: &PartitionStore) {
    if let Err(error) = store.signal(Bytes::from_static(b"{\"k\":\"answered\"}")).await {
        tracing::debug!(%error, "an answer could not be signalled");
    }
}
