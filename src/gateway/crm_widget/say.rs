//! Writing and beginning by a CRM's widget.

use sha2::{Digest, Sha256};

use super::card::{self, Direct};
use super::{Door, WidgetUser};
use crate::gateway::administration::AdministrationError;
use crate::gateway::commands::{Answer, Command, CommandError, FromWidget, To, Words, ask, left};
use crate::gateway::entries::Opened;
use crate::gateway::house::House;
use crate::model::conversation::Conversation;
use crate::model::crm::Joins;
use crate::model::ids::{AccountId, ConversationId, FileId, LoginId, MessageId};
use crate::model::message::{Message, Origin};
use crate::store::port::StoreError;

/// The longest address.
const ADDRESS: usize = 400;

/// Whom somebody writes to, as the widget names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A conversation that is there.
    Conversation(ConversationId),
    /// An address of an account.
    Address(AccountId, String),
}

/// Something that is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The widget's own key: the same key twice has one effect.
    pub id: String,
    /// Who asks.
    pub user: Option<WidgetUser>,
    /// Whom it is about.
    pub whom: Whom,
    /// What it belongs to.
    pub joins: Joins,
    /// A comment is answered directly (H-AMO-36, H-AMO-37).
    pub is_direct: bool,
}

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its chat in the CRM; none: it is made still.
    pub chat: Option<String>,
}

impl From<AdministrationError> for CommandError {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Unknown(what) => Self::refused(&format!("unknown_{what}")),
            AdministrationError::Wrong { code, .. } | AdministrationError::NotAllowed(code) => Self::refused(code),
            AdministrationError::Step(error) => Self::Refused(error.reason),
            AdministrationError::Commit(error) => error.into(),
        }
    }
}

/// The key under which a message of the widget is known, whatever the widget calls it.
pub(in crate::gateway) fn client_id(door: &Door, id: &str) -> String {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(id.as_bytes()));
    format!("widget-{}-{}", door.connection.id, hash.get(..32).unwrap_or(&hash))
}

/// Whom it goes to, and the login that owns them. What does not feed the connection is not there for its widget.
async fn resolved(house: &House, door: &Door, asked: &Asked) -> Result<(To, LoginId), CommandError> {
    let accounts = door.accounts(house).await?;
    let login = |id: AccountId| accounts.iter().find(|account| account.id == id).map(|account| account.login);
    let unknown = |what: &str| CommandError::refused(&format!("unknown_{what}"));
    match &asked.whom {
        Whom::Address(account, address) => {
            let login = login(*account).ok_or_else(|| unknown("channel"))?;
            if address.trim().is_empty() || address.len() > ADDRESS {
                return Err(CommandError::refused("bad_address"));
            }
            Ok((To::Address { account: *account, address: address.clone() }, login))
        }
        Whom::Conversation(id) => {
            let store = house.store.workspace(door.workspace);
            let found = store.get::<Conversation>(Conversation::at(*id)).await?.map(|stored| stored.record);
            let found = found.filter(|found| login(found.account).is_some()).ok_or_else(|| unknown("conversation"))?;
            if !asked.is_direct {
                return Ok((To::Conversation { id: found.id }, found.login));
            }
            // Both are of one login.
            match card::direct(house, door, &found).await? {
                Some(Direct::Conversation(id)) => Ok((To::Conversation { id }, found.login)),
                Some(Direct::Address(account, address)) => Ok((To::Address { account, address }, found.login)),
                None => Err(CommandError::refused("cannot_write_first")),
            }
        }
    }
}

impl Asked {
    /// The command it is: with words, or as what waits for a chat to be opened.
    fn command(&self, house: &House, door: &Door, to: To, words: Option<Words>, opens: Option<String>) -> Command {
        Command::FromWidget(Box::new(FromWidget {
            to,
            connection: door.connection.id,
            joins: self.joins.clone(),
            client_id: client_id(door, &self.id),
            author: door.author(self.user.as_ref()),
            words,
            opens,
            at: house.world.now(),
        }))
    }
}

/// Somebody writes.
///
/// # Errors
/// It is refused, or may be tried again.
pub async fn write(house: &House, door: &Door, asked: &Asked, text: String, files: Vec<FileId>) -> Result<Message, CommandError> {
    let (to, login) = resolved(house, door, asked).await?;
    let command = asked.command(house, door, to, Some(Words { text, files, mailing: None }), None);
    match ask(house, door.workspace, login, command).await? {
        Answer::Message { message, .. } => Ok(*message),
        Answer::Conversation { .. } | Answer::Done | Answer::Refused { .. } => Err(CommandError::TryAgain("try_again".to_owned())),
    }
}

/// Begins a conversation in the CRM's own chats, without a word to the customer (H-AMO-32).
///
/// # Errors
/// It is refused, or may be tried again.
pub async fn start(house: &House, door: &Door, asked: &Asked) -> Result<Started, CommandError> {
    if !door.has_chats() {
        return Err(CommandError::refused("crm_without_chats"));
    }
    let (to, login) = resolved(house, door, asked).await?;
    let store = house.store.workspace(door.workspace);
    let (answer, mut signals) = (format!("opened/{}", house.world.secret::<16>()), store.signals());
    let command = asked.command(house, door, to, None, Some(answer.clone()));
    let conversation = match ask(house, door.workspace, login, command).await? {
        Answer::Conversation { conversation } => conversation.id,
        Answer::Message { .. } | Answer::Done | Answer::Refused { .. } => return Err(CommandError::TryAgain("try_again".to_owned())),
    };
    match left::<Opened>(&store, &mut signals, &answer).await {
        Ok(Opened { refused: Some(reason), .. }) => Err(CommandError::Refused(reason)),
        Ok(Opened { chat, refused: None }) => Ok(Started { conversation, chat }),
        // The CRM takes its time: it is made all the same.
        Err(CommandError::TryAgain(_)) => Ok(Started { conversation, chat: None }),
        Err(error) => Err(error),
    }
}

/// A message this connection's widget wrote; none: there is no such one.
///
/// # Errors
/// The store's word.
pub async fn written(house: &House, door: &Door, id: MessageId) -> Result<Option<Message>, StoreError> {
    let found = house.store.workspace(door.workspace).get::<Message>(Message::at(id)).await?.map(|stored| stored.record);
    Ok(found.filter(|found| found.origin == Origin::Crm { connection: door.connection.id }))
}
