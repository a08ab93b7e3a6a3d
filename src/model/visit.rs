//! Visits: how somebody came to the site. They stand alone: a visit may be there before its conversation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ConversationId};
use super::protocol::{Page, VisitHello, VisitView};
use super::time::Time;

/// Marks and ids of analytics kept of one visit.
const ENTRIES: usize = 20;

/// One visit of somebody to the site. Never changed once it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its short code.
    pub code: String,
    /// The widget it was in.
    pub account: AccountId,
    /// The visitor.
    pub visitor: String,
    /// The first page, with the referrer.
    pub first: Page,
    /// `source`, `medium` … and names of clicks.
    #[serde(default)]
    pub marks: BTreeMap<String, String>,
    /// Ids in the site's analytics, by the cookie's name.
    #[serde(default)]
    pub analytics: BTreeMap<String, String>,
    /// The conversation that was written in it; none: it only led to another messenger.
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    /// When it was kept.
    pub at: Time,
}

/// Text of a foreign page, so long at most, without what no page's address or title holds.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(limit).collect()
}

/// A page as somebody else's script tells of it, bounded.
#[must_use]
pub fn bounded(page: Page, limit: usize) -> Page {
    let cut = |text: Option<String>, limit| text.map(|text| cut(&text, limit)).filter(|text| !text.is_empty());
    Page { url: cut(page.url, limit), title: cut(page.title, limit.min(300)), referrer: cut(page.referrer, limit) }
}

fn entries(told: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let fine = |name: &str| !name.is_empty() && name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let told = told.into_iter().filter(|(name, _)| fine(name)).map(|(name, value)| (name, cut(&value, 300)));
    told.filter(|(_, value)| !value.is_empty()).take(ENTRIES).collect()
}

impl Visit {
    /// What a page says of a visit, bounded. None: it gave it no fitting name.
    #[must_use]
    pub fn told(hello: VisitHello, code: String, account: AccountId, visitor: &str, at: Time) -> Option<Self> {
        let named = (8..=32).contains(&hello.key.len()) && hello.key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        named.then(|| Self {
            code,
            account,
            visitor: visitor.to_owned(),
            first: bounded(hello.first, 2_000),
            marks: entries(hello.marks),
            analytics: entries(hello.analytics),
            conversation: None,
            at,
        })
    }

    /// The site's analytics come after the page, mostly: what they call the visitor is said again.
    pub fn identified(&mut self, analytics: BTreeMap<String, String>) {
        self.analytics.extend(entries(analytics));
        while self.analytics.len() > ENTRIES {
            self.analytics.pop_last();
        }
    }

    /// As members see it.
    #[must_use]
    pub fn view(self) -> VisitView {
        VisitView { code: self.code, first: self.first, marks: self.marks, analytics: self.analytics, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_tells_is_bounded() {
        let long = |n: usize| "я".repeat(n);
        let marks = (0..100)
            .map(|n| (format!("m{n:03}"), long(1_000)))
            .chain([("bad name".to_owned(), "x".to_owned()), ("empty".to_owned(), "\n".to_owned())]);
        let page = Page { url: Some(long(5_000)), title: Some(long(5_000)), referrer: Some("\u{0}".to_owned()) };
        let hello =
            |key: &str| VisitHello { key: key.into(), first: page.clone(), marks: marks.clone().collect(), analytics: BTreeMap::new(), back: None };
        let told = |key: &str| Visit::told(hello(key), "CODE".into(), AccountId(1), "v", Time(0));
        let visit = told("abcdefgh").map(|mut visit| {
            visit.identified(marks.clone().collect());
            visit.identified([("_ga".to_owned(), long(1_000))].into());
            assert_eq!((visit.analytics.len(), visit.analytics.get("_ga").map(|value| value.chars().count())), (ENTRIES, Some(300)));
            visit
        });
        assert_eq!(
            visit.as_ref().map(|visit| (visit.marks.len(), visit.marks.values().map(|value| value.chars().count()).max())),
            Some((ENTRIES, Some(300)))
        );
        assert_eq!(
            visit.map(|visit| (
                visit.first.url.map(|url| url.chars().count()),
                visit.first.title.map(|title| title.chars().count()),
                visit.first.referrer
            )),
            Some((Some(2_000), Some(300), None))
        );
        assert_eq!((told("short"), told("with space!")), (None, None));
    }
}
