//! Conversations that begin in the CRM: from a record its users look at, by our widget, or by writing to an address there.

use std::sync::Arc;
use std::time::Duration;

use super::desk::CrmDesk;
use super::host::JobHost;
use super::job::{self, Gathered};
use super::{arrivals, health};
use crate::crm::contract::CrmError;
use crate::crm::event::{FirstTo, Said};
use crate::gateway::administration::{AdministrationError, links};
use crate::gateway::commands::{ANSWER_KEPT_MS, Answer, Command, CommandError, FromWidget, To, ask, tell_left};
use crate::gateway::entries::Opened;
use crate::gateway::faults::patience;
use crate::gateway::lines::Handled;
use crate::model::connection::ChannelAccount;
use crate::model::conversation::Conversation;
use crate::model::crm::{CrmTalk, Joins};
use crate::model::ids::{ConversationId, MessageId};
use crate::model::message::{CrmDeliveryStatus, Delivery, Message, Origin};
use crate::model::protocol::{Author, AuthorKind, EntryDirection};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::StoreError;
use crate::store::records::streams;
use crate::store::table::Stored;

/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(3);
/// Whoever waits for a chat is long gone after this, milliseconds.
const PATIENCE_MS: i64 = 10 * 60_000;

/// What became of somebody who was written to in the CRM.
pub(super) enum Begun {
    /// Their conversation, and its talk.
    Here(Stored<CrmTalk>, Box<Conversation>),
    /// It is not known yet.
    Later(Duration),
    /// They cannot be reached, and the CRM was told.
    Refused,
}

/// Somebody was written to in the CRM who has not written: by the account the message names, or the first that can reach them.
///
/// # Errors
/// The store's failure, or a refusal: the part goes to quarantine.
pub(super) async fn begun(desk: &Arc<CrmDesk>, said: &Said, to: &FirstTo) -> Result<Begun, CommandError> {
    let account = match reaching(desk, to, said.source.as_deref()).await? {
        Ok(account) => account,
        Err(reason) => return refuse(desk, said, &reason).await,
    };
    let asked = FromWidget {
        to: To::Address { account: account.id, address: to.address.clone() },
        connection: desk.connection,
        joins: Joins::default(),
        client_id: arrivals::client_id(desk, &said.external_id),
        author: arrivals::author(&said.who),
        words: None,
        opens: None,
        at: said.at,
    };
    let conversation = match ask(&desk.house, desk.workspace, account.login, Command::FromWidget(Box::new(asked))).await {
        Ok(Answer::Conversation { conversation }) => conversation,
        Err(CommandError::Refused(reason)) => return refuse(desk, said, &reason).await,
        Ok(_) | Err(CommandError::TryAgain(_) | CommandError::Fenced) => return Ok(Begun::Later(patience(PAUSE))),
    };
    let known = desk.store.get::<CrmTalk>(CrmTalk::at(desk.connection, conversation.id, "")).await?;
    let mut talk = known.unwrap_or_else(|| Stored { version: 0, record: CrmTalk::fresh(desk.connection, conversation.id, "", said.at) });
    if talk.record.chat.is_none() {
        // What was made for it at the CRM is the CRM's own: it hears our name of it with the next message.
        talk.record.facts.extend(to.facts.clone());
    }
    Ok(Begun::Here(talk, conversation))
}

/// The account by which an address is reached.
async fn reaching(desk: &CrmDesk, to: &FirstTo, source: Option<&str>) -> Result<Result<ChannelAccount, Reason>, CommandError> {
    let failed = |error: AdministrationError| CommandError::TryAgain(error.to_string());
    let linked = links::links(&desk.house, desk.workspace, desk.connection).await.map_err(failed)?;
    let mut why = Reason::new("nobody_reached");
    let mut best: Option<(bool, ChannelAccount)> = None;
    for account in linked.into_iter().filter(|(_, link)| link.is_some()).map(|(account, _)| account) {
        let named = source.is_some_and(|source| account.id.to_string() == source);
        let address = match desk.house.channels.of_kind(account.kind) {
            _ if !account.active => Err(Reason::new("channel_inactive")),
            Some(channel) => channel.first_address(&account, &to.address),
            None => Err(Reason::new("channel_unknown").with("provider", account.kind.as_str())),
        };
        match address {
            Ok(_) if named => return Ok(Ok(account)),
            Ok(address) => {
                let (group, sort) = (Key::new().number(account.id.0).done(), Key::new().text(&address).done());
                let known = desk.store.get_unique::<Conversation>(Conversation::BY_ADDRESS, &group, &sort).await?.is_some();
                // Where they were written to before they are written to again.
                if best.as_ref().is_none_or(|(was, _)| known && !was) {
                    best = Some((known, account));
                }
            }
            Err(reason) if named => why = reason,
            Err(_) => {}
        }
    }
    Ok(best.map(|(_, account)| account).ok_or(why))
}

async fn refuse(desk: &Arc<CrmDesk>, said: &Said, reason: &Reason) -> Result<Begun, CommandError> {
    tracing::info!(connection = %desk.connection, code = reason.code, "somebody who was written to in the CRM cannot be reached");
    let connection = desk.record().await?;
    let call = async {
        let host = Arc::new(JobHost::new(desk, &connection, false, Vec::new()).await?);
        let context = desk.context(connection.clone(), host, desk.house.world.now().plus_ms(desk.crm.job_limit_ms())).await?;
        match desk.crm.write_first() {
            Some(folder) => folder.refuse(&context, said, reason).await,
            None => Ok(()),
        }
    };
    let told = tokio::time::timeout(limit(desk), call).await.unwrap_or_else(|_| Err(CrmError::Temporary(Reason::new("answer_lost"))));
    match told {
        Ok(()) => Ok(Begun::Refused),
        Err(CrmError::Temporary(_) | CrmError::Silence { .. }) if desk.house.world.now().since(said.at) < PATIENCE_MS => {
            Ok(Begun::Later(patience(PAUSE)))
        }
        // It is kept where an owner sees it.
        Err(_) => Err(CommandError::Refused(reason.clone())),
    }
}

fn limit(desk: &CrmDesk) -> Duration {
    patience(Duration::from_millis(u64::try_from(desk.crm.job_limit_ms()).unwrap_or(0)))
}

/// A conversation begins from a record of the CRM: its chat is made there. Whoever asked is told, if they wait still.
///
/// # Errors
/// The store's failure.
pub(super) async fn open(
    desk: &Arc<CrmDesk>, number: u64, conversation: ConversationId, joins: &Joins, answer: &str, at: Time,
) -> Result<Handled, CommandError> {
    let opened = match made(desk, conversation, joins).await? {
        Ok(chat) => Opened { chat, refused: None },
        Err(CrmError::Temporary(_)) if desk.house.world.now().since(at) < PATIENCE_MS => return Ok(Handled::Later(patience(PAUSE))),
        Err(CrmError::Silence { ms, .. }) if desk.house.world.now().since(at) < PATIENCE_MS => {
            return Ok(Handled::Later(patience(Duration::from_millis(u64::try_from(ms.clamp(0, PATIENCE_MS)).unwrap_or(0)))));
        }
        Err(error) => {
            let reason = error.reason();
            tracing::warn!(connection = %desk.connection, %conversation, code = reason.code, "a conversation's chat could not be made");
            Opened { chat: None, refused: Some(reason) }
        }
    };
    let told = serde_json::to_vec(&opened).map_err(|error| StoreError::Invalid(error.to_string()))?;
    let mut batch = desk.batch();
    batch.take(&streams::crm_mailbox(desk.connection), number);
    batch.once(answer.as_bytes().to_vec(), ANSWER_KEPT_MS, told);
    desk.commit(batch).await?;
    tell_left(&desk.store).await;
    Ok(Handled::Done)
}

async fn made(desk: &Arc<CrmDesk>, id: ConversationId, joins: &Joins) -> Result<Result<Option<String>, CrmError>, CommandError> {
    let (connection, found) = (desk.record().await?, desk.store.get::<Conversation>(Conversation::at(id)).await?);
    let refused = |code: &str| Ok(Err(CrmError::Rejected(Reason::new(code))));
    let (Some(folder), Some(conversation)) = (desk.crm.write_first(), found) else { return refused("unknown_conversation") };
    if !connection.active {
        return refused("connection_off");
    }
    let conversation = conversation.record;
    let lock = desk.lock(&job::whose(desk, &conversation).await?);
    let _busy = lock.lock().await;
    let now = desk.house.world.now();
    // Nothing is said yet.
    let nobody = Author { kind: AuthorKind::Crm, id: String::new(), name: String::new() };
    let none = MessageId { conversation: id, number: 0 };
    let message = Message::fresh(none, conversation.account, EntryDirection::Outbound, nobody, Origin::Crm { connection: connection.id }, now);
    let delivery = Delivery::fresh(none, connection.id, CrmDeliveryStatus::Queued, now);
    let gathered = job::gather(desk, &connection, message, delivery, conversation).await?;
    let Some(Gathered { mut job, talks }) = gathered else { return refused("unknown_conversation") };
    job::join(desk, &mut job, joins);
    let call = async {
        let host = Arc::new(JobHost::new(desk, &connection, false, talks).await?);
        let context = desk.context(connection, host, now.plus_ms(desk.crm.job_limit_ms())).await?;
        let opened = folder.open(&context, &job).await;
        if let Err(CrmError::AccessLost(reason)) = &opened {
            health::shut_out(desk, reason.clone(), &context.host.keys().secrets).await;
        }
        opened
    };
    Ok(tokio::time::timeout(limit(desk), call).await.unwrap_or_else(|_| Err(CrmError::Temporary(Reason::new("answer_lost")))))
}
