//! How messages and people are put to amoCRM, in the account's language. Pure, but for the addresses of files.

use super::chats::{Content, FileKind, Someone};
use super::{fact, words};
use crate::crm::contract::{CrmContext, CrmError, Job};
use crate::model::contact;
use crate::model::conversation::Place;
use crate::model::customer::Identity;
use crate::model::deals::family;
use crate::model::message::{Attachment, MessageScope, Part, plain_text};
use crate::model::protocol::{EntryDirection, FileStatus};
use crate::model::substitution::Substitutes;

/// Words beside a file stand with it up to so long; longer ones go before it.
const CAPTION: usize = 900;
/// The longest text of one message there, characters.
const TEXT: usize = 4_000;
/// The longest name of a person or a record.
const NAME: usize = 200;

fn cut(text: &str, most: usize) -> String {
    text.trim().chars().take(most).collect()
}

fn degrees(e7: i32) -> f64 {
    f64::from(e7) / 1e7
}

/// A long text in pieces amoCRM takes.
fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(TEXT).map(|piece| piece.iter().collect()).collect()
}

fn once(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for one in all.filter(|one| !one.is_empty()) {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

/// What is said of a job.
#[derive(Clone, Copy)]
pub struct Say<'a> {
    /// Whose account, and its language.
    pub context: &'a CrmContext,
    /// The job.
    pub job: &'a Job,
}

impl Say<'_> {
    fn say(&self, name: &str) -> &'static str {
        words::say(self.context, name)
    }

    /// The network a channel is of, as people call it (H-AMO-81a).
    #[must_use]
    pub fn domain(&self) -> &'static str {
        match family(&self.job.conversation.kind) {
            "instagram" => "Instagram",
            "whats_app" => "WhatsApp",
            "telegram" => "Telegram",
            "vk" => "VK",
            "tik" => "TikTok",
            "auto" => "Auto.ru",
            "avito" => self.say("domain.avito"),
            "max" => "MAX",
            _ => self.say("domain.site"),
        }
    }

    /// Whether it is a comment under a post.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        self.job.message.context.scope == MessageScope::Comment || matches!(self.job.conversation.place, Place::Post(_))
    }

    /// Who the conversation is with: a group is somebody of its own (H-AMO-95).
    #[must_use]
    pub fn customer(&self) -> Someone {
        let conversation = &self.job.conversation;
        let phone = self.phones().into_iter().next();
        let Some(identity) = self.job.identities.first().filter(|_| !matches!(conversation.place, Place::Group(_))) else {
            let name = conversation.place_title.as_deref().unwrap_or(&conversation.title);
            return Someone { id: conversation.id.to_string(), name: self.some_name(name), phone, ..Someone::default() };
        };
        Someone {
            id: identity.id.to_string(),
            name: self.person_name(identity),
            link: self.link(identity),
            phone,
            email: self.emails().into_iter().next(),
            ..Someone::default()
        }
    }

    fn some_name(&self, name: &str) -> String {
        let name = cut(name, NAME);
        if name.is_empty() { words::with(self.context, "customer", &[("domain", self.domain())]) } else { name }
    }

    /// The name managers gave, else the one they show, else the one they log in by (H-AMO-84).
    #[must_use]
    pub fn person_name(&self, identity: &Identity) -> String {
        let given = self.job.customer.as_ref().map(|customer| customer.name.as_str()).filter(|name| !name.trim().is_empty());
        let login = match identity.username.as_str() {
            "" => String::new(),
            login => words::with(self.context, "customer_of", &[("login", login), ("domain", self.domain())]),
        };
        let shown = [given.unwrap_or_default(), identity.name.as_str(), login.as_str(), self.job.conversation.title.as_str()];
        self.some_name(shown.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_default())
    }

    /// The customer's phones, the surest first, each once. A WhatsApp group has its id in that place (H-AMO-95).
    #[must_use]
    pub fn phones(&self) -> Vec<String> {
        if let Place::Group(group) = &self.job.conversation.place {
            return once((family(&self.job.conversation.kind) == "whats_app").then(|| group.clone()).into_iter());
        }
        let claims = self.job.identities.iter().flat_map(|identity| &identity.phones).map(|claim| claim.value.clone());
        let known = self.job.customer.iter().flat_map(|customer| customer.known.phones.clone());
        // Who is written to by a number, and has not answered, has it.
        let address = self.job.conversation.address.iter().filter(|address| address.starts_with('+'));
        once(claims.chain(known).chain(address.filter_map(|address| contact::phone(address))))
    }

    /// The customer's e-mails, each once.
    #[must_use]
    pub fn emails(&self) -> Vec<String> {
        let claims = self.job.identities.iter().flat_map(|identity| &identity.emails).map(|claim| claim.value.clone());
        let known = self.job.customer.iter().flat_map(|customer| customer.known.emails.clone());
        once(claims.chain(known))
    }

    /// Where a person of this channel can be looked at.
    #[must_use]
    pub fn link(&self, identity: &Identity) -> Option<String> {
        if let Some(link) = identity.about.get("link").filter(|link| link.starts_with("https://")) {
            return Some(link.clone());
        }
        let name = Some(identity.username.as_str()).filter(|name| !name.is_empty())?;
        let at = match family(&self.job.conversation.kind) {
            "instagram" => "instagram.com/",
            "telegram" => "t.me/",
            "vk" => "vk.com/",
            "tik" => "www.tiktok.com/@",
            _ => return None,
        };
        Some(format!("https://{at}{name}"))
    }

    /// What stands for `%DOMAIN%` and the like (H-AMO-81).
    #[must_use]
    pub fn substitutes(&self) -> Substitutes {
        let identity = self.job.identities.first();
        let phone = self.phones().into_iter().next();
        let by_phone = family(&self.job.conversation.kind) == "whats_app";
        let number = identity.and_then(|identity| identity.external_ids.first().cloned()).unwrap_or_default();
        Substitutes {
            domain: self.domain().to_owned(),
            identity: if by_phone { phone.clone().unwrap_or_default() } else { number },
            name: identity.map(|identity| self.person_name(identity)).unwrap_or_default(),
            username: match (by_phone, phone) {
                (true, Some(phone)) => phone,
                _ => identity.map(|identity| identity.username.clone()).unwrap_or_default(),
            },
            source: self.job.account.facts.get("name").cloned().unwrap_or_else(|| self.job.account.external_id.clone()),
            source_name: self.job.account.name.clone(),
            channel: self.say(if self.is_comment() { "channel.comments" } else { "channel.direct" }).to_owned(),
        }
    }

    /// Who writes: the customer, or one of us. Whom amoCRM does not know the channel's bot speaks for.
    #[must_use]
    pub fn sides(&self) -> (Someone, Option<Someone>) {
        let (customer, message) = (self.customer(), &self.job.message);
        if message.direction == EntryDirection::Inbound {
            return (customer, None);
        }
        let name = self.some_name(&message.author.name);
        let id = if message.author.id.is_empty() { "kommutator".to_owned() } else { message.author.id.clone() };
        let bot = self.context.connection.facts.get(fact::BOT).filter(|bot| !bot.is_empty()).cloned();
        (Someone { id, theirs: bot, name, ..Someone::default() }, Some(customer))
    }

    /// What a message says, as one or more messages there: words first, then a file each.
    ///
    /// # Errors
    /// This installation has no address files can be fetched from.
    pub async fn contents(&self) -> Result<Vec<Content>, CrmError> {
        let message = &self.job.message;
        let mut text = self.words();
        let mut all = Vec::new();
        for part in &message.parts {
            match part {
                Part::Location { latitude_e7, longitude_e7, .. } => {
                    all.push(Content::Location { latitude: degrees(*latitude_e7), longitude: degrees(*longitude_e7) });
                }
                Part::Contact { name, phone } => all.push(Content::Contact { name: name.clone(), phone: phone.clone() }),
                _ => {}
            }
        }
        for file in message.attachments.iter().filter(|file| file.status == FileStatus::Ready) {
            let caption = if text.chars().count() <= CAPTION { std::mem::take(&mut text) } else { String::new() };
            all.push(self.file_content(file, caption).await?);
        }
        for file in message.attachments.iter().filter(|file| file.status == FileStatus::Failed) {
            let line = words::with(self.context, "file_missing", &[("name", &file.name)]);
            text = if text.is_empty() { line } else { format!("{text}\n{line}") };
        }
        if !text.is_empty() || all.is_empty() {
            let text = if text.is_empty() { self.say("no_text").to_owned() } else { text };
            let mut pieces: Vec<Content> = pieces(&text).into_iter().map(Content::Text).collect();
            pieces.append(&mut all);
            all = pieces;
        }
        Ok(all)
    }

    /// The words of a message. Of many people the one who wrote it stands before them; cards that amoCRM has no form for are told in words.
    #[must_use]
    pub fn words(&self) -> String {
        let message = &self.job.message;
        let spoken: Vec<Part> = message.parts.iter().filter(|part| !matches!(part, Part::Contact { .. } | Part::Location { .. })).cloned().collect();
        let mut text = cut(&plain_text(&spoken), usize::MAX);
        for part in &message.parts {
            match part {
                Part::Call { missed, .. } => text.push_str(self.say(if *missed { "call_missed" } else { "call" })),
                Part::Unknown { .. } => text.push_str(self.say("unknown")),
                _ => {}
            }
        }
        let group = matches!(self.job.conversation.place, Place::Group(_)) && message.direction == EntryDirection::Inbound;
        let author = self.job.author.as_ref().map_or(message.author.name.as_str(), |author| author.name.as_str());
        if group && !author.is_empty() { format!("{author}: {text}") } else { text }
    }

    async fn file_content(&self, file: &Attachment, caption: String) -> Result<Content, CrmError> {
        let parts = &self.job.message.parts;
        let voice = parts.iter().find_map(|part| match part {
            Part::Voice { file: voice, duration_ms } if *voice == file.file => Some(duration_ms.map(|ms| ms / 1_000)),
            _ => None,
        });
        let sticker = parts.iter().any(|part| matches!(part, Part::Sticker { file: Some(sticker), .. } if *sticker == file.file));
        let kind = match (voice.is_some(), sticker, file.media_type.split('/').next().unwrap_or_default()) {
            (true, ..) => FileKind::Voice,
            (_, true, _) => FileKind::Picture,
            (_, _, "image") if !file.as_file => FileKind::Picture,
            (_, _, "video") => FileKind::Video,
            (_, _, "audio") => FileKind::Audio,
            _ => FileKind::File,
        };
        let url = self.context.files.link(file.file).await.map_err(CrmError::Rejected)?;
        Ok(Content::File { kind, url, name: file.name.clone(), size: file.size, seconds: voice.flatten(), caption })
    }
}
