//! Conversations: list, counters, one, its messages, sending and reading. What managers decide about them is in [`triage`](super::triage).

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::gateway::administration::access::Caller;
use crate::gateway::commands::{Answer, Command, ask};
use crate::gateway::events::{deliveries, deliveries_of_many};
use crate::gateway::inbox::{self, Counters, Sort, View};
use crate::gateway::views::{self, Viewer};
use crate::model::conversation::{Conversation, ConversationStatus};
use crate::model::ids::{AccountId, ConversationId, FileId, MessageId, TagId, UserId};
use crate::model::message::{Message, Origin};
use crate::model::protocol::{Author, AuthorKind, ConversationView, MessageView, SendFrame};
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::{IndexPosition, Scan};
use crate::store::table::Stored;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// The most rows of one page.
pub(super) const PAGE: usize = 100;

/// A page of something.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to say as `cursor` (for messages: `before`) for the next page; none: this was the last.
    pub next: Option<String>,
    /// How many rows the whole list has, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
}

/// A small table, whole.
#[derive(Serialize, ToSchema)]
pub struct Counted<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many there are.
    pub total: usize,
}

impl<T> Counted<T> {
    pub(super) fn of(items: Vec<T>) -> Self {
        Self { total: items.len(), items }
    }
}

/// What to list.
#[derive(Deserialize, IntoParams)]
pub struct ListQuery {
    /// `all` (open ones), `unread`, `unanswered`, `unassigned`, `mine`, `snoozed`, `closed`.
    view: Option<String>,
    /// Only of this channel.
    channel: Option<String>,
    /// Only given to this user.
    assignee: Option<String>,
    /// Only with this tag.
    tag: Option<String>,
    /// `latest` (default) or `waiting`: longest waiting first.
    sort: Option<String>,
    /// From an earlier page.
    cursor: Option<String>,
    /// Passing over so many rows, for a list that is scrolled far; not for closed ones.
    skip: Option<usize>,
    /// At most so many, 100 at most.
    limit: Option<usize>,
}

fn wrong(parameter: &str) -> Problem {
    Problem::bad_request("bad_parameter", format!("`{parameter}` cannot be read"))
}

pub(crate) fn parse<T: std::str::FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.filter(|text| !text.is_empty()).map(|text| text.parse().map_err(|_| wrong(name))).transpose()
}

/// A conversation the caller may see; one they may not answers like one that is not.
pub(crate) async fn seen(edge: &Edge, caller: &Caller, id: &str) -> Result<Stored<Conversation>, Problem> {
    let id: ConversationId = id.parse().map_err(|_| Problem::unknown("conversation"))?;
    let found = edge.house.store.workspace(caller.workspace).get::<Conversation>(Conversation::at(id)).await?;
    found.filter(|found| caller.access.sees(found.record.account)).ok_or_else(|| Problem::unknown("conversation"))
}

pub(super) async fn view(edge: &Edge, caller: &Caller, stored: &Stored<Conversation>) -> Result<ConversationView, Problem> {
    let account = edge.house.accounts.get(&edge.house, caller.workspace, stored.record.account).await?;
    let account = account.ok_or_else(|| Problem::unknown("conversation"))?;
    Ok(views::conversation(&edge.house, caller.workspace, &stored.record, stored.version, &account))
}

/// The list of conversations, latest activity first.
#[utoipa::path(tag = "conversations", params(ListQuery), responses((status = 200, body = Page<ConversationView>), (status = 400, body = ProblemBody)))]
#[get("/api/v1/conversations")]
pub(crate) async fn list(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<ListQuery>) -> Result<Json<Page<ConversationView>>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE);
    let account: Option<AccountId> = parse("channel", query.channel.as_deref())?;
    let tag: Option<TagId> = parse("tag", query.tag.as_deref())?;
    let view_name = query.view.as_deref().unwrap_or("all");
    if view_name == "closed" {
        return closed(&edge, &caller, account, tag, query.cursor.as_deref(), limit).await;
    }
    let wanted = match (view_name, caller.user) {
        ("all", _) => View::All,
        ("unread", _) => View::Unread,
        ("unanswered", _) => View::Unanswered,
        ("unassigned", _) => View::Unassigned,
        ("mine", Some(user)) => View::Mine(user),
        ("snoozed", _) => View::Snoozed,
        _ => return Err(wrong("view")),
    };
    let sort = match query.sort.as_deref() {
        None | Some("latest") => Sort::Latest,
        Some("waiting") => Sort::Waiting,
        Some(_) => return Err(wrong("sort")),
    };
    let after = query.cursor.as_deref().map(read_place).transpose()?;
    let asked = inbox::Query {
        view: wanted,
        account,
        assignee: parse::<UserId>("assignee", query.assignee.as_deref())?,
        tag,
        sort,
        access: &caller.access,
        after,
        skip: query.skip.unwrap_or(0),
        limit: limit.saturating_add(1),
    };
    let (mut places, total) = edge.house.inboxes.list(&edge.house, caller.workspace, &asked).await?;
    let more = places.len() > limit;
    places.truncate(limit);
    let next = places.last().filter(|_| more).map(|(sort, id)| format!("{sort}.{id}"));
    let keys: Vec<_> = places.iter().map(|(_, id)| Conversation::at(*id)).collect();
    let found = edge.house.store.workspace(caller.workspace).get_many::<Conversation>(&keys).await?;
    let mut items = Vec::with_capacity(found.len());
    for stored in found.into_iter().flatten() {
        items.push(view(&edge, &caller, &stored).await?);
    }
    Ok(Json(Page { items, next, total: Some(total) }))
}

fn read_place(cursor: &str) -> Result<(i64, ConversationId), Problem> {
    let (sort, id) = cursor.split_once('.').ok_or_else(|| wrong("cursor"))?;
    Ok((sort.parse().map_err(|_| wrong("cursor"))?, id.parse().map_err(|_| wrong("cursor"))?))
}

/// Closed conversations come from the index, latest activity first.
async fn closed(
    edge: &Edge, caller: &Caller, account: Option<AccountId>, tag: Option<TagId>, cursor: Option<&str>, limit: usize,
) -> Result<Json<Page<ConversationView>>, Problem> {
    let place = cursor.map(read_place).transpose()?;
    let mut below = place.map(|(at, id)| IndexPosition { sort: Key::new().signed(at).done(), key: Conversation::at(id) });
    let (store, group) = (edge.house.store.workspace(caller.workspace), Conversation::status_group(ConversationStatus::Closed));
    let mut items = Vec::new();
    // What the caller may not see is passed over; a page looks at 2,000 at most, and the next goes on from there.
    let mut looked = 0_usize;
    loop {
        let mut scan = Scan::last(200);
        scan.below = below.take();
        let found = store.scan_index::<Conversation>(Conversation::BY_STATUS, &group, scan).await?;
        let end = found.len() < 200;
        for (place, stored) in found {
            looked = looked.saturating_add(1);
            let next = format!("{}.{}", stored.record.active_at.0, stored.record.id);
            let of_account = account.is_none_or(|account| account == stored.record.account);
            let of_tag = tag.is_none_or(|tag| stored.record.tags.contains(&tag));
            if caller.access.sees(stored.record.account) && of_account && of_tag {
                items.push(view(edge, caller, &stored).await?);
            }
            if items.len() >= limit || looked >= 2_000 {
                return Ok(Json(Page { items, next: Some(next), total: None }));
            }
            below = Some(place);
        }
        if end {
            return Ok(Json(Page { items, next: None, total: None }));
        }
    }
}

/// How many conversations are open, unread, unanswered, as far as the caller may see.
#[utoipa::path(tag = "conversations", responses((status = 200, body = Counters)))]
#[get("/api/v1/conversations/counters")]
pub(crate) async fn counters(edge: Data<Edge>, LoggedIn(caller): LoggedIn) -> Result<Json<Counters>, Problem> {
    Ok(Json(edge.house.inboxes.counters(&edge.house, caller.workspace, &caller.access, caller.user).await?))
}

/// One conversation.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody)))]
#[get("/api/v1/conversations/{id}")]
pub(crate) async fn one(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    Ok(Json(view(&edge, &caller, &stored).await?))
}

/// Which messages.
#[derive(Deserialize, IntoParams)]
pub struct MessagesQuery {
    /// At most so many, 100 at most.
    limit: Option<usize>,
    /// The newest before this message.
    before: Option<String>,
    /// The oldest after this message.
    after: Option<String>,
    /// Half before, half after this message, and itself.
    around: Option<String>,
    /// The same around the first message written at this moment or later; without one, the newest.
    at: Option<String>,
}

/// The number of the first message written at a moment or later; the newest one's if there is none. Numbers have no holes and times rise
/// with them, but for imported history, where the place is near enough.
async fn written_at(edge: &Edge, caller: &Caller, conversation: &Conversation, at: Time) -> Result<u32, Problem> {
    let store = edge.house.store.workspace(caller.workspace);
    let (mut low, mut high) = (1_u32, conversation.last_number.max(1));
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        let id = MessageId { conversation: conversation.id, number: middle };
        let found = store.get::<Message>(Message::at(id)).await?;
        if found.is_some_and(|found| found.record.written_at < at) { low = middle.saturating_add(1) } else { high = middle }
    }
    Ok(low)
}

/// Messages of a conversation, oldest to newest. `next` is what to say as `before` for older ones.
#[utoipa::path(tag = "conversations", params(("id" = String, Path), MessagesQuery), responses((status = 200, body = Page<MessageView>), (status = 404, body = ProblemBody)))]
#[get("/api/v1/conversations/{id}/messages")]
pub(crate) async fn messages(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, query: Query<MessagesQuery>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let (id, limit) = (stored.record.id, query.limit.unwrap_or(50).clamp(1, PAGE));
    let number = |name: &'static str, text: Option<&str>| -> Result<Option<u32>, Problem> {
        let message: Option<MessageId> = parse(name, text)?;
        match message {
            Some(message) if message.conversation != id => Err(Problem::unknown("message")),
            message => Ok(message.map(|message| message.number)),
        }
    };
    let (before, after) = (number("before", query.before.as_deref())?, number("after", query.after.as_deref())?);
    let mut around = number("around", query.around.as_deref())?;
    if let Some(at) = parse::<Time>("at", query.at.as_deref())? {
        around = Some(written_at(&edge, &caller, &stored.record, at).await?);
    }
    let (store, group) = (edge.house.store.workspace(caller.workspace), Message::group(id));
    let older = |below: Option<u32>, limit: usize| {
        let mut scan = Scan::last(limit);
        scan.below = below.map(Message::item);
        store.scan::<Message>(&group, scan)
    };
    let newer = |above: u32, limit: usize| store.scan::<Message>(&group, Scan::first(limit).above(Message::item(above)));
    let found = match (around, after) {
        (Some(around), _) => {
            let half = (limit / 2).max(1);
            let mut found = older(Some(around.saturating_add(1)), half).await?;
            found.reverse();
            found.extend(newer(around, half).await?);
            found
        }
        (None, Some(after)) => newer(after, limit).await?,
        (None, None) => {
            let mut found = older(before, limit).await?;
            found.reverse();
            found
        }
    };
    let first = found.first().map(|message| message.record.number);
    let next = first.filter(|first| *first > 1).map(|number| MessageId { conversation: id, number }.to_string());
    let shown: Vec<&Message> = found.iter().map(|message| &message.record).filter(|message| message.admission.is_yes()).collect();
    let mut deliveries = deliveries_of_many(&edge.house, caller.workspace, shown.iter().map(|message| message.id())).await?;
    let view = |message: &Message| {
        let deliveries = deliveries.remove(&message.id()).unwrap_or_default();
        views::message(&edge.house, caller.workspace, message, &deliveries, Viewer::Member)
    };
    Ok(Json(Page { items: shown.into_iter().map(view).collect(), next, total: None }))
}

/// Asks a conversation's owner, once it is known that the caller may see the conversation.
pub(crate) async fn command(edge: &Edge, caller: &Caller, stored: &Stored<Conversation>, command: Command) -> Result<Answer, Problem> {
    Ok(ask(&edge.house, caller.workspace, stored.record.login, command).await?)
}

/// The caller as an author of messages.
pub(crate) fn author(caller: &Caller) -> (Author, Origin) {
    let (kind, origin) = match caller.user {
        Some(_) => (AuthorKind::Manager, Origin::Manager),
        None => (AuthorKind::Api, Origin::Api),
    };
    (Author { kind, id: caller.id.clone(), name: caller.name.clone() }, origin)
}

/// What is to be sent.
#[derive(Deserialize, ToSchema)]
pub struct SendBody {
    /// The client's own key: the same key twice has one effect.
    client_id: String,
    /// What it says.
    #[serde(default)]
    text: String,
    /// Uploaded files.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    attachments: Vec<FileId>,
    /// Whether pictures among them go as files: as they are, not made smaller.
    #[serde(default)]
    as_files: bool,
    /// The message it answers.
    #[schema(value_type = Option<String>)]
    reply_to: Option<MessageId>,
    /// A note for colleagues.
    #[serde(default)]
    note: bool,
    /// Of a note: colleagues it names behind an `@`; who may not see the conversation is left out.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    mentions: Vec<UserId>,
    /// Refused when somebody has written since.
    #[schema(value_type = Option<String>)]
    expected_last: Option<MessageId>,
}

/// What became of a send.
#[derive(Serialize, ToSchema)]
pub struct SentBody {
    /// The message.
    message: MessageView,
    /// Whether the key was seen before: this is the first message then.
    duplicate: bool,
}

/// Send a message, or leave a note.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = SendBody,
    responses((status = 200, body = SentBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/messages")]
pub(crate) async fn send(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<SendBody>) -> Result<Json<SentBody>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let body = body.into_inner();
    let frame = SendFrame {
        client_id: body.client_id,
        conversation: stored.record.id,
        text: body.text,
        attachments: body.attachments,
        as_files: body.as_files,
        reply_to: body.reply_to,
        note: body.note,
        mentions: body.mentions,
        expected_last: body.expected_last,
    };
    let (author, origin) = author(&caller);
    let asked = Command::Send { frame, author, origin, at: edge.house.world.now() };
    let answer = command(&edge, &caller, &stored, asked).await?;
    Ok(Json(sent(&edge, &caller, answer).await?))
}

/// The body of an answered send.
pub(crate) async fn sent(edge: &Edge, caller: &Caller, answer: Answer) -> Result<SentBody, Problem> {
    match answer {
        Answer::Message { message, duplicate } => {
            let deliveries = deliveries(&edge.house, caller.workspace, message.id()).await?;
            Ok(SentBody { message: views::message(&edge.house, caller.workspace, &message, &deliveries, Viewer::Member), duplicate })
        }
        Answer::Conversation { .. } | Answer::Done | Answer::Refused { .. } => Err(Problem::try_again("try_again")),
    }
}

/// Up to where it was read.
#[derive(Deserialize, ToSchema)]
pub struct ReadBody {
    /// The last message read.
    #[schema(value_type = String)]
    up_to: MessageId,
}

pub(super) async fn changed(edge: &Edge, caller: &Caller, stored: &Stored<Conversation>, asked: Command) -> Result<Json<ConversationView>, Problem> {
    command(edge, caller, stored, asked).await?;
    let stored = seen(edge, caller, &stored.record.id.to_string()).await?;
    Ok(Json(view(edge, caller, &stored).await?))
}

/// Mark everything up to a message as read (G-07).
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = ReadBody, responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/read")]
pub(crate) async fn read(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<ReadBody>,
) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    if body.up_to.conversation != stored.record.id {
        return Err(Problem::unknown("message"));
    }
    changed(&edge, &caller, &stored, Command::Read { up_to: body.up_to, by: caller.id.clone() }).await
}
