//! `kommutator demo`: a ready workspace with an owner, a widget on a demo page, and sample conversations.

#[cfg(feature = "probe")]
pub mod sample;

use serde::Serialize;

use crate::app::StartError;
use crate::channel::site_widget;
use crate::channel::site_widget::parse::{Visitor, VisitorPart};
use crate::channel::site_widget::settings::Appearance;
use crate::gateway::administration::access::Caller;
use crate::gateway::administration::channels::{accounts, create_widget, widget_settings};
use crate::gateway::administration::people::{NewMember, add_member, create_workspace, find_user, workspaces};
use crate::gateway::administration::sessions::{Entered, Entering, log_in};
use crate::gateway::administration::{Actor, AdministrationError};
use crate::gateway::commands::{Answer, Command, CommandError, ask};
use crate::gateway::house::House;
use crate::model::connection::ChannelAccount;
use crate::model::ids::WorkspaceId;
use crate::model::message::Origin;
use crate::model::protocol::{Author, AuthorKind, Page, Role, SendFrame};
use crate::store::secrets::Purpose;

/// The demo's owner.
pub const EMAIL: &str = "owner@demo.example";

/// What the demo printed about itself.
#[derive(Debug, Clone, Serialize)]
pub struct Printed {
    /// The web messenger, without a slash at the end.
    pub url: String,
    /// The managers' socket.
    pub ws_manager: String,
    /// The visitors' socket, with the widget's key.
    pub ws_visitor: String,
    /// The widget's key.
    pub widget_key: String,
    /// A page with the widget.
    pub demo_page: String,
    /// The owner's e-mail.
    pub email: String,
    /// The owner's password; empty where the data was not made by a demo.
    pub password: String,
    /// A session of the owner, or empty.
    pub token: String,
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError(error.to_string())
}

/// The password of the demo's owner. It follows from the key, so every start and every node knows it.
fn password(house: &House) -> String {
    let signature = house.keyring.sign(Purpose::DemoPassword, &[EMAIL.as_bytes()]);
    data_encoding::BASE32_NOPAD.encode(&signature).to_lowercase().chars().take(12).collect()
}

/// What a demo serves.
pub struct Prepared {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its widget.
    pub account: ChannelAccount,
    /// Whether it was made just now.
    pub fresh: bool,
}

/// Finds the workspace a demo serves, or makes it: on a store that already holds one, that one is served.
///
/// # Errors
/// One line for the operator.
pub async fn prepare(house: &House, public_url: &str) -> Result<Prepared, StartError> {
    let actor = Actor::command_line();
    let known = workspaces(house).await.map_err(failed)?;
    let (workspace, fresh) = match known.into_iter().next() {
        Some(workspace) => (workspace, false),
        None => {
            let workspace = create_workspace(house, "Демо-магазин").await.map_err(failed)?;
            let owner = NewMember {
                name: "Мария Соколова".to_owned(),
                email: EMAIL.to_owned(),
                password: password(house),
                role: Role::Owner,
                channels: None,
            };
            add_member(house, workspace.id, &actor, owner).await.map_err(failed)?;
            (workspace, true)
        }
    };
    let known = accounts(house, workspace.id).await.map_err(failed)?;
    let account = match known.into_iter().find(|account| account.kind == site_widget::KIND) {
        Some(account) => account,
        None => {
            let appearance = Appearance {
                title: "Демо-магазин".to_owned(),
                greeting: "Здравствуйте! Напишите нам, мы ответим здесь же.".to_owned(),
                ..Appearance::default()
            };
            match create_widget(house, workspace.id, &actor, "Чат на сайте", &[public_url.to_owned()], appearance.clone()).await {
                // Its address is no origin a browser would send (a bare IPv6 or the like): pages of our own may always use it.
                Err(AdministrationError::Wrong { .. }) => create_widget(house, workspace.id, &actor, "Чат на сайте", &[], appearance).await,
                made => made,
            }
            .map_err(failed)?
        }
    };
    Ok(Prepared { workspace: workspace.id, account, fresh })
}

/// What is printed once the demo serves at `url`.
///
/// # Errors
/// One line for the operator.
pub async fn printed(house: &House, prepared: &Prepared, url: &str) -> Result<Printed, StartError> {
    let key = widget_settings(&prepared.account).map_err(failed)?.key;
    let socket = url.replacen("http", "ws", 1);
    let (password, token) = match find_user(house, EMAIL).await.map_err(failed)? {
        Some(_) => {
            let password = password(house);
            match log_in(house, EMAIL, &password, &remembered()).await.map_err(failed)? {
                Some(Entered::In { secret, .. }) => (password, secret),
                // The owner has changed it, or asks for a code.
                Some(Entered::CodeNeeded(_)) | None => (String::new(), String::new()),
            }
        }
        None => (String::new(), String::new()),
    };
    Ok(Printed {
        url: url.to_owned(),
        ws_manager: format!("{socket}/ws/manager"),
        ws_visitor: format!("{socket}/ws/visitor?widget={key}"),
        widget_key: key,
        demo_page: format!("{url}/demo"),
        email: EMAIL.to_owned(),
        password,
        token,
    })
}

/// What one sample conversation says: who, the page, and words with whether the visitor says them.
type Sample = (&'static str, &'static str, &'static [(bool, &'static str)]);

const SAMPLES: &[Sample] = &[
    (
        "Анна Петрова",
        "Кроссовки Trail 2",
        &[
            (true, "Здравствуйте! Есть 39 размер в белом цвете?"),
            (false, "Добрый день, Анна! Да, есть две пары. Отложить для вас?"),
            (true, "Да, пожалуйста. Заберу завтра после работы"),
        ],
    ),
    (
        "Дмитрий",
        "Доставка и оплата",
        &[
            (true, "Сколько идёт доставка в Казань?"),
            (false, "Два–три дня курьером, до пункта выдачи — четыре."),
            (true, "Спасибо!"),
            (true, "А оплатить при получении можно?"),
        ],
    ),
    ("Елена К.", "Куртка Nord", &[(true, "Добрый вечер. Куртка пришла, но молния заедает. Что делать?")]),
    ("Carlos Ruiz", "Shipping", &[(true, "Hola, ¿hacéis envíos a España?"), (false, "¡Hola, Carlos! Sí, en 7–10 días. ¿Qué artículo te interesa?")]),
    ("", "Главная", &[(true, "Во сколько вы открываетесь в воскресенье?"), (false, "В воскресенье работаем с 10 до 20.")]),
    (
        "Игорь Васильев",
        "Рюкзак 40 л",
        &[
            (true, "Подойдёт ли рюкзак как ручная кладь?"),
            (false, "Размеры 55×35×20, большинство авиакомпаний берут. Но лучше проверить у своей."),
            (true, "Понял, беру. Оформите, пожалуйста, на самовывоз"),
            (false, "Готово, заказ 20417. Ждём вас с 10 до 21."),
        ],
    ),
];

/// Writes sample conversations, the way visitors and managers would. Must run where the actors run.
///
/// # Errors
/// One line for the operator.
pub async fn fill(house: &House, prepared: &Prepared) -> Result<(), StartError> {
    let (workspace, account) = (prepared.workspace, &prepared.account);
    let owner = find_user(house, EMAIL).await.map_err(failed)?.map(|user| user.record);
    let author = Author {
        kind: AuthorKind::Manager,
        id: owner.as_ref().map(|owner| owner.id.to_string()).unwrap_or_default(),
        name: owner.map(|owner| owner.name).unwrap_or_default(),
    };
    for (at, (name, title, words)) in SAMPLES.iter().enumerate() {
        let visitor = Visitor { id: format!("demovisitor{at:08}"), name: (*name).to_owned(), ..Visitor::default() };
        let page = Page { url: Some("https://shop.example/".to_owned()), title: Some((*title).to_owned()), referrer: None };
        let mut conversation = None;
        for (number, (by_visitor, text)) in words.iter().enumerate() {
            let (client_id, now) = (format!("demo-{at}-{number}"), house.world.now());
            let command = match (by_visitor, conversation) {
                (false, Some(conversation)) => {
                    Command::Send { frame: SendFrame::new(client_id, conversation, *text), author: author.clone(), origin: Origin::Manager, at: now }
                }
                _ => {
                    let part = VisitorPart::Message {
                        visitor: Box::new(visitor.clone()),
                        client_id,
                        text: (*text).to_owned(),
                        files: Vec::new(),
                        reply_to: None,
                        page: Some(page.clone()),
                        visit: None,
                        at: now,
                    };
                    Command::Part { body: serde_json::to_vec(&part).map_err(failed)? }
                }
            };
            let answer = patiently(house, workspace, account, command).await.map_err(failed)?;
            if let Answer::Message { message, .. } = answer {
                conversation = Some(message.conversation);
            }
        }
    }
    Ok(())
}

/// The actor may still be starting; the same key makes a second try safe.
async fn patiently(house: &House, workspace: WorkspaceId, account: &ChannelAccount, command: Command) -> Result<Answer, CommandError> {
    for _ in 0..4 {
        match ask(house, workspace, account.login, command.clone()).await {
            Err(CommandError::TryAgain(_) | CommandError::Fenced) => {}
            result => return result,
        }
    }
    ask(house, workspace, account.login, command).await
}

/// The owner of the demo as a caller, for tests.
///
/// # Errors
/// The store's word.
pub async fn owner(house: &House) -> Result<Option<(String, Caller)>, AdministrationError> {
    Ok(match log_in(house, EMAIL, &password(house), &remembered()).await? {
        Some(Entered::In { secret, caller, .. }) => Some((secret, *caller)),
        Some(Entered::CodeNeeded(_)) | None => None,
    })
}

fn remembered() -> Entering {
    Entering { remember: true, ..Entering::default() }
}
