//! The way out: one SMTP server, each call with a time limit.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use super::words::Composed;
use super::{MailSettings, Sealing};
use crate::model::time::Time;

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may be taken later: the server is away, slow, or does not let us in.
    #[error("{0}")]
    Later(String),
    /// The server will not take it, whenever it comes.
    #[error("{0}")]
    Never(String),
    /// This is no address letters go to.
    #[error("this address takes no letters")]
    BadAddress,
}

/// The mail server of the configuration.
pub struct Mail {
    settings: MailSettings,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Tells other programs that no person wrote this, so that they do not answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Lets mail programs offer a button that stops the letters.
#[derive(Clone)]
struct Unsubscribe(String);

impl Header for Unsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// That one press of it is enough (RFC 8058).
#[derive(Clone)]
struct UnsubscribePost;

impl Header for UnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// Reads what letters come from.
///
/// # Errors
/// It is no address.
pub fn read_from(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| "write an address, e.g. Shop <chat@shop.example>".to_owned())
}

impl Mail {
    /// Over these settings; connects to nothing yet.
    ///
    /// # Errors
    /// One line for the operator.
    pub fn new(settings: &MailSettings) -> Result<Self, String> {
        let server = &settings.server;
        let parameters = || TlsParameters::new(server.host.clone()).map_err(|error| format!("TLS to the mail server cannot be set up: {error}"));
        let tls = match server.sealing {
            Sealing::Tls => Tls::Wrapper(parameters()?),
            Sealing::StartTls => Tls::Required(parameters()?),
            Sealing::None => Tls::None,
        };
        let from = read_from(&settings.from)?;
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
            .port(server.port)
            .tls(tls)
            .timeout(Some(settings.patience))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some((user, password)) = &settings.login {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { settings: settings.clone(), transport: transport.build(), from })
    }

    /// What is set.
    #[must_use]
    pub fn settings(&self) -> &MailSettings {
        &self.settings
    }

    /// The address letters come from.
    #[must_use]
    pub fn address(&self) -> String {
        self.from.email.to_string()
    }

    /// Hands over a letter. `id` names it: a repeat after a lost answer carries the same name.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn send(&self, id: &str, to: &str, written_at: Time, letter: &Composed) -> Result<(), MailError> {
        let address: Address = to.parse().map_err(|_| MailError::BadAddress)?;
        let written = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(written_at.0).unwrap_or(0))).unwrap_or(UNIX_EPOCH);
        let builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(letter.subject.clone())
            .date(written)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(AutoSubmitted);
        let builder = match &letter.stop {
            Some(stop) => builder.header(Unsubscribe(stop.clone())).header(UnsubscribePost),
            None => builder,
        };
        let message = builder
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .map_err(|error| MailError::Never(error.to_string()))?;
        match tokio::time::timeout(self.settings.patience.saturating_mul(2), self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => Err(MailError::Later("the mail server took too long".to_owned())),
        }
    }

    /// Connects and logs in, and sends nothing.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn try_connection(&self) -> Result<(), MailError> {
        match tokio::time::timeout(self.settings.patience, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(MailError::Later("the mail server hung up".to_owned())),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => Err(MailError::Later("the mail server took too long".to_owned())),
        }
    }
}

/// A refusal of the letter is for good; one of ourselves (a wrong password, no TLS) can be mended.
fn judge(error: &lettre::transport::smtp::Error) -> MailError {
    let about_us = error.status().is_some_and(|code| [454, 530, 534, 535, 538].contains(&u16::from(code)));
    let words = whole(error);
    if error.is_permanent() && !about_us { MailError::Never(words) } else { MailError::Later(words) }
}

/// An error with its causes in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words.push_str(": ");
            words.push_str(&inner_words);
        }
        cause = inner.source();
    }
    words
}
