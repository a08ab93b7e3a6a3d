//! What a push says, in its reader's language. It is text and never more.

use serde::Serialize;

use crate::model::protocol::NoticeEvent;

/// The longest words of a message in a push, characters.
const LONGEST: usize = 300;

/// What a device is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Push {
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// A device shows one of each tag.
    pub tag: String,
    /// Where a click leads, on this server.
    pub url: String,
    /// The conversation it is about: a page that shows it needs no notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Whether to make itself heard again where the same tag is shown already.
    pub again: bool,
}

/// What the words need.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    /// The customer's name, or the channel's.
    pub about: &'a str,
    /// Who is the cause of it.
    pub by: &'a str,
    /// What was written; empty: a file, or it is not to be shown.
    pub text: &'a str,
    /// Whether it was a file only.
    pub file: bool,
    /// Whether it is about a channel as a whole.
    pub channel: bool,
    /// Whether it is about a CRM as a whole.
    pub crm: bool,
    /// Of a CRM: what is set chooses something that is gone there.
    pub gone: bool,
}

/// Title and body.
#[must_use]
pub fn words(locale: &str, event: Option<NoticeEvent>, said: &Said<'_>) -> (String, String) {
    let pick = |ru: &'static str, en: &'static str, es: &'static str| match locale {
        "en" => en,
        "es" => es,
        _ => ru,
    };
    let about = one_line(said.about);
    let about = if about.is_empty() { pick("Посетитель", "Visitor", "Visitante").to_owned() } else { about };
    let (text, by) = (one_line(said.text), one_line(said.by));
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let new = if said.file {
        pick("Прислан файл", "A file", "Un archivo")
    } else {
        pick("Новое сообщение", "New message", "Mensaje nuevo")
    };
    let behind = |head: &str, by: String| if by.is_empty() { head.to_owned() } else { format!("{by}: {head}") };
    match event {
        None => (
            "Kommutator".to_owned(),
            pick("Уведомления доходят до этого устройства.", "Notifications reach this device.", "Las notificaciones llegan a este dispositivo.")
                .to_owned(),
        ),
        Some(NoticeEvent::Mine | NoticeEvent::Unassigned | NoticeEvent::Colleagues) => (about, or(text, new)),
        Some(NoticeEvent::Assigned) => {
            (about, behind(pick("переписка передана вам", "this conversation is yours now", "ahora esta conversación es tuya"), by))
        }
        Some(NoticeEvent::Mentioned) => {
            (about, behind(&or(text, pick("вас упоминают в заметке", "you are mentioned in a note", "te mencionan en una nota")), by))
        }
        Some(NoticeEvent::Overdue) => {
            (about, pick("Клиент долго ждёт ответа", "The customer has waited too long", "El cliente lleva demasiado tiempo esperando").to_owned())
        }
        Some(NoticeEvent::Trouble) if said.channel => (
            about,
            pick(
                "Канал потерял доступ: сообщения не уходят",
                "The channel lost its access: nothing is sent",
                "El canal perdió el acceso: no se envía nada",
            )
            .to_owned(),
        ),
        Some(NoticeEvent::Trouble) if said.gone => (
            about,
            pick(
                "В CRM удалено то, что выбрано в настройках: выберите заново",
                "The CRM no longer has what the settings choose: choose anew",
                "El CRM ya no tiene lo elegido en los ajustes: elige de nuevo",
            )
            .to_owned(),
        ),
        Some(NoticeEvent::Trouble) if said.crm => (
            about,
            pick(
                "Нет доступа к CRM: сообщения туда не выгружаются",
                "No access to the CRM: messages do not get there",
                "Sin acceso al CRM: los mensajes no llegan allí",
            )
            .to_owned(),
        ),
        Some(NoticeEvent::Trouble) => {
            (about, pick("Сообщение не отправлено", "A message could not be sent", "No se pudo enviar un mensaje").to_owned())
        }
    }
}

fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use NoticeEvent::{Assigned, Mentioned, Mine, Overdue, Trouble};

    #[test]
    fn what_a_push_says() {
        let said = Said { about: "Анна", by: "Борис", text: " Есть\nсиний? ", ..Said::default() };
        let hidden = Said { text: "", ..said.clone() };
        for (locale, event, said, wanted) in [
            ("ru", Some(Mine), &said, ("Анна", "Есть синий?")),
            ("ru", Some(Mine), &hidden, ("Анна", "Новое сообщение")),
            ("en", Some(Mine), &Said { file: true, ..hidden.clone() }, ("Анна", "A file")),
            ("es", Some(Assigned), &said, ("Анна", "Борис: ahora esta conversación es tuya")),
            ("ru", Some(Mentioned), &said, ("Анна", "Борис: Есть синий?")),
            ("ru", Some(Mentioned), &hidden, ("Анна", "Борис: вас упоминают в заметке")),
            ("en", Some(Overdue), &Said { about: "", ..said.clone() }, ("Visitor", "The customer has waited too long")),
            ("ru", Some(Trouble), &said, ("Анна", "Сообщение не отправлено")),
            ("ru", None, &said, ("Kommutator", "Уведомления доходят до этого устройства.")),
        ] {
            let (title, body) = words(locale, event, said);
            assert_eq!((title.as_str(), body.as_str()), wanted, "{locale} {event:?}");
        }
        let long = "ж".repeat(5_000);
        assert!(words("ru", Some(Mine), &Said { about: &long, text: &long, ..Said::default() }).1.chars().count() <= LONGEST);
    }
}
