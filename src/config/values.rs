//! Text to types. What each function says of a wrong text is how to mend it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::LogFormat;
use crate::mail::{Sealing, SmtpServer};

/// The address of a Redis, with its password.
#[derive(Clone)]
pub struct RedisUrl(SecretString);

impl RedisUrl {
    /// The whole address, for the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for RedisUrl {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(url) = Url::parse(self.0.expose_secret()) else { return f.write_str("redis") };
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for RedisUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for RedisUrl {}

type Parsed<T> = Result<T, String>;

pub(super) fn text(text: &str) -> Parsed<String> {
    let is_plain = !text.is_empty() && text.len() <= 500 && !text.chars().any(char::is_control);
    is_plain.then(|| text.to_owned()).ok_or_else(|| "write a text of 1 to 500 characters".to_owned())
}

pub(super) fn path(path: &str) -> Parsed<PathBuf> {
    text(path).map(PathBuf::from).map_err(|_| "write a path".to_owned())
}

pub(super) fn listen(text: &str) -> Parsed<SocketAddr> {
    let address = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    address.parse().map_err(|_| "write ADDRESS:PORT, e.g. 127.0.0.1:8080, or 0.0.0.0:8080 for all addresses".to_owned())
}

pub(super) fn public_url(text: &str) -> Parsed<String> {
    let mend = || "write how the server is reached, e.g. https://chat.example.com, without a path".to_owned();
    let url = Url::parse(text).map_err(|_| mend())?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(mend()) }
}

pub(super) fn endpoint(text: &str) -> Parsed<String> {
    public_url(text).map_err(|_| "write the store's address, e.g. https://s3.example.com, without the bucket".to_owned())
}

pub(super) fn redis(text: &str) -> Parsed<RedisUrl> {
    let fits = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host());
    fits.then(|| RedisUrl(SecretString::from(text))).ok_or_else(|| "write redis://[:PASSWORD@]HOST:PORT/DB, or rediss:// for TLS".to_owned())
}

pub(super) fn smtp(text: &str) -> Parsed<SmtpServer> {
    let mend = || "write smtps://HOST (TLS), smtp://HOST (STARTTLS) or smtp-plain://HOST (neither), with :PORT where it is another".to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(mend)?;
    let (sealing, port) = match scheme {
        "smtps" => (Sealing::Tls, 465),
        "smtp" => (Sealing::StartTls, 587),
        "smtp-plain" => (Sealing::None, 25),
        _ => return Err(mend()),
    };
    // Any scheme the parser knows nothing of leaves the host as it is.
    let url = Url::parse(&format!("smtp://{}", rest.trim_end_matches('/'))).map_err(|_| mend())?;
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.path().is_empty() && url.query().is_none() && url.fragment().is_none();
    let host = url.host_str().filter(|host| !host.is_empty() && is_plain).ok_or_else(mend)?;
    Ok(SmtpServer { host: host.to_owned(), port: url.port().unwrap_or(port), sealing })
}

pub(super) fn mail_from(text: &str) -> Parsed<String> {
    crate::mail::smtp::read_from(text).map(|_| text.to_owned())
}

pub(super) fn on_off(text: &str) -> Parsed<bool> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

pub(super) fn yes_no(text: &str) -> Parsed<bool> {
    on_off(text).map_err(|_| "write true or false".to_owned())
}

pub(super) fn workers(text: &str) -> Parsed<usize> {
    if text == "auto" {
        return Ok(std::thread::available_parallelism().map_or(2, usize::from).min(256));
    }
    text.parse().ok().filter(|workers| (1..=256).contains(workers)).ok_or_else(|| "write auto or a number from 1 to 256".to_owned())
}

pub(super) fn bytes(text: &str) -> Parsed<u64> {
    let mend = || "write a size from 1KB to 5GB, e.g. 50MB".to_owned();
    let upper = text.to_ascii_uppercase();
    let digits_end = upper.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(upper.len());
    let (number, unit) = upper.split_at_checked(digits_end).ok_or_else(mend)?;
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KIB" => 1 << 10,
        "MIB" => 1 << 20,
        "GIB" => 1 << 30,
        _ => return Err(mend()),
    };
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    size.filter(|size| (1_000..=5_000_000_000).contains(size)).ok_or_else(mend)
}

pub(super) fn lease(text: &str) -> Parsed<Duration> {
    let seconds = text.parse().ok().filter(|seconds| (3..=300).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "write a number of seconds from 3 to 300".to_owned())
}

pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json".to_owned()),
    }
}

pub(super) fn log_level(text: &str) -> Parsed<String> {
    let mend = || "write error, warn, info, debug, trace, or a filter such as info,kommutator::channel=debug".to_owned();
    // A lone word is read as a module's name by the filter: `inof` would silence everything.
    let is_level = |level: &str| ["error", "warn", "info", "debug", "trace", "off"].contains(&level);
    let parts_fit = text.split(',').all(|part| part.rsplit_once('=').map_or_else(|| is_level(part.trim()), |(_, level)| is_level(level.trim())));
    if !parts_fit || tracing_subscriber::EnvFilter::try_new(text).is_err() {
        return Err(mend());
    }
    Ok(text.to_owned())
}
