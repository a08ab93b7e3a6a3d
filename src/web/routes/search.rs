//! Find messages by their words.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{self, parse};
use crate::gateway::events::deliveries_of_many;
use crate::gateway::searcher::{self, Question, SearchFailure};
use crate::gateway::views::{self, Viewer};
use crate::model::protocol::{ConversationView, MessageView};
use crate::store::search::{ResultPlace, SearchError};
use crate::web::edge::Edge;
use crate::web::login::LoggedIn;
use crate::web::problem::{Problem, ProblemBody};

/// Messages of one page.
const ROWS: usize = 30;

/// What to look for.
#[derive(Deserialize, IntoParams)]
pub struct SearchQuery {
    /// Words; all of them must be in the message, the last one also as a beginning.
    q: String,
    /// Only in this conversation.
    conversation: Option<String>,
    /// From an earlier page.
    cursor: Option<String>,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
pub struct FoundView {
    /// Where it stands.
    pub(super) conversation: ConversationView,
    /// The message.
    pub(super) message: MessageView,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct FoundPage {
    /// Newest first.
    items: Vec<FoundView>,
    /// What to say as `cursor` for the next page; null: this was the last.
    next: Option<String>,
    /// Whether everything was looked through; if not, the index is being built: ask again in a while.
    complete: bool,
    /// The words in the other keyboard layout, if they were found so.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_as: Option<String>,
}

impl From<SearchFailure> for Problem {
    fn from(failure: SearchFailure) -> Self {
        match failure {
            SearchFailure::Store(error) => error.into(),
            SearchFailure::Index(SearchError::TooSlow) => Self::try_again("search_too_slow"),
            SearchFailure::Index(error) => {
                tracing::error!(%error, "search");
                Self::try_again("try_again")
            }
        }
    }
}

/// Find messages by their words, as far as the caller may see.
#[utoipa::path(tag = "search", operation_id = "search", params(SearchQuery), responses((status = 200, body = FoundPage), (status = 400, body = ProblemBody), (status = 503, body = ProblemBody)))]
#[get("/api/v1/search")]
pub(crate) async fn search(edge: Data<Edge>, LoggedIn(caller): LoggedIn, query: Query<SearchQuery>) -> Result<Json<FoundPage>, Problem> {
    let after = parse::<ResultPlace>("cursor", query.cursor.as_deref())?;
    let conversation = match query.conversation.as_deref() {
        Some(id) => Some(conversations::seen(&edge, &caller, id).await?.record.id),
        None => None,
    };
    let question =
        Question { workspace: caller.workspace, epoch: &caller.epoch, access: &caller.access, conversation, text: &query.q, after, limit: ROWS };
    let found = searcher::ask(&edge.house, question).await?;
    let stored = searcher::conversations(&edge.house, caller.workspace, &found.messages).await?;
    let mut deliveries = deliveries_of_many(&edge.house, caller.workspace, found.messages.iter().map(|message| message.id())).await?;
    let mut items = Vec::with_capacity(found.messages.len());
    for message in &found.messages {
        let Some(conversation) = stored.get(&message.conversation) else { continue };
        let deliveries = deliveries.remove(&message.id()).unwrap_or_default();
        items.push(FoundView {
            conversation: conversations::view(&edge, &caller, conversation).await?,
            message: views::message(&edge.house, caller.workspace, message, &deliveries, Viewer::Member),
        });
    }
    Ok(Json(FoundPage { items, next: found.next.map(|place| place.to_string()), complete: found.complete, read_as: found.read_as }))
}
