//! What tests ask of a child process. No release has this, and no document names it.

use actix_web::post;
use actix_web::web::{Data, Json};
use serde::Deserialize;

use crate::channel::probe::settings::ProbeRepeats;
use crate::gateway::administration::probe::{MadeProbe, create_probe};
use crate::gateway::commands::Command;
use crate::gateway::supervisor::Reconcile;
use crate::model::ids::MessageId;
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
