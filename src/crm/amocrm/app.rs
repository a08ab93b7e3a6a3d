//! Our integration at amoCRM: what its owner fills in, and what is to be copied into it. A chat channel is given by amoCRM's support; until it
//! comes, «Добавлять» and LITE work.

use secrecy::SecretString;
use serde_json::Value;

use super::AmoCrm;
use super::oauth::AppKeys;
use crate::connector::form::{Field, FieldKind, Values};
use crate::connector::walk::StepError;
use crate::crm::capability::{Addresses, Apps, KeptApp};
use crate::model::reason::Reason;

/// The longest id or secret.
const LONGEST: usize = 500;
const CLIENT: &str = "client_id";
const CLIENT_SECRET: &str = "client_secret";
const REDIRECT: &str = "redirect_uri";
const CHANNEL: &str = "channel_id";
const CHANNEL_SECRET: &str = "channel_secret";
const BOT: &str = "bot_id";
const CODE: &str = "channel_code";

fn typed(values: &Values, name: &str) -> Result<String, StepError> {
    let found = values.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if found.len() > LONGEST { Err(wrong(name, "too_long")) } else { Ok(found.to_owned()) }
}

fn wrong(field: &str, code: &str) -> StepError {
    StepError { field: field.to_owned(), reason: Reason::new(code) }
}

impl Apps for AmoCrm {
    fn fields(&self, known: Option<&KeptApp>, addresses: &Addresses) -> Vec<Field> {
        let keys = known.map(|known| AppKeys::read(&known.secrets)).unwrap_or_default();
        let secret = |name: &str, is_optional: bool| {
            let field = Field::new(name, FieldKind::Secret);
            if is_optional { field.optional() } else { field }
        };
        let copies = [
            (REDIRECT, addresses.returns.clone()),
            ("uninstall_url", addresses.own.clone()),
            ("chat_hook", addresses.shared.as_ref().map(|shared| format!("{shared}/:scope_id"))),
        ];
        let copies = copies.into_iter().filter_map(|(name, value)| Some(Field::copy(name, value?)));
        let asked = [
            Field::new(CLIENT, FieldKind::Text),
            secret(CLIENT_SECRET, !keys.client_secret.is_empty()),
            Field::new(CHANNEL, FieldKind::Text).optional(),
            secret(CHANNEL_SECRET, true),
            Field::new(BOT, FieldKind::Text).optional(),
            Field::new(CODE, FieldKind::Text).optional(),
        ];
        copies.chain(asked).collect()
    }

    fn mark(&self, values: &Values) -> Result<String, StepError> {
        let client = typed(values, CLIENT)?;
        if client.is_empty() { Err(wrong(CLIENT, "required")) } else { Ok(client) }
    }

    fn kept(&self, known: Option<&KeptApp>, values: &Values) -> Result<KeptApp, StepError> {
        let mut keys = known.map(|known| AppKeys::read(&known.secrets)).unwrap_or_default();
        let mut facts = known.map(|known| known.facts.clone()).unwrap_or_default();
        for name in [CLIENT, REDIRECT, CHANNEL, BOT, CODE] {
            // A step asks some of it only: what it does not ask stays.
            if values.contains_key(name) {
                facts.insert(name.to_owned(), typed(values, name)?);
            }
        }
        for (name, key) in [(CLIENT_SECRET, &mut keys.client_secret), (CHANNEL_SECRET, &mut keys.channel_secret)] {
            let new = typed(values, name)?;
            if !new.is_empty() {
                *key = new;
            }
        }
        if keys.client_secret.is_empty() {
            return Err(wrong(CLIENT_SECRET, "required"));
        }
        let is_set = |name: &str| facts.get(name).is_some_and(|value| !value.is_empty());
        // An id without its secret opens nothing. Without an id the channel is gone, and so is its secret.
        if !is_set(CHANNEL) {
            keys.channel_secret.clear();
        } else if keys.channel_secret.is_empty() {
            return Err(wrong(CHANNEL_SECRET, "required"));
        }
        facts.retain(|_, value| !value.is_empty());
        Ok(KeptApp { facts, secrets: SecretString::from(serde_json::to_string(&keys).unwrap_or_default()) })
    }

    fn secrets(&self, known: &KeptApp) -> Vec<&'static str> {
        let keys = AppKeys::read(&known.secrets);
        let all = [(CLIENT_SECRET, keys.client_secret), (CHANNEL_SECRET, keys.channel_secret)];
        all.into_iter().filter(|(_, key)| !key.is_empty()).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(all: &[(&str, &str)]) -> Values {
        all.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
    }

    #[test]
    fn what_is_not_filled_in_stays_and_a_channel_needs_its_secret() {
        let crm = AmoCrm::default();
        let missing = crm.kept(None, &values(&[(CLIENT, "a")])).unwrap_err();
        assert_eq!(missing.field, CLIENT_SECRET);
        let first = crm.kept(None, &values(&[(CLIENT, "a"), (CLIENT_SECRET, "s"), (REDIRECT, "https://gw.example/oauth/amocrm")])).unwrap();
        assert_eq!(crm.secrets(&first), [CLIENT_SECRET]);
        assert_eq!(crm.kept(Some(&first), &values(&[(CHANNEL, "c")])).unwrap_err().field, CHANNEL_SECRET);
        let both = crm.kept(Some(&first), &values(&[(CHANNEL, "c"), (CHANNEL_SECRET, "k"), (BOT, " b ")])).unwrap();
        assert_eq!(crm.secrets(&both), [CLIENT_SECRET, CHANNEL_SECRET]);
        // Connecting another account types the integration's keys again, and knows nothing of the channel.
        let again = crm.kept(Some(&both), &values(&[(CLIENT, "a"), (CLIENT_SECRET, "s2")])).unwrap();
        let keys = AppKeys::read(&again.secrets);
        assert_eq!((keys.client_secret.as_str(), keys.channel_secret.as_str()), ("s2", "k"));
        let all = again.facts;
        assert_eq!((all[CHANNEL].as_str(), all[BOT].as_str(), all[REDIRECT].as_str()), ("c", "b", "https://gw.example/oauth/amocrm"));
        // The channel is taken out.
        let without = crm.kept(Some(&both), &values(&[(CHANNEL, "")])).unwrap();
        assert_eq!((crm.secrets(&without), without.facts.contains_key(CHANNEL)), (vec![CLIENT_SECRET], false));
    }

    #[test]
    fn what_amocrm_is_to_be_told_can_be_copied() {
        let own = |name: &str| Some(format!("https://gw.example/{name}"));
        let addresses = Addresses { returns: own("oauth/amocrm"), shared: own("hooks/app/amocrm"), own: None };
        let fields = AmoCrm::default().fields(None, &addresses);
        let copies: Vec<_> = fields
            .iter()
            .filter_map(|field| match &field.kind {
                FieldKind::Copy { value } => Some((field.name.as_str(), value.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(copies, [(REDIRECT, "https://gw.example/oauth/amocrm"), ("chat_hook", "https://gw.example/hooks/app/amocrm/:scope_id")]);
    }
}
