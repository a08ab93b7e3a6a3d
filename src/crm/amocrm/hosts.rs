//! Where amoCRM answers. Tokens and secrets are sent there, and a part of it comes in a redirect that anybody can make up: so only names
//! directly below amoCRM's own domains are believed. Pure.

use std::ops::Range;

/// Where amoCRM's short links lead first.
pub const SHORT: &str = "amo.si";
/// The longest code of a short link; amoCRM's have eleven characters.
const CODE: usize = 32;
/// The domains of amoCRM and Kommo.
const DOMAINS: [&str; 3] = ["amocrm.ru", "amocrm.com", "kommo.com"];
/// Names that are no account's.
const NO_ACCOUNT: [&str; 2] = ["www", "amojo"];
/// The longest label of a name (RFC 1035).
const LABEL: usize = 63;

/// The domain of an account, as an owner chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// «Мой домен amocrm.ru».
    Amocrm,
    /// «Мой домен kommo.com».
    Kommo,
}

impl Domain {
    /// By the name of its choice.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        match name {
            "amocrm" => Some(Self::Amocrm),
            "kommo" => Some(Self::Kommo),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Amocrm => "amocrm.ru",
            Self::Kommo => "kommo.com",
        }
    }

    /// Where a person allows us in.
    #[must_use]
    pub fn consent_host(self) -> String {
        format!("www.{}", self.name())
    }
}

/// The label and the domain of a host of amoCRM's.
fn split(host: &str) -> Option<(&str, &'static str)> {
    let (label, domain) = host.split_once('.')?;
    let domain = DOMAINS.into_iter().find(|known| *known == domain)?;
    let plain = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let good = plain && (1..=LABEL).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    good.then_some((label, domain))
}

/// A host of amoCRM's, whatever it serves; `None`: it is somebody else's.
#[must_use]
pub fn known(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    split(&host).map(|_| host.clone())
}

/// A host that is an account's.
#[must_use]
pub fn account(host: &str) -> Option<String> {
    known(host).filter(|host| split(host).is_some_and(|(label, _)| !NO_ACCOUNT.contains(&label)))
}

/// The account's host, as somebody typed it: the name alone, the host, or the address of any page.
#[must_use]
pub fn typed(text: &str, domain: Domain) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let host = bare.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('.') { account(host) } else { account(&format!("{host}.{}", domain.name())) }
}

/// Where the chats of an account are. `None`: it is no host of amoCRM's.
#[must_use]
pub fn chats(host: &str) -> Option<String> {
    split(host).map(|(_, domain)| format!("amojo.{domain}"))
}

/// Whether an account is one of amocrm.ru.
#[must_use]
pub fn is_russian(host: &str) -> bool {
    split(host).is_some_and(|(_, domain)| domain == "amocrm.ru")
}

/// Whether a page of this origin is one of the account's.
#[must_use]
pub fn is_page(origin: &str, host: &str) -> bool {
    let account = origin.strip_prefix("https://").and_then(self::account);
    account.is_some_and(|account| account == host)
}

/// The short links of a text: where they stand, and the path of each at [`SHORT`].
#[must_use]
pub fn short_links(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(SHORT)).map(|at| at + from) {
        let after = text.get(at + SHORT.len()..).unwrap_or_default();
        let code: String = after.strip_prefix('/').unwrap_or_default().chars().take_while(char::is_ascii_alphanumeric).collect();
        let end = at + SHORT.len() + 1 + code.len();
        let before = text.get(..at).unwrap_or_default();
        let scheme = ["https://", "http://", ""].into_iter().find(|scheme| before.ends_with(scheme)).unwrap_or_default();
        let start = at - scheme.len();
        let apart = !text.get(..start).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric() || "./@-_".contains(c));
        if apart && (1..=CODE).contains(&code.len()) {
            found.push((start..end, format!("/{code}")));
        }
        from = at + SHORT.len();
    }
    found
}

/// The address of a path at a host. `base`: all hosts are reached through this one (a proxy), by their names.
#[must_use]
pub fn address(base: Option<&str>, host: &str, path: &str) -> String {
    match base.map(|base| base.trim_end_matches('/')).filter(|base| !base.is_empty()) {
        Some(base) => format!("{base}/{host}{path}"),
        None => format!("https://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_amocrms_own_hosts_are_believed() {
        for good in ["demo.amocrm.ru", "DEMO.amocrm.ru", "new-1.kommo.com", "a.amocrm.com"] {
            assert_eq!(account(good), Some(good.to_lowercase()), "{good}");
        }
        for hostile in [
            "evil.example",
            "x.amocrm.ru.evil.example",
            "amocrm.ru",
            ".amocrm.ru",
            "xamocrm.ru",
            "x.y.amocrm.ru",
            "demo.amocrm.ru.",
            "demo.amocrm.ru:8080",
            "demo.amocrm.ru/@evil.example",
            "evil.example#.amocrm.ru",
            "evil.example?.amocrm.ru",
            "user@demo.amocrm.ru",
            "evil.example\\.amocrm.ru",
            "https://demo.amocrm.ru",
            "демо.amocrm.ru",
            "demo .amocrm.ru",
            "demo\n.amocrm.ru",
            "-demo.amocrm.ru",
            "demo-.amocrm.ru",
            "localhost",
            "127.0.0.1",
            "",
        ] {
            assert_eq!((known(hostile), account(hostile)), (None, None), "{hostile}");
        }
        // Hosts of amoCRM, but of no account.
        for shared in ["www.amocrm.ru", "amojo.kommo.com"] {
            assert_eq!((known(shared).as_deref(), account(shared)), (Some(shared), None));
        }
    }

    #[test]
    fn an_account_is_named_in_many_ways() {
        for text in ["demo", "demo.amocrm.ru", " https://demo.amocrm.ru/leads/detail/5?x=1 ", "http://DEMO.amocrm.ru"] {
            assert_eq!(typed(text, Domain::Amocrm).as_deref(), Some("demo.amocrm.ru"), "{text}");
        }
        assert_eq!(typed("demo", Domain::Kommo).as_deref(), Some("demo.kommo.com"));
        for wrong in ["", "demo.example", "https://evil.example/demo.amocrm.ru", "www"] {
            assert_eq!(typed(wrong, Domain::Amocrm), None, "{wrong}");
        }
    }

    #[test]
    fn chats_and_consent_have_hosts_of_their_own() {
        let of = ["demo.amocrm.ru", "demo.amocrm.com", "demo.kommo.com", "evil.example"].map(|host| chats(host).unwrap_or_default());
        assert_eq!(of, ["amojo.amocrm.ru", "amojo.amocrm.com", "amojo.kommo.com", ""]);
        assert_eq!(["amocrm", "kommo"].map(|name| Domain::read(name).unwrap().consent_host()), ["www.amocrm.ru", "www.kommo.com"]);
        assert_eq!((is_russian("demo.amocrm.ru"), is_russian("demo.kommo.com"), Domain::read("x")), (true, false, None));
    }

    #[test]
    fn h_amo_93_short_links_are_found_where_they_stand() {
        let found = |text: &str| -> Vec<String> { short_links(text).into_iter().map(|(at, path)| format!("{} {path}", &text[at])).collect() };
        let two = "Вот: https://amo.si/AbC12345678, и (amo.si/x). Ещё HTTPS?";
        assert_eq!(found(two), ["https://amo.si/AbC12345678 /AbC12345678", "amo.si/x /x"]);
        for none in
            ["amo.si", "amo.si/", "https://amo.si/я", "https://evil.example/amo.si/abc", "xamo.si/abc", "x@amo.si/abc", "https://amo.size/abc", ""]
        {
            assert_eq!(found(none), Vec::<String>::new(), "{none}");
        }
        assert_eq!(found(&format!("amo.si/{}", "a".repeat(33))), Vec::<String>::new(), "no link of theirs is so long");
    }

    #[test]
    fn a_proxy_is_asked_by_the_hosts_name() {
        assert_eq!(address(None, "demo.amocrm.ru", "/api/v4/leads"), "https://demo.amocrm.ru/api/v4/leads");
        for base in ["http://127.0.0.1:1/amocrm", "http://127.0.0.1:1/amocrm/"] {
            assert_eq!(address(Some(base), "demo.amocrm.ru", "/oauth"), "http://127.0.0.1:1/amocrm/demo.amocrm.ru/oauth");
        }
    }

    proptest! {
        /// Whatever is believed is reached at one of the three domains, and nothing of it is left for a path, a port or a password.
        #[test]
        fn what_is_believed_is_amocrms(host in "[a-zA-Z0-9.@:/?#\\\\ _-]{0,20}(\\.amocrm\\.ru|\\.kommo\\.com|\\.amocrm\\.com)?.{0,5}") {
            if let Some(found) = known(&host) {
                let url = reqwest::Url::parse(&address(None, &found, "/oauth2/access_token")).unwrap();
                prop_assert_eq!(url.host_str(), Some(found.as_str()));
                let theirs = DOMAINS.iter().any(|domain| found.ends_with(&[".", domain].concat()));
                prop_assert!(theirs);
                prop_assert!(url.username().is_empty() && url.port().is_none() && url.path() == "/oauth2/access_token");
            }
        }
    }
}
