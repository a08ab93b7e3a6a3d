//! Words of an owner with places in them that each message fills: `%DOMAIN%` and the like (H-AMO-81, H-AMO-82).

/// What stands for each place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Substitutes {
    /// The site where the customer is registered.
    pub domain: String,
    /// The customer's number there; of a messenger by phone, the phone.
    pub identity: String,
    /// The name they show.
    pub name: String,
    /// The name they log in by.
    pub username: String,
    /// The account they wrote to.
    pub source: String,
    /// The incoming channel's name.
    pub source_name: String,
    /// Direct messages or comments.
    pub channel: String,
}

/// The words with their places filled. What is no place of ours stays as it is.
#[must_use]
pub fn substitute(words: &str, with: &Substitutes) -> String {
    let mut filled = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('%') {
        filled.push_str(before);
        let place = after.split_once('%').and_then(|(name, after)| Some((of(name, with)?, after)));
        match place {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('%');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn of<'a>(name: &str, with: &'a Substitutes) -> Option<&'a str> {
    Some(match name {
        "DOMAIN" => &with.domain,
        "IDENTITY" => &with.identity,
        "NAME" => &with.name,
        "USERNAME" => &with.username,
        "SOURCE" => &with.source,
        "SOURCENAME" => &with.source_name,
        "CHANNEL" => &with.channel,
        _ => return None,
    })
}

/// Each of these words, filled: without those that are empty then, and without repeats.
#[must_use]
pub fn tags(words: &[String], with: &Substitutes) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for tag in words.iter().map(|words| substitute(words, with).trim().chars().take(255).collect::<String>()) {
        if !tag.is_empty() && !all.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
            all.push(tag);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instagram() -> Substitutes {
        Substitutes {
            domain: "Instagram".into(),
            identity: "787132".into(),
            name: "National Geographic".into(),
            username: "natgeo".into(),
            source: "acc1".into(),
            source_name: "Директ - acc1".into(),
            channel: "Директ".into(),
        }
    }

    #[test]
    fn h_amo_81_each_place_is_filled() {
        for (id, words, wanted) in [
            ("H-AMO-81a", "%DOMAIN%", "Instagram"),
            ("H-AMO-81b", "%IDENTITY%", "787132"),
            ("H-AMO-81c", "%NAME%", "National Geographic"),
            ("H-AMO-81d", "%USERNAME%", "natgeo"),
            ("H-AMO-81e", "%SOURCE%", "acc1"),
            ("H-AMO-81f", "%SOURCENAME%", "Директ - acc1"),
            ("H-AMO-81g", "%CHANNEL%", "Директ"),
            ("H-AMO-82", "клиент %USERNAME% из %DOMAIN%", "клиент natgeo из Instagram"),
            ("no place of ours", "скидка 50% и %ЦЕНА% %DOMAIN% %", "скидка 50% и %ЦЕНА% Instagram %"),
            ("two in a row", "%DOMAIN%%CHANNEL%", "InstagramДирект"),
            ("nothing", "", ""),
        ] {
            assert_eq!(substitute(words, &instagram()), wanted, "{id}");
        }
    }

    #[test]
    fn h_amo_82_each_item_is_one_tag() {
        let words = ["Kommutator", "сделка из %DOMAIN%", "kommutator", "%SOURCE%", " "].map(str::to_owned);
        assert_eq!(tags(&words, &instagram()), ["Kommutator", "сделка из Instagram", "acc1"]);
        assert_eq!(tags(&words, &Substitutes::default()), ["Kommutator", "сделка из"]);
    }

    proptest! {
        /// What a customer is called is never read as a place.
        #[test]
        fn what_is_filled_in_is_not_filled_again(name in "[%A-Z]{0,20}") {
            let with = Substitutes { name: name.clone(), ..instagram() };
            prop_assert_eq!(substitute("<%NAME%>", &with), format!("<{name}>"));
        }
    }
}
