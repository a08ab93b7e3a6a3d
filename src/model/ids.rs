//! Newtypes of every id and how they are written.
//!
//! An id is 64 bits: 42 bits of milliseconds since 2020, then 22 random bits. It is written as 13 characters of
//! Crockford's base 32 in lower case, so text sorts as the number does. Two ids made in one millisecond can meet (one
//! in four million); every record is inserted with "expect absent", so a meeting refuses the batch and a new id is drawn.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no id. Carries nothing: what came in is foreign and is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn write_base32(value: u64, digits: u32, out: &mut String) {
    for place in (0..digits).rev() {
        let digit = value.checked_shr(place * 5).unwrap_or(0) & 31;
        let letter = usize::try_from(digit).ok().and_then(|at| ALPHABET.get(at)).copied().unwrap_or(b'0');
        out.push(char::from(letter));
    }
}

fn read_base32(text: &str, digits: usize) -> Result<u64, NotAnId> {
    if text.len() != digits {
        return Err(NotAnId);
    }
    let mut value: u64 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte).ok_or(NotAnId)?;
        let digit = u64::try_from(digit).map_err(|_| NotAnId)?;
        value = value.checked_mul(32).and_then(|v| v.checked_add(digit)).ok_or(NotAnId)?;
    }
    Ok(value)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::with_capacity(13);
                write_base32(self.0, 13, &mut text);
                f.write_str(&text)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_base32(text, 13).map(Self)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { "Id".into() }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    };
}

id! { /** A person who logs in; one e-mail per installation. */ UserId }
id! { /** A login session of a user. */ SessionId }
id! { /** An API token. */ TokenId }
id! { /** Keys shared by many logins (Meta app, amoCRM integration). */ ProviderAppId }
id! { /** A token or session at a provider; owned by one actor in the cluster. */ LoginId }
id! { /** A row in «Входящие каналы». */ AccountId }
id! { /** A row in «Исходящие каналы». */ ConnectionId }
id! { /** A person as one login knows them. */ IdentityId }
id! { /** A set of identities. */ CustomerId }
id! { /** Channel account × place × identity. */ ConversationId }
id! { /** An uploaded or fetched file. */ FileId }
id! { /** A visit of a site, known before any conversation. */ VisitId }
id! { /** A payload that could not be read, or a work entry that kept failing. */ QuarantineId }
id! { /** A line of the audit log. */ AuditId }
id! { /** A tag of conversations. */ TagId }
id! { /** A canned reply. */ ReplyId }
id! { /** Somebody asked into a workspace. */ InviteId }
id! { /** A letter. */ LetterId }
id! { /** An outgoing webhook. */ WebhookId }
id! { /** A delivery to a webhook. */ DeliveryId }
id! { /** An account that is being connected. */ ConnectingId }
id! { /** A mailing to contacts of a CRM. */ MailingId }
id! { /** One process of the product. */ NodeId }

/// A company's space. Small numbers, 0 is never used: it stands for the installation itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkspaceId(pub u32);

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A message is named by its conversation and its number there, so ids of one conversation sort in log order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId {
    /// The conversation it belongs to.
    pub conversation: ConversationId,
    /// Its place in the conversation's log, from 1.
    pub number: u32,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(20);
        write_base32(self.conversation.0, 13, &mut text);
        write_base32(u64::from(self.number), 7, &mut text);
        f.write_str(&text)
    }
}
impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}
impl FromStr for MessageId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let (conversation, number) = text.split_at_checked(13).ok_or(NotAnId)?;
        Ok(Self { conversation: conversation.parse()?, number: u32::try_from(read_base32(number, 7)?).map_err(|_| NotAnId)? })
    }
}
impl Serialize for MessageId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_as_numbers_do_and_reads_back() {
        let numbers = [0, 1, 31, 32, 1 << 40, u64::MAX - 1, u64::MAX];
        let texts: Vec<String> = numbers.iter().map(|n| ConversationId(*n).to_string()).collect();
        assert!(texts.is_sorted());
        for (number, text) in numbers.iter().zip(&texts) {
            assert_eq!(text.parse(), Ok(ConversationId(*number)));
        }
    }

    #[test]
    fn message_ids_sort_in_log_order() {
        let ids: Vec<String> =
            [1, 2, 31, 32, 1000, u32::MAX].iter().map(|number| MessageId { conversation: ConversationId(77), number: *number }.to_string()).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids[3].parse::<MessageId>().map(|id| id.number), Ok(32));
    }

    #[test]
    fn foreign_text_is_no_id() {
        for text in ["", "1", "zzzzzzzzzzzzzz", "zzzzzzzzzzzzz", "ILOU000000000", "кккккк", "00000000000000000000000"] {
            assert!(text.parse::<ConversationId>().is_err(), "{text}");
            assert!(text.parse::<MessageId>().is_err(), "{text}");
        }
    }
}
