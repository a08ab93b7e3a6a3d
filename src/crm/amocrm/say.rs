//! How messages and people are put to amoCRM. Pure, but for the addresses of files.

use super::chats::{Content, FileKind, Someone};
use super::entities::{FieldName, FieldValue};
use super::fact;
use crate::crm::contract::{CrmContext, CrmError, Job};
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

/// The network a channel is of, as people call it (H-AMO-81a).
#[must_use]
pub fn domain(job: &Job) -> &'static str {
    match family(&job.conversation.kind) {
        "instagram" => "Instagram",
        "whats_app" => "WhatsApp",
        "telegram" => "Telegram",
        "vk" => "VK",
        "tik" => "TikTok",
        "auto" => "Auto.ru",
        "avito" => "Авито",
        "max" => "MAX",
        _ => "Сайт",
    }
}

/// Who the conversation is with: a group is somebody of its own (H-AMO-95).
#[must_use]
pub fn customer(job: &Job) -> Someone {
    let conversation = &job.conversation;
    let Some(identity) = job.identities.first().filter(|_| !matches!(conversation.place, Place::Group(_))) else {
        let name = conversation.place_title.as_deref().unwrap_or(&conversation.title);
        return Someone { id: conversation.id.to_string(), name: some_name(name, job), ..Someone::default() };
    };
    Someone {
        id: identity.id.to_string(),
        name: person_name(job, identity),
        link: link(identity, job),
        phone: phones(job).into_iter().next(),
        email: emails(job).into_iter().next(),
        ..Someone::default()
    }
}

fn some_name(name: &str, job: &Job) -> String {
    let name = cut(name, NAME);
    if name.is_empty() { format!("Клиент {}", domain(job)) } else { name }
}

/// The name managers gave, else the one they show, else the one they log in by (H-AMO-84).
#[must_use]
pub fn person_name(job: &Job, identity: &Identity) -> String {
    let given = job.customer.as_ref().map(|customer| customer.name.as_str()).filter(|name| !name.trim().is_empty());
    let login = if identity.username.is_empty() { String::new() } else { format!("Клиент {} из {}", identity.username, domain(job)) };
    let shown = [given.unwrap_or_default(), identity.name.as_str(), login.as_str(), job.conversation.title.as_str()];
    some_name(shown.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_default(), job)
}

/// The customer's phones, the surest first, each once.
#[must_use]
pub fn phones(job: &Job) -> Vec<String> {
    let claims = job.identities.iter().flat_map(|identity| &identity.phones).map(|claim| claim.value.clone());
    let known = job.customer.iter().flat_map(|customer| customer.known.phones.clone());
    once(claims.chain(known))
}

/// The customer's e-mails, each once.
#[must_use]
pub fn emails(job: &Job) -> Vec<String> {
    let claims = job.identities.iter().flat_map(|identity| &identity.emails).map(|claim| claim.value.clone());
    let known = job.customer.iter().flat_map(|customer| customer.known.emails.clone());
    once(claims.chain(known))
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

/// Where a person of this channel can be looked at.
#[must_use]
pub fn link(identity: &Identity, job: &Job) -> Option<String> {
    if let Some(link) = identity.about.get("link").filter(|link| link.starts_with("https://")) {
        return Some(link.clone());
    }
    let name = Some(identity.username.as_str()).filter(|name| !name.is_empty())?;
    let at = match family(&job.conversation.kind) {
        "instagram" => "instagram.com/",
        "telegram" => "t.me/",
        "vk" => "vk.com/",
        "tik" => "www.tiktok.com/@",
        _ => return None,
    };
    Some(format!("https://{at}{name}"))
}

/// A phone or an e-mail as amoCRM keeps them.
#[must_use]
pub fn reach(job: &Job) -> Vec<(FieldName, Vec<FieldValue>)> {
    let values = |all: Vec<String>| all.into_iter().map(|value| FieldValue { value, kind: "WORK".to_owned() }).collect::<Vec<_>>();
    let all = [(FieldName::Code("PHONE"), values(phones(job))), (FieldName::Code("EMAIL"), values(emails(job)))];
    all.into_iter().filter(|(_, values)| !values.is_empty()).collect()
}

/// What stands for `%DOMAIN%` and the like (H-AMO-81).
#[must_use]
pub fn substitutes(job: &Job) -> Substitutes {
    let identity = job.identities.first();
    let phone = phones(job).into_iter().next();
    let by_phone = family(&job.conversation.kind) == "whats_app";
    let number = identity.and_then(|identity| identity.external_ids.first().cloned()).unwrap_or_default();
    let comment = job.message.context.scope == MessageScope::Comment || matches!(job.conversation.place, Place::Post(_));
    Substitutes {
        domain: domain(job).to_owned(),
        identity: if by_phone { phone.clone().unwrap_or_default() } else { number },
        name: identity.map(|identity| person_name(job, identity)).unwrap_or_default(),
        username: match (by_phone, phone) {
            (true, Some(phone)) => phone,
            _ => identity.map(|identity| identity.username.clone()).unwrap_or_default(),
        },
        source: job.account.facts.get("name").cloned().unwrap_or_else(|| job.account.external_id.clone()),
        source_name: job.account.name.clone(),
        channel: if comment { "Комментарии" } else { "Директ" }.to_owned(),
    }
}

/// Who writes: the customer, or one of us. Whom amoCRM does not know the channel's bot speaks for.
#[must_use]
pub fn sides(context: &CrmContext, job: &Job) -> (Someone, Option<Someone>) {
    let customer = customer(job);
    if job.message.direction == EntryDirection::Inbound {
        return (customer, None);
    }
    let name = some_name(&job.message.author.name, job);
    let id = if job.message.author.id.is_empty() { "kommutator".to_owned() } else { job.message.author.id.clone() };
    let bot = context.connection.facts.get(fact::BOT).filter(|bot| !bot.is_empty()).cloned();
    (Someone { id, theirs: bot, name, ..Someone::default() }, Some(customer))
}

/// What a message says, as one or more messages there: words first, then a file each.
///
/// # Errors
/// This installation has no address files can be fetched from.
pub async fn contents(context: &CrmContext, job: &Job) -> Result<Vec<Content>, CrmError> {
    let mut text = words(job);
    let mut all = Vec::new();
    let ready: Vec<&Attachment> = job.message.attachments.iter().filter(|file| file.status == FileStatus::Ready).collect();
    for part in &job.message.parts {
        match part {
            Part::Location { latitude_e7, longitude_e7, .. } => {
                all.push(Content::Location { latitude: degrees(*latitude_e7), longitude: degrees(*longitude_e7) });
            }
            Part::Contact { name, phone } => all.push(Content::Contact { name: name.clone(), phone: phone.clone() }),
            _ => {}
        }
    }
    for file in ready {
        let caption = if text.chars().count() <= CAPTION { std::mem::take(&mut text) } else { String::new() };
        all.push(file_content(context, job, file, caption).await?);
    }
    let missing = job.message.attachments.iter().filter(|file| file.status == FileStatus::Failed);
    for file in missing {
        let line = format!("[файл не получен: {}]", file.name);
        text = if text.is_empty() { line } else { format!("{text}\n{line}") };
    }
    if !text.is_empty() || all.is_empty() {
        let text = if text.is_empty() { "[сообщение без текста]".to_owned() } else { text };
        let mut pieces: Vec<Content> = pieces(&text).into_iter().map(Content::Text).collect();
        pieces.append(&mut all);
        all = pieces;
    }
    Ok(all)
}

fn degrees(e7: i32) -> f64 {
    f64::from(e7) / 1e7
}

/// A long text in pieces amoCRM takes.
fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(TEXT).map(|piece| piece.iter().collect()).collect()
}

/// The words of a message. Of many people the one who wrote it stands before them; cards that amoCRM has no form for are told in words.
#[must_use]
pub fn words(job: &Job) -> String {
    let spoken: Vec<Part> = job.message.parts.iter().filter(|part| !matches!(part, Part::Contact { .. } | Part::Location { .. })).cloned().collect();
    let mut text = cut(&plain_text(&spoken), usize::MAX);
    for part in &job.message.parts {
        match part {
            Part::Call { missed, .. } => text.push_str(if *missed { "[пропущенный звонок]" } else { "[звонок]" }),
            Part::Unknown { .. } => text.push_str("[сообщение этого вида не показывается]"),
            _ => {}
        }
    }
    let group = matches!(job.conversation.place, Place::Group(_)) && job.message.direction == EntryDirection::Inbound;
    let author = job.author.as_ref().map_or(job.message.author.name.as_str(), |author| author.name.as_str());
    if group && !author.is_empty() { format!("{author}: {text}") } else { text }
}

async fn file_content(context: &CrmContext, job: &Job, file: &Attachment, caption: String) -> Result<Content, CrmError> {
    let voice = job.message.parts.iter().find_map(|part| match part {
        Part::Voice { file: voice, duration_ms } if *voice == file.file => Some(duration_ms.map(|ms| ms / 1_000)),
        _ => None,
    });
    let sticker = job.message.parts.iter().any(|part| matches!(part, Part::Sticker { file: Some(sticker), .. } if *sticker == file.file));
    let kind = match (voice.is_some(), sticker, file.media_type.split('/').next().unwrap_or_default()) {
        (true, ..) => FileKind::Voice,
        (_, true, _) => FileKind::Picture,
        (_, _, "image") if !file.as_file => FileKind::Picture,
        (_, _, "video") => FileKind::Video,
        (_, _, "audio") => FileKind::Audio,
        _ => FileKind::File,
    };
    let url = context.files.link(file.file).await.map_err(CrmError::Rejected)?;
    Ok(Content::File { kind, url, name: file.name.clone(), size: file.size, seconds: voice.flatten(), caption })
}
