//! Letters to visitors who left: what the conversation decided is put into words and written, once, and what became of the letter is told to
//! the conversation.

use reqwest::Url;

use super::deliver::{ended, remove};
use crate::channel::site_widget::settings::WidgetSettings;
use crate::gateway::administration::channels::widget_settings;
use crate::gateway::commands::{Command, CommandError, ask};
use crate::gateway::conversation::comeback::{NOT_WRITTEN, WRITTEN, best_address};
use crate::gateway::house::House;
use crate::gateway::post::{NewLetter, write_as};
use crate::model::connection::ChannelAccount;
use crate::model::conversation::Conversation;
use crate::model::customer::Identity;
use crate::model::ids::WorkspaceId;
use crate::model::letter::{Letter, LetterKind, LetterStatus, LetterWords};
use crate::model::message::Message;
use crate::model::notice::{AnswerLetter, LetterReader};
use crate::model::protocol::EntryDirection;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{IndexPosition, RecordKey, Scan, StoreError};
use crate::store::secrets::{VisitorClaims, VisitorId};

/// Letters of one round.
const ROUND: usize = 40;
/// The pause between two looks at what became of a letter.
const LOOK_MS: i64 = 1_000;
/// What the link back carries it in.
const MARK: &str = "kommutator";

/// Writes what is due, and tells the conversations what became of what was written.
///
/// # Errors
/// The store's failure; the rest waits for the next round.
pub(super) async fn round(house: &House, workspace: WorkspaceId) -> Result<(), StoreError> {
    let mut scan = Scan::first(ROUND);
    let nowhere = RecordKey { group: Vec::new(), item: Vec::new() };
    scan.below = Some(IndexPosition { sort: Key::new().signed(house.world.now().0.saturating_add(1)).done(), key: nowhere });
    let store = house.store.workspace(workspace);
    for (_, due) in store.scan_index::<AnswerLetter>(AnswerLetter::BY_DUE, &[], scan).await? {
        let next = if due.record.written { look_after(house, workspace, &due.record).await? } else { write(house, workspace, &due.record).await? };
        match next {
            None => remove(&store, &due).await?,
            Some(next_at) => {
                let mut batch = Batch::new();
                batch.update(&due, &AnswerLetter { written: true, next_at, ..due.record })?;
                // Refused: another node was quicker.
                ended(store.commit(batch).await.map(|_| ()))?;
            }
        }
    }
    Ok(())
}

/// What became of a letter that was written; when to look again, if that is not known yet.
async fn look_after(house: &House, workspace: WorkspaceId, due: &AnswerLetter) -> Result<Option<Time>, StoreError> {
    let (store, global) = (house.store.workspace(workspace), house.store.global());
    let Some(conversation) = store.get::<Conversation>(Conversation::at(due.conversation)).await?.map(|stored| stored.record) else {
        return Ok(None);
    };
    let Some(letter) = global.get::<Letter>(Letter::at(due.letter)).await? else { return Ok(None) };
    let how = match letter.record.status {
        LetterStatus::Posted => Reason::new(WRITTEN),
        LetterStatus::Undeliverable => {
            Reason { code: NOT_WRITTEN.to_owned(), ..letter.record.reason.clone().unwrap_or_else(|| Reason::new(NOT_WRITTEN)) }
        }
        // They saw it on the site before the mail server took it: nobody needs the letter any more.
        LetterStatus::Waiting if conversation.customer_read_up_to >= due.up_to => {
            remove(&global, &letter).await?;
            return Ok(None);
        }
        LetterStatus::Waiting => return Ok(Some(house.world.now().plus_ms(LOOK_MS))),
    };
    let told = Command::AnswersWritten { conversation: due.conversation, from: due.from, up_to: due.up_to, how };
    match ask(house, workspace, conversation.login, told).await {
        Ok(_) | Err(CommandError::Refused(_)) => Ok(None),
        Err(error) => {
            tracing::warn!(%workspace, %error, "what became of a letter is told later");
            Ok(Some(house.world.now().plus_ms(LOOK_MS)))
        }
    }
}

/// Writes a letter; when to look what became of it, if there is one.
async fn write(house: &House, workspace: WorkspaceId, due: &AnswerLetter) -> Result<Option<Time>, StoreError> {
    let store = house.store.workspace(workspace);
    let AnswerLetter { conversation, letter, from, up_to, .. } = *due;
    let Some(conversation) = store.get::<Conversation>(Conversation::at(conversation)).await?.map(|stored| stored.record) else { return Ok(None) };
    let Some(account) = store.get::<ChannelAccount>(ChannelAccount::at(conversation.account)).await?.map(|stored| stored.record) else {
        return Ok(None);
    };
    let (Ok(settings), Some(identity), Some(visitor)) =
        (widget_settings(&account), conversation.identity, conversation.provider_keys.last().and_then(|key| key.parse::<VisitorId>().ok()))
    else {
        return Ok(None);
    };
    let Some(identity) = store.get::<Identity>(Identity::at(identity)).await?.map(|stored| stored.record) else { return Ok(None) };
    let Some(to) = best_address(&identity) else { return Ok(None) };
    if store.get::<LetterReader>(LetterReader::at(&to)).await?.is_some_and(|reader| reader.record.stopped_at.is_some()) {
        return Ok(None);
    }
    let scan = Scan::first(200).above(Message::item(from.saturating_sub(1))).below(Message::item(up_to.saturating_add(1)));
    let found = store.scan::<Message>(&Message::group(conversation.id), scan).await?;
    let text = said(found.iter().map(|stored| &stored.record), conversation.customer_read_up_to);
    if text.is_empty() {
        return Ok(None);
    }
    let Some(space) = house.space(workspace).await? else { return Ok(None) };
    let now = house.world.now();
    let claims = VisitorClaims { widget_key: settings.key.clone(), visitor, issued: now };
    let token = house.keyring.make_return_token(&claims);
    let words = LetterWords {
        workspace: space.name.clone(),
        by: company(&settings, &space.locale, &space.name),
        link: format!("{}#{MARK}={token}", page(house, &settings, conversation.page.and_then(|page| page.url).as_deref())),
        text,
        stop: format!("{}/letters/stop/{}", house.public_url, house.keyring.make_stop_token(workspace, &LetterReader::hash_of(&to))),
        ..LetterWords::default()
    };
    let new = NewLetter { workspace: Some(workspace), to: &to, locale: &space.locale, about: LetterKind::Answer, words, until: None };
    let mut batch = Batch::new();
    if write_as(house, &mut batch, letter, new)?.is_none() {
        return Ok(None);
    }
    // Refused: written by a try before this one.
    ended(house.store.global().commit(batch).await.map(|_| ()))?;
    Ok(Some(now.plus_ms(LOOK_MS)))
}

/// What was answered and not seen, one after the other; files by their names.
fn said<'a>(messages: impl Iterator<Item = &'a Message>, read_up_to: u32) -> String {
    let unseen = messages
        .filter(|one| one.direction == EntryDirection::Outbound && one.number > read_up_to && one.deleted_at.is_none() && one.erased_at.is_none());
    let parts: Vec<String> = unseen
        .map(|one| {
            let files = one.attachments.iter().map(|file| format!("📎 {}", file.name));
            let text = one.text();
            let words = Some(text.trim().to_owned()).filter(|words| !words.is_empty());
            words.into_iter().chain(files).collect::<Vec<_>>().join("\n")
        })
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n\n")
}

/// What the company is called in the widget.
fn company(settings: &WidgetSettings, locale: &str, workspace: &str) -> String {
    let own = settings.options.texts.get(locale).map(|texts| texts.title.trim()).filter(|title| !title.is_empty());
    let title = own.unwrap_or_else(|| settings.appearance.title.trim());
    if title.is_empty() { workspace.to_owned() } else { title.to_owned() }
}

/// The page they wrote on, if it is one the widget may stand on: a visitor names the page, and a letter of the company's must not lead
/// wherever a visitor wants. So it goes without what follows its path: a shop's own page may lead on to where that says. Else the site's own
/// beginning, or the page to try the widget on.
fn page(house: &House, settings: &WidgetSettings, told: Option<&str>) -> String {
    let told = told.and_then(|url| Url::parse(url).ok()).filter(|url| settings.origins.contains(&url.origin().ascii_serialization()));
    match (told, settings.origins.first()) {
        (Some(url), _) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        (None, Some(origin)) => format!("{origin}/"),
        (None, None) => format!("{}/try/{}", house.public_url, settings.key),
    }
}
