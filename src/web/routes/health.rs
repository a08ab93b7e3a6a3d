//! Alive, ready, metrics.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::web::edge::Edge;
use crate::web::login::address;
use crate::web::problem::{Problem, ProblemBody};

/// The header that names the process: `doctor` compares what the public address answers with what this machine does.
pub const NODE_HEADER: &str = "x-kommutator-node";

/// The process is alive.
#[utoipa::path(tag = "operation", responses((status = 200)), security(()))]
#[get("/healthz")]
pub(crate) async fn healthz(edge: Data<Edge>) -> HttpResponse {
    HttpResponse::Ok().insert_header((NODE_HEADER, edge.house.node.0.to_string())).content_type("text/plain").body("alive\n")
}

/// The store answers.
#[utoipa::path(tag = "operation", responses((status = 200), (status = 503, body = ProblemBody)), security(()))]
#[get("/readyz")]
pub(crate) async fn readyz(edge: Data<Edge>) -> Result<HttpResponse, Problem> {
    edge.house.store.engine().ping().await?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n"))
}

/// Numbers for Prometheus. Only for the machine itself and private networks: they tell how much a company writes.
#[utoipa::path(tag = "operation", responses((status = 200), (status = 404, body = ProblemBody)), security(()))]
#[get("/metrics")]
pub(crate) async fn metrics(edge: Data<Edge>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let private = match address(&request, &edge) {
        std::net::IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    let handle = edge.metrics.as_ref().filter(|_| private).ok_or_else(|| Problem::unknown("page"))?;
    let counts = edge.house.store.engine().counts();
    ::metrics::counter!("kommutator_store_committed_total").absolute(counts.committed);
    ::metrics::counter!("kommutator_store_fenced_total").absolute(counts.fenced);
    ::metrics::counter!("kommutator_store_reads_total").absolute(counts.reads);
    ::metrics::gauge!("kommutator_sockets").set(f64::from(edge.limits.open_sockets()));
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render()))
}
