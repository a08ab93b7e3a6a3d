//! What an owner may set of a community's messages and comments.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::Post;
use super::{COMMENTS_KIND, MESSAGES_KIND};
use crate::channel::capability::StepError;
use crate::channel::contract::Incoming;
use crate::connector::form::{Field, FieldKind};
use crate::model::connection::{ChannelAccount, ChannelKind};
use crate::model::conversation::Place;
use crate::model::reason::Reason;

/// The most posts a filter names.
const POSTS: usize = 200;

/// Whether the named posts are left out, or all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostFilter {
    /// Comments under these are left out.
    #[default]
    Ignore,
    /// Only comments under these are wanted.
    Only,
}

/// An account's settings: each kind has fields of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// City, phone and birthday are asked for too (C-VK-08).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
    /// Posts the filter is about, as `wall-1_6` (C-VKC-05).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<String>,
    /// What becomes of them.
    pub post_filter: PostFilter,
}

impl Settings {
    /// Of an account; what cannot be read is the default.
    #[must_use]
    pub fn of(account: &ChannelAccount) -> Self {
        serde_json::from_value(account.settings.clone()).unwrap_or_default()
    }

    /// Whether comments under a post are wanted.
    ///
    /// # Errors
    /// The filter is against it.
    pub fn admits(&self, incoming: &Incoming) -> Result<(), Reason> {
        let Place::Post(post) = &incoming.place else { return Ok(()) };
        let named = self.posts.contains(post);
        match (self.post_filter, named) {
            (PostFilter::Ignore, true) | (PostFilter::Only, false) if !self.posts.is_empty() => Err(Reason::new("post_filter").with("post", post)),
            (PostFilter::Ignore | PostFilter::Only, _) => Ok(()),
        }
    }
}

/// The fields of an account's form.
#[must_use]
pub fn fields(kind: ChannelKind) -> Vec<Field> {
    match kind {
        MESSAGES_KIND => vec![Field::new("extended", FieldKind::Switch).optional()],
        COMMENTS_KIND => vec![
            Field::new("posts", FieldKind::Lines { most: u32::try_from(POSTS).unwrap_or(u32::MAX) }).optional(),
            Field::new("post_filter", FieldKind::Choice { values: vec!["ignore".to_owned(), "only".to_owned()] }).optional(),
        ],
        _ => Vec::new(),
    }
}

/// Settings in their one form.
///
/// # Errors
/// The field that is wrong.
pub fn check(settings: &Value) -> Result<Value, StepError> {
    let at_field = |field: &str, code: &str| StepError { field: field.to_owned(), reason: Reason::new(code) };
    let mut found: Settings = serde_json::from_value(settings.clone()).map_err(|_| at_field("", "settings_invalid"))?;
    if found.posts.len() > POSTS {
        return Err(at_field("posts", "too_many"));
    }
    let mut posts = Vec::new();
    for line in found.posts.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        posts.push(post(line).ok_or_else(|| StepError { field: "posts".to_owned(), reason: Reason::new("post_invalid").with("line", line) })?);
    }
    posts.sort();
    posts.dedup();
    found.posts = posts;
    serde_json::to_value(&found).map_err(|_| at_field("", "settings_invalid"))
}

/// A post as people write it: its address, or the end of one.
fn post(line: &str) -> Option<String> {
    let known = |on: &str| ["wall", "photo", "video", "market"].contains(&on);
    let end = line.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    // A post opened over a page: `vk.com/shop?w=wall-1_6`.
    let inside = line.split_once("w=wall").map(|(_, rest)| format!("wall{}", rest.split(['&', '%', '#']).next().unwrap_or_default()));
    let name = inside.unwrap_or_else(|| end.rsplit('/').next().unwrap_or_default().replace("product", "market"));
    let name = if name.starts_with('-') { format!("wall{name}") } else { name };
    Post::read(&name).filter(|post| known(&post.on)).map(|post| post.key())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::contract::Writer;
    use crate::model::time::Time;
    use serde_json::json;

    #[test]
    fn posts_as_people_write_them() {
        for (given, wanted) in [
            ("https://vk.com/wall-1_6", Some("wall-1_6")),
            ("https://vk.com/shop?w=wall-1_6", Some("wall-1_6")),
            ("vk.com/wall-1_6?reply=33", Some("wall-1_6")),
            ("-1_6", Some("wall-1_6")),
            ("wall-1_6", Some("wall-1_6")),
            ("https://vk.com/product-1_3", Some("market-1_3")),
            ("photo-1_5", Some("photo-1_5")),
            ("шесть", None),
            ("https://vk.com/shop", None),
        ] {
            assert_eq!(post(given).as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn settings_have_one_form() {
        let found = check(&json!({ "posts": [" https://vk.com/wall-1_6 ", "", "wall-1_6", "-1_5"], "post_filter": "only" }));
        assert_eq!(found, Ok(json!({ "posts": ["wall-1_5", "wall-1_6"], "post_filter": "only" })));
        assert_eq!(check(&json!({ "posts": ["x"] })).err().map(|error| error.field), Some("posts".to_owned()));
        assert_eq!(check(&json!({ "posts": vec!["-1_6"; 201] })).err().map(|error| error.reason.code), Some("too_many".to_owned()));
        assert!(check(&json!({ "extended": "да" })).is_err());
    }

    /// C-VKC-05: both ways of the filter.
    #[test]
    fn the_post_filter() {
        let under = |post: &str| Incoming::of("comments", "k", Place::Post(post.into()), Writer::Account { mark: None }, Time(0));
        let settings =
            |post_filter, posts: &[&str]| Settings { post_filter, posts: posts.iter().map(|post| (*post).to_owned()).collect(), extended: false };
        for (filter, posts, wanted) in [
            (PostFilter::Ignore, &["wall-1_6"][..], [false, true]),
            (PostFilter::Only, &["wall-1_6"], [true, false]),
            (PostFilter::Ignore, &[], [true, true]),
            (PostFilter::Only, &[], [true, true]),
        ] {
            let settings = settings(filter, posts);
            assert_eq!([settings.admits(&under("wall-1_6")).is_ok(), settings.admits(&under("wall-1_7")).is_ok()], wanted, "{filter:?} {posts:?}");
        }
    }
}
