//! What tests ask of a child process. No release has this, and no document names it.

use actix_web::post;
use actix_web::web::{Data, Json};
use serde::Deserialize;

use crate::channel::probe::settings::ProbeRepeats;
use crate::gateway::administration::probe::{MadeProbe, create_probe};
use crate::gateway::commands::Command;
use crate::gateway::supervisor::Reconcile;
use crate::model::ids::MessageId;
#[cfg(feature = "faults")]
use crate::model::{
    ids::ConversationId,
    message::Origin,
    protocol::{Author, AuthorKind},
};
use crate::web::edge::Edge;
use crate::web::login::AsAdmin;
use crate::web::problem::Problem;
use crate::web::routes::conversations::{self, seen};

/// Where the fake provider is, and what it does with repeats.
#[derive(Deserialize)]
pub(crate) struct ProbeBody {
    base_url: String,
    #[serde(default)]
    repeats: ProbeRepeats,
}

/// Makes a probe login with two accounts.
#[post("/faults/probe")]
pub(crate) async fn probe(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<ProbeBody>) -> Result<Json<MadeProbe>, Problem> {
    let made = create_probe(&edge.house, caller.workspace, &caller.actor(), &body.base_url, body.repeats).await?;
    edge.gateway.do_send(Reconcile);
    Ok(Json(made))
}

/// How far the clock is to be put forward.
#[cfg(feature = "faults")]
#[derive(Deserialize)]
pub(crate) struct ClockBody {
    ms: i64,
}

/// Puts the clock of this process forward.
#[cfg(feature = "faults")]
#[post("/faults/clock")]
pub(crate) async fn clock(AsAdmin(_): AsAdmin, body: Json<ClockBody>) -> Json<()> {
    crate::model::time::RealWorld::put_forward(body.ms);
    Json(())
}

/// A mailing's message.
#[cfg(feature = "faults")]
#[derive(Deserialize)]
pub(crate) struct MailingBody {
    conversation: ConversationId,
    client_id: String,
    text: String,
}

/// Sends as a mailing does, by the bulk lane: no screen has mailings yet.
#[cfg(feature = "faults")]
#[post("/faults/mailing")]
pub(crate) async fn mailing(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<MailingBody>) -> Result<Json<()>, Problem> {
    let stored = seen(&edge, &caller, &body.conversation.to_string()).await?;
    let MailingBody { conversation, client_id, text } = body.into_inner();
    let frame = serde_json::json!({ "conversation": conversation, "client_id": client_id, "text": text });
    let frame = serde_json::from_value(frame).map_err(|error| Problem::bad_request("bad_request", error.to_string()))?;
    let author = Author { kind: AuthorKind::Automation, id: String::new(), name: "Рассылка".to_owned() };
    let command = Command::Send { frame, author, origin: Origin::Mailing { id: "1".to_owned() }, at: edge.house.world.now() };
    conversations::command(&edge, &caller, &stored, command).await?;
    Ok(Json(()))
}

/// What is to be erased.
#[derive(Deserialize)]
pub(crate) struct EraseBody {
    message: MessageId,
}

/// Erases a message: no screen asks for it yet.
#[post("/faults/erase")]
pub(crate) async fn erase(edge: Data<Edge>, AsAdmin(caller): AsAdmin, body: Json<EraseBody>) -> Result<Json<()>, Problem> {
    let stored = seen(&edge, &caller, &body.message.conversation.to_string()).await?;
    let command = Command::Erase { message: body.message, by: caller.id.clone() };
    conversations::command(&edge, &caller, &stored, command).await?;
    Ok(Json(()))
}
