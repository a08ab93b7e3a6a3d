//! How amoCRM lets us in: the address of its page of consent, the exchange of a code for tokens, their renewal. A refresh token is good once, so
//! whoever renews is alone (see [`Host::renewed`](crate::crm::contract::Host::renewed)).

use async_trait::async_trait;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::AmoCrm;
use super::client::Client;
use super::errors::{Failure, Place};
use super::hosts::{self, Domain};
use super::sign;
use crate::connector::lenient::{int, text, words};
use crate::crm::capability::Renew;
use crate::crm::contract::{CrmContext, CrmError};
use crate::model::connection::ProviderApp;
use crate::model::reason::Reason;
use crate::model::time::Time;

/// Of its life a token is used so much, percent.
const USED_PERCENT: i64 = 60;
/// How long a token lives where it is not told, seconds.
const LIFE_S: i64 = 86_400;

/// What opens an account, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// Opens the API.
    pub access_token: String,
    /// Exchanged for the next, once. None: a token that lives long by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Until when it opens, seconds.
    pub expires_at: i64,
    /// Since when, seconds; 0: not told.
    #[serde(default)]
    pub issued_at: i64,
    /// The account's host.
    pub host: String,
}

impl Tokens {
    /// As they were kept.
    ///
    /// # Errors
    /// There are none.
    pub fn read(secrets: &SecretString) -> Result<Self, CrmError> {
        let lost = || CrmError::AccessLost(Reason::new("not_connected"));
        let tokens: Self = serde_json::from_str(secrets.expose_secret()).map_err(|_| lost())?;
        // It was looked at before it was kept; nothing is sent to any other host, whatever is kept.
        if hosts::account(&tokens.host).is_some() { Ok(tokens) } else { Err(lost()) }
    }

    /// To be kept.
    #[must_use]
    pub fn sealed(&self) -> SecretString {
        SecretString::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// When they should be exchanged. None: they cannot be.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        self.refresh_token.as_ref()?;
        let issued = if self.issued_at > 0 { self.issued_at } else { self.expires_at.saturating_sub(LIFE_S) };
        let life = self.expires_at.saturating_sub(issued).max(0);
        Some(Time(issued.saturating_add(life.saturating_mul(USED_PERCENT) / 100).saturating_mul(1_000)))
    }

    /// One that lives long, as its owner copied it.
    #[must_use]
    pub fn lasting(token: &str, host: &str) -> Self {
        let claims = sign::claims(token);
        let at = |name: &str| int(&claims, name).unwrap_or_default();
        Self { access_token: token.to_owned(), refresh_token: None, expires_at: at("exp"), issued_at: at("iat"), host: host.to_owned() }
    }
}

/// The installation's integration at amoCRM.
#[derive(Clone, Default)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Where consent comes back to; empty: not set.
    pub redirect_uri: String,
    /// The chat channel amoCRM's support gave to it.
    pub channel: Option<ChatChannel>,
}

/// A chat channel.
#[derive(Clone, Default)]
pub struct ChatChannel {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
    /// Who writes for people amoCRM does not know.
    pub bot: String,
}

/// The sealed keys of an app.
#[derive(Default, Serialize, Deserialize)]
pub struct AppKeys {
    /// The integration's secret.
    #[serde(default)]
    pub client_secret: String,
    /// The chat channel's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel_secret: String,
}

impl AppKeys {
    /// As they were sealed; what cannot be read opens nothing.
    #[must_use]
    pub fn read(secrets: &SecretString) -> Self {
        serde_json::from_str(secrets.expose_secret()).unwrap_or_default()
    }
}

impl App {
    /// Of an app that is kept.
    #[must_use]
    pub fn read(app: &ProviderApp, secrets: &SecretString) -> Self {
        let fact = |name: &str| app.facts.get(name).cloned().unwrap_or_default();
        let keys = AppKeys::read(secrets);
        let channel = ChatChannel { id: fact("channel_id"), secret: keys.channel_secret.into(), bot: fact("bot_id") };
        Self {
            client_id: fact("client_id"),
            client_secret: keys.client_secret.into(),
            redirect_uri: fact("redirect_uri"),
            channel: Some(channel).filter(|channel| !channel.id.is_empty() && !channel.secret.expose_secret().is_empty()),
        }
    }

    /// The one a call has.
    #[must_use]
    pub fn of(context: &CrmContext) -> Option<Self> {
        context.app.as_ref().map(|(app, secrets)| Self::read(app, secrets))
    }
}

/// Where a person allows us in; comes back to the integration's address with `code`, `referer` and `state`.
#[must_use]
pub fn consent(base: Option<&str>, domain: Domain, client_id: &str, state: &str) -> String {
    let address = hosts::address(base, &domain.consent_host(), "/oauth");
    Url::parse_with_params(&address, [("client_id", client_id), ("state", state)]).map(String::from).unwrap_or_default()
}

/// What is exchanged.
pub enum Grant<'a> {
    /// What consent gave.
    Code(&'a str),
    /// The token for renewal.
    Refresh(&'a str),
}

/// Exchanges something for tokens.
///
/// # Errors
/// `AccessLost`: it is good for nothing; otherwise it may be tried again with the same, unless the answer was lost.
pub async fn exchange(client: &Client, context: &CrmContext, app: &App, host: &str, grant: &Grant<'_>) -> Result<Tokens, Failure> {
    let host = hosts::account(host).ok_or_else(|| Failure::rejected(Reason::new("amocrm_host").with("host", host)))?;
    let (kind, name, given) = match grant {
        Grant::Code(code) => ("authorization_code", "code", code),
        Grant::Refresh(token) => ("refresh_token", "refresh_token", token),
    };
    let mut body = json!({
        "client_id": app.client_id, "client_secret": app.client_secret.expose_secret(), "grant_type": kind, "redirect_uri": app.redirect_uri,
    });
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), Value::from(*given));
    }
    let found = client.plain(context, Place::Login, &host, "/oauth2/access_token", Some(&body), &[]).await?;
    let access_token = text(&found, "access_token");
    if access_token.is_empty() {
        return Err(Failure::unreadable(true));
    }
    let refresh_token = Some(text(&found, "refresh_token")).filter(|token| !token.is_empty());
    let issued_at = context.now.0.div_euclid(1_000);
    let lives = int(&found, "expires_in").filter(|lives| *lives > 0).unwrap_or(LIFE_S);
    Ok(Tokens { access_token, refresh_token, expires_at: issued_at.saturating_add(lives), issued_at, host })
}

/// The account's host as it is now: its owner may have given it another name. Uses nothing up.
async fn present_host(client: &Client, context: &CrmContext, tokens: &Tokens, refresh: &str) -> Option<String> {
    let claims = sign::claims(&tokens.access_token);
    let api = hosts::known(words(&claims, "api_domain"))?;
    let header = [("x-refresh-token", refresh)];
    let found = client.plain(context, Place::Login, &api, "/oauth2/account/current/subdomain", None, &header).await.ok()?;
    hosts::account(words(&found, "domain"))
}

#[async_trait]
impl Renew for AmoCrm {
    fn due(&self, secrets: &SecretString) -> Option<Time> {
        Tokens::read(secrets).ok()?.due()
    }

    async fn renew(&self, context: &CrmContext, secrets: &SecretString) -> Result<SecretString, CrmError> {
        let tokens = Tokens::read(secrets)?;
        let lost = |code: &str| CrmError::AccessLost(Reason::new(code));
        let refresh = tokens.refresh_token.as_deref().ok_or_else(|| lost("token_revoked"))?;
        let app = App::of(context).ok_or_else(|| lost("amocrm_no_app"))?;
        let host = present_host(&self.client, context, &tokens, refresh).await.unwrap_or_else(|| tokens.host.clone());
        let renewed = exchange(&self.client, context, &app, &host, &Grant::Refresh(refresh)).await.map_err(|failure| match failure.error {
            // Only what the papers call the end of a token is its end.
            CrmError::Rejected(reason) => CrmError::Temporary(reason),
            error => error,
        })?;
        // Without another for renewal the old one may not be good any more, and there is no other.
        if renewed.refresh_token.is_none() {
            return Err(lost("token_revoked"));
        }
        Ok(renewed.sealed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(refresh: Option<&str>, issued_at: i64) -> Tokens {
        let refresh_token = refresh.map(str::to_owned);
        Tokens { access_token: "a".to_owned(), refresh_token, expires_at: 187_000, issued_at, host: "demo.amocrm.ru".to_owned() }
    }

    #[test]
    fn tokens_are_exchanged_well_before_they_end() {
        assert_eq!(tokens(Some("r"), 87_000).due(), Some(Time((87_000 + 60_000) * 1_000)));
        assert_eq!(tokens(Some("r"), 0).due(), Some(Time((187_000 - 86_400 + 51_840) * 1_000)), "a day, where it is not told");
        assert_eq!(tokens(None, 87_000).due(), None, "one that lives long has none");
    }

    #[test]
    fn tokens_are_kept_with_their_host_and_only_with_amocrms() {
        let read = |tokens: &Tokens| Tokens::read(&tokens.sealed()).map(|tokens| tokens.host);
        assert_eq!(read(&tokens(Some("r"), 1)), Ok("demo.amocrm.ru".to_owned()));
        let lost = Err(CrmError::AccessLost(Reason::new("not_connected")));
        assert_eq!(read(&Tokens { host: "evil.example".to_owned(), ..tokens(Some("r"), 1) }), lost);
        assert_eq!(Tokens::read(&SecretString::from("")).map(|tokens| tokens.host), lost);
    }

    #[test]
    fn the_page_of_consent_is_the_domains() {
        let url = consent(None, Domain::Kommo, "id 1", "a&b");
        assert_eq!(url, "https://www.kommo.com/oauth?client_id=id+1&state=a%26b");
        assert_eq!(consent(Some("http://x/amocrm"), Domain::Amocrm, "i", "s"), "http://x/amocrm/www.amocrm.ru/oauth?client_id=i&state=s");
    }

    #[test]
    fn a_channel_counts_only_with_its_secret() {
        let app = |secrets: &str, facts: &[(&str, &str)]| {
            let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (id, provider, name) = (crate::model::ids::ProviderAppId(1), "amocrm".to_owned(), String::new());
            let app = ProviderApp { id, provider, name, sealed: String::new(), facts, base_url: None, created_at: Time(0) };
            App::read(&app, &SecretString::from(secrets))
        };
        let known = app(r#"{"client_secret":"s","channel_secret":"c"}"#, &[("client_id", "i"), ("channel_id", "ch"), ("bot_id", "b")]);
        let channel = known.channel.unwrap();
        assert_eq!((known.client_id.as_str(), channel.id.as_str(), channel.bot.as_str()), ("i", "ch", "b"));
        assert!(app(r#"{"client_secret":"s"}"#, &[("channel_id", "ch")]).channel.is_none());
        assert!(app("nonsense", &[]).client_secret.expose_secret().is_empty());
    }
}
