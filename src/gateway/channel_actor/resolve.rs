//! Which conversation an event or a command belongs to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::channel::contract::{ChannelEvent, Incoming, LoginAccount, Person, Writer};
use crate::gateway::commands::{Command, CommandError, To};
use crate::gateway::conversation::What;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::inbound::{Changed, find_external};
use crate::gateway::conversation::sending::read_mark;
use crate::model::conversation::Conversation;
use crate::model::customer::Identity;
use crate::model::ids::{AccountId, ConversationId};
use crate::model::message::{Message, MessageChange};
use crate::model::reason::Reason;
use crate::store::key::Key;
use crate::store::port::Scan;

/// The most keys kept in memory; past it the memory starts empty again, which only costs reads.
const KEPT: usize = 20_000;
/// The longest name a provider may give to anything, bytes: it becomes part of a key.
const NAME_BYTES: usize = 400;

/// What an event comes to.
pub(super) enum Step {
    /// Work for a conversation.
    Work(ConversationId, What),
    /// It is about a message that is not known: it waits for it.
    Wait {
        /// The account.
        account: AccountId,
        /// The provider's id of the message.
        external_id: String,
        /// What was told of it.
        change: MessageChange,
    },
    /// The login carries this account.
    Account(Box<LoginAccount>),
    /// Somebody is writing; never stored.
    Typing(AccountId, ConversationId),
    /// It is about something that was never here: nothing is to be done.
    Nothing,
}

impl Step {
    /// Steps of one name keep their order.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Work(id, _) => id.to_string(),
            Self::Wait { account, external_id, .. } => format!("{account}/{external_id}"),
            Self::Account(account) => format!("account/{}", account.external_id),
            Self::Typing(_, id) => format!("typing/{id}"),
            Self::Nothing => String::new(),
        }
    }
}

/// Finds conversations by the provider's keys and remembers them.
pub struct Resolver {
    desk: Arc<Desk>,
    known: Mutex<HashMap<(AccountId, String), ConversationId>>,
}

impl Resolver {
    /// For one login.
    #[must_use]
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, known: Mutex::default() }
    }

    /// The desk of the login.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Turns an event into a step.
    ///
    /// # Errors
    /// It fits nothing we know (a refusal: the part goes to quarantine), or the store failed.
    pub(super) async fn resolve(&self, event: ChannelEvent) -> Result<Step, CommandError> {
        check(&event)?;
        if event.account().is_some_and(|account| self.desk.was_taken_off(account)) {
            // The provider tells of it as long as the login has another account.
            return Ok(Step::Nothing);
        }
        match event {
            ChannelEvent::Message(incoming) => {
                let account = self.account(&incoming.account)?;
                let id = match self.marked(account, &incoming).await? {
                    Some(id) => id,
                    None => self.conversation(account, &incoming.conversation_key, true).await?,
                };
                Ok(Step::Work(id, What::Inbound { account, incoming }))
            }
            ChannelEvent::ReadUpTo { account, conversation_key, number } => {
                let account = self.account(&account)?;
                let id = self.conversation(account, &conversation_key, false).await?;
                Ok(Step::Work(id, What::Changed(Changed::ReadUpTo { number })))
            }
            ChannelEvent::ReadUpToExternal { account, external_id } => {
                let account = self.account(&account)?;
                // What was written before the login was connected was never here.
                let found = find_external(&self.desk, account, &external_id).await?;
                Ok(found.map_or(Step::Nothing, |found| {
                    Step::Work(found.record.conversation, What::Changed(Changed::ReadUpTo { number: found.record.number }))
                }))
            }
            ChannelEvent::Typing { account, conversation_key } => {
                let account = self.account(&account)?;
                let id = self.stored(account, &conversation_key).await?;
                Ok(id.map_or(Step::Nothing, |id| Step::Typing(account, id)))
            }
            ChannelEvent::Reachable { person, reason } => {
                let id = self.conversation_with(&person).await?;
                Ok(id.map_or(Step::Nothing, |id| Step::Work(id, What::Changed(Changed::Reachable { reason }))))
            }
            ChannelEvent::Account(account) => Ok(Step::Account(Box::new(account))),
            ChannelEvent::Rated { account, conversation_key, rated } => {
                let account = self.account(&account)?;
                let id = self.conversation(account, &conversation_key, false).await?;
                Ok(Step::Work(id, What::Changed(Changed::Rated { rated })))
            }
            ChannelEvent::Moved { account, from, to } => {
                let account = self.account(&account)?;
                let id = self.conversation(account, &from, false).await?;
                // What comes under the new key right behind this already belongs here, unless the new key was first.
                let name = (account, to.clone());
                if self.stored(account, &to).await?.is_none() {
                    self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(id);
                }
                Ok(Step::Work(id, What::Changed(Changed::Moved { to })))
            }
            ChannelEvent::Receipt { account, external_id, status, reason } => {
                self.change(&account, external_id, MessageChange::Receipt { status, reason }).await
            }
            ChannelEvent::Edited { account, external_id, parts, at } => self.change(&account, external_id, MessageChange::Edited { parts, at }).await,
            ChannelEvent::Deleted { account, external_id, at } => self.change(&account, external_id, MessageChange::Deleted { at }).await,
            ChannelEvent::Reacted { account, external_id, person, emoji } => {
                let name = person.name.chars().take(200).collect();
                let emoji = emoji.map(|emoji| emoji.chars().take(32).collect());
                let person = person.external_ids.into_iter().next().unwrap_or_default();
                self.change(&account, external_id, MessageChange::Reacted { person, name, emoji }).await
            }
        }
    }

    /// Which conversation a command is for.
    ///
    /// # Errors
    /// A refusal, or the store failed.
    pub(super) async fn command(&self, command: Command) -> Result<Step, CommandError> {
        let id = match (&command, command.conversation()) {
            (_, Some(id)) => id,
            (Command::WriteFirst { account, address, .. }, None) => self.written_to(*account, address).await?,
            (Command::FromWidget(asked), None) => match &asked.to {
                To::Address { account, address } => self.written_to(*account, address).await?,
                To::Conversation { id } => *id,
            },
            (_, None) => return Err(CommandError::refused("not_supported")),
        };
        Ok(Step::Work(id, What::Client(command)))
    }

    /// The conversation of an address as somebody typed it.
    async fn written_to(&self, account: AccountId, address: &str) -> Result<ConversationId, CommandError> {
        let card = self.desk.card(account).ok_or_else(|| CommandError::refused("unknown_channel"))?;
        let address = self.desk.channel.first_address(&card.account, address).map_err(CommandError::Refused)?;
        self.address(account, &address).await
    }

    /// A conversation with a person, any: who they are is the same in all of them.
    async fn conversation_with(&self, person: &Person) -> Result<Option<ConversationId>, CommandError> {
        let login = Key::new().number(self.desk.login.0).done();
        for id in &person.external_ids {
            let sort = Key::new().text(id).done();
            let Some(identity) = self.desk.store.get_unique::<Identity>(Identity::BY_EXTERNAL, &login, &sort).await? else { continue };
            let group = Key::new().number(identity.record.id.0).done();
            let found = self.desk.store.scan_index::<Conversation>(Conversation::BY_IDENTITY, &group, Scan::first(1)).await?;
            return Ok(found.first().map(|(_, found)| found.record.id));
        }
        Ok(None)
    }

    /// Forgets a key: its conversation proved to be another.
    pub fn forget(&self, id: ConversationId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, known| *known != id);
    }

    fn account(&self, external_id: &str) -> Result<AccountId, CommandError> {
        let card = self.desk.account(external_id);
        card.map(|card| card.account.id).ok_or_else(|| CommandError::Refused(Reason::new("unknown_account").with("account", external_id)))
    }

    async fn change(&self, account: &str, external_id: String, change: MessageChange) -> Result<Step, CommandError> {
        let account = self.account(account)?;
        Ok(match find_external(&self.desk, account, &external_id).await? {
            Some(found) => {
                let message = found.record.id();
                Step::Work(message.conversation, What::Changed(Changed::Message { message, external_id, change }))
            }
            None => Step::Wait { account, external_id, change },
        })
    }

    /// The conversation of an echo whose mark names a message of ours, while the provider's key of the conversation is not known: the echo
    /// of a write-first overtook the answer.
    async fn marked(&self, account: AccountId, incoming: &Incoming) -> Result<Option<ConversationId>, CommandError> {
        let Writer::Account { mark: Some(mark) } = &incoming.writer else { return Ok(None) };
        let Some((id, _)) = read_mark(mark) else { return Ok(None) };
        if self.stored(account, &incoming.conversation_key).await?.is_some() {
            return Ok(None);
        }
        let message = self.desk.store.get::<Message>(Message::at(id)).await?;
        Ok(message.filter(|message| message.record.account == account).map(|_| id.conversation))
    }

    async fn stored(&self, account: AccountId, key: &str) -> Result<Option<ConversationId>, CommandError> {
        let (group, sort) = (Key::new().number(account.0).done(), Key::new().text(key).done());
        let found = self.desk.store.get_unique::<Conversation>(Conversation::BY_PROVIDER_KEY, &group, &sort).await?;
        Ok(found.map(|found| found.record.joined_into.unwrap_or(found.record.id)))
    }

    /// The conversation of an address that was written to first.
    async fn addressed(&self, account: AccountId, address: &str) -> Result<Option<ConversationId>, CommandError> {
        let (group, sort) = (Key::new().number(account.0).done(), Key::new().text(address).done());
        let found = self.desk.store.get_unique::<Conversation>(Conversation::BY_ADDRESS, &group, &sort).await?;
        Ok(found.map(|found| found.record.joined_into.unwrap_or(found.record.id)))
    }

    /// The conversation of an address that was, or is now, written to first.
    async fn address(&self, account: AccountId, address: &str) -> Result<ConversationId, CommandError> {
        if address.len() > NAME_BYTES {
            return Err(CommandError::refused("bad_address"));
        }
        // Where an address is also how the provider names the conversation, they may have written to us before.
        let found = match self.addressed(account, address).await? {
            Some(found) => Some(found),
            None => self.stored(account, address).await?,
        };
        // No key of a provider begins with a zero byte: the two kinds of names do not meet.
        self.remember(account, format!("\0{address}"), found, true)
    }

    /// The conversation of a key. A new one gets an id here, remembered at once, so that two first messages share it; should
    /// another process have made it meanwhile, the unique index refuses ours and the key is forgotten.
    async fn conversation(&self, account: AccountId, key: &str, make: bool) -> Result<ConversationId, CommandError> {
        if let Some(id) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&(account, key.to_owned())) {
            return Ok(*id);
        }
        let found = match self.stored(account, key).await? {
            Some(found) => Some(found),
            // An echo of what was written first may come before the answer that names the conversation.
            None => self.addressed(account, key).await?,
        };
        self.remember(account, key.to_owned(), found, make)
    }

    fn remember(&self, account: AccountId, name: String, found: Option<ConversationId>, make: bool) -> Result<ConversationId, CommandError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What is stored outweighs what is remembered: the two may have been joined meanwhile.
        let id = match found.or_else(|| known.get(&(account, name.clone())).copied()) {
            Some(id) => id,
            None if make => ConversationId(self.desk.house.world.id()),
            None => return Err(CommandError::refused("unknown_conversation")),
        };
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert((account, name), id);
        Ok(id)
    }
}

/// Names become parts of keys: one that fits in none would be tried for ever.
fn check(event: &ChannelEvent) -> Result<(), CommandError> {
    let person =
        |person: &Person| !person.external_ids.is_empty() && person.external_ids.len() <= 20 && person.external_ids.iter().all(|id| fits(id));
    let fine = match event {
        ChannelEvent::Message(incoming) => {
            let writer = match &incoming.writer {
                Writer::Customer(writer) => person(writer),
                Writer::Account { .. } => true,
            };
            let ids = [&incoming.external_id, &incoming.reply_to_external, &incoming.client_id];
            writer
                && incoming.peer.as_ref().is_none_or(person)
                && fits(&incoming.account)
                && fits(&incoming.conversation_key)
                && !incoming.conversation_key.is_empty()
                && ids.into_iter().flatten().all(|id| fits(id))
        }
        ChannelEvent::ReadUpTo { account, conversation_key: key, .. } | ChannelEvent::Rated { account, conversation_key: key, .. } => {
            fits(account) && fits(key)
        }
        ChannelEvent::Typing { account, conversation_key: key } => fits(account) && fits(key),
        ChannelEvent::Reachable { person: who, .. } => person(who),
        ChannelEvent::Account(account) => fits(&account.external_id),
        ChannelEvent::ReadUpToExternal { account, external_id } => fits(account) && fits(external_id),
        ChannelEvent::Moved { account, from, to } => fits(account) && fits(from) && fits(to) && !to.is_empty(),
        ChannelEvent::Receipt { account, external_id, .. }
        | ChannelEvent::Edited { account, external_id, .. }
        | ChannelEvent::Deleted { account, external_id, .. }
        | ChannelEvent::Reacted { account, external_id, .. } => fits(account) && fits(external_id),
    };
    if fine { Ok(()) } else { Err(CommandError::refused("bad_name")) }
}

fn fits(name: &str) -> bool {
    name.len() <= NAME_BYTES
}
