//! The product with an amoCRM account behind it, and channels of any kind before it.

use kommutator::channel::probe::settings::ProbeRepeats::SendTwice;
use kommutator::crm::amocrm::settings::Settings;
use kommutator::gateway::administration::Actor;
use kommutator::gateway::administration::connections::{ConnectionChange, change_connection};
use kommutator::gateway::administration::probe::MadeProbe;
use kommutator::gateway::entries::{self, MailboxEntry};
use kommutator::model::connection::{AccountLink, ChannelAccount, ChannelKind};
use kommutator::model::crm::{CrmConnection, CrmDirectory, CrmTalk};
use kommutator::model::ids::{AccountId, ConnectionId, MessageId};
use kommutator::model::message::{CrmDeliveryStatus, Delivery};
use kommutator::store::batch::Batch;
use kommutator::store::port::{CommitError, Scan};
use kommutator::store::records::streams;
use serde_json::{Value, json};

use crate::support::amocrm::Wanted;
use crate::support::fakes::Fake;
use crate::support::rig::{On, Rig, said, until};

/// The product with one amoCRM account.
pub(super) struct Account {
    pub(super) rig: Rig,
    pub(super) amo: Fake,
    pub(super) id: ConnectionId,
}

impl Account {
    /// Connected, with these settings; in «Чаты» where the integration has a chat channel.
    pub(super) async fn open(on: On, chats: bool, settings: Value) -> Self {
        let (rig, amo) = (Rig::start(on, SendTwice).await, Fake::start("amocrm").await);
        amo.act("settings", json!({ "limits": false, "signature_clock": "real" })).await;
        let id = connect(&rig, &amo, "demo", chats, settings).await;
        Self { rig, amo, id }
    }

    pub(super) async fn state(&self) -> Value {
        self.amo.look("state?account=demo").await
    }

    /// The records of a kind that are there.
    pub(super) async fn all(&self, kind: &str) -> Vec<Value> {
        values(&self.state().await[kind])
    }

    pub(super) async fn customer_says(&self, chat: &str, id: &str, text: &str) {
        self.rig.hook(json!([said(chat, id, text)])).await;
        self.rig.handled().await;
        self.quiet().await;
    }

    pub(super) async fn quiet(&self) {
        for stream in [streams::crm_mailbox(self.id), streams::crm_outbox(self.id)] {
            until(&format!("{stream:?} empty"), || async { self.rig.store().read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(()) })
                .await;
        }
        self.rig.handled().await;
    }

    /// One more login of the probe, whose two accounts are of these kinds.
    pub(super) async fn channels(&self, kinds: [&str; 2]) -> MadeProbe {
        let made = self.rig.another(SendTwice).await;
        for (id, kind) in [made.one, made.two].into_iter().zip(kinds) {
            let kind = ChannelKind::read(kind).unwrap();
            let change = |old: &ChannelAccount| Ok::<_, CommitError>(ChannelAccount { kind, ..old.clone() });
            self.rig.store().change(ChannelAccount::at(id), change, |_, _| Ok(())).await.unwrap();
            self.link(&made, id, Value::Null).await;
        }
        made
    }

    /// The account feeds the connection by these rules.
    pub(super) async fn link(&self, of: &MadeProbe, account: AccountId, rules: Value) {
        let store = self.rig.store();
        let new = AccountLink { settings: rules, ..AccountLink::plain(account, self.id) };
        let mut batch = Batch::new();
        match store.get::<AccountLink>(AccountLink::at(account, self.id)).await.unwrap() {
            Some(old) => batch.update(&old, &new).unwrap(),
            None => batch.insert(&new).unwrap(),
        }
        batch.append(&streams::mailbox(of.login), entries::write(&MailboxEntry::Reload).unwrap());
        store.commit(batch).await.unwrap();
        self.rig.handled_of(of).await;
    }

    /// The provider tells of a message, and amoCRM has it.
    pub(super) async fn hear(&self, of: &MadeProbe, event: Value) {
        self.rig.hook_of(of, json!([event])).await;
        self.rig.handled_of(of).await;
        self.quiet().await;
        let failed = Delivery::standing(self.id, CrmDeliveryStatus::Failed);
        let failed = self.rig.store().scan_index::<Delivery>(Delivery::BY_STATE, &failed, Scan::first(10)).await.unwrap();
        assert!(failed.is_empty(), "{failed:?}");
    }

    /// The owner sets it so; what is not named is as it is at first.
    pub(super) async fn set(&self, settings: Value) {
        let mut all = serde_json::to_value(Settings::default()).unwrap();
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let change = ConnectionChange { settings: Some(all), ..ConnectionChange::default() };
        let (house, workspace) = (self.rig.house(), self.rig.workspace);
        change_connection(house, workspace, &Actor::command_line(), self.id, &change).await.unwrap();
        self.set_up().await;
    }

    async fn set_up(&self) {
        until("it is set up", || async { self.connection().await.facts.contains_key("set_up_for").then_some(()) }).await;
    }

    pub(super) async fn connection(&self) -> CrmConnection {
        self.rig.store().get::<CrmConnection>(CrmConnection::at(self.id)).await.unwrap().unwrap().record
    }

    /// What amoCRM offers to choose from, once it was read.
    pub(super) async fn directory(&self) -> CrmDirectory {
        let read = || async { self.rig.store().get::<CrmDirectory>(CrmDirectory::at(self.id)).await.unwrap() };
        until("its lists", read).await.record
    }

    /// The deal in which the newest talk of a conversation stands, by us.
    pub(super) async fn deal_of(&self, account: AccountId, chat: &str) -> String {
        let conversation = self.rig.find(account, chat).await.unwrap();
        let talks = self.rig.store().scan::<CrmTalk>(&CrmTalk::group(self.id, conversation.id), Scan::first(10)).await.unwrap();
        talks.into_iter().max_by_key(|talk| talk.record.said_at).and_then(|talk| talk.record.deal).unwrap_or_default()
    }

    /// Where a message stands.
    pub(super) async fn delivery(&self, message: MessageId) -> Delivery {
        self.rig.store().get::<Delivery>(Delivery::at(message, self.id)).await.unwrap().unwrap().record
    }
}

pub(super) fn values(of: &Value) -> Vec<Value> {
    match of {
        Value::Array(all) => all.clone(),
        Value::Object(all) => all.values().cloned().collect(),
        _ => Vec::new(),
    }
}

/// A connection with tokens the fake gives; the accounts `one` and `two` feed it.
pub(super) async fn connect(rig: &Rig, amo: &Fake, account: &str, chats: bool, settings: Value) -> ConnectionId {
    let wanted = Wanted { account, integration: json!({}), chats, settings, base: rig.house().public_address().unwrap() };
    let id = wanted.make(rig.house(), rig.workspace, amo, rig.probe.login, &[rig.probe.one, rig.probe.two]).await;
    rig.reconcile();
    rig.handled().await;
    until("it is set up", || async {
        let found = rig.store().get::<CrmConnection>(CrmConnection::at(id)).await.unwrap().unwrap().record;
        found.facts.contains_key("set_up_for").then_some(())
    })
    .await;
    id
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
