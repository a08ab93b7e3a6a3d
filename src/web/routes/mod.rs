//! One file per resource.
//!
//! * [`session`]: log in, log out, who am I
//! * [`conversations`]: list, counters, one, its messages, what is asked of it
//! * [`person`]: who is behind a conversation
//! * [`first`]: write to somebody first
//! * [`search`]: find messages by their words
//! * [`channels`], [`users`], [`tokens`]: what owners and admins set
//! * [`audit`], [`quarantine`]: what they changed, and what could not be handled
//! * [`hooks`]: where providers send what happens
//! * [`files`]: upload and show
//! * [`visitor`]: what the widget asks over HTTP: its files
//! * [`assets`]: the two front ends
//! * [`health`]: alive, ready, metrics

pub mod assets;
pub mod audit;
pub mod channels;
pub mod conversations;
#[cfg(feature = "probe")]
pub mod faults;
pub mod files;
pub mod first;
pub mod health;
pub mod hooks;
pub mod person;
pub mod quarantine;
pub mod search;
pub mod session;
pub mod tokens;
pub mod users;
pub mod visitor;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every route of the document: what is registered here is in it, and nothing can be registered here without.
pub fn documented(config: &mut ServiceConfig<'_>) {
    config
        .service(session::log_in)
        .service(session::log_out)
        .service(session::me)
        .service(session::change_me)
        .service(session::change_password)
        .service(conversations::list)
        .service(conversations::counters)
        .service(conversations::one)
        .service(conversations::messages)
        .service(conversations::send)
        .service(conversations::read)
        .service(conversations::close)
        .service(conversations::reopen)
        .service(conversations::assign)
        .service(conversations::retry)
        .service(person::person)
        .service(first::send)
        .service(search::search)
        .service(channels::list)
        .service(channels::create)
        .service(channels::one)
        .service(channels::change)
        .service(channels::remove)
        .service(channels::identity_secret)
        .service(users::list)
        .service(users::create)
        .service(users::change)
        .service(users::remove)
        .service(users::set_password)
        .service(tokens::list)
        .service(tokens::create)
        .service(tokens::revoke)
        .service(audit::list)
        .service(quarantine::list)
        .service(quarantine::one)
        .service(quarantine::replay)
        .service(hooks::take)
        .service(files::upload)
        .service(files::show)
        .service(visitor::upload)
        .service(visitor::preflight)
        .service(health::healthz)
        .service(health::readyz)
        .service(health::metrics)
        .service(super::openapi::openapi);
}

/// Sockets and static assets: what no OpenAPI document can describe.
pub fn undocumented(config: &mut web::ServiceConfig) {
    #[cfg(feature = "probe")]
    config.service(faults::probe).service(faults::erase);
    config
        .service(web::resource("/ws/manager").route(web::get().to(super::socket::manager)))
        .service(web::resource("/ws/visitor").route(web::get().to(super::socket::visitor)))
        .service(assets::widget_loader)
        .service(assets::widget_part)
        .service(assets::messenger_part)
        .service(assets::demo)
        .default_service(web::to(assets::messenger));
}
