//! Links to people in networks, as people write them into a CRM's fields (H-AMO-33). Pure.

/// Hosts of profiles, and the family of channels each is of.
const HOSTS: [(&str, &str); 12] = [
    ("t.me", "telegram"),
    ("telegram.me", "telegram"),
    ("vk.com", "vk"),
    ("vk.ru", "vk"),
    ("vkontakte.ru", "vk"),
    ("vk.me", "vk"),
    ("instagram.com", "instagram"),
    ("tiktok.com", "tik"),
    ("wa.me", "whats_app"),
    ("ok.ru", "ok"),
    ("facebook.com", "facebook"),
    ("max.ru", "max"),
];

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The family of channels it is of; none: only a name was written, of any.
    pub family: Option<&'static str>,
    /// The name or number there, in lower case.
    pub name: String,
}

/// Reads a link to a profile, or a bare name. None: it leads elsewhere.
#[must_use]
pub fn profile(text: &str) -> Option<Profile> {
    let text = text.trim().to_lowercase();
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = bare.unwrap_or(&text).split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let named = |name: &str, family: Option<&'static str>| {
        let name = name.trim_start_matches('@');
        let fine = (2..=100).contains(&name.len()) && !name.contains(char::is_whitespace);
        fine.then(|| Profile { family, name: name.to_owned() })
    };
    match plain.split_once('/') {
        None if bare.is_none() => named(plain, None),
        None => None,
        Some((host, path)) => {
            let host = host.trim_start_matches("www.").trim_start_matches("m.");
            let (_, family) = HOSTS.iter().find(|(known, _)| *known == host)?;
            named(path.split('/').next().unwrap_or_default(), Some(family))
        }
    }
}

impl Profile {
    /// The number in it, where the network knows people by numbers.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        let number = self.name.strip_prefix("id").unwrap_or(&self.name);
        Some(number).filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_however_they_are_written() {
        for (text, family, name) in [
            ("https://t.me/Anna", Some("telegram"), "anna"),
            (" http://www.instagram.com/natgeo/?hl=ru ", Some("instagram"), "natgeo"),
            ("m.vk.com/id77", Some("vk"), "id77"),
            ("@anna_k", None, "anna_k"),
            ("https://t.me/79998887766", Some("telegram"), "79998887766"),
            ("https://www.tiktok.com/@shop", Some("tik"), "shop"),
        ] {
            assert_eq!(profile(text), Some(Profile { family, name: name.to_owned() }), "{text}");
        }
        for elsewhere in ["", "https://example.com/anna", "https://vk.com", "https://vk.com/", "two words", "https://vk.com.evil.example/anna"] {
            assert_eq!(profile(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(profile("vk.com/id77").unwrap().number(), Some("77"));
        assert_eq!(profile("vk.com/anna").unwrap().number(), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_people_write_breaks_it(text in ".{0,200}") {
            let _ = profile(&text).map(|found| found.number().map(str::to_owned));
        }
    }
}
