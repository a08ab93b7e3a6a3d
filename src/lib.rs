//! Kommutator: a self-hosted omnichannel gateway. Floors, top to bottom; a module imports only from floors below it:
//!
//! * [`app`]: the wiring; [`config`]: what is set; [`demo`]: a ready workspace to look at; [`operating`]: what is done beside serving
//! * [`web`]: the edge: HTTP routes, webhooks, WebSocket session actors, static assets
//! * [`gateway`]: the actors
//! * `automation`: what happens by itself, as decisions
//! * [`channel`], [`crm`]: one folder per provider, one per CRM; [`mail`]: letters
//! * [`connector`]: what channels and CRMs have in common
//! * [`outside`]: calls to addresses that people give, and to providers
//! * [`config`]: flags, environment and one file become one typed configuration
//! * [`store`]: the port, two engines, typed tables, search, files
//! * [`model`]: domain types and rules: no I/O, no clock, no async

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic))]

pub mod app;
pub mod channel;
pub mod config;
pub mod connector;
pub mod crm;

pub mod demo;
pub mod gateway;
pub mod mail;
pub mod model;
pub mod operating;
pub mod outside;
pub mod store;
pub mod web;
