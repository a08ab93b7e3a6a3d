//! Letters: their words and the way out. Knows neither actors nor the store.
//!
//! * [`words`]: what each letter says, in three languages, as text and as HTML
//! * [`smtp`]: hands a letter to the mail server of the configuration

pub mod smtp;
pub mod words;

pub use smtp::{Mail, MailError};
pub use words::{Composed, compose};

use std::time::Duration;

use secrecy::SecretString;

/// How the connection to the mail server is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`, never without.
    StartTls,
    /// Not at all: for a server on this machine.
    None,
}

/// The mail server letters are handed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is sealed.
    pub sealing: Sealing,
}

/// What is set of mail. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The server.
    pub server: SmtpServer,
    /// Name and password, where the server wants them.
    pub login: Option<(String, SecretString)>,
    /// What letters come from, such as `Shop <chat@shop.example>`.
    pub from: String,
    /// The server is waited for so long at each step, and for twice as long at all of them.
    pub patience: Duration,
}

/// How long a mail server is waited for. Twice as long must be below the pause before the next try.
pub const PATIENCE: Duration = Duration::from_secs(15);
