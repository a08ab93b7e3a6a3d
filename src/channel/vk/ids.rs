//! How VK's things are named here. A message's own id is 0 in chats, so it is named by its dialog and its number there.

use sha2::{Digest, Sha256};

/// Above it a peer is a group chat.
pub const CHATS: i64 = 2_000_000_000;
/// The account of a community's messages within its login.
pub const MESSAGES: &str = "messages";
/// The account of its comments.
pub const COMMENTS: &str = "comments";

/// A message: `500_7`.
#[must_use]
pub fn message(peer: i64, number: i64) -> String {
    format!("{peer}_{number}")
}

/// The dialog and the number of a message.
#[must_use]
pub fn read_message(id: &str) -> Option<(i64, i64)> {
    let (peer, number) = id.split_once('_')?;
    Some((peer.parse().ok()?, number.parse().ok()?))
}

/// What can be commented on: `wall-1_6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// `wall`, `photo`, `video`, `market`.
    pub on: String,
    /// Whose it is; a community's number is negative.
    pub owner: i64,
    /// Its number.
    pub item: i64,
}

impl Post {
    /// As its key says it.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}{}_{}", self.on, self.owner, self.item)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        let on = if self.on == "market" { "product" } else { &self.on };
        format!("https://vk.com/{on}{}_{}", self.owner, self.item)
    }

    /// Reads a key.
    #[must_use]
    pub fn read(key: &str) -> Option<Self> {
        let at = key.find(|c: char| c == '-' || c.is_ascii_digit())?;
        let (on, rest) = key.split_at(at);
        let (owner, item) = rest.split_once('_')?;
        Some(Self { on: on.to_owned(), owner: owner.parse().ok()?, item: item.parse().ok()? })
    }

    /// Whether a community's token may answer here.
    #[must_use]
    pub fn answerable(&self) -> bool {
        self.on == "wall"
    }

    /// A comment: `wall-1_6_33`.
    #[must_use]
    pub fn comment(&self, id: i64) -> String {
        format!("{}_{id}", self.key())
    }

    /// What one person says here: `wall-1_6:500`.
    #[must_use]
    pub fn talk(&self, person: i64) -> String {
        format!("{}:{person}", self.key())
    }
}

/// The post of a talk under it.
#[must_use]
pub fn read_talk(key: &str) -> Option<Post> {
    Post::read(key.split_once(':')?.0)
}

/// The number of a comment.
#[must_use]
pub fn read_comment(id: &str) -> Option<i64> {
    id.rsplit_once('_')?.1.parse().ok()
}

/// The number VK drops repeats of a message by: of a piece's key, always the same, positive and never 0, which would switch it off.
#[must_use]
pub fn random_id(key: &str) -> i32 {
    let hash = Sha256::digest(key.as_bytes());
    let bytes: [u8; 4] = hash.get(..4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    (i32::from_be_bytes(bytes) & i32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        assert_eq!(read_message(&message(500, 7)), Some((500, 7)));
        let post = Post { on: "wall".into(), owner: -1, item: 6 };
        assert_eq!((post.key(), post.comment(33), post.talk(500)), ("wall-1_6".into(), "wall-1_6_33".into(), "wall-1_6:500".into()));
        assert_eq!((Post::read("wall-1_6"), read_talk("wall-1_6:500"), read_comment("wall-1_6_33")), (Some(post.clone()), Some(post), Some(33)));
        assert_eq!((Post::read("wall"), Post::read(""), read_message("500"), read_comment("x")), (None, None, None, None));
    }

    proptest! {
        #[test]
        fn the_number_of_a_key_is_positive_and_stays(key in ".{0,60}") {
            prop_assert!(random_id(&key) > 0);
            prop_assert_eq!(random_id(&key), random_id(&key));
        }
    }
}
