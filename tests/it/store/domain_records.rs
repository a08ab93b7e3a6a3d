//! The values of the kept sample's records: something in every field.

use kommutator::channel::{site_widget, telegram};
use kommutator::model::connection::{
    AccountLink, ChannelAccount, ChannelKind, CrmKind, Health, HealthState, ProviderApp, ProviderLogin, UnansweredOutbound,
};
use kommutator::model::conversation::{Conversation, ConversationStatus, Episode, Fact, FactKind, Handler, PastEpisode, Picture, Place};
use kommutator::model::crm::{Begun, CrmChoice, CrmConnection, CrmDirectory, CrmPlace, CrmTalk, To};
use kommutator::model::customer::{Apart, Claim, Consent, Customer, CustomerLink, Identity, Known, Vouched};
use kommutator::model::entry::{Enrolment, SecondFactor};
use kommutator::model::hours::Hours;
use kommutator::model::ids::{
    AccountId, AuditId, ConnectingId, ConnectionId, ConversationId, CustomerId, FileId, IdentityId, LoginId, MailingId, MessageId, NodeId,
    ProviderAppId, QuarantineId, ReplyId, SessionId, TagId, TokenId, UserId,
};
use kommutator::model::mailing::{self, MailTarget, Mailed};
use kommutator::model::message::{
    Admission, Attachment, Attempt, Context, CrmDeliveryStatus, Delivery, Message, MessageChange, MessageScope, Origin, Part, Piece, Reaction, Told,
};
use kommutator::model::people::{ApiToken, AuditEntry, Credential, Holder, Member, User, Workspace};
use kommutator::model::personal::{Mark, SavedDraft};
use kommutator::model::protocol::{Author, AuthorKind, EntryDirection, Escalation, FileStatus, Mention, Page, Preview, Role, SendState, SendStatus};
use kommutator::model::reason::Reason;
use kommutator::model::reply::CannedReply;
use kommutator::model::tag::Tag;
use kommutator::model::time::Time;
use kommutator::model::visit::Visit;
use kommutator::store::records::{
    Connecting, FileOwner, FileRecord, Goal, Installation, LoginState, Looked, PendingChanges, Pointer, Quarantine, WorkAttempts, streams,
};
use serde_json::json;

use super::domain::{Kept, WORKSPACE, keyring};

pub(crate) const NOW: Time = Time(1_790_000_000_123);
pub(crate) const LOGIN: LoginId = LoginId(11);
pub(crate) const ACCOUNT: AccountId = AccountId(21);
pub(crate) const CONNECTION: ConnectionId = ConnectionId(31);
pub(crate) const CONVERSATION: ConversationId = ConversationId(41);
const FILE: FileId = FileId(51);
const IDENTITY: IdentityId = IdentityId(61);
const CUSTOMER: CustomerId = CustomerId(71);
pub(crate) const USER: UserId = UserId(81);
const TOKEN: TokenId = TokenId(91);

pub(crate) fn later(ms: i64) -> Time {
    NOW.plus_ms(ms)
}

pub(crate) fn reason() -> Reason {
    Reason::new("rejected").with("piece", 2).said("no such chat «?»")
}

fn page() -> Page {
    Page { url: Some("https://shop.example/a?b=c".into()), title: Some("Лавка".into()), referrer: Some("https://find.example".into()) }
}

pub(crate) fn boxed<R: Kept + 'static>(kept: impl IntoIterator<Item = R>) -> Vec<Box<dyn Kept>> {
    kept.into_iter().map(|record| Box::new(record) as Box<dyn Kept>).collect()
}

/// What lies in the installation's partition.
pub(crate) fn global() -> Vec<Box<dyn Kept>> {
    let (keyring, world) = keyring();
    let credential = |hash: &str, holder, expires_at| Credential {
        device: "Firefox, Windows".into(),
        address: "192.0.2.7".into(),
        seen_at: Some(later(500)),
        ends_at_rest: true,
        ..Credential::new(hash.to_owned(), WORKSPACE, holder, NOW, expires_at)
    };
    let pointer = |kind: &str, account| Pointer {
        kind: kind.into(),
        key: format!("{kind}key"),
        workspace: WORKSPACE,
        login: Some(LOGIN),
        account,
        connection: Some(CONNECTION),
    };
    let mut kept = boxed([Installation {
        key_check: keyring.check_value(&world),
        created_at: NOW,
        setup: vec!["b1".into()],
        founder: Some(USER),
        push_key: Some("s".into()),
    }]);
    kept.extend(boxed([Workspace {
        id: WORKSPACE,
        name: "Магазин".into(),
        epoch: "firstepoch".into(),
        locale: "ru".into(),
        time_zone: "Europe/Moscow".into(),
        created_at: NOW,
        escalation: Escalation { on: true, minutes: 7, more_minutes: 9, hours: Hours { on: true, ..Hours::default() } },
    }]));
    kept.extend(boxed([User {
        id: USER,
        number: 1,
        email: "maria@shop.example".into(),
        name: "Мария".into(),
        password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        locale: "es".into(),
        created_at: NOW,
        workspaces: vec![WORKSPACE],
        phone: "+7 999 000-00-00".into(),
        notify_email: "m2@shop.example".into(),
        time_zone: "Asia/Omsk".into(),
        second_factor: Some(SecondFactor { sealed: "s".into(), since: NOW, last_step: 7, recovery: vec!["c1".into(), "c2".into()] }),
        enrolment: Some(Enrolment { sealed: "s".into(), expires_at: later(9) }),
    }]));
    kept.extend(boxed([
        credential("a1", Holder::Session { id: SessionId(1), user: USER }, Some(later(1_000))),
        credential("a2", Holder::Token { id: TOKEN }, None),
    ]));
    kept.extend(boxed([pointer("widget", Some(ACCOUNT)), pointer("hook", None)]));
    kept.extend(super::domain_ways_in::ways_in());
    kept
}

/// What lies in the workspace's partition.
pub(crate) fn in_workspace() -> Vec<Box<dyn Kept>> {
    let mut kept = people();
    kept.extend(connections());
    kept.extend(customers());
    kept.extend(conversations());
    kept.extend(boxed((1..=10).map(message)));
    kept.extend(work());
    kept.extend(super::domain_notices::notices());
    kept
}

fn people() -> Vec<Box<dyn Kept>> {
    let member = |user, role, channels, removed_at| Member {
        user: UserId(user),
        name: "Мария".into(),
        email: format!("m{user}@shop.example"),
        role,
        channels,
        created_at: NOW,
        removed_at,
    };
    let mut kept = boxed([
        member(USER.0, Role::Owner, None, None),
        member(82, Role::Admin, None, Some(later(5))),
        member(83, Role::Manager, Some(vec![ACCOUNT]), None),
    ]);
    kept.extend(boxed([ApiToken {
        id: TOKEN,
        name: "Бот".into(),
        hash: "a2".into(),
        role: Role::Manager,
        channels: Some(vec![ACCOUNT]),
        created_by: USER,
        created_at: NOW,
        revoked_at: Some(later(9)),
    }]));
    kept.extend(boxed([AuditEntry {
        id: AuditId(1),
        at: NOW,
        actor: USER.to_string(),
        actor_name: "Мария".into(),
        action: "channel.created".into(),
        target: ACCOUNT.to_string(),
        details: json!({ "name": "Чат", "list": [1, null, "два"] }),
    }]));
    kept
}

fn connections() -> Vec<Box<dyn Kept>> {
    let (keyring, world) = keyring();
    let health = |status| HealthState { status, reason: Some(reason()), since: NOW };
    let mut kept = boxed([ProviderApp {
        id: ProviderAppId(1),
        provider: "vk".into(),
        name: "Приложение".into(),
        sealed: "s".into(),
        facts: [("client_id".to_owned(), "c".to_owned())].into(),
        base_url: Some("https://proxy.example".into()),
        created_at: NOW,
    }]);
    let states = [Health::Connected, Health::Degraded, Health::AccessLost, Health::NotConnected];
    kept.extend(boxed((LOGIN.0..).zip(states).map(|(id, status)| ProviderLogin {
        id: LoginId(id),
        provider: "vk".into(),
        app: Some(ProviderAppId(1)),
        external_key: format!("group{id}"),
        sealed: keyring.seal(&ProviderLogin::owner_name(LoginId(id)), b"a token", &world),
        base_url: Some("https://api.example".into()),
        facts: [("name".to_owned(), "shop_bot".to_owned())].into(),
        health: health(status),
        created_at: NOW,
        removed_at: (id > LOGIN.0).then(|| later(3)),
    })));
    // Those without a folder here stay as they are written, too.
    let kinds = [
        "site_widget",
        "telegram_user",
        "telegram_bot",
        "whats_app_personal",
        "whats_app_business",
        "instagram_direct",
        "instagram_comments",
        "vk_messages",
        "vk_comments",
        "avito",
        "auto_ru",
        "tik_tok",
        "max",
    ]
    .map(ChannelKind::new);
    kept.extend(boxed((ACCOUNT.0..).zip(kinds).map(|(id, kind)| ChannelAccount {
        id: AccountId(id),
        login: LOGIN,
        kind,
        external_id: format!("e{id}"),
        name: format!("Чат № {id}"),
        active: id != 22,
        settings: json!({ "title": "Здравствуйте!", "n": 1 }),
        facts: [("link".to_owned(), "https://t.me/shop".to_owned())].into(),
        refused: (id == 22).then(reason),
        created_at: NOW,
        removed_at: (id == 23).then(|| later(4)),
    })));
    kept.extend(boxed((CONNECTION.0..).zip([CrmKind::new("amocrm"), CrmKind::new("bitrix24"), CrmKind::WEB_MESSENGER]).map(|(id, kind)| {
        CrmConnection {
            id: ConnectionId(id),
            kind,
            name: format!("CRM {id}"),
            active: true,
            api_key: "0123456789abcdef0123456789abcdef".into(),
            app: Some(ProviderAppId(1)),
            external_key: format!("account{id}"),
            sealed: "s".into(),
            hook: "h".into(),
            base_url: Some("https://proxy.example".into()),
            facts: [("host".to_owned(), "shop.amocrm.ru".to_owned())].into(),
            settings: json!({ "funnel": 5 }),
            health: health(Health::Connected),
            created_at: NOW,
            removed_at: (id > 32).then(|| later(6)),
        }
    })));
    let policies = [UnansweredOutbound::Export, UnansweredOutbound::Drop, UnansweredOutbound::ReleaseOnReply];
    kept.extend(boxed((CONNECTION.0..).zip(policies).map(|(id, unanswered_outbound)| AccountLink {
        account: ACCOUNT,
        connection: ConnectionId(id),
        unanswered_outbound,
        settings: json!({ "J-20": true }),
    })));
    kept
}

fn customers() -> Vec<Box<dyn Kept>> {
    let claim = |value: &str, by| Claim { value: value.into(), by };
    let mut kept = boxed([Identity {
        id: IDENTITY,
        login: LOGIN,
        external_ids: vec!["id7".into(), "anna".into()],
        everywhere: Some("vk/id7".into()),
        name: "Анна".into(),
        username: "anna".into(),
        picture: Some(FILE),
        phones: vec![claim("+79990000000", Vouched::Provider), claim("+79990000001", Vouched::Manager)],
        emails: vec![claim("a@b.example", Vouched::Signature), claim("c@d.example", Vouched::Unverified)],
        site_id: Some("42".into()),
        consent: Some(Consent { text: "Согласна".into(), at: NOW }),
        about: [("city".to_owned(), "Казань".to_owned())].into(),
        unreachable: Some(reason()),
        page: Some(page()),
        created_at: NOW,
        first_message_at: Some(later(1)),
    }]);
    let known =
        Known {
            phones: vec!["+79990000002".into()], emails: vec!["e@f.example".into()], company: "ООО «Ромашка»".into(), note: "любит чай".into()
        };
    let customer = |id, merged_into| Customer { name: "Анна".into(), merged_into, known: known.clone(), ..Customer::fresh(CustomerId(id), NOW) };
    kept.extend(boxed([customer(CUSTOMER.0, None), customer(72, Some(CUSTOMER))]));
    kept.extend(boxed([CustomerLink { identity: IDENTITY, customer: CUSTOMER, home: CustomerId(72) }]));
    kept.extend(boxed([Apart::of(CUSTOMER, CustomerId(73), "u7", NOW)]));
    kept
}

fn episode(number: u32) -> Episode {
    Episode {
        number,
        first_message: 1,
        opened_at: NOW,
        answered_at: Some(later(1)),
        closed_at: Some(later(2)),
        rating: Some(5),
        comment: "Спасибо".into(),
    }
}

fn conversations() -> Vec<Box<dyn Kept>> {
    let places = [Place::Private, Place::Group("g".into()), Place::Listing("l".into()), Place::Post("p".into())];
    let handlers = [Handler::Human, Handler::Assistant, Handler::Nobody, Handler::Human];
    let mut kept = boxed((CONVERSATION.0..).zip(places.into_iter().zip(handlers)).map(|(id, (place, handler))| Conversation {
        id: ConversationId(id),
        account: ACCOUNT,
        kind: site_widget::KIND,
        login: LOGIN,
        place,
        identity: (id == CONVERSATION.0).then_some(IDENTITY),
        provider_keys: vec![format!("chat{id}"), format!("old{id}")],
        address: Some(format!("+7999{id}")),
        joined_into: (id == 44).then_some(CONVERSATION),
        title: "Анна".into(),
        given_name: "Анна с рынка".into(),
        place_title: Some("Группа".into()),
        place_url: Some("https://avito.ru/kazan/lada_1".into()),
        picture: Some(Picture { file: Some(FILE), key: "ab".repeat(16), asked_at: later(1) }),
        place_picture: Some(Picture { file: None, key: String::new(), asked_at: later(2) }),
        page: Some(page()),
        first_visit: Some("FIRST234".into()),
        last_visit: Some("LAST2345".into()),
        status: if id == 42 { ConversationStatus::Closed } else { ConversationStatus::Open },
        assignee: Some(USER),
        snoozed_until: Some(later(9)),
        marked_unread: true,
        tags: vec![TagId(77)],
        blocked_at: Some(later(4)),
        handler,
        episode: episode(2),
        last_number: 10,
        last_change: 2,
        preview: Some(Preview {
            direction: EntryDirection::Inbound, author: "Анна".into(), text: "Да".into(), attachment: Some("image".into())
        }),
        unread: 1,
        read_up_to: 2,
        customer_read_up_to: 3,
        customer_wrote: true,
        customer_at: Some(Time(1_700_000_000_000)),
        unanswered_since: Some(NOW),
        answers_since: Some(2),
        answers_at: Some(later(6)),
        overdue_at: Some(later(4)),
        overdue: 1,
        active_at: later(8),
        created_at: NOW,
    }));
    kept.extend(boxed([PastEpisode { conversation: CONVERSATION, episode: episode(1) }]));
    let marks = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    kept.extend(boxed([("FIRST234", Some(CONVERSATION)), ("LAST2345", None)].map(|(code, conversation)| Visit {
        code: code.into(),
        account: ACCOUNT,
        visitor: "id7".into(),
        first: page(),
        marks: marks(&[("source", "yandex"), ("yclid", "5")]),
        analytics: marks(&[("_ym_uid", "17")]),
        conversation,
        at: NOW,
    })));
    let facts = [
        FactKind::Opened,
        FactKind::Closed,
        FactKind::Assigned { to: Some(USER) },
        FactKind::Rated { rating: 4 },
        FactKind::Snoozed { until: later(7) },
        FactKind::Woken,
        FactKind::Overdue { step: 2 },
        FactKind::Tagged { on: vec![TagId(77)], off: vec![TagId(78)] },
        FactKind::Blocked,
        FactKind::BlockedThere,
        FactKind::NotBlockedThere { reason: reason() },
        FactKind::Unblocked,
        FactKind::HandedOver { to: Handler::Assistant },
        FactKind::Joined { into: CONVERSATION },
    ];
    kept.extend(boxed((1..).zip(facts).map(|(id, what)| Fact { conversation: CONVERSATION, id, at: NOW, by: USER.to_string(), what })));
    kept
}

fn parts() -> Vec<Part> {
    vec![
        Part::Text { text: "Добрый день 👋\n\"да\"".into() },
        Part::File { file: FILE, caption: "прайс".into() },
        Part::Voice { file: FILE, duration_ms: Some(1_500) },
        Part::Contact { name: "Пётр".into(), phone: "+7".into() },
        Part::Location { latitude_e7: 557_558_000, longitude_e7: -376_173_000, title: "Склад".into() },
        Part::Sticker { file: Some(FILE), emoji: "🙂".into() },
        Part::Post { url: "https://vk.example/1".into(), title: "Запись".into() },
        Part::Call { missed: true, video: false },
        Part::Template { name: "hello".into(), language: "ru".into(), parameters: vec!["Анна".into()] },
        Part::Buttons { labels: vec!["Да".into(), "Нет".into()] },
        Part::Unknown { raw: "{\"x\":1}".into() },
    ]
}

/// The messages 1 to 10 of the first conversation: among them all directions, writers, origins, states, scopes and admissions.
pub(crate) fn message(number: u32) -> Message {
    use SendStatus::{Delivered, Failed, Queued, Read, Sent, Unknown};
    let at = usize::try_from(number - 1).unwrap();
    let origins = [
        Origin::Customer,
        Origin::Manager,
        Origin::Api,
        Origin::Phone,
        Origin::Crm { connection: CONNECTION },
        Origin::Automation,
        Origin::Assistant,
        Origin::Mailing { id: "m1".into() },
        Origin::System,
    ];
    let writers = [
        AuthorKind::Customer,
        AuthorKind::Manager,
        AuthorKind::Api,
        AuthorKind::Phone,
        AuthorKind::Crm,
        AuthorKind::Automation,
        AuthorKind::Assistant,
        AuthorKind::System,
    ];
    let directions = [EntryDirection::Inbound, EntryDirection::Outbound, EntryDirection::Note, EntryDirection::System];
    let admissions = [Admission::Yes, Admission::Filtered { reason: reason() }, Admission::Blocked, Admission::Quiet];
    let status = [Delivered, Queued, Sent, Read, Failed, Unknown][at % 6];
    let file = [FileStatus::Ready, FileStatus::Pending, FileStatus::Failed][at % 3];
    let author = Author { kind: writers[at % writers.len()], id: "id7".into(), name: "Анна".into() };
    let gone = number == 9;
    Message {
        conversation: CONVERSATION,
        number,
        account: ACCOUNT,
        direction: directions[at % 4],
        author: author.clone(),
        identity: Some(IDENTITY),
        origin: origins[at % origins.len()].clone(),
        parts: if gone { Vec::new() } else { parts() },
        attachments: vec![attachment(file, at % 3 == 1)],
        reply_to: (number > 1).then_some(MessageId { conversation: CONVERSATION, number: 1 }),
        client_id: Some(format!("key-{number}")),
        context: Context {
            scope: [MessageScope::Personal, MessageScope::Comment, MessageScope::Group][at % 3],
            post: Some("p".into()),
            top_comment: Some("t".into()),
            parent: Some("c".into()),
            listing: Some("l".into()),
        },
        admission: admissions[at % 4].clone(),
        written_at: NOW,
        imported_at: later(i64::from(number)),
        state: SendState { status, reason: Some(reason()), at: later(2) },
        pieces: vec![Piece { more: vec![format!("y{number}")], ..Piece::new(Some(format!("x{number}")), status) }, Piece::new(None, Queued)],
        attempt: (status == Queued).then(|| Attempt {
            number: 2,
            node: NodeId(5),
            started_at: NOW,
            deadline: later(10_000),
            key: "mark".into(),
            piece: 1,
            absent: true,
        }),
        tries: 3,
        round: 1,
        edited_at: Some(later(3)),
        deleted_at: gone.then(|| later(4)),
        erased_at: (number == 10).then(|| later(5)),
        mentions: vec![Mention { user: USER, name: "Мария".into() }],
        reactions: vec![Reaction { emoji: "👍".into(), author }],
    }
}

fn attachment(status: FileStatus, as_file: bool) -> Attachment {
    Attachment {
        file: FILE,
        name: "прайс.png".into(),
        media_type: "image/png".into(),
        size: 1_000,
        status,
        reason: Some(reason()),
        width: Some(40),
        height: Some(30),
        thumbnail: true,
        remote: Some("AgACAgIAAxk".to_owned()),
        as_file,
    }
}

fn work() -> Vec<Box<dyn Kept>> {
    use CrmDeliveryStatus::{Delivered, Failed, Filtered, Held, Mailing, Queued, Skipped};
    let states = [Queued, Held, Delivered, Filtered, Skipped, Mailing, Failed];
    let mut kept = boxed((1..).zip(states).map(|(number, status)| Delivery {
        message: MessageId { conversation: CONVERSATION, number },
        connection: CONNECTION,
        status,
        reason: Some(reason()),
        tries: 2,
        external_id: Some(format!("crm{number}")),
        more: vec![format!("crm{number}-2")],
        told: Told {
            state: Some(SendStatus::Read),
            edited_at: Some(later(1)),
            deleted: true,
            reactions: vec![Reaction {
                emoji: "👍".into(), author: Author { kind: AuthorKind::Customer, id: "id7".into(), name: "Анна".into() }
            }],
            files: true,
        },
        failing_since: Some(later(1)),
        again_at: Some(later(1)),
        created_at: NOW,
        at: later(1),
    }));
    let owners = [
        FileOwner::Conversation { id: CONVERSATION },
        FileOwner::Uploader { id: USER.to_string() },
        FileOwner::Visitor { id: "id7".into() },
        FileOwner::Reply { id: ReplyId(78) },
        FileOwner::Picture { id: CONVERSATION },
    ];
    kept.extend(boxed((FILE.0..).zip(owners).map(|(id, owner)| FileRecord {
        id: FileId(id),
        owner,
        name: "прайс.png".into(),
        media_type: "image/png".into(),
        size: 1_000,
        sha256: "ab".repeat(32),
        width: Some(40),
        height: Some(30),
        thumbnail: true,
        shared: Some("s".repeat(32)),
        created_at: NOW,
    })));
    let outbox = streams::outbox(LOGIN).0;
    kept.extend(boxed([(1, None), (2, Some(outbox.clone()))].map(|(id, stream)| Quarantine {
        id: QuarantineId(id),
        at: NOW,
        login: Some(LOGIN),
        connection: Some(CONNECTION),
        provider: "vk".into(),
        reason: reason(),
        payload: "eyJtIjo3fQ==".into(),
        stream,
        replayed_at: Some(later(2)),
    })));
    kept.extend(boxed(["", "comment-5"].map(|key| CrmTalk {
        connection: CONNECTION,
        conversation: CONVERSATION,
        key: key.into(),
        chat: Some(format!("chat {key}")),
        contact: Some("77".into()),
        deal: Some("78".into()),
        begun: Some(Begun { what: "deal".into(), at: NOW }),
        facts: [(CrmTalk::SEEN.to_owned(), "1".to_owned())].into(),
        created_at: NOW,
        said_at: later(1),
    })));
    let marks = [("type".to_owned(), "1".to_owned())].into();
    let choice = CrmChoice { value: "142".into(), label: "Успешно реализовано".into(), group: "Воронка".into(), marks };
    kept.extend(boxed([CrmDirectory { connection: CONNECTION, lists: [("stages".to_owned(), vec![choice])].into(), read_at: NOW }]));
    let to = |mailed: Mailed| MailTarget {
        contact: "77".into(),
        to: To::Address { account: ACCOUNT, address: "+79990001122".into() },
        account: ACCOUNT,
        login: LOGIN,
        mailed,
    };
    let in_conversation = MailTarget { to: To::Conversation { id: CONVERSATION }, ..to(Mailed::Waiting) };
    let begun = Mailed::Begun { message: MessageId { conversation: CONVERSATION, number: 1 }, at: NOW };
    kept.extend(boxed([None, Some(later(5))].map(|stopped_at| mailing::Mailing {
        id: MailingId(if stopped_at.is_some() { 6 } else { 5 }),
        connection: CONNECTION,
        key: format!("key {stopped_at:?}"),
        text: "Скидки".into(),
        author: Author { kind: AuthorKind::Crm, id: "7".into(), name: "Ольга".into() },
        targets: vec![in_conversation.clone(), to(begun.clone()), to(Mailed::Refused { reason: reason(), at: NOW })],
        skipped: vec![mailing::Skipped { contact: "78".into(), reason: reason() }],
        created_at: NOW,
        stopped_at,
    })));
    kept.extend(boxed([CrmPlace { connection: CONNECTION, cursor: "5".into(), looked_at: NOW }]));
    kept.extend(boxed([WorkAttempts { stream: outbox, number: 1, begun: 2, said: Some("it panicked".into()) }]));
    let changes = vec![
        MessageChange::Receipt { status: SendStatus::Read, reason: Some(reason()) },
        MessageChange::Edited { parts: parts(), at: NOW },
        MessageChange::Deleted { at: NOW },
        MessageChange::Reacted { person: "id7".into(), name: "Анна".into(), emoji: Some("👍".into()) },
    ];
    kept.extend(boxed([Tag { id: TagId(77), name: "Оптовик".into(), colour: 3 }]));
    kept.extend(boxed([Some(USER), None].map(|owner| CannedReply {
        id: ReplyId(if owner.is_some() { 78 } else { 79 }),
        owner,
        shortcut: "цена".into(),
        title: "О ценах".into(),
        text: "%NAME%, цены на сайте".into(),
        files: vec![attachment(FileStatus::Ready, false)],
        created_at: NOW,
        changed_at: later(3),
    })));
    kept.extend(super::domain_webhooks::webhooks());
    kept.extend(boxed([Mark { user: USER, conversation: CONVERSATION, pinned: true, muted: true, at: NOW }]));
    let reply_to = Some(MessageId { conversation: CONVERSATION, number: 3 });
    kept.extend(boxed([SavedDraft {
        user: USER,
        conversation: CONVERSATION,
        text: "Начал".into(),
        reply_to,
        note: true,
        files: vec![FILE],
        at: NOW,
    }]));
    kept.extend(boxed([LoginState {
        login: LOGIN,
        name: LoginState::CURSOR.into(),
        sealed: "s".into(),
        looked: Some(Looked { at: NOW, came: 3, over: true }),
    }]));
    kept.extend(boxed([Connecting {
        id: ConnectingId(51),
        goal: Goal::Channel { kind: telegram::BOT, account: Some(ACCOUNT) },
        by: "anna".into(),
        sealed: "s".into(),
        step: json!({ "kind": "wait", "name": "code", "again_ms": 1_000 }),
        until: later(9),
        away: String::new(),
        refused: None,
        made: None,
    }]));
    kept.extend(boxed([Connecting {
        id: ConnectingId(52),
        goal: Goal::Crm { crm: CrmKind::new("amocrm"), connection: Some(CONNECTION) },
        by: "anna".into(),
        sealed: "s".into(),
        step: json!({ "kind": "redirect", "name": "consent", "url": "https://www.amocrm.ru/oauth" }),
        until: later(9),
        away: "hash".into(),
        refused: Some(Reason::new("authorization_denied")),
        made: Some(CONNECTION),
    }]));
    kept.extend(boxed([PendingChanges { account: ACCOUNT, login: LOGIN, external_id: "x99".into(), until: later(1_000), changes }]));
    kept
}
