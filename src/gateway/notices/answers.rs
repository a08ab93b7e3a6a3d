//! Letters to visitors who left: what the conversation decided is put into words and written, once.

use reqwest::Url;

use super::deliver::{ended, remove};
use crate::channel::site_widget::settings::WidgetSettings;
use crate::gateway::administration::channels::widget_settings;
use crate::gateway::conversation::comeback::best_address;
use crate::gateway::house::House;
use crate::gateway::post::{NewLetter, write_as};
use crate::model::connection::ChannelAccount;
use crate::model::conversation::Conversation;
use crate::model::customer::Identity;
use crate::model::ids::WorkspaceId;
use crate::model::letter::{LetterKind, LetterWords};
use crate::model::message::Message;
use crate::model::notice::{AnswerLetter, LetterStop};
use crate::model::protocol::EntryDirection;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::port::{IndexPosition, RecordKey, Scan, StoreError};
use crate::store::secrets::{VisitorClaims, VisitorId};
use crate::store::table::Stored;

/// Letters of one round.
const ROUND: usize = 40;
/// What the link back carries it in.
const MARK: &str = "kommutator";

/// Writes what is due.
///
/// # Errors
/// The store's failure; the rest waits for the next round.
pub(super) async fn round(house: &House, workspace: WorkspaceId) -> Result<(), StoreError> {
    let mut scan = Scan::first(ROUND);
    let nowhere = RecordKey { group: Vec::new(), item: Vec::new() };
    scan.below = Some(IndexPosition { sort: Key::new().signed(house.world.now().0.saturating_add(1)).done(), key: nowhere });
    let store = house.store.workspace(workspace);
    for (_, due) in store.scan_index::<AnswerLetter>(AnswerLetter::BY_DUE, &[], scan).await? {
        write(house, workspace, &due).await?;
        remove(&store, &due).await?;
    }
    Ok(())
}

async fn write(house: &House, workspace: WorkspaceId, due: &Stored<AnswerLetter>) -> Result<(), StoreError> {
    let store = house.store.workspace(workspace);
    let AnswerLetter { conversation, letter, from, up_to, .. } = due.record;
    let Some(conversation) = store.get::<Conversation>(Conversation::at(conversation)).await?.map(|stored| stored.record) else { return Ok(()) };
    let Some(account) = store.get::<ChannelAccount>(ChannelAccount::at(conversation.account)).await?.map(|stored| stored.record) else {
        return Ok(());
    };
    let (Ok(settings), Some(identity), Some(visitor)) =
        (widget_settings(&account), conversation.identity, conversation.provider_keys.last().and_then(|key| key.parse::<VisitorId>().ok()))
    else {
        return Ok(());
    };
    let Some(identity) = store.get::<Identity>(Identity::at(identity)).await?.map(|stored| stored.record) else { return Ok(()) };
    let Some(to) = best_address(&identity) else { return Ok(()) };
    if store.get::<LetterStop>(LetterStop::at(&to)).await?.is_some() {
        return Ok(());
    }
    let scan = Scan::first(200).above(Message::item(from.saturating_sub(1))).below(Message::item(up_to.saturating_add(1)));
    let found = store.scan::<Message>(&Message::group(conversation.id), scan).await?;
    let text = said(found.iter().map(|stored| &stored.record), conversation.customer_read_up_to);
    if text.is_empty() {
        return Ok(());
    }
    let Some(space) = house.space(workspace).await? else { return Ok(()) };
    let claims = VisitorClaims { widget_key: settings.key.clone(), visitor, issued: house.world.now() };
    let token = house.keyring.make_return_token(&claims);
    let words = LetterWords {
        workspace: space.name.clone(),
        by: company(&settings, &space.locale, &space.name),
        link: format!("{}#{MARK}={token}", page(house, &settings, conversation.page.and_then(|page| page.url).as_deref())),
        text,
        stop: format!("{}/letters/stop/{}", house.public_url, house.keyring.make_stop_token(workspace, &LetterStop::hash_of(&to))),
        ..LetterWords::default()
    };
    let new = NewLetter { workspace: Some(workspace), to: &to, locale: &space.locale, about: LetterKind::Answer, words, until: None };
    let mut batch = Batch::new();
    if write_as(house, &mut batch, letter, new)?.is_some() {
        // Refused: written by a try before this one.
        ended(house.store.global().commit(batch).await.map(|_| ()))?;
    }
    Ok(())
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
/// wherever a visitor wants. Else the site's own beginning, or the page to try the widget on.
fn page(house: &House, settings: &WidgetSettings, told: Option<&str>) -> String {
    let told = told.and_then(|url| Url::parse(url).ok()).filter(|url| settings.origins.contains(&url.origin().ascii_serialization()));
    match (told, settings.origins.first()) {
        (Some(mut url), _) => {
            url.set_fragment(None);
            url.to_string()
        }
        (None, Some(origin)) => format!("{origin}/"),
        (None, None) => format!("{}/try/{}", house.public_url, settings.key),
    }
}
