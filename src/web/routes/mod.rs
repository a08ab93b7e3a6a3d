//! One file per resource.
//!
//! * [`session`]: log in, log out, who am I
//! * [`conversations`]: list, counters, one, its messages, sending and reading
//! * [`triage`]: what managers decide about conversations, one or many
//! * [`messages`]: one message changed, taken back, reacted to, tried again
//! * [`timeline`]: what happened in a conversation, and its files
//! * [`tags`], [`replies`]: what all managers use
//! * [`personal`]: what is one manager's own; [`notices`]: what they want to be told
//! * [`session`]: log in, log out, who am I; [`sessions`], [`second_factor`]: how I am logged in
//! * [`setup`], [`invites`], [`password`]: how people get in who have no password yet, or none any more
//! * [`conversations`]: list, counters, one, its messages, what is asked of it
//! * [`person`]: who is behind a conversation
//! * [`customers`]: the people behind the conversations
//! * [`first`]: write to somebody first
//! * [`outlook`]: what a channel will make of a message
//! * [`overview`]: the day's numbers, and what did not go out
//! * [`search`]: find messages by their words
//! * [`connections`], [`connection_settings`]: CRM connections; [`crm_messages`]: what did not get to them; [`oauth`]: who comes back from a CRM
//! * [`crm_widget`]: what a CRM's widget asks
//! * [`channels`], [`users`], [`tokens`], [`workspace`]: what owners and admins set
//! * [`audit`], [`quarantine`]: what they changed, and what could not be handled
//! * [`webhooks`]: what is told to other programs, and how that fared
//! * [`hooks`]: where providers send what happens
//! * [`files`]: upload and show
//! * [`visitor`]: what the widget asks over HTTP: its files
//! * [`assets`]: the two front ends
//! * [`stop`]: who wants no more letters
//! * [`health`]: alive, ready, metrics

pub mod assets;
pub mod audit;
pub mod channels;
pub mod connecting;
pub mod connection_settings;
pub mod connections;
pub mod conversations;
pub mod crm_messages;
pub mod crm_widget;
pub mod customer_crm;
pub mod customers;
#[cfg(feature = "probe")]
pub mod faults;
pub mod files;
pub mod first;
pub mod health;
pub mod hooks;
pub mod invites;
pub mod messages;
pub mod notices;
pub mod oauth;
pub mod outlook;
pub mod overview;
pub mod password;
pub mod person;
pub mod personal;
pub mod quarantine;
pub mod replies;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod sessions;
pub mod setup;
pub mod stop;
pub mod tags;
pub mod timeline;
pub mod tokens;
pub mod triage;
pub mod users;
pub mod visitor;
pub mod webhooks;
pub mod workspace;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every route of the document: what is registered here is in it, and nothing can be registered here without.
pub fn documented(config: &mut ServiceConfig<'_>) {
    config
        .service(session::log_in)
        .service(session::tell_code)
        .service(session::log_out)
        .service(session::me)
        .service(session::change_me)
        .service(session::change_password)
        .service(session::my_profile)
        .service(sessions::list)
        .service(sessions::end)
        .service(sessions::end_others)
        .service(second_factor::begin)
        .service(second_factor::confirm)
        .service(second_factor::disable)
        .service(setup::state)
        .service(setup::found)
        .service(invites::list)
        .service(invites::create)
        .service(invites::renew)
        .service(invites::revoke)
        .service(invites::look)
        .service(invites::accept)
        .service(password::forgot)
        .service(password::look)
        .service(password::reset)
        .service(workspace::show)
        .service(workspace::change)
        .service(workspace::mail)
        .service(workspace::test_letter)
        .service(conversations::list)
        .service(conversations::counters)
        .service(conversations::one)
        .service(conversations::messages)
        .service(conversations::send)
        .service(conversations::read)
        .service(triage::bulk)
        .service(triage::close)
        .service(triage::reopen)
        .service(triage::assign)
        .service(triage::snooze)
        .service(triage::unread)
        .service(triage::tag)
        .service(triage::block)
        .service(messages::edit)
        .service(messages::remove)
        .service(messages::react)
        .service(messages::retry)
        .service(timeline::list)
        .service(timeline::files)
        .service(tags::list)
        .service(tags::create)
        .service(tags::change)
        .service(tags::remove)
        .service(replies::list)
        .service(replies::create)
        .service(replies::change)
        .service(replies::remove)
        .service(personal::list_marks)
        .service(personal::put_mark)
        .service(personal::list_drafts)
        .service(personal::put_draft)
        .service(notices::show)
        .service(notices::change)
        .service(notices::subscribe)
        .service(notices::unsubscribe)
        .service(notices::trial)
        .service(notices::away)
        .service(person::person)
        .service(customers::list)
        .service(customers::create)
        .service(customers::show)
        .service(customer_crm::show)
        .service(customers::change)
        .service(customers::merge)
        .service(customers::unmerge)
        .service(customers::apart)
        .service(first::send)
        .service(first::ways)
        .service(outlook::outlook)
        .service(search::search)
        .service(overview::numbers)
        .service(overview::failures)
        .service(channels::list)
        .service(channels::create)
        .service(channels::one)
        .service(channels::change)
        .service(channels::remove)
        .service(channels::identity_secret)
        .service(channels::replace_identity_secret)
        .service(connecting::kinds)
        .service(connecting::begin)
        .service(connecting::look)
        .service(connecting::answer)
        .service(connecting::end)
        .service(connecting::choices)
        .service(connecting::poll)
        .service(connections::kinds)
        .service(connections::list)
        .service(connections::one)
        .service(connections::change)
        .service(connections::remove)
        .service(connections::new_key)
        .service(connections::widget)
        .service(connection_settings::show)
        .service(connection_settings::put)
        .service(connection_settings::put_channels)
        .service(connection_settings::refresh)
        .service(connection_settings::app)
        .service(connection_settings::put_app)
        .service(crm_messages::list_undelivered)
        .service(crm_messages::all_again)
        .service(crm_messages::again)
        .service(crm_widget::hello)
        .service(crm_widget::card)
        .service(crm_widget::start)
        .service(crm_widget::upload)
        .service(crm_widget::write)
        .service(crm_widget::written)
        .service(crm_widget::mail)
        .service(crm_widget::show_mailing)
        .service(crm_widget::stop_mailing)
        .service(crm_widget::user_key)
        .service(crm_widget::listen)
        .service(users::list)
        .service(users::create)
        .service(users::change)
        .service(users::remove)
        .service(users::set_password)
        .service(users::password_link)
        .service(users::reset_second_factor)
        .service(tokens::list)
        .service(tokens::create)
        .service(tokens::revoke)
        .service(webhooks::list)
        .service(webhooks::create)
        .service(webhooks::show)
        .service(webhooks::change)
        .service(webhooks::remove)
        .service(webhooks::replace_secret)
        .service(webhooks::try_out)
        .service(webhooks::log)
        .service(webhooks::show_delivery)
        .service(webhooks::again)
        .service(audit::list)
        .service(quarantine::list)
        .service(quarantine::one)
        .service(quarantine::replay)
        .service(hooks::take_crm)
        .service(hooks::take_named)
        .service(hooks::take)
        .service(files::upload)
        .service(files::copy)
        .service(files::show)
        .service(files::shared)
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
    #[cfg(feature = "faults")]
    config.service(faults::clock).service(faults::mailing);
    config
        .service(web::resource("/ws/manager").route(web::get().to(super::socket::manager)))
        .service(web::resource("/ws/visitor").route(web::get().to(super::socket::visitor)))
        .service(assets::widget_loader)
        .service(assets::widget_part)
        .service(assets::messenger_part)
        .service(stop::ask)
        .service(stop::stop)
        .service(oauth::come_back)
        .service(crm_widget::preflight)
        .service(assets::demo)
        .service(assets::try_widget)
        .default_service(web::to(assets::messenger));
}
