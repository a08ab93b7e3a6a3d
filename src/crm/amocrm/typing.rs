//! That a customer writes, shown in amoCRM's chats.

use async_trait::async_trait;

use super::AmoCrm;
use super::chats::Chats;
use super::settings::{Mode, Settings};
use crate::crm::capability::Typing;
use crate::crm::contract::{CrmContext, CrmError};
use crate::model::conversation::Conversation;
use crate::model::crm::CrmTalk;

#[async_trait]
impl Typing for AmoCrm {
    async fn typing(&self, context: &CrmContext, talk: &CrmTalk, conversation: &Conversation) -> Result<(), CrmError> {
        let in_chats = Settings::of(&context.connection).mode(&context.connection) == Mode::Chats;
        // A chat nobody has said anything in yet is not shown; of a group it is not known who writes.
        let (true, Some(_), Some(who)) = (in_chats, &talk.chat, conversation.identity) else { return Ok(()) };
        Ok(Chats::new(&self.client, context).typing(&talk.name(), &who.to_string()).await?)
    }
}
