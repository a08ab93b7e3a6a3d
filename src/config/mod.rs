//! Configuration: flags, environment and one TOML file become one typed [`Config`], or one line that says what is wrong,
//! where, and how to mend it.
//!
//! Every setting has one name: `public_url` in the file is `KOMMUTATOR_PUBLIC_URL` in the environment and `--public-url` on
//! the command line. A flag beats the environment, the environment beats the file, the file beats the default.
//!
//! * [`cli`]: the commands and flags
//! * [`layers`]: where each setting's text comes from
//! * [`proxies`]: whose `X-Forwarded-For` is believed
//! * [`values`]: text to types, and what each type says of a wrong text
//!
//! `docs/kommutator.toml` is the sample with every setting; a test keeps it equal to the defaults.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::mail::{MailSettings, PATIENCE, Sealing};
use crate::model::time::RealWorld;
use crate::store::files::S3Settings;
use crate::store::secrets::{KeySource, Keyring};

pub mod cli;
pub mod layers;
pub mod proxies;
pub mod values;

pub use cli::{AdminCommand, Cli, CliStop, Command, Options};
use layers::Layers;
pub use proxies::TrustedProxies;
pub use values::RedisUrl;

/// What is wrong with the configuration, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} ({place}): {mend}")]
pub struct ConfigError {
    /// What is wrong.
    pub what: String,
    /// The flag, the variable, or the file and line.
    pub place: String,
    /// How to mend it.
    pub mend: String,
}

/// Which engine keeps the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineChoice {
    /// One file in the data folder.
    Sqlite,
    /// Redis, shared by several nodes.
    Redis(RedisUrl),
}

/// Where files live.
#[derive(Debug, Clone)]
pub enum FilesChoice {
    /// `files` in the data folder.
    Folder,
    /// An S3-compatible store.
    S3(S3Settings),
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The whole configuration. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data folder: database, files, search, key file.
    pub data: PathBuf,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// How the server is reached from outside, without a slash at the end.
    pub public_url: String,
    /// Which engine keeps the data.
    pub engine: EngineChoice,
    /// Where the keys come from.
    pub key: KeySource,
    /// Whether a missing key file may be made. Never on Redis: each node would make its own.
    pub may_make_key: bool,
    /// Whether callers are limited. Off only for tests and benches, on loopback.
    pub rate_limits: bool,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// HTTP worker threads.
    pub workers: usize,
    /// The largest file, in bytes.
    pub max_file_bytes: u64,
    /// How long a node may be silent before others take over its accounts.
    pub lease: Duration,
    /// Where files live.
    pub files: FilesChoice,
    /// The mail server; none: no letters are sent.
    pub mail: Option<MailSettings>,
    /// Whether addresses that people give may lie in private networks, and may be plain http.
    pub outside_private: bool,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged: a level or a filter of `tracing`.
    pub log_level: String,
    /// What may be a mistake, to be logged at the start.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration of this process.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_process(options: &Options) -> Result<Self, ConfigError> {
        // A variable that is no UTF-8 can't be one of ours.
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(options, environment)
    }

    /// Reads the configuration from flags and these variables; the file they name is read from the disk.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(options: &Options, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let layers = Layers::read(options, environment)?;
        let listen: SocketAddr = layers.parsed("listen", values::listen)?;
        let rate_limits = layers.parsed("limits", values::on_off)?;
        if !rate_limits && !listen.ip().is_loopback() {
            return Err(layers.wrong("limits", "rate limits can only be switched off on loopback", "listen on 127.0.0.1 or leave `limits` on"));
        }
        let engine = layers.given("redis", values::redis)?.map_or(EngineChoice::Sqlite, EngineChoice::Redis);
        let data: PathBuf = layers.parsed("data", values::path)?;
        let public_url = match layers.given("public_url", values::public_url)? {
            Some(url) => url,
            None => local_url(listen),
        };
        let key = key(&layers, &data, &engine)?;
        let files = files(&layers)?;
        let mut warnings = layers.warnings.clone();
        if matches!((&engine, &files), (EngineChoice::Redis(_), FilesChoice::Folder)) {
            warnings.push("files lie in this node's folder: several nodes on one Redis need an S3-compatible store (s3_bucket)".to_owned());
        }
        let mail = mail(&layers)?;
        if let Some(mail) = mail.as_ref().filter(|mail| mail.server.sealing == Sealing::None && mail.login.is_some()) {
            warnings.push(format!("the password of the mail server {} goes unsealed: use smtps:// or smtp://", mail.server.host));
        }
        Ok(Self {
            may_make_key: engine == EngineChoice::Sqlite,
            trusted_proxies: layers.parsed("trusted_proxies", TrustedProxies::read)?,
            workers: layers.parsed("workers", values::workers)?,
            max_file_bytes: layers.parsed("max_file_bytes", values::bytes)?,
            lease: layers.parsed("lease_seconds", values::lease)?,
            outside_private: layers.parsed("outside_private", values::on_off)?,
            log_format: layers.parsed("log_format", values::log_format)?,
            log_level: layers.parsed("log_level", values::log_level)?,
            data,
            listen,
            public_url,
            engine,
            key,
            rate_limits,
            files,
            mail,
            warnings,
        })
    }
}

fn local_url(listen: SocketAddr) -> String {
    let host = match listen.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    };
    format!("http://{host}:{}", listen.port())
}

fn key(layers: &Layers, data: &std::path::Path, engine: &EngineChoice) -> Result<KeySource, ConfigError> {
    let file = layers.given("key_file", values::path)?;
    let text = layers.given("key", |text| Ok(SecretString::from(text)))?;
    match (text, file) {
        (Some(_), Some(_)) => Err(layers.wrong("key", "`key` and `key_file` are both given", "leave one of them out")),
        (Some(text), None) => {
            let source = KeySource::Given(text);
            Keyring::open(source.clone(), false, &RealWorld).map_err(|_| {
                layers.wrong("key", "the key is not 64 hex digits", "make one with `openssl rand -hex 32`; several are written 1:HEX,2:HEX")
            })?;
            Ok(source)
        }
        (None, Some(file)) => Ok(KeySource::File(file)),
        (None, None) if *engine == EngineChoice::Sqlite => Ok(KeySource::File(data.join("kommutator.key"))),
        (None, None) => Err(layers.wrong(
            "redis",
            "with Redis the key must be given, so that all nodes have the same",
            "set KOMMUTATOR_KEY (made once with `openssl rand -hex 32`) or KOMMUTATOR_KEY_FILE on every node",
        )),
    }
}

fn files(layers: &Layers) -> Result<FilesChoice, ConfigError> {
    let Some(bucket) = layers.given("s3_bucket", values::text)? else {
        let others = ["s3_endpoint", "s3_access_key", "s3_secret_key"];
        return match others.into_iter().find(|name| layers.is_given(name)) {
            Some(name) => {
                Err(layers.wrong(name, &format!("`{name}` is given without `s3_bucket`"), "name the bucket in `s3_bucket`, or leave it out"))
            }
            None => Ok(FilesChoice::Folder),
        };
    };
    let needed = |name: &'static str| {
        let missing = || layers.wrong("s3_bucket", &format!("`s3_bucket` is given without `{name}`"), &format!("set `{name}`"));
        layers.given(name, values::text)?.ok_or_else(missing)
    };
    Ok(FilesChoice::S3(S3Settings {
        endpoint: layers.given("s3_endpoint", values::endpoint)?,
        bucket,
        region: layers.parsed("s3_region", values::text)?,
        access_key: needed("s3_access_key")?,
        secret_key: SecretString::from(needed("s3_secret_key")?),
        path_style: layers.parsed("s3_path_style", values::yes_no)?,
    }))
}

fn mail(layers: &Layers) -> Result<Option<MailSettings>, ConfigError> {
    let Some(server) = layers.given("smtp_url", values::smtp)? else {
        return match ["smtp_user", "smtp_password", "mail_from"].into_iter().find(|name| layers.is_given(name)) {
            Some(name) => {
                Err(layers.wrong(name, &format!("`{name}` is given without `smtp_url`"), "name the mail server in `smtp_url`, or leave it out"))
            }
            None => Ok(None),
        };
    };
    let missing = || layers.wrong("smtp_url", "`smtp_url` is given without `mail_from`", "set `mail_from`, e.g. Shop <chat@shop.example>");
    let from = layers.given("mail_from", values::mail_from)?.ok_or_else(missing)?;
    let login = match (layers.given("smtp_user", values::text)?, layers.given("smtp_password", values::text)?) {
        (Some(user), Some(password)) => Some((user, SecretString::from(password))),
        (None, None) => None,
        (Some(_), None) => return Err(layers.wrong("smtp_user", "`smtp_user` is given without `smtp_password`", "set both, or neither")),
        (None, Some(_)) => return Err(layers.wrong("smtp_password", "`smtp_password` is given without `smtp_user`", "set both, or neither")),
    };
    Ok(Some(MailSettings { server, login, from, patience: PATIENCE }))
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite => f.write_str("sqlite"),
            Self::Redis(url) => write!(f, "redis at {url}"),
        }
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
