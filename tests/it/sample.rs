//! The samples the browser tests and the bench look at are what the product would have written: a recount agrees.

use kommutator::app::open_house;
use kommutator::channel::registry::Channels;
use kommutator::config::{Config, Options};
use kommutator::demo;
use kommutator::demo::sample::{self, Sample};
use kommutator::model::conversation::Conversation;
use kommutator::model::time::{RealWorld, World};
use kommutator::store::port::Scan;

use crate::support::recount::recount;

async fn written(sample: &Sample) -> crate::support::recount::Recount {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { data: Some(folder.path().display().to_string()), ..Options::default() };
    let config = Config::read(&options, []).unwrap();
    let house = open_house(&config, Channels::all(), std::sync::Arc::new(RealWorld)).await.unwrap();
    let prepared = demo::prepare(&house, &config.public_url).await.unwrap();
    let house = sample::write(house, &prepared, sample).await.unwrap();
    let counted = recount(house.store.engine()).await;
    let now = RealWorld.now();
    for one in house.store.workspace(prepared.workspace).scan::<Conversation>(&[], Scan::first(1_000)).await.unwrap() {
        assert!(one.record.active_at <= now, "it is of a day that is still to come: {:?}", one.record);
    }
    house.store.engine().close().await;
    counted
}

#[tokio::test]
async fn hard_data_counts_right() {
    let counted = written(&Sample::Hard).await;
    assert_eq!((counted.conversations, counted.work), (40, 1));
    assert!(counted.messages > 900, "{counted:?}");
}

#[tokio::test]
async fn large_data_counts_right() {
    let counted = written(&Sample::Large(250)).await;
    assert_eq!((counted.conversations, counted.messages), (250, 250 + 166));
}
