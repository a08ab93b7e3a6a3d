//! What each letter says, as text and as HTML. Everything from people is cut, freed of control characters and escaped.

use crate::model::letter::{LetterKind, LetterWords};

/// A letter, ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// One line.
    pub subject: String,
    /// For programs that show text.
    pub text: String,
    /// For those that show pages.
    pub html: String,
    /// Where its reader can say that they want no more.
    pub stop: Option<String>,
}

/// Words of one letter in one language; `{workspace}` and `{by}` are put in.
struct Words {
    subject: &'static str,
    lines: &'static [&'static str],
    button: &'static str,
    note: &'static str,
    /// What a customer without a name is called.
    nobody: &'static str,
}

/// Longer names are cut.
const LONGEST: usize = 100;
/// Longer words of people too.
const LONGEST_TEXT: usize = 2_000;

/// Puts a letter into words.
#[must_use]
pub fn compose(kind: LetterKind, locale: &str, given: &LetterWords) -> Composed {
    let words = match locale {
        "en" => english(kind),
        "es" => spanish(kind),
        _ => russian(kind),
    };
    let fill = |text: &str| {
        // Filled in one go: a name that looks like a place to fill stays a name.
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(&match name {
                "workspace" => clean(&given.workspace),
                "by" => clean(&given.by),
                "about" => or(clean(&given.about), words.nobody),
                _ => String::new(),
            });
            rest = behind;
        }
        out.push_str(rest);
        out
    };
    let (subject, lines) = (fill(words.subject), words.lines.iter().map(|line| fill(line)).collect::<Vec<_>>());
    let (quoted, mut lines) = (words_of(&given.text), lines);
    lines.retain(|line| !line.is_empty());
    if !quoted.is_empty() {
        lines.push(quoted);
    }
    let mut text = lines.join("\n\n");
    if !given.link.is_empty() {
        text.push_str(&format!("\n\n{}\n{}", words.button, given.link));
    }
    text.push_str(&format!("\n\n{}\n", words.note));
    if !given.stop.is_empty() {
        text.push_str(&format!("\n{}\n{}\n", stop_label(locale), given.stop));
    }
    let html = page(&subject, &lines, (!given.link.is_empty()).then_some((words.button, &given.link)), words.note, locale, &given.stop);
    Composed { subject, text, html, stop: Some(given.stop.clone()).filter(|stop| !stop.is_empty()) }
}

fn page(subject: &str, lines: &[String], button: Option<(&str, &String)>, note: &str, locale: &str, stop: &str) -> String {
    let paragraph = |line: &String| format!("<p style=\"margin:0 0 16px;white-space:pre-line\">{}</p>", escape(line));
    let stop = match stop.is_empty() {
        true => String::new(),
        false => format!("<br><a href=\"{}\" style=\"color:#6b7280\">{}</a>", escape(stop), escape(stop_label(locale))),
    };
    let paragraphs: String = lines.iter().map(paragraph).collect();
    let button = button.map_or_else(String::new, |(label, link)| {
        format!(
            "<p style=\"margin:24px 0\"><a href=\"{0}\" style=\"display:inline-block;padding:12px 20px;border-radius:10px;background:#3b5bdb;color:#ffffff;\
             text-decoration:none;font-weight:600\">{1}</a></p><p style=\"margin:0 0 16px;font-size:13px;color:#6b7280;word-break:break-all\">{0}</p>",
            escape(link),
            escape(label)
        )
    });
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head><body style=\"margin:0;padding:24px;background:#f3f4f6;\
         font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1f2937\"><div style=\"max-width:520px;margin:0 auto;padding:32px;\
         background:#ffffff;border-radius:16px\">{paragraphs}{button}<p style=\"margin:24px 0 0;font-size:13px;color:#6b7280\">{}{stop}</p></div></body></html>",
        escape(locale),
        escape(subject),
        escape(note)
    )
}

/// What the link that stops the letters says.
fn stop_label(locale: &str) -> &'static str {
    match locale {
        "en" => "Do not write me by e-mail",
        "es" => "No me escribáis por correo",
        _ => "Не писать мне по почте",
    }
}

/// One line of a name: without control characters, cut.
fn clean(text: &str) -> String {
    let one_line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    one_line.trim().chars().take(LONGEST).collect()
}

/// What somebody wrote: without control characters but the ends of lines, cut.
fn words_of(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control() || *letter == '\n').take(LONGEST_TEXT).collect();
    let cut = if text.chars().nth(LONGEST_TEXT).is_some() { "…" } else { "" };
    format!("{}{cut}", plain.trim())
}

fn or(text: String, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn russian(kind: LetterKind) -> Words {
    const NOBODY: &str = "Посетитель";
    match kind {
        LetterKind::Invitation => Words {
            subject: "Приглашение в «{workspace}»",
            lines: &["Здравствуйте!", "{by} приглашает вас отвечать клиентам в пространстве «{workspace}»."],
            button: "Принять приглашение",
            note: "Ссылка действует 7 дней. Если вы не ждали приглашения, ничего не делайте.",
            nobody: NOBODY,
        },
        LetterKind::PasswordLink => Words {
            subject: "Восстановление пароля",
            lines: &["Здравствуйте!", "Кто-то, скорее всего вы, попросил восстановить пароль. Чтобы придумать новый, откройте ссылку."],
            button: "Придумать новый пароль",
            note: "Ссылка действует час и сработает один раз. Если это были не вы, ничего не делайте: пароль останется прежним.",
            nobody: NOBODY,
        },
        LetterKind::PasswordChanged => Words {
            subject: "Пароль изменён",
            lines: &["Здравствуйте!", "Пароль от вашей учётной записи изменён. Все остальные сеансы завершены."],
            button: "",
            note: "Если это были не вы, сразу сообщите администратору.",
            nobody: NOBODY,
        },
        LetterKind::FactorOn => Words {
            subject: "Двухэтапный вход включён",
            lines: &["Здравствуйте!", "Теперь при входе, кроме пароля, нужен код из приложения."],
            button: "",
            note: "Если это были не вы, сразу сообщите администратору.",
            nobody: NOBODY,
        },
        LetterKind::FactorOff => Words {
            subject: "Двухэтапный вход выключен",
            lines: &["Здравствуйте!", "Теперь для входа в вашу учётную запись достаточно пароля."],
            button: "",
            note: "Если это были не вы, сразу сообщите администратору.",
            nobody: NOBODY,
        },
        LetterKind::WebhookOff => Words {
            subject: "Вебхук «{by}» выключен",
            lines: &[
                "Здравствуйте!",
                "Вебхук «{by}» в пространстве «{workspace}» долго не принимал уведомления и выключен. Пока он выключен, события до него не доходят.",
            ],
            button: "Открыть вебхук",
            note: "Почините приёмник и включите вебхук снова. Недоставленное можно отправить ещё раз из его журнала.",
            nobody: NOBODY,
        },
        LetterKind::Trial => Words {
            subject: "Проверочное письмо",
            lines: &[
                "Здравствуйте!",
                "Это письмо отправлено из пространства «{workspace}», чтобы проверить почту. Раз вы его читаете, всё работает.",
            ],
            button: "",
            note: "Отвечать на него не нужно.",
            nobody: NOBODY,
        },
        LetterKind::Assigned => Words {
            subject: "Вам передана переписка: {about}",
            lines: &["Переписка с клиентом «{about}» передана вам.", "{by}"],
            button: "Открыть переписку",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::Mentioned => Words {
            subject: "Вас упоминают в заметке: {about}",
            lines: &["В заметке к переписке с клиентом «{about}» упоминают вас.", "{by}"],
            button: "Открыть переписку",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::Overdue => Words {
            subject: "Клиент долго ждёт ответа: {about}",
            lines: &["Клиент «{about}» долго ждёт ответа."],
            button: "Ответить",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::ChannelLost => Words {
            subject: "Канал потерял доступ: {about}",
            lines: &["Канал «{about}» потерял доступ: сообщения не приходят и не уходят. Подключите его заново."],
            button: "Открыть канал",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::ConnectionLost => Words {
            subject: "Нет доступа к CRM: {about}",
            lines: &[
                "Kommutator больше не может войти в «{about}»: сообщения туда не выгружаются, а ответы оттуда не приходят. Ничего не потеряно: они ждут в очереди.",
                "Проверьте саму CRM: оплачена ли она, не закончился ли пробный период, не превышены ли лимиты.",
                "Проверьте пользователя, который подключал канал: он активен, его пароль не менялся, у него есть права администратора.",
                "Затем откройте канал, подключите его заново и убедитесь, что он включён.",
            ],
            button: "Открыть канал",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::ConnectionGone => Words {
            subject: "В CRM удалено то, что выбрано в настройках: {about}",
            lines: &[
                "В настройках «{about}» выбрано то, чего в CRM больше нет. Выберите замену и сохраните настройки: до этого туда ничего не записывается. Сообщения выгружаются как прежде.",
                "Нужно выбрать заново:",
            ],
            button: "Открыть канал",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::SendFailed => Words {
            subject: "Сообщение не отправлено: {about}",
            lines: &["Сообщение клиенту «{about}» не отправлено. Причина и кнопка «Повторить» — в переписке."],
            button: "Открыть переписку",
            note: "Какие письма присылать, вы выбираете сами: «Настройки» → «Уведомления».",
            nobody: NOBODY,
        },
        LetterKind::Answer => Words {
            subject: "{by}: ответ на ваше сообщение",
            lines: &["Вам ответили:"],
            button: "Продолжить разговор",
            note: "Вы писали в чат на сайте и оставили этот адрес. Ссылка действует 7 дней; не пересылайте её: по ней видно всю переписку.",
            nobody: NOBODY,
        },
    }
}

fn english(kind: LetterKind) -> Words {
    const NOBODY: &str = "Visitor";
    match kind {
        LetterKind::Invitation => Words {
            subject: "You are invited to “{workspace}”",
            lines: &["Hello!", "{by} invites you to answer customers in the workspace “{workspace}”."],
            button: "Accept the invitation",
            note: "The link works for 7 days. If you did not expect it, there is nothing to do.",
            nobody: NOBODY,
        },
        LetterKind::PasswordLink => Words {
            subject: "Reset your password",
            lines: &["Hello!", "Somebody, most likely you, asked to reset your password. Open the link to choose a new one."],
            button: "Choose a new password",
            note: "The link works for an hour, and once. If it was not you, there is nothing to do: your password stays as it is.",
            nobody: NOBODY,
        },
        LetterKind::PasswordChanged => Words {
            subject: "Your password was changed",
            lines: &["Hello!", "The password of your account was changed. All other sessions have ended."],
            button: "",
            note: "If it was not you, tell your administrator at once.",
            nobody: NOBODY,
        },
        LetterKind::FactorOn => Words {
            subject: "Two-step sign-in is on",
            lines: &["Hello!", "From now on, signing in takes a code from your app besides the password."],
            button: "",
            note: "If it was not you, tell your administrator at once.",
            nobody: NOBODY,
        },
        LetterKind::FactorOff => Words {
            subject: "Two-step sign-in is off",
            lines: &["Hello!", "From now on, the password alone is enough to sign in to your account."],
            button: "",
            note: "If it was not you, tell your administrator at once.",
            nobody: NOBODY,
        },
        LetterKind::WebhookOff => Words {
            subject: "The webhook “{by}” is off",
            lines: &[
                "Hello!",
                "The webhook “{by}” of the workspace “{workspace}” took no notices for a long time and was switched off. While it is off, no events reach it.",
            ],
            button: "Open the webhook",
            note: "Mend the receiver and switch the webhook on again. What was not delivered can be sent again from its log.",
            nobody: NOBODY,
        },
        LetterKind::Trial => Words {
            subject: "Test letter",
            lines: &["Hello!", "This letter was sent from the workspace “{workspace}” to test its mail. Since you are reading it, everything works."],
            button: "",
            note: "There is no need to answer.",
            nobody: NOBODY,
        },
        LetterKind::Assigned => Words {
            subject: "A conversation is yours now: {about}",
            lines: &["The conversation with “{about}” was given to you.", "{by}"],
            button: "Open the conversation",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::Mentioned => Words {
            subject: "You are mentioned in a note: {about}",
            lines: &["You are mentioned in a note on the conversation with “{about}”.", "{by}"],
            button: "Open the conversation",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::Overdue => Words {
            subject: "A customer has waited too long: {about}",
            lines: &["“{about}” has waited too long for an answer."],
            button: "Answer",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::ChannelLost => Words {
            subject: "A channel lost its access: {about}",
            lines: &["The channel “{about}” lost its access: messages neither come nor go. Connect it again."],
            button: "Open the channel",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::ConnectionLost => Words {
            subject: "No access to the CRM: {about}",
            lines: &[
                "Kommutator can no longer sign in to “{about}”: messages do not get there, and replies from there do not arrive. Nothing is lost: they wait in the queue.",
                "Check the CRM itself: is it paid for, has the trial ended, are its limits reached?",
                "Check the user who connected it: are they active, is their password unchanged, are they still an admin?",
                "Then open the connection, connect it again, and make sure that it is on.",
            ],
            button: "Open the connection",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::ConnectionGone => Words {
            subject: "Something chosen in the settings is gone in the CRM: {about}",
            lines: &[
                "The settings of “{about}” choose something the CRM no longer has. Choose anew and save the settings: until then nothing is written there. Messages get to the CRM as before.",
                "To be chosen anew:",
            ],
            button: "Open the connection",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::SendFailed => Words {
            subject: "A message could not be sent: {about}",
            lines: &["A message to “{about}” could not be sent. The conversation shows why, and lets you try again."],
            button: "Open the conversation",
            note: "You choose which letters you get: Settings → Notifications.",
            nobody: NOBODY,
        },
        LetterKind::Answer => Words {
            subject: "{by}: an answer to your message",
            lines: &["You were answered:"],
            button: "Go on with the conversation",
            note: "You wrote in the chat of the site and left this address. The link works for 7 days; do not pass it on: it shows the whole conversation.",
            nobody: NOBODY,
        },
    }
}

fn spanish(kind: LetterKind) -> Words {
    const NOBODY: &str = "Visitante";
    match kind {
        LetterKind::Invitation => Words {
            subject: "Invitación a «{workspace}»",
            lines: &["¡Hola!", "{by} te invita a responder a los clientes en el espacio «{workspace}»."],
            button: "Aceptar la invitación",
            note: "El enlace vale 7 días. Si no esperabas esta invitación, no tienes que hacer nada.",
            nobody: NOBODY,
        },
        LetterKind::PasswordLink => Words {
            subject: "Recuperación de la contraseña",
            lines: &["¡Hola!", "Alguien, probablemente tú, ha pedido recuperar tu contraseña. Abre el enlace para elegir una nueva."],
            button: "Elegir una contraseña nueva",
            note: "El enlace vale una hora y una sola vez. Si no fuiste tú, no hagas nada: la contraseña seguirá igual.",
            nobody: NOBODY,
        },
        LetterKind::PasswordChanged => Words {
            subject: "Tu contraseña ha cambiado",
            lines: &["¡Hola!", "La contraseña de tu cuenta ha cambiado. Todas las demás sesiones han terminado."],
            button: "",
            note: "Si no fuiste tú, avisa enseguida al administrador.",
            nobody: NOBODY,
        },
        LetterKind::FactorOn => Words {
            subject: "Verificación en dos pasos activada",
            lines: &["¡Hola!", "A partir de ahora, para entrar hace falta un código de la aplicación además de la contraseña."],
            button: "",
            note: "Si no fuiste tú, avisa enseguida al administrador.",
            nobody: NOBODY,
        },
        LetterKind::FactorOff => Words {
            subject: "Verificación en dos pasos desactivada",
            lines: &["¡Hola!", "A partir de ahora, la contraseña basta para entrar en tu cuenta."],
            button: "",
            note: "Si no fuiste tú, avisa enseguida al administrador.",
            nobody: NOBODY,
        },
        LetterKind::WebhookOff => Words {
            subject: "El webhook «{by}» está desactivado",
            lines: &[
                "¡Hola!",
                "El webhook «{by}» del espacio «{workspace}» llevaba mucho tiempo sin aceptar avisos y se desactivó. Mientras esté desactivado, no recibe eventos.",
            ],
            button: "Abrir el webhook",
            note: "Repara el receptor y activa el webhook otra vez. Lo que no se entregó se puede reenviar desde su registro.",
            nobody: NOBODY,
        },
        LetterKind::Trial => Words {
            subject: "Carta de prueba",
            lines: &["¡Hola!", "Esta carta se envió desde el espacio «{workspace}» para probar el correo. Si la estás leyendo, todo funciona."],
            button: "",
            note: "No hace falta responder.",
            nobody: NOBODY,
        },
        LetterKind::Assigned => Words {
            subject: "Ahora esta conversación es tuya: {about}",
            lines: &["Te han asignado la conversación con «{about}».", "{by}"],
            button: "Abrir la conversación",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::Mentioned => Words {
            subject: "Te mencionan en una nota: {about}",
            lines: &["Te mencionan en una nota de la conversación con «{about}».", "{by}"],
            button: "Abrir la conversación",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::Overdue => Words {
            subject: "Un cliente espera demasiado: {about}",
            lines: &["«{about}» lleva demasiado tiempo esperando una respuesta."],
            button: "Responder",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::ChannelLost => Words {
            subject: "Un canal perdió el acceso: {about}",
            lines: &["El canal «{about}» perdió el acceso: no entran ni salen mensajes. Vuelve a conectarlo."],
            button: "Abrir el canal",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::ConnectionLost => Words {
            subject: "Sin acceso al CRM: {about}",
            lines: &[
                "Kommutator ya no puede entrar en «{about}»: los mensajes no llegan allí y las respuestas de allí no llegan aquí. No se ha perdido nada: esperan en la cola.",
                "Comprueba el propio CRM: si está pagado, si terminó el periodo de prueba, si se alcanzaron sus límites.",
                "Comprueba el usuario que lo conectó: que esté activo, que no haya cambiado su contraseña y que siga siendo administrador.",
                "Después abre la conexión, vuelve a conectarla y asegúrate de que está activada.",
            ],
            button: "Abrir la conexión",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::ConnectionGone => Words {
            subject: "Falta en el CRM algo elegido en los ajustes: {about}",
            lines: &[
                "En los ajustes de «{about}» está elegido algo que el CRM ya no tiene. Elige de nuevo y guarda los ajustes: hasta entonces allí no se escribe nada. Los mensajes siguen llegando al CRM.",
                "Hay que elegir de nuevo:",
            ],
            button: "Abrir la conexión",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::SendFailed => Words {
            subject: "No se pudo enviar un mensaje: {about}",
            lines: &["No se pudo enviar un mensaje a «{about}». En la conversación verás la causa y podrás repetirlo."],
            button: "Abrir la conversación",
            note: "Tú eliges qué cartas recibir: Ajustes → Notificaciones.",
            nobody: NOBODY,
        },
        LetterKind::Answer => Words {
            subject: "{by}: respuesta a tu mensaje",
            lines: &["Te han respondido:"],
            button: "Seguir la conversación",
            note: "Escribiste en el chat del sitio y dejaste esta dirección. El enlace vale 7 días; no lo reenvíes: muestra toda la conversación.",
            nobody: NOBODY,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [LetterKind; 15] = [
        LetterKind::Invitation,
        LetterKind::PasswordLink,
        LetterKind::PasswordChanged,
        LetterKind::FactorOn,
        LetterKind::FactorOff,
        LetterKind::WebhookOff,
        LetterKind::Trial,
        LetterKind::Assigned,
        LetterKind::Mentioned,
        LetterKind::Overdue,
        LetterKind::ChannelLost,
        LetterKind::ConnectionLost,
        LetterKind::ConnectionGone,
        LetterKind::SendFailed,
        LetterKind::Answer,
    ];

    #[test]
    fn every_letter_is_whole_in_every_language() {
        let given = LetterWords {
            workspace: "Лавка".to_owned(),
            by: "Анна".to_owned(),
            link: "https://chat.example/x#1".to_owned(),
            ..LetterWords::default()
        };
        for kind in KINDS {
            let subjects: Vec<String> = ["ru", "en", "es"].iter().map(|locale| compose(kind, locale, &given).subject).collect();
            assert!(subjects[0] != subjects[1] && subjects[1] != subjects[2], "{subjects:?}");
            for locale in ["ru", "en", "es"] {
                let letter = compose(kind, locale, &given);
                assert!(!letter.text.contains(['{', '}']), "{letter:?}");
                assert_eq!(
                    matches!(kind, LetterKind::Invitation | LetterKind::Assigned | LetterKind::Mentioned | LetterKind::WebhookOff),
                    letter.text.contains("Анна"),
                    "{letter:?}"
                );
            }
        }
    }

    #[test]
    fn what_people_wrote_stays_words() {
        let nasty = "Ann\r\nBcc: all@shop.example <img src=x onerror=alert(1)> {link} \"&'";
        let given = LetterWords {
            workspace: nasty.to_owned(),
            by: "{workspace}".to_owned(),
            link: "https://a.example/?a=1&b=\"2\"".to_owned(),
            text: nasty.to_owned(),
            ..LetterWords::default()
        };
        let letter = compose(LetterKind::Invitation, "en", &given);
        assert!(!letter.subject.contains(['\r', '\n']), "{:?}", letter.subject);
        assert!(letter.text.contains("{workspace} invites you"), "a name is not filled again: {}", letter.text);
        assert!(
            !letter.html.contains("<img") && letter.html.contains("&lt;img") && letter.html.contains("?a=1&amp;b=&quot;2&quot;"),
            "{}",
            letter.html
        );
        let long = LetterWords { workspace: "х".repeat(5_000), ..LetterWords::default() };
        assert!(compose(LetterKind::Trial, "ru", &long).text.chars().count() < 500);
    }
}
