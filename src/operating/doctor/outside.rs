//! The running server, asked on this machine, and the public address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Client, Response};

use super::Report;
use crate::config::{Config, EngineChoice};
use crate::mail::Mail;
use crate::web::routes::health::NODE_HEADER;

/// How long an answer may take; below the health check's own limit.
const LIMIT: Duration = Duration::from_secs(4);
const WHAT: &str = "public address";

/// What the server on this machine says.
pub(super) enum Running {
    /// It serves, and its store answers.
    Ready {
        /// Its name.
        node: String,
    },
    /// It serves, but not well.
    NotReady(String),
    /// Nobody answers, or somebody else does.
    Silent(String),
}

impl Running {
    pub(super) fn is_ready(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }
}

/// Where the server of this configuration is reached on this machine.
fn nearby(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn client(through_proxy: bool) -> Result<Client, String> {
    let client = Client::builder().timeout(LIMIT).connect_timeout(LIMIT).redirect(reqwest::redirect::Policy::none());
    let client = if through_proxy { client } else { client.no_proxy() };
    client.build().map_err(|error| error.to_string())
}

/// The error with its causes: the first words alone say little.
fn whole(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

fn node_of(answer: &Response) -> Option<String> {
    answer.headers().get(NODE_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Asks the server of this configuration on this machine.
pub(super) async fn running(config: &Config) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that it is installed already
    let address = nearby(config.listen);
    let client = match client(false) {
        Ok(client) => client,
        Err(error) => return Running::Silent(error),
    };
    let alive = match client.get(format!("http://{address}/healthz")).send().await {
        Ok(answer) => answer,
        Err(error) => return Running::Silent(format!("no server answers on {address}: {}", whole(&error.without_url()))),
    };
    let Some(node) = node_of(&alive) else {
        return Running::Silent(format!("what answers on {address} is not Kommutator: choose another address with --listen"));
    };
    match client.get(format!("http://{address}/readyz")).send().await {
        Ok(answer) if answer.status().is_success() => Running::Ready { node },
        Ok(answer) => {
            let status = answer.status();
            let problem: serde_json::Value = answer.json().await.unwrap_or_default();
            let why = match problem.get("code").and_then(serde_json::Value::as_str) {
                Some("store_read_only") => {
                    "its store takes no writes: look at the mount of the data folder and at the system's log, then start it anew"
                }
                _ => "its store does not answer",
            };
            Running::NotReady(format!("it answers {status} on {address}/readyz: {why}"))
        }
        Err(error) => Running::NotReady(whole(&error.without_url())),
    }
}

pub(super) fn tell_running(report: &mut Report, config: &Config, running: &Running) {
    match running {
        Running::Ready { .. } => report.ok("server", format!("it serves on {} and is ready", config.listen)),
        Running::NotReady(why) => report.error("server", why),
        Running::Silent(why) => report.warning("server", why),
    }
}

pub(super) async fn public_address(report: &mut Report, config: &Config, running: &Running) {
    let url = &config.public_url;
    let local = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(is_local)).unwrap_or(false);
    if !url.starts_with("https://") && !local {
        report.warning(WHAT, format!("{url} is not https: passwords and messages go unsealed; put a TLS server in front and set public_url"));
    }
    if local && matches!(running, Running::Silent(_)) {
        return report.ok(WHAT, format!("{url} is this machine only, and no server runs: nothing to ask"));
    }
    let asked = async {
        let client = client(!local)?;
        client.get(format!("{url}/healthz")).send().await.map_err(|error| whole(&error.without_url()))
    };
    let answer = match asked.await {
        Ok(answer) => answer,
        Err(why) => {
            return report.error(WHAT, format!("{url}/healthz does not answer ({why}): check name, certificate, firewall and the server in front"));
        }
    };
    let status = answer.status();
    match (node_of(&answer), running) {
        _ if !status.is_success() => report.error(WHAT, format!("{url}/healthz answers {status}: check where the server in front sends requests")),
        (None, _) => report.error(WHAT, format!("what answers on {url} is not Kommutator: check where the server in front sends requests")),
        (Some(there), Running::Ready { node }) if there == *node => report.ok(WHAT, format!("{url} reaches this node")),
        (Some(_), Running::Ready { .. }) if matches!(config.engine, EngineChoice::Redis(_)) => report.ok(WHAT, format!("{url} reaches another node")),
        (Some(_), Running::Ready { .. }) => report.error(WHAT, format!("{url} reaches another Kommutator than the one on {}", config.listen)),
        (Some(_), _) => report.warning(WHAT, format!("{url} is answered by a Kommutator that is not on {}", config.listen)),
    }
}

/// Whether the mail server lets us in. Nothing is sent.
pub(super) async fn mail(report: &mut Report, config: &Config) {
    let Some(settings) = &config.mail else {
        return report.ok("mail", "none is set: invites and password links are handed over by hand (smtp_url)");
    };
    let (host, port) = (&settings.server.host, settings.server.port);
    match Mail::new(settings) {
        Err(error) => report.error("mail", error),
        Ok(mail) => match mail.try_connection().await {
            Ok(()) => report.ok("mail", format!("{host}:{port} lets us in; letters come from {}", settings.from)),
            Err(error) => report.error("mail", format!("{host}:{port}: {error}: check smtp_url, smtp_user and smtp_password")),
        },
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_asked_on_the_loopback() {
        for (listen, asked) in [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:80", "[::1]:80"), ("10.0.0.5:80", "10.0.0.5:80")] {
            assert_eq!(nearby(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
