//! Which conversation an event belongs to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::channel::contract::ChannelEvent;
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::What;
use crate::gateway::conversation::desk::Desk;
use crate::gateway::conversation::inbound::{Changed, find_external};
use crate::model::conversation::Conversation;
use crate::model::ids::{AccountId, ConversationId};
use crate::model::reason::Reason;
use crate::store::key::Key;

/// The most keys kept in memory; past it the memory starts empty again, which only costs reads.
const KEPT: usize = 20_000;

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

    /// Turns an event into work for a conversation.
    ///
    /// # Errors
    /// It fits nothing we know (a refusal: the part goes to quarantine), or the store failed.
    pub async fn resolve(&self, event: ChannelEvent) -> Result<(ConversationId, What), CommandError> {
        match event {
            ChannelEvent::Message(incoming) => {
                let account = self.account(&incoming.account)?;
                let id = self.conversation(account, &incoming.conversation_key, true).await?;
                Ok((id, What::Inbound { account, incoming }))
            }
            ChannelEvent::ReadUpTo { account, conversation_key, number } => {
                let account = self.account(&account)?;
                let id = self.conversation(account, &conversation_key, false).await?;
                Ok((id, What::Changed(Changed::ReadUpTo { number })))
            }
            ChannelEvent::Moved { account, from, to } => {
                let account = self.account(&account)?;
                let id = self.conversation(account, &from, false).await?;
                Ok((id, What::Changed(Changed::Moved { to })))
            }
            ChannelEvent::Receipt { account, external_id, status, reason } => {
                let message = self.message(&account, &external_id).await?;
                Ok((message.conversation, What::Changed(Changed::Receipt { message, external_id, status, reason })))
            }
            ChannelEvent::Edited { account, external_id, parts, at } => {
                let message = self.message(&account, &external_id).await?;
                Ok((message.conversation, What::Changed(Changed::Edited { message, parts, at })))
            }
            ChannelEvent::Deleted { account, external_id, at } => {
                let message = self.message(&account, &external_id).await?;
                Ok((message.conversation, What::Changed(Changed::Deleted { message, at })))
            }
            ChannelEvent::Reacted { account, external_id, person, emoji } => {
                let message = self.message(&account, &external_id).await?;
                Ok((message.conversation, What::Changed(Changed::Reacted { message, person, emoji })))
            }
        }
    }

    /// Forgets a key: its conversation proved to be another.
    pub fn forget(&self, id: ConversationId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, known| *known != id);
    }

    fn account(&self, external_id: &str) -> Result<AccountId, CommandError> {
        let card = self.desk.account(external_id);
        card.map(|card| card.account.id).ok_or_else(|| CommandError::Refused(Reason::new("unknown_account").with("account", external_id)))
    }

    async fn message(&self, account: &str, external_id: &str) -> Result<crate::model::ids::MessageId, CommandError> {
        let account = self.account(account)?;
        let found = find_external(&self.desk, account, external_id).await?;
        found.map(|message| message.record.id()).ok_or_else(|| CommandError::Refused(Reason::new("unknown_message").with("external_id", external_id)))
    }

    /// The conversation of a key. A new one gets an id here, remembered at once, so that two first messages share it; should
    /// another process have made it meanwhile, the unique index refuses ours and the key is forgotten.
    async fn conversation(&self, account: AccountId, key: &str, make: bool) -> Result<ConversationId, CommandError> {
        let name = (account, key.to_owned());
        if let Some(id) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(*id);
        }
        let (group, sort) = (Key::new().number(account.0).done(), Key::new().text(key).done());
        let found = self.desk.store.get_unique::<Conversation>(Conversation::BY_PROVIDER_KEY, &group, &sort).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.get(&name) {
            return Ok(*id);
        }
        let id = match found {
            Some(conversation) => conversation.record.joined_into.unwrap_or(conversation.record.id),
            None if make => ConversationId(self.desk.house.world.id()),
            None => return Err(CommandError::refused("unknown_conversation")),
        };
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(name, id);
        Ok(id)
    }
}
