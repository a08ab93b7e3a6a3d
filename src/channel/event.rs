//! What comes in: what a part from the mailbox says, once its channel has read it.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::model::connection::ChannelKind;
use crate::model::conversation::Place;
use crate::model::customer::{Claim, Consent};
use crate::model::ids::{FileId, MessageId};
use crate::model::message::{Context, Part};
use crate::model::protocol::{Page, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::model::visit::Visit;

/// A person as the provider shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The provider's ids of them, the main one first; never empty.
    pub external_ids: Vec<String>,
    /// The name to show; may be empty.
    pub name: String,
    /// The login name.
    pub username: String,
    /// Phones, with who vouches.
    pub phones: Vec<Claim>,
    /// E-mails, with who vouches.
    pub emails: Vec<Claim>,
    /// The site's own id of them, only if its signature was checked.
    pub site_id: Option<String>,
    /// What they agreed to.
    pub consent: Option<Consent>,
    /// A picture of them; none: nothing is told of one.
    pub picture: Option<Box<RemotePicture>>,
    /// What else the provider tells of them: `city`, `birthday`, `link`, `language` …
    pub about: BTreeMap<String, String>,
}

/// A file that lies at the provider and is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteFile {
    /// How the channel finds it: an address, or an id. Means nothing to anybody else; at most 4 KiB.
    pub locator: String,
    /// Its name; empty: it has none.
    pub name: String,
    /// Its media type, as the provider says; empty: unknown. What it is, is found from its content.
    pub media_type: String,
    /// Bytes, as far as the provider says.
    pub size: Option<u64>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// How it is shown.
    pub shape: FileShape,
    /// What it says beside the file.
    pub caption: String,
}

/// A picture of somebody or something, at the provider. It is fetched at most once a day, and only if it is another than the one that is here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemotePicture {
    /// How the channel finds it, as with files; empty: they have none.
    pub locator: String,
    /// By what it is known again, at most 100 bytes; empty: whoever locates it tells.
    pub key: String,
}

impl RemotePicture {
    /// The longest locator, bytes.
    const LOCATOR_BYTES: usize = 4 * 1024;

    /// At an address. The same picture has the same path: servers and signatures change.
    #[must_use]
    pub fn at(url: &str) -> Option<Self> {
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path.split(['?', '#']).next().unwrap_or(path));
        let path = path.filter(|path| !path.is_empty() && url.len() <= Self::LOCATOR_BYTES)?;
        Some(Self { locator: url.to_owned(), key: HEXLOWER.encode(Sha256::digest(path).get(..16)?) })
    }
}

/// How a file is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileShape {
    /// As what its content is.
    #[default]
    Plain,
    /// A voice message.
    Voice {
        /// How long.
        duration_ms: Option<u32>,
    },
    /// A sticker; its emoji is the caption.
    Sticker,
}

/// Who wrote what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// The customer, or a member of a group.
    Customer(Person),
    /// The account itself: an echo of what we sent, or something the owner wrote elsewhere.
    Account {
        /// The mark that was stored before sending, if the provider gives it back.
        mark: Option<String>,
    },
}

/// A message that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The account within the login; empty where a login has one.
    pub account: String,
    /// How the provider names the conversation.
    pub conversation_key: String,
    /// Where.
    pub place: Place,
    /// The name of the group, listing or post; none: a private chat.
    pub place_title: Option<String>,
    /// A picture of the listing.
    pub place_picture: Option<RemotePicture>,
    /// With whom the conversation is; none for a group. In a private chat an echo has nobody else to tell it.
    pub peer: Option<Person>,
    /// Who wrote it.
    pub writer: Writer,
    /// The provider's id as the channel builds it, chat included.
    pub external_id: Option<String>,
    /// The key of the client that sent it, where the channel has clients of ours.
    pub client_id: Option<String>,
    /// What it says.
    pub parts: Vec<Part>,
    /// Files that already lie here, uploaded by this identity.
    pub files: Vec<FileId>,
    /// Files that lie at the provider: shown at once as pending, then fetched.
    pub remote: Vec<RemoteFile>,
    /// The message it answers, by the provider's id.
    pub reply_to_external: Option<String>,
    /// The message it answers, by ours.
    pub reply_to: Option<MessageId>,
    /// When it was written; 0: the provider does not say, it is taken as now. So everywhere in events.
    pub written_at: Time,
    /// The place at that moment.
    pub context: Context,
    /// The page the visitor is on.
    pub page: Option<Page>,
    /// The visit to the site it was written in.
    pub visit: Option<Box<Visit>>,
    /// History: into the log, but without notice.
    pub quiet: bool,
}

impl Incoming {
    /// A message of which only this is known; the rest is usual.
    #[must_use]
    pub fn of(account: impl Into<String>, conversation_key: impl Into<String>, place: Place, writer: Writer, written_at: Time) -> Self {
        Self {
            account: account.into(),
            conversation_key: conversation_key.into(),
            place,
            place_title: None,
            place_picture: None,
            peer: None,
            writer,
            external_id: None,
            client_id: None,
            parts: Vec::new(),
            files: Vec::new(),
            remote: Vec::new(),
            reply_to_external: None,
            reply_to: None,
            written_at,
            context: Context::default(),
            page: None,
            visit: None,
            quiet: false,
        }
    }
}

/// How a customer rated a part of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated {
    /// The part's number.
    pub episode: u32,
    /// 1–5.
    pub rating: u8,
    /// In words.
    pub comment: String,
}

/// What a part says.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelEvent {
    /// A message.
    Message(Box<Incoming>),
    /// What became of a message of ours.
    Receipt {
        /// The account within the login.
        account: String,
        /// The provider's id of the piece.
        external_id: String,
        /// Where it stands.
        status: SendStatus,
        /// Why.
        reason: Option<Reason>,
    },
    /// A message got other words.
    Edited {
        /// The account within the login.
        account: String,
        /// The provider's id.
        external_id: String,
        /// What it says now.
        parts: Vec<Part>,
        /// When.
        at: Time,
    },
    /// A message was deleted.
    Deleted {
        /// The account within the login.
        account: String,
        /// The provider's id.
        external_id: String,
        /// When.
        at: Time,
    },
    /// A reaction was set or taken off.
    Reacted {
        /// The account within the login.
        account: String,
        /// The provider's id.
        external_id: String,
        /// Who.
        person: Person,
        /// The emoji; none: taken off.
        emoji: Option<String>,
    },
    /// The customer saw everything up to a message of the conversation.
    ReadUpTo {
        /// The account within the login.
        account: String,
        /// The conversation.
        conversation_key: String,
        /// The last message seen, by our number.
        number: u32,
    },
    /// The customer saw everything up to a message, by the provider's id of it.
    ReadUpToExternal {
        /// The account within the login.
        account: String,
        /// The last message seen.
        external_id: String,
    },
    /// The customer writes at this moment; never stored.
    Typing {
        /// The account within the login.
        account: String,
        /// The conversation.
        conversation_key: String,
    },
    /// Somebody can be written to again, or can no longer.
    Reachable {
        /// Who.
        person: Person,
        /// Why not; none: they can.
        reason: Option<Reason>,
    },
    /// The login carries an account it did not, or one of its accounts changed.
    Account(LoginAccount),
    /// The customer rated a part of the conversation.
    Rated {
        /// The account within the login.
        account: String,
        /// The conversation.
        conversation_key: String,
        /// What they said.
        rated: Rated,
    },
    /// A conversation has another key from now on (a supergroup migration, a new number).
    Moved {
        /// The account within the login.
        account: String,
        /// The key it had.
        from: String,
        /// The key it has.
        to: String,
    },
}

impl ChannelEvent {
    /// The account it happened at, within the login; none: it is about the login.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Message(incoming) => Some(&incoming.account),
            Self::Receipt { account, .. }
            | Self::Edited { account, .. }
            | Self::Deleted { account, .. }
            | Self::Reacted { account, .. }
            | Self::ReadUpTo { account, .. }
            | Self::ReadUpToExternal { account, .. }
            | Self::Typing { account, .. }
            | Self::Rated { account, .. }
            | Self::Moved { account, .. } => Some(account),
            Self::Reachable { .. } | Self::Account(_) => None,
        }
    }
}

/// An account of a login, as the provider tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAccount {
    /// How the provider names it within the login.
    pub external_id: String,
    /// What it is.
    pub kind: ChannelKind,
    /// The name it gets when it is new; the owner's own name for it stays.
    pub name: String,
    /// Whether the provider lets us serve it, and why not.
    pub refused: Option<Reason>,
    /// What is known of it and is no secret: a link, rights. Kept with the account, shown beside its settings.
    pub facts: BTreeMap<String, String>,
}
