//! Everything a message can be, one of each, and words between them until there are three hundred.

use super::scribe::{Said, Scribe, attached};
use crate::app::StartError;
use crate::model::ids::{ConnectionId, ConversationId, FileId};
use crate::model::message::{Attachment, Origin, Part};
use crate::model::protocol::{AuthorKind, EntryDirection, FileStatus, SendStatus};
use crate::model::reason::Reason;
use crate::model::time::Time;

const MANAGER: &str = "Мария Соколова";
const LONG: &str = "Здравствуйте! Мы с мужем вчера были у вас в магазине на Ленинградском, смотрели диван «Тромсё» в зелёном велюре, и продавец сказал, что на складе осталось три штуки, но одна из них с царапиной на ножке. Можно ли отложить ту, что без царапины, до субботы? Привезти надо в Мурино, четвёртый этаж, лифт есть, но узкий: 80 сантиметров. И ещё: есть ли у вас чехлы, которые можно стирать? У нас две собаки и маленький ребёнок, поэтому это важно.";
const CODE: &str = "Вот ответ вашего сервера:\n```\nHTTP/1.1 502 Bad Gateway\nvia: 1.1 edge-17.example.com (a-very-long-name-of-a-proxy-that-nobody-should-ever-have-to-read)\n{\"error\":{\"code\":\"upstream_timeout\",\"took_ms\":30012}}\n```";
const URLS: &str = "Смотрите: https://shop.example.com/catalog/furniture/sofas/tromso?utm_source=newsletter&utm_medium=email&utm_campaign=winter-2026-final-final-2&colour=green&fabric=velour#reviews и ещё http://пример.рф/диваны";
const FILLERS: &[&str] = &[
    "Хорошо",
    "Спасибо! 🙏",
    "А в субботу с утра привезёте?",
    "Да, с 10 до 14. Подъём бесплатный, если лифт вмещает упаковку 210×95×80 см.",
    "¿Y cuánto tarda el envío a Barcelona si lo pido hoy por la tarde?",
    "👍",
    "مرحبا، هل يمكنكم التوصيل يوم الأحد؟",
    "Одну минуту, уточню на складе и вернусь к вам с ответом, только не уходите далеко, пожалуйста.",
    "ок",
    "Понял(а).\n\nТогда так:\n1. Диван\n2. Два чехла\n3. Ножки тёмные",
];

/// Reasons a send can fail for, with what a provider says beside some.
const FAILURES: &[(&str, Option<&str>)] = &[
    ("attempts_exhausted", Some("timeout after 30000 ms at https://api.provider.example/v12/messages/send?with=a-long-query")),
    ("expired", None),
    ("erased", None),
    ("provider_unreachable", Some("connection refused")),
    ("provider_failed", Some("{\"error\":{\"message\":\"(#131047) Re-engagement message: more than 24 hours have passed\",\"code\":131047}}")),
    ("rejected", Some("no such chat")),
    ("answer_unreadable", None),
    ("token_revoked", None),
    ("channel_removed", None),
    ("channel_panicked", None),
    ("login_removed", None),
    ("login_unreadable", None),
    ("too_many_parts", None),
    ("a_code_of_a_later_version", None),
];

fn of(author: AuthorKind, origin: Origin, name: &str, text: &str) -> Said {
    Said { author, origin, ..Said::by_manager(name, text) }
}

fn aside(direction: EntryDirection, author: AuthorKind, name: &str, text: &str) -> Said {
    Said { direction, author, origin: if author == AuthorKind::System { Origin::System } else { Origin::Manager }, ..Said::by_manager(name, text) }
}

fn part(part: Part) -> Said {
    Said { parts: vec![part], ..Said::by_customer("") }
}

/// A file that is not here: still being fetched, not to be had, or gone from its place.
fn absent(name: &str, status: FileStatus, reason: Option<Reason>) -> Said {
    let (media_type, thumbnail) = if name.ends_with("png") { ("image/png", true) } else { ("application/pdf", false) };
    let attachment = Attachment {
        file: FileId(7),
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size: 1_234_567_890,
        status,
        reason,
        width: thumbnail.then_some(800),
        height: thumbnail.then_some(600),
        thumbnail,
        remote: None,
        as_file: false,
    };
    Said { attachments: vec![attachment], ..Said::by_customer("") }
}

fn words() -> Vec<Said> {
    let sent = |status, text: &str| Said { status, ..Said::by_manager(MANAGER, text) };
    let mut all = vec![
        Said::by_customer("Да"),
        Said::by_customer(LONG),
        Said::by_manager(MANAGER, LONG),
        Said::by_customer(URLS),
        Said::by_manager(MANAGER, URLS),
        Said::by_customer(CODE),
        Said::by_customer(&"оченьдлинноеслово".repeat(236)),
        Said::by_manager(MANAGER, &"W".repeat(4_000)),
        Said::by_customer("👩‍👩‍👧‍👦🏳️‍🌈🇷🇺🇪🇸 👨🏽‍💻 é̴̞ Z̷̧͕̈a̸͜ĺ̶g̵o"),
        Said { deleted: true, ..Said::by_customer("этого нет") },
        Said { reply_to: Some(10), ..Said::by_customer("Это ответ на удалённое") },
        Said {
            reply_to: Some(2), ..Said::by_manager(MANAGER, "Это ответ на длинное, и сам он тоже не из коротких: отложили, ждём вас в субботу.")
        },
        Said { reply_to: Some(7), ..Said::by_manager(MANAGER, "Ответ на слово без пробелов") },
        Said { edited: true, ..Said::by_customer("Это изменено") },
        Said { edited: true, ..Said::by_manager(MANAGER, "И это тоже изменено") },
        Said { deleted: true, ..Said::by_manager(MANAGER, "этого тоже нет") },
        Said {
            reactions: vec!["👍", "❤️", "👩‍👩‍👧‍👦", "🏳️‍🌈", "😂", "🙏"], ..Said::by_customer("Много реакций")
        },
        Said { reactions: vec!["👍"], ..Said::by_manager(MANAGER, "Одна") },
        part(Part::Contact { name: "Константин Константинопольский".to_owned(), phone: "+7 999 123-45-67".to_owned() }),
        part(Part::Location {
            latitude_e7: 599_343_000, longitude_e7: 303_351_000, title: "Мурино, Воронцовский бульвар, 17".to_owned()
        }),
        part(Part::Location { latitude_e7: 599_343_000, longitude_e7: 303_351_000, title: String::new() }),
        part(Part::Sticker { file: None, emoji: "🦊".to_owned() }),
        part(Part::Post { url: "https://example.com/p/1".to_owned(), title: "Новая коллекция диванов".to_owned() }),
        part(Part::Call { missed: true, video: false }),
        part(Part::Call { missed: false, video: true }),
        part(Part::Unknown { raw: "{\"type\":\"poll\"}".to_owned() }),
        Said {
            parts: vec![Part::Template {
                name: "order_ready".to_owned(),
                language: "ru".to_owned(),
                parameters: vec!["Анна".to_owned(), "20417".to_owned()],
            }],
            ..Said::by_manager(MANAGER, "")
        },
        Said {
            parts: vec![
                Part::Text { text: "Выберите".to_owned() },
                Part::Buttons { labels: vec!["Да, привозите".to_owned(), "Нет".to_owned(), "Позвоните мне".to_owned()] },
            ],
            ..Said::by_manager(MANAGER, "")
        },
        aside(
            EntryDirection::Note,
            AuthorKind::Manager,
            "Пётр Ильин",
            "Клиент постоянный, скидка 10 %. Не говорить про царапину, её уже заполировали.",
        ),
        aside(EntryDirection::Note, AuthorKind::Manager, MANAGER, &"заметка".repeat(80)),
        aside(EntryDirection::System, AuthorKind::System, "", "Клиент открыл ссылку из рассылки «Зима 2026»"),
        aside(EntryDirection::System, AuthorKind::System, "", LONG),
        of(AuthorKind::Automation, Origin::Automation, "Правило «Приветствие вне рабочих часов»", "Мы ответим утром."),
        of(AuthorKind::Assistant, Origin::Assistant, "Ассистент", "Могу подсказать по наличию."),
        of(AuthorKind::Crm, Origin::Crm { connection: ConnectionId(7) }, "Оператор из CRM с довольно длинным именем", "Ответ из CRM"),
        of(AuthorKind::Api, Origin::Api, "Бот склада", "Заказ собран."),
        of(AuthorKind::Phone, Origin::Phone, "", "Написано с телефона владельца"),
        of(AuthorKind::Automation, Origin::Mailing { id: "winter".to_owned() }, "", "Рассылка"),
        sent(SendStatus::Sent, "Отправлено"),
        sent(SendStatus::Delivered, "Доставлено"),
        sent(SendStatus::Read, "Прочитано"),
        Said { reason: Some(Reason::new("answer_lost")), ..sent(SendStatus::Unknown, "Может быть, ушло") },
        Said { reason: Some(Reason::new("answer_lost").said("504 Gateway Timeout")), ..sent(SendStatus::Unknown, LONG) },
    ];
    for (code, provider) in FAILURES {
        let reason = Reason::new(*code).with("limit", 4_000).with("provider", "probe");
        let reason = provider.map_or(reason.clone(), |words| reason.said(words));
        all.push(Said { reason: Some(reason), ..sent(SendStatus::Failed, "Не ушло") });
    }
    all
}

fn wave() -> Vec<u8> {
    // One second of a still line, 8 kHz, 8 bits.
    let samples = [128u8; 8_000];
    let length = |extra: u32| (8_000u32.saturating_add(extra)).to_le_bytes();
    let mut wave = b"RIFF".to_vec();
    wave.extend(length(36));
    wave.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
    wave.extend(length(0));
    wave.extend(samples);
    wave
}

async fn files(scribe: &Scribe, of: ConversationId, at: Time) -> Result<Vec<Said>, StartError> {
    let mut all = Vec::new();
    for (name, size) in
        [("панорама.png", (1_600, 160)), ("чек.png", (160, 1_600)), ("обычная.png", (640, 480)), ("значок.png", (24, 24)), ("точка.png", (1, 1))]
    {
        all.push(Said::by_customer("").with(vec![scribe.picture(of, name, size, at).await?]));
    }
    let mut album = Vec::new();
    for (number, size) in [(300, 500), (500, 300), (400, 400), (900, 120), (120, 900)].into_iter().enumerate() {
        album.push(scribe.picture(of, &format!("альбом {number}.png"), size, at).await?);
    }
    all.push(Said::by_manager(MANAGER, "Альбом из пяти, разных форм").with(album));
    let voice = scribe.file(of, "голосовое.wav", wave(), at).await?;
    let spoken = Part::Voice { file: voice.id, duration_ms: Some(1_000) };
    all.push(Said { parts: vec![spoken], attachments: vec![attached(&voice)], files: vec![voice], ..Said::by_customer("") });
    let video = scribe.file(of, "распаковка.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec(), at).await?;
    all.push(Said::by_customer("Видео").with(vec![video]));
    let long = format!("{} окончательный вариант 2 (1).pdf", "Договор_поставки_мебели_".repeat(6));
    let paper = scribe.file(of, &long, b"%PDF-1.4\n%%EOF".to_vec(), at).await?;
    all.push(Said::by_customer("").with(vec![paper.clone()]));
    let copy = scribe.file(of, "прайс.pdf", b"%PDF-1.4\n%%EOF".to_vec(), at).await?;
    all.push(Said::by_manager(MANAGER, "Прайс").with(vec![copy]));
    all.push(absent("накладная.pdf", FileStatus::Pending, None));
    all.push(absent("слишком-большой.pdf", FileStatus::Failed, Some(Reason::new("file_too_large").with("limit", "50 MB"))));
    all.push(absent("без-причины.png", FileStatus::Failed, None));
    all.push(absent("пропала.png", FileStatus::Ready, None));
    Ok(all)
}

/// Three hundred messages: one of each kind, then words.
pub(super) async fn all(scribe: &Scribe, of: ConversationId, at: Time) -> Result<Vec<Said>, StartError> {
    let mut all = words();
    all.extend(files(scribe, of, at).await?);
    for number in all.len()..298 {
        let text = FILLERS.get(number % FILLERS.len()).copied().unwrap_or_default();
        all.push(if number % 3 == 1 { Said::by_manager(MANAGER, text) } else { Said::by_customer(text) });
    }
    // The kinds stand at the end, where the screen opens, and again nothing stands alone.
    all.rotate_left(120);
    all.push(Said { status: SendStatus::Queued, waits: true, ..Said::by_manager(MANAGER, "Ждёт отправки") });
    all.push(Said::by_customer("И последнее: спасибо вам большое!"));
    Ok(all)
}
