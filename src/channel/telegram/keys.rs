//! How conversations and messages are named. Pure.
//!
//! A conversation: `[connection:]chat[#thread][@person]`. The connection is there for a personal account: its chat with somebody has the number
//! of that person's chat with the bot. The thread is a forum's topic, or the comments under a post; under a post each person has a
//! conversation of their own, so the person stands in it too. A message: `[connection:]chat/number`.

use std::fmt;

/// Where something is sent, and by whom it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChatKey {
    /// The personal account's connection; empty: the bot's own.
    pub connection: String,
    /// The chat.
    pub chat: i64,
    /// The topic, or the post's copy.
    pub thread: Option<i64>,
    /// Who, under a post.
    pub person: Option<i64>,
}

impl ChatKey {
    /// Of a chat of the bot's, or of a personal account.
    #[must_use]
    pub fn of(connection: &str, chat: i64) -> Self {
        Self { connection: connection.to_owned(), chat, thread: None, person: None }
    }

    /// Reads one.
    #[must_use]
    pub fn read(key: &str) -> Option<Self> {
        let (connection, rest) = key.rsplit_once(':').unwrap_or(("", key));
        let (rest, person) = match rest.split_once('@') {
            Some((rest, person)) => (rest, Some(person.parse().ok()?)),
            None => (rest, None),
        };
        let (chat, thread) = match rest.split_once('#') {
            Some((chat, thread)) => (chat, Some(thread.parse().ok()?)),
            None => (rest, None),
        };
        Some(Self { connection: connection.to_owned(), chat: chat.parse().ok()?, thread, person })
    }

    /// A message in it.
    #[must_use]
    pub fn message(&self, number: i64) -> String {
        MessageKey { connection: self.connection.clone(), chat: self.chat, number }.to_string()
    }
}

impl fmt::Display for ChatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.connection.is_empty() {
            write!(f, "{}:", self.connection)?;
        }
        write!(f, "{}", self.chat)?;
        if let Some(thread) = self.thread {
            write!(f, "#{thread}")?;
        }
        self.person.map_or(Ok(()), |person| write!(f, "@{person}"))
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKey {
    /// The personal account's connection; empty: the bot's own.
    pub connection: String,
    /// The chat.
    pub chat: i64,
    /// Its number there.
    pub number: i64,
}

impl MessageKey {
    /// Reads one.
    #[must_use]
    pub fn read(key: &str) -> Option<Self> {
        let (place, number) = key.rsplit_once('/')?;
        let ChatKey { connection, chat, .. } = ChatKey::read(place)?;
        Some(Self { connection, chat, number: number.parse().ok()? })
    }
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", ChatKey::of(&self.connection, self.chat), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["5", "-1001234567890", "bc:1:5", "-100#7", "-100#7@5"] {
            assert_eq!(ChatKey::read(name).map(|key| key.to_string()).as_deref(), Some(name));
        }
        for name in ["5/10", "-100/7", "b:5/1"] {
            assert_eq!(MessageKey::read(name).map(|key| key.to_string()).as_deref(), Some(name));
        }
        for wrong in ["", "a", "5#", "5@x", ":", "5/", "/5", "5/a", "-100#7#8"] {
            assert_eq!((ChatKey::read(wrong), MessageKey::read(wrong)), (None, None), "{wrong}");
        }
    }
}
