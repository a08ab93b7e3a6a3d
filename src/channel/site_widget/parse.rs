//! What the edge puts into the mailbox for a visitor's frame, and how it is read. Pure.

use serde::{Deserialize, Serialize};

use crate::channel::contract::{ChannelEvent, Incoming, Person, Rated, Unreadable, Writer};
use crate::model::conversation::Place;
use crate::model::customer::{Claim, Consent, Vouched};
use crate::model::ids::{FileId, MessageId};
use crate::model::message::Part;
use crate::model::protocol::Page;
use crate::model::time::Time;
use crate::model::visit::Visit;

/// A visitor, as the edge knows them: the id is from a checked token, the rest is the page's word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Visitor {
    /// The visitor's id, from the token.
    pub id: String,
    /// The site's own id of them, only if the signature was right.
    #[serde(default)]
    pub site_id: Option<String>,
    /// A name; unverified.
    #[serde(default)]
    pub name: String,
    /// An e-mail; unverified.
    #[serde(default)]
    pub email: String,
    /// A phone; unverified.
    #[serde(default)]
    pub phone: String,
    /// What they agreed to.
    #[serde(default)]
    pub consent: Option<Consent>,
}

/// One frame of a visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum VisitorPart {
    /// A message.
    Message {
        /// Who.
        visitor: Box<Visitor>,
        /// The client's key.
        client_id: String,
        /// What it says.
        text: String,
        /// Files the visitor uploaded.
        files: Vec<FileId>,
        /// The message it answers.
        reply_to: Option<MessageId>,
        /// The page it was written on.
        page: Option<Page>,
        /// The visit it was written in.
        #[serde(default)]
        visit: Option<Box<Visit>>,
        /// When it reached us.
        at: Time,
    },
    /// Everything up to a message was seen.
    Read {
        /// The visitor's id.
        visitor: String,
        /// The last message seen.
        up_to: MessageId,
    },
    /// A part of the conversation was rated.
    Rated {
        /// The visitor's id.
        visitor: String,
        /// The part's number.
        episode: u32,
        /// 1–5.
        rating: u8,
        /// In words.
        comment: String,
    },
}

impl Visitor {
    fn person(&self) -> Person {
        let claims = |value: &String| match value.is_empty() {
            true => Vec::new(),
            false => vec![Claim { value: value.clone(), by: Vouched::Unverified }],
        };
        Person {
            external_ids: vec![self.id.clone()],
            name: self.name.clone(),
            username: String::new(),
            phones: claims(&self.phone),
            emails: claims(&self.email),
            site_id: self.site_id.clone(),
            consent: self.consent.clone(),
            ..Person::default()
        }
    }
}

/// Reads a part.
///
/// # Errors
/// It is none of ours.
pub fn parse(part: &[u8]) -> Result<Vec<ChannelEvent>, Unreadable> {
    let part: VisitorPart = serde_json::from_slice(part).map_err(|error| Unreadable(error.to_string()))?;
    let event = match part {
        VisitorPart::Message { visitor, client_id, text, files, reply_to, page, visit, at } => {
            let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text { text }] };
            let person = visitor.person();
            let incoming = Incoming::of("", visitor.id, Place::Private, Writer::Customer(person.clone()), at);
            ChannelEvent::Message(Box::new(Incoming {
                peer: Some(person),
                client_id: Some(client_id),
                parts,
                files,
                reply_to,
                page,
                visit,
                ..incoming
            }))
        }
        VisitorPart::Read { visitor, up_to } => ChannelEvent::ReadUpTo { account: String::new(), conversation_key: visitor, number: up_to.number },
        VisitorPart::Rated { visitor, episode, rating, comment } => {
            ChannelEvent::Rated { account: String::new(), conversation_key: visitor, rated: Rated { episode, rating, comment } }
        }
    };
    Ok(vec![event])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_back() {
        let part = VisitorPart::Message {
            visitor: Box::new(Visitor { id: "v1".into(), name: "Анна".into(), phone: "+7999".into(), ..Visitor::default() }),
            client_id: "c1".into(),
            text: "Здравствуйте".into(),
            files: vec![FileId(5)],
            reply_to: None,
            page: None,
            visit: None,
            at: Time(1_000),
        };
        let bytes = serde_json::to_vec(&part).unwrap_or_default();
        let events = parse(&bytes).unwrap_or_default();
        let [ChannelEvent::Message(incoming)] = events.as_slice() else { unreachable!("{events:?}") };
        assert_eq!(incoming.conversation_key, "v1");
        assert_eq!(incoming.files, [FileId(5)]);
        assert_eq!(incoming.peer.as_ref().map(|peer| peer.phones[0].by), Some(Vouched::Unverified));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = parse(&bytes); // must not panic
        }
    }
}
