//! The commands and flags.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

/// A self-hosted omnichannel gateway.
///
/// Every option is also an environment variable (`--public-url` is KOMMUTATOR_PUBLIC_URL) and a key of the file named by
/// `--config` (`public_url`). A flag beats the environment, the environment beats the file.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "kommutator", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The options all commands share.
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve.
    Serve,
    /// Serve with a ready workspace, a demo page with the widget and sample data; prints the addresses and a login.
    Demo {
        /// Print one line of JSON when ready to serve.
        #[arg(long)]
        json: bool,
        /// No sample data.
        #[arg(long)]
        empty: bool,
        /// Data for proofs instead: hard, large, large=NUMBER.
        #[cfg(feature = "probe")]
        #[arg(long, hide = true, conflicts_with = "empty")]
        sample: Option<String>,
    },
    /// Care for the installation.
    Admin {
        /// What to do.
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Check configuration, store, clock, public address and channels.
    Doctor {
        /// Only ask the running server whether it is ready.
        #[arg(long)]
        quick: bool,
    },
    /// Write a backup of the database, the files and the settings; the key file is not in it.
    Backup {
        /// A file, or a folder in which one is made with the date in its name.
        target: PathBuf,
    },
    /// Put a backup into an empty data folder.
    Restore {
        /// The backup.
        file: PathBuf,
    },
    /// Write everything in the store as lines of JSON, for the move to another engine.
    Dump {
        /// The file to write.
        file: PathBuf,
    },
    /// Read such a file into an empty store.
    Load {
        /// The file to read.
        file: PathBuf,
    },
}

/// Care for the installation.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AdminCommand {
    /// Make an owner, and the workspace if it does not exist.
    CreateOwner {
        /// The workspace's name.
        #[arg(long)]
        workspace: String,
        /// The owner's e-mail.
        #[arg(long)]
        email: String,
        /// Read the password from standard input, the only way to give it.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// The owner's name; the e-mail's first part if left out.
        #[arg(long)]
        name: Option<String>,
    },
    /// Make every client load anew, after data was put back by hand.
    NewEpoch,
    /// Add a key that seals from now on; the old ones still open.
    RotateKey,
}

/// The options all commands share, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Options {
    /// A TOML file with settings.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<String>,
    /// The data folder [default: data].
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<String>,
    /// Where to serve HTTP [default: 127.0.0.1:8080].
    #[arg(long, global = true, value_name = "ADDR")]
    pub listen: Option<String>,
    /// How the server is reached from outside, e.g. https://chat.example.com.
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,
    /// Keep the data in Redis instead of SQLite.
    #[arg(long, global = true, value_name = "URL")]
    pub redis: Option<String>,
    /// The key that seals secrets. Other users see flags: better give it by the environment or a file.
    #[arg(long, global = true, value_name = "HEX")]
    pub key: Option<String>,
    /// The file with the keys [default: kommutator.key in the data folder].
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<String>,
    /// Rate limits: on, or off on loopback for tests [default: on].
    #[arg(long, global = true, value_name = "on|off")]
    pub limits: Option<String>,
    /// Whose X-Forwarded-For is believed: loopback, private, none, addresses, networks [default: loopback].
    #[arg(long, global = true, value_name = "LIST")]
    pub trusted_proxies: Option<String>,
    /// HTTP worker threads, or auto [default: auto].
    #[arg(long, global = true, value_name = "N")]
    pub workers: Option<String>,
    /// The largest file [default: 50MB].
    #[arg(long, global = true, value_name = "SIZE")]
    pub max_file_bytes: Option<String>,
    /// How long a node may be silent before others take over [default: 10].
    #[arg(long, global = true, value_name = "SECONDS")]
    pub lease_seconds: Option<String>,
    /// Keep files in this bucket of an S3-compatible store.
    #[arg(long, global = true, value_name = "NAME")]
    pub s3_bucket: Option<String>,
    /// The store's address; Amazon's if left out.
    #[arg(long, global = true, value_name = "URL")]
    pub s3_endpoint: Option<String>,
    /// The store's region [default: us-east-1].
    #[arg(long, global = true, value_name = "NAME")]
    pub s3_region: Option<String>,
    /// The access key.
    #[arg(long, global = true, value_name = "KEY")]
    pub s3_access_key: Option<String>,
    /// Its secret. Better given by the environment or a file.
    #[arg(long, global = true, value_name = "SECRET")]
    pub s3_secret_key: Option<String>,
    /// Whether the bucket is in the path rather than in the host's name [default: true].
    #[arg(long, global = true, value_name = "true|false")]
    pub s3_path_style: Option<String>,
    /// The mail server: smtps://HOST, smtp://HOST (STARTTLS), smtp-plain://HOST.
    #[arg(long, global = true, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// The name the mail server knows us by.
    #[arg(long, global = true, value_name = "NAME")]
    pub smtp_user: Option<String>,
    /// Its password. Better given by the environment or a file.
    #[arg(long, global = true, value_name = "SECRET")]
    pub smtp_password: Option<String>,
    /// What letters come from, e.g. "Shop <chat@shop.example>".
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Whether addresses people give (webhooks, push services) may lie in private networks and be plain http [default: off].
    #[arg(long, global = true, value_name = "on|off")]
    pub outside_private: Option<String>,
    /// text or json [default: text].
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// error, warn, info, debug, trace, or a filter [default: info].
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

impl Options {
    /// What was typed for a setting.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        let typed = match name {
            "data" => &self.data,
            "listen" => &self.listen,
            "public_url" => &self.public_url,
            "redis" => &self.redis,
            "key" => &self.key,
            "key_file" => &self.key_file,
            "limits" => &self.limits,
            "trusted_proxies" => &self.trusted_proxies,
            "workers" => &self.workers,
            "max_file_bytes" => &self.max_file_bytes,
            "lease_seconds" => &self.lease_seconds,
            "s3_bucket" => &self.s3_bucket,
            "s3_endpoint" => &self.s3_endpoint,
            "s3_region" => &self.s3_region,
            "s3_access_key" => &self.s3_access_key,
            "s3_secret_key" => &self.s3_secret_key,
            "s3_path_style" => &self.s3_path_style,
            "smtp_url" => &self.smtp_url,
            "smtp_user" => &self.smtp_user,
            "smtp_password" => &self.smtp_password,
            "mail_from" => &self.mail_from,
            "outside_private" => &self.outside_private,
            "log_format" => &self.log_format,
            "log_level" => &self.log_level,
            _ => &None,
        };
        typed.as_deref()
    }
}

/// Why the command line leads to no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CliStop {
    /// Help or the version: print it and end well.
    Show(String),
    /// A mistake, in one line: print it and end with 2.
    Wrong(String),
}

impl Cli {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// See [`CliStop`].
    pub fn read(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, CliStop> {
        Self::try_parse_from(arguments).map_err(|error| {
            let text = error.render().to_string();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => CliStop::Show(text),
                _ => CliStop::Wrong(one_line(&text)),
            }
        })
    }
}

/// The paragraphs of clap's error in one line, without the usage.
fn one_line(text: &str) -> String {
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let words: Vec<&str> = text.trim_start_matches("error: ").split_whitespace().collect();
    format!("{}; see `kommutator --help`", words.join(" "))
}
