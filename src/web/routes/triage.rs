//! What managers decide about a conversation, or many at once: close, reopen, assign, put aside, tag, block.

use actix_web::http::StatusCode;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::{changed, seen};
use crate::gateway::administration::access::Caller;
use crate::gateway::commands::Command;
use crate::model::conversation::Conversation;
use crate::model::ids::{ConversationId, MessageId, TagId, UserId};
use crate::model::people::{Access, Member};
use crate::model::protocol::ConversationView;
use crate::model::tag::Tag;
use crate::model::time::Time;
use crate::store::table::Stored;
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// The conversation is dealt with.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/close")]
pub(crate) async fn close(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    changed(&edge, &caller, &stored, Deed::Close.command(&stored, &caller)).await
}

/// It is not, after all.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/reopen")]
pub(crate) async fn reopen(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    changed(&edge, &caller, &stored, Deed::Reopen.command(&stored, &caller)).await
}

/// Who shall answer.
#[derive(Deserialize, ToSchema)]
pub struct AssignBody {
    /// A member; none: nobody in particular.
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
}

/// Give a conversation to somebody.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = AssignBody,
    responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/assign")]
pub(crate) async fn assign(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<AssignBody>,
) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let deed = Deed::Assign { user: body.user };
    deed.check(&edge, &caller, &stored).await?;
    changed(&edge, &caller, &stored, deed.command(&stored, &caller)).await
}

/// Until when.
#[derive(Deserialize, ToSchema)]
pub struct SnoozeBody {
    /// A moment to come, within a year; none: bring it back now.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
}

/// Put a conversation aside until a moment, or bring it back. It comes back by itself then, or when the customer writes.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = SnoozeBody,
    responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/snooze")]
pub(crate) async fn snooze(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<SnoozeBody>,
) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    changed(&edge, &caller, &stored, Deed::Snooze { until: body.until }.command(&stored, &caller)).await
}

/// Mark a conversation as one to be looked at again.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/unread")]
pub(crate) async fn unread(edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    changed(&edge, &caller, &stored, Deed::Unread.command(&stored, &caller)).await
}

/// Tags on and off.
#[derive(Deserialize, ToSchema)]
pub struct TagBody {
    /// On.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    on: Vec<TagId>,
    /// Off.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    off: Vec<TagId>,
}

/// Put tags on a conversation and take others off.
#[utoipa::path(tag = "conversations", operation_id = "tag_conversation", params(("id" = String, Path)), request_body = TagBody,
    responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/tags")]
pub(crate) async fn tag(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<TagBody>,
) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    let TagBody { on, off } = body.into_inner();
    let deed = Deed::Tag { on, off };
    deed.check(&edge, &caller, &stored).await?;
    changed(&edge, &caller, &stored, deed.command(&stored, &caller)).await
}

/// Whether it is blocked.
#[derive(Deserialize, ToSchema)]
pub struct BlockBody {
    /// `true`: what the customer writes is kept, but shown to nobody.
    blocked: bool,
}

/// Block the customer of a conversation, or unblock them.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), request_body = BlockBody, responses((status = 200, body = ConversationView), (status = 404, body = ProblemBody)))]
#[post("/api/v1/conversations/{id}/block")]
pub(crate) async fn block(
    edge: Data<Edge>, LoggedIn(caller): LoggedIn, id: Path<String>, body: Json<BlockBody>,
) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(&edge, &caller, &id).await?;
    changed(&edge, &caller, &stored, Deed::Block { blocked: body.blocked }.command(&stored, &caller)).await
}

/// What is to be done with a conversation.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Deed {
    /// It is dealt with.
    Close,
    /// It is not.
    Reopen,
    /// Everything in it was read.
    Read,
    /// It is to be looked at again.
    Unread,
    /// Given to somebody.
    Assign {
        /// A member; none: nobody in particular.
        #[schema(value_type = Option<String>)]
        user: Option<UserId>,
    },
    /// Put aside, or brought back.
    Snooze {
        /// Until when; none: brought back.
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Time>,
    },
    /// Tags on and off.
    Tag {
        /// On.
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        on: Vec<TagId>,
        /// Off.
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        off: Vec<TagId>,
    },
    /// Blocked or not.
    Block {
        /// Which of both.
        blocked: bool,
    },
}

impl Deed {
    fn command(&self, stored: &Stored<Conversation>, caller: &Caller) -> Command {
        let (conversation, by) = (stored.record.id, caller.id.clone());
        match self.clone() {
            Self::Close => Command::Close { conversation, by },
            Self::Reopen => Command::Reopen { conversation, by },
            Self::Read => Command::Read { up_to: MessageId { conversation, number: stored.record.last_number }, by },
            Self::Unread => Command::MarkUnread { conversation },
            Self::Assign { user } => Command::Assign { conversation, to: user, by },
            Self::Snooze { until } => Command::Snooze { conversation, until, by },
            Self::Tag { on, off } => Command::Tag { conversation, on, off, by },
            Self::Block { blocked } => Command::Block { conversation, blocked, by },
        }
    }

    /// What the owner of the conversation cannot know: whether people and tags are there.
    async fn check(&self, edge: &Edge, caller: &Caller, stored: &Stored<Conversation>) -> Result<(), Problem> {
        let store = edge.house.store.workspace(caller.workspace);
        match self {
            Self::Assign { user: Some(user) } => {
                let member = store.get::<Member>(Member::at(*user)).await?;
                let member = member.filter(|member| member.record.removed_at.is_none()).ok_or_else(|| Problem::unknown("user"))?.record;
                if Access::new(member.role, member.channels.as_deref()).sees(stored.record.account) {
                    return Ok(());
                }
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Err(Problem::new(status, "user_without_access", "this user may not see the channel"))
            }
            Self::Tag { on, .. } => {
                let keys: Vec<_> = on.iter().take(AT_ONCE).map(|id| Tag::at(*id)).collect();
                let found = store.get_many::<Tag>(&keys).await?;
                if found.len() == on.len() && found.iter().all(Option::is_some) { Ok(()) } else { Err(Problem::unknown("tag")) }
            }
            _ => Ok(()),
        }
    }
}

/// The most conversations of one request.
const AT_ONCE: usize = 100;
/// Owners asked side by side.
const SIDE_BY_SIDE: usize = 8;

/// What is to be done with many conversations.
#[derive(Deserialize, ToSchema)]
pub struct BulkBody {
    /// Which, 100 at most.
    #[schema(value_type = Vec<String>)]
    ids: Vec<ConversationId>,
    /// What.
    #[serde(flatten)]
    deed: Deed,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub struct BulkDone {
    /// The conversations as they are now.
    done: Vec<ConversationView>,
    /// Those it was not done with, and why.
    failed: Vec<BulkFailed>,
}

/// A conversation it was not done with.
#[derive(Serialize, ToSchema)]
pub struct BulkFailed {
    /// Which.
    #[schema(value_type = String)]
    id: ConversationId,
    /// A stable code.
    code: String,
}

/// Do one thing with many conversations. Each stands for itself: some may be done and others not.
#[utoipa::path(tag = "conversations", request_body = BulkBody, responses((status = 200, body = BulkDone), (status = 400, body = ProblemBody)))]
#[post("/api/v1/conversations/bulk")]
pub(crate) async fn bulk(edge: Data<Edge>, LoggedIn(caller): LoggedIn, body: Json<BulkBody>) -> Result<Json<BulkDone>, Problem> {
    let BulkBody { mut ids, deed } = body.into_inner();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > AT_ONCE {
        return Err(Problem::bad_request("bad_parameter", "`ids` has 1 to 100 conversations"));
    }
    let each = stream::iter(ids).map(|id| {
        let (edge, caller, deed) = (&edge, &caller, &deed);
        async move { (id, one(edge, caller, id, deed).await) }
    });
    let results: Vec<_> = each.buffered(SIDE_BY_SIDE).collect().await;
    let mut answer = BulkDone { done: Vec::new(), failed: Vec::new() };
    for (id, result) in results {
        match result {
            Ok(Json(view)) => answer.done.push(view),
            Err(problem) => answer.failed.push(BulkFailed { id, code: problem.reason.code }),
        }
    }
    Ok(Json(answer))
}

async fn one(edge: &Edge, caller: &Caller, id: ConversationId, deed: &Deed) -> Result<Json<ConversationView>, Problem> {
    let stored = seen(edge, caller, &id.to_string()).await?;
    deed.check(edge, caller, &stored).await?;
    changed(edge, caller, &stored, deed.command(&stored, caller)).await
}
