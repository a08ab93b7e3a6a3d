//! Kinds of channels: their words for everybody, and records of a channel that this program does not have. The same on both engines.

use kommutator::model::connection::{ChannelAccount, ChannelKind, ProviderLogin};
use kommutator::model::conversation::Conversation;
use kommutator::model::ids::{AccountId, ConversationId, LoginId};
use kommutator::model::protocol::Role;
use kommutator::store::batch::Batch;
use kommutator::store::port::Scan;
use serde_json::json;

use crate::support::app::{App, on_both_engines};

mod flows {
    use super::*;

    /// Names and words for codes are everybody's; what is asked of an owner is not.
    pub(super) async fn everybody_knows_what_channels_are_called(app: &App) {
        let workspace = app.workspace("Магазин").await;
        for role in [Role::Owner, Role::Manager] {
            let member = app.member(workspace, role, None).await;
            let client = app.client(&app.session(workspace, member).await);
            for (language, name) in [("ru", "ВКонтакте сообщения"), ("es", "Mensajes de VK"), ("xx", "ВКонтакте сообщения")]
            {
                let kinds = client.get(&format!("/api/v1/channel-kinds?language={language}")).await.body;
                let kind = kinds["items"].as_array().unwrap().iter().find(|kind| kind["kind"] == "vk_messages").unwrap();
                let texts = kind["texts"].as_object().unwrap();
                let told = (kind["connect"] == true, !kind["settings"].as_array().unwrap().is_empty(), texts.contains_key("about.vk_messages"));
                let is_owner = role == Role::Owner;
                assert_eq!((texts["name.vk_messages"].as_str(), told), (Some(name), (is_owner, is_owner, is_owner)), "{role:?} {language}");
            }
        }
    }

    /// As after going back to an older version.
    pub(super) async fn a_channel_that_nobody_here_knows_stands_still_and_says_so(app: &App) {
        let workspace = app.workspace("Магазин").await;
        let owner = app.member(workspace, Role::Owner, None).await;
        let owner = app.client(&app.session(workspace, owner).await);
        let (known, key) = app.widget(workspace, "Сайт").await;
        let (mut visitor, _) = app.visitor(&key).await;
        visitor.say(json!({ "type": "send", "client_id": "k", "text": "Здравствуйте" })).await;
        visitor.until(|frame| frame["type"] == "accepted").await;
        // What the widget has, of another channel.
        let store = app.house().store.workspace(workspace);
        let login = store.get::<ProviderLogin>(ProviderLogin::at(known.login)).await.unwrap().unwrap().record;
        let said = store.scan::<Conversation>(&[], Scan::first(1)).await.unwrap().remove(0).record;
        let id = || app.house().world.id();
        let login = ProviderLogin { id: LoginId(id()), provider: "fax".to_owned(), external_key: "fax".to_owned(), ..login };
        let kind = ChannelKind::new("fax_line");
        let account =
            ChannelAccount { id: AccountId(id()), login: login.id, kind, name: "Факс".to_owned(), settings: json!({ "tray": 2 }), ..known };
        let talk = Conversation { id: ConversationId(id()), login: login.id, account: account.id, kind, ..said };
        let mut batch = Batch::new();
        batch.insert(&login).unwrap();
        batch.insert(&account).unwrap();
        batch.insert(&talk).unwrap();
        store.commit(batch).await.unwrap();

        let why = json!({ "code": "channel_unknown", "params": { "provider": "fax_line" } });
        let shown = owner.get(&format!("/api/v1/channels/{}", account.id)).await.body;
        assert_eq!((&shown["kind"], &shown["health"]["status"], &shown["health"]["reason"]), (&json!("fax_line"), &json!("not_connected"), &why));
        assert_eq!(shown["settings"], json!({ "tray": 2 }), "they are kept");
        let listed = owner.get("/api/v1/channels").await.body;
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        let talk = format!("/api/v1/conversations/{}", talk.id);
        let read = owner.get(&talk).await.body;
        assert_eq!((&read["channel_kind"], &read["can"]["send"], &read["can"]["reason"]), (&json!("fax_line"), &json!(false), &why));
        // At once, not after waiting for an owner that never comes.
        let sent = owner.post(&format!("{talk}/messages"), json!({ "client_id": "a", "text": "Да?" })).await;
        assert_eq!((sent.short(), &sent.body["params"]["provider"]), ("422 channel_unknown".to_owned(), &json!("fax")));
        let change = async |change| owner.patch(&format!("/api/v1/channels/{}", account.id), change).await.short();
        assert_eq!(change(json!({ "name": "Факс в шкафу" })).await, "200");
        assert_eq!(change(json!({ "settings": {} })).await, "422 not_supported");
        let connect = owner.post("/api/v1/connecting", json!({ "channel": account.id.to_string() })).await;
        assert_eq!(connect.short(), "422 kind_unknown");
        assert_eq!(owner.ask("DELETE", &format!("/api/v1/channels/{}", account.id), json!(null)).await.status, 204);
    }
}

on_both_engines! {
    everybody_knows_what_channels_are_called,
    a_channel_that_nobody_here_knows_stands_still_and_says_so,
}
