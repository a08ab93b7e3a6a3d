//! Forty conversations that are hard to show, with colleagues, tags, canned replies and quarantine to match.

use std::sync::Arc;

use super::kinds;
use super::scribe::{Said, Scribe, Talk, Who};
use crate::app::StartError;
use crate::channel::probe::settings::ProbeRepeats;
use crate::channel::site_widget::parse::VisitorPart;
use crate::demo::{EMAIL, Prepared, failed, patiently};
use crate::gateway::administration::Actor;
use crate::gateway::administration::channels::create_widget;
use crate::gateway::administration::people::{NewMember, add_member, find_user};
use crate::gateway::administration::probe::create_probe;
use crate::gateway::administration::tags::{create_tag, tags};
use crate::gateway::commands::Command;
use crate::gateway::house::House;
use crate::model::connection::ChannelAccount;
use crate::model::conversation::Conversation;
use crate::model::ids::{ConversationId, QuarantineId, ReplyId};
use crate::model::protocol::{Page, Role};
use crate::model::reason::Reason;
use crate::model::reply::CannedReply;
use crate::model::time::Time;
use crate::store::batch::Batch;
use crate::store::key::Key;
use crate::store::records::Quarantine;

const MINUTE: i64 = 60_000;
/// The one with everything a message can be.
pub(super) const EVERYTHING: &str = "Всё, что бывает";
const NAMES: &[&str] = &[
    EVERYTHING,
    "Борис Александрович Константинопольский-Староверов, отдел снабжения и закупок «СеверМебельТорг»",
    "Анна",
    "María de los Ángeles Fernández-Villaverde y Rodríguez de la Encarnación",
    "محمد بن عبد الرحمن بن عبد العزيز آل سعود الكبير",
    "יהונתן בן־אברהם",
    "👩‍👩‍👧‍👦 Семья Ивановых 🏳️‍🌈",
    "🇷🇺🇪🇸🇩🇪🇫🇷🇮🇹🇯🇵🇰🇷🇨🇳🇧🇷🇲🇽🇦🇷🇨🇱🇵🇪🇺🇾",
    "Z̷̧̨͕̻̈́̀a̸̢͜͝ĺ̶̛̗g̵̨͇̈́o̶̧̒ Ţ̴̛e̷x̵t̶",
    "Оченьдлинноеимябезединогопробелакотороенекудаперенестипотомучтооноодно",
    "supercalifragilisticexpialidocious.longlocalpart+tag@a-rather-long-subdomain.example.com",
    "",
    "   ",
    "\u{202e}тевирП",
    "<b>Жирный</b> & \"кавычки\"",
    "+7 (999) 123-45-67",
    "李小龙 王秀英 张伟 刘洋 陈静",
    "สมชาย ใจดีมากๆ และครอบครัว",
    "Ярослав\nс новой строки",
    "Ø",
];
const LAST: &[&str] = &[
    "Здравствуйте! Есть 39 размер в белом цвете?",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "¿Envían a España? Necesito que llegue antes del viernes porque es un regalo de cumpleaños para mi suegra",
    "شكرا جزيلا لكم على المساعدة، سأنتظر الرد",
    "👍👍👍",
    "https://shop.example.com/catalog/furniture/sofas/tromso?utm_source=newsletter&utm_medium=email",
];
const TAGS: &[&str] = &[
    "VIP",
    "Оптовый покупатель из другого региона РФ",
    "devolución pendiente de confirmar hoy",
    "🔥🔥🔥",
    "слово-без-единого-пробела-сорок-букв-ту",
    "срочно",
];

fn at<'a>(list: &[&'a str], place: usize) -> &'a str {
    list.get(place % list.len().max(1)).copied().unwrap_or_default()
}

fn external(number: usize) -> String {
    format!("hardvisitor{number:08}")
}

pub(super) async fn write(house: &Arc<House>, prepared: &Prepared) -> Result<(), StartError> {
    let actor = Actor::command_line();
    let workspace = prepared.workspace;
    // Nobody listens there: what waits goes on waiting.
    let probe = create_probe(house, workspace, &actor, "http://127.0.0.1:9", ProbeRepeats::SendTwice).await.map_err(failed)?;
    let title = "Оптовый отдел с очень длинным названием, которое не влезает никуда";
    let appearance = crate::channel::site_widget::settings::Appearance::default();
    create_widget(house, workspace, &actor, title, &["https://opt.example.com".to_owned()], appearance).await.map_err(failed)?;
    for (number, name) in NAMES.iter().enumerate().skip(1).take(4) {
        let email = format!("colleague-{number}-with-a-long-address@subdomain.example.com");
        let new = NewMember { name: (*name).to_owned(), email, password: house.world.secret::<16>(), role: Role::Manager, channels: None };
        add_member(house, workspace, &actor, new).await.map_err(failed)?;
    }
    let store = house.store.workspace(workspace);
    let account = store.get::<ChannelAccount>(ChannelAccount::at(probe.one)).await.map_err(failed)?.ok_or_else(|| failed("no probe"))?;
    let scribes = [Scribe::claim(house, workspace, &prepared.account).await?, Scribe::claim(house, workspace, &account.record).await?];
    let now = house.world.now();
    let mut all = Vec::new();
    for number in 0..NAMES.len().saturating_mul(2) {
        let [widget, provider] = &scribes;
        // Everything there is happens on a provider's channel, which knows more states.
        all.push(one(if number % 4 == 0 { provider } else { widget }, number, now));
    }
    futures_util::future::try_join_all(all).await?;
    shelves(house, prepared, now).await
}

async fn one(scribe: &Scribe, number: usize, now: Time) -> Result<(), StartError> {
    let page = Page {
        url: Some(format!("https://shop.example.com/catalog/{}?utm_source=a&utm_campaign={}", "sofa/".repeat(20), "x".repeat(200))),
        title: Some("Диван «Тромсё» в зелёном велюре с тёмными ножками — купить с доставкой в Мурино | Мебель Север".to_owned()),
        referrer: Some("https://search.example/?q=диван".to_owned()),
    };
    let place = (number % 7 == 3).then_some("Объявление: Диван угловой раскладной «Тромсё» с двумя чехлами, почти новый, самовывоз");
    // The second twenty bear the same names with a number.
    let name = if number < NAMES.len() { at(NAMES, number).to_owned() } else { format!("{} {number}", at(NAMES, number)) };
    let who = Who { external: external(number), name: &name, place, page: (number % 2 == 1).then_some(page) };
    let minutes = |n: usize| MINUTE.saturating_mul(i64::try_from(n).unwrap_or(0));
    let begun = now.plus_ms(minutes(number.saturating_mul(173)).saturating_add(minutes(4_400)).saturating_neg());
    let mut talk = Talk::begin(scribe, who, begun)?;
    if number == 0 {
        let said = kinds::all(scribe, talk.id(), begun).await?;
        let last = said.len();
        for (place, said) in said.into_iter().enumerate() {
            // Three days, closer together towards the end.
            let before = last.saturating_sub(place);
            talk.say(now.plus_ms(minutes(before.saturating_mul(before) / 21).saturating_neg()), said).await?;
            if place == 260 {
                talk.read(now).await?;
            }
        }
        return Ok(());
    }
    let last = now.plus_ms(minutes(number.saturating_mul(number) / 2).saturating_neg());
    talk.say(begun, Said::by_customer(at(LAST, number.saturating_add(1)))).await?;
    if number % 3 == 1 {
        talk.say(begun.plus_ms(MINUTE), Said::by_manager("Мария Соколова", "Добрый день! Сейчас посмотрю.")).await?;
        talk.read(begun.plus_ms(MINUTE)).await?;
    }
    for _ in 0..(number % 5).saturating_mul(number % 5).saturating_mul(7) {
        talk.say(last, Said::by_customer(at(LAST, number))).await?;
    }
    if number % 4 == 2 {
        talk.say(last, Said::by_manager("María de los Ángeles Fernández-Villaverde", at(LAST, number))).await?;
        talk.read(last).await?;
    }
    Ok(())
}

/// Tags, canned replies and what could not be read.
async fn shelves(house: &House, prepared: &Prepared, now: Time) -> Result<(), StartError> {
    for (number, name) in TAGS.iter().enumerate() {
        create_tag(house, prepared.workspace, name, u8::try_from(number % 8).unwrap_or(0)).await.map_err(failed)?;
    }
    let mut batch = Batch::new();
    for number in 0..12usize {
        let text = at(LAST, number).repeat(number % 3 * 4 + 1);
        let (id, created_at) = (ReplyId(house.world.id()), now);
        let title = at(NAMES, number).replace('\n', " ");
        batch
            .insert(&CannedReply {
                id,
                owner: None,
                shortcut: format!("ответ-{number}"),
                title,
                text,
                files: Vec::new(),
                created_at,
                changed_at: now,
            })
            .map_err(failed)?;
        let reason = if number % 2 == 0 { Reason::new("unreadable").said(at(LAST, 1)) } else { Reason::new("fits_no_login") };
        batch
            .insert(&Quarantine {
                id: QuarantineId(house.world.id()),
                at: now.plus_ms(-MINUTE),
                login: None,
                connection: None,
                provider: "probe".to_owned(),
                reason,
                payload: data_encoding::BASE64.encode(at(LAST, number).as_bytes()),
                stream: None,
                replayed_at: (number % 5 == 0).then_some(now),
            })
            .map_err(failed)?;
    }
    house.store.workspace(prepared.workspace).commit(batch).await.map(drop).map_err(failed)
}

/// What managers and customers decide once everybody serves.
pub(super) async fn triage(house: &House, prepared: &Prepared) -> Result<(), StartError> {
    let store = house.store.workspace(prepared.workspace);
    let owner = find_user(house, EMAIL).await.map_err(failed)?.map(|user| user.record.id);
    let by = owner.map(|owner| owner.to_string()).unwrap_or_default();
    let all: Vec<_> = tags(house, prepared.workspace).await.map_err(failed)?.into_iter().map(|tag| tag.id).collect();
    let until = house.world.now().plus_ms(3 * 24 * 60 * MINUTE);
    for number in 1..NAMES.len().saturating_mul(2) {
        let (group, sort) = (Key::new().number(prepared.account.id.0).done(), Key::new().text(&external(number)).done());
        let found = store.get_unique::<Conversation>(Conversation::BY_PROVIDER_KEY, &group, &sort).await.map_err(failed)?;
        let Some(conversation) = found.map(|found| found.record.id) else { continue };
        for command in decided(number, conversation, owner, &by, &all, until) {
            patiently(house, prepared.workspace, &prepared.account, command).await.map_err(failed)?;
        }
        if number % 10 == 7 {
            let (visitor, comment) = (external(number), "Всё быстро и вежливо, спасибо! Только ждать пришлось долго.".to_owned());
            let part = VisitorPart::Rated { visitor, episode: 1, rating: 4, comment };
            let command = Command::Part { body: serde_json::to_vec(&part).map_err(failed)? };
            patiently(house, prepared.workspace, &prepared.account, command).await.map_err(failed)?;
        }
    }
    Ok(())
}

fn decided(
    number: usize, conversation: ConversationId, owner: Option<crate::model::ids::UserId>, by: &str, all: &[crate::model::ids::TagId], until: Time,
) -> Vec<Command> {
    let by = by.to_owned();
    match number % 10 {
        1 => vec![Command::Tag { conversation, on: all.to_vec(), off: Vec::new(), by: by.clone() }, Command::Assign { conversation, to: owner, by }],
        3 => vec![Command::Tag { conversation, on: all.iter().take(2).copied().collect(), off: Vec::new(), by }],
        5 => vec![Command::Snooze { conversation, until: Some(until), by }],
        7 => vec![Command::Close { conversation, by }],
        9 if number > 20 => vec![Command::Block { conversation, blocked: true, by }],
        _ => Vec::new(),
    }
}
