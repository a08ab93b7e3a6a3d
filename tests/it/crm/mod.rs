//! A CRM connection's actor, proved with the tests' CRM on both engines: what goes there, what comes from there, and what happens when
//! either side fails.
//!
//! * [`out`]: messages to the CRM; [`back`]: what is said there; [`trouble`]: tokens, pauses, panics, restarts
//! * [`widget`]: what the widget in its pages asks
//! * [`amocrm`]: the same and the owner's rules over the fake amoCRM

/// Each of these runs on both engines.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(crate::support::rig::On::Sqlite).await; })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() { super::$name(crate::support::rig::On::Redis).await; })*
        }
    };
}

mod amocrm;
mod back;
mod out;
mod trouble;
mod widget;

use kommutator::channel::probe::settings::ProbeRepeats::{self, SendTwice};
use kommutator::gateway::administration::probe::create_probe_connection;
use kommutator::gateway::crm_intake;
use kommutator::model::connection::UnansweredOutbound;
use kommutator::model::crm::CrmConnection;
use kommutator::model::ids::{ConnectionId, MessageId};
use kommutator::model::message::{CrmDeliveryStatus, Delivery};
use kommutator::store::batch::Batch;
use kommutator::store::records::streams;
use serde_json::Value;

use crate::support::fake_crm::FakeCrm;
use crate::support::rig::{On, Rig, until};

/// The product, a fake CRM, and connections to it that the account `one` feeds.
struct Office {
    rig: Rig,
    crm: FakeCrm,
    /// The first connection.
    id: ConnectionId,
    /// The second one.
    other: ConnectionId,
}

impl Office {
    async fn open(on: On) -> Self {
        Self::open_with(on, SendTwice).await
    }

    /// With a provider that takes repeats so.
    async fn open_with(on: On, repeats: ProbeRepeats) -> Self {
        let (rig, crm) = (Rig::start(on, repeats).await, FakeCrm::start());
        let id = connect(&rig, &crm, UnansweredOutbound::Export).await;
        let other = connect(&rig, &crm, UnansweredOutbound::Export).await;
        rig.handled().await;
        Self { rig, crm, id, other }
    }

    /// A message's standing in a connection.
    async fn delivery(&self, message: MessageId, connection: ConnectionId) -> Delivery {
        self.rig.store().get::<Delivery>(Delivery::at(message, connection)).await.unwrap().unwrap().record
    }

    /// The same, once it stands so.
    async fn stands(&self, message: MessageId, connection: ConnectionId, status: CrmDeliveryStatus) -> Delivery {
        until(&format!("{status:?}"), || async { Some(self.delivery(message, connection).await).filter(|delivery| delivery.status == status) }).await
    }

    async fn connection(&self, id: ConnectionId) -> CrmConnection {
        self.rig.store().get::<CrmConnection>(CrmConnection::at(id)).await.unwrap().unwrap().record
    }

    /// Everything that was to be told the CRM is told, and everything that came from it is handled.
    async fn quiet(&self) {
        for id in [self.id, self.other] {
            for stream in [streams::crm_mailbox(id), streams::crm_outbox(id)] {
                until("an empty stream", || async { self.rig.store().read(&stream, 0, 1).await.unwrap().entries.is_empty().then_some(()) }).await;
            }
        }
        self.rig.handled().await;
    }

    /// What somebody does there comes as a hook does.
    async fn told(&self, connection: ConnectionId, part: &Value) {
        let entry = kommutator::gateway::entries::CrmMailboxEntry::Part { at: self.rig.house().world.now(), body: part.to_string().into_bytes() };
        let mut batch = Batch::new();
        batch.once(self.rig.house().world.secret::<16>().into_bytes(), 60_000, "");
        batch.append(&streams::crm_mailbox(connection), kommutator::gateway::entries::write(&entry).unwrap());
        self.rig.store().commit(batch).await.unwrap();
    }
}

async fn connect(rig: &Rig, crm: &FakeCrm, unanswered: UnansweredOutbound) -> ConnectionId {
    let id = create_probe_connection(rig.house(), rig.workspace, rig.probe.login, &[rig.probe.one], unanswered, Some(&crm.url)).await.unwrap();
    rig.reconcile();
    id
}

/// The name a connection is called by in the shared address of its CRM.
async fn named(office: &Office, name: &str) -> crm_intake::CrmAddress {
    let kind = office.connection(office.id).await.kind;
    crm_intake::name(office.rig.house(), office.rig.workspace, office.id, kind, name).await.unwrap();
    crm_intake::CrmAddress::Named { crm: kind, name: name.to_owned() }
}
