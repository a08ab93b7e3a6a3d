//! Who writes, and about what, where the provider does not say it with the message: asked for before the message is handled, so that
//! managers see a name from the first word on. Kept in memory: a restart only costs questions.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::calls;
use crate::channel::capability::{Asked, Known, Profile};
use crate::channel::contract::{Incoming, Person, SendError, Writer};
use crate::gateway::conversation::desk::Desk;
use crate::model::connection::ChannelAccount;
use crate::model::conversation::Place;
use crate::model::ids::AccountId;
use crate::model::time::Time;

/// No message waits longer for it.
const LIMIT_MS: i64 = 3_000;
/// Where there was no answer, nobody asks again so long.
const AGAIN_MS: i64 = 60_000;
/// The most answers kept; past it the memory starts empty again.
const KEPT: usize = 4_096;

/// What was answered, and until when it is good.
#[derive(Default)]
pub(super) struct Profiles(Mutex<HashMap<(AccountId, Asked), (Time, Known)>>);

impl Profiles {
    /// Adds to a message what is known of its people and its place.
    pub(super) async fn complete(&self, desk: &Desk, account: AccountId, incoming: &mut Incoming) {
        let Some(profile) = desk.channel.profile() else { return };
        let Some(card) = desk.card(account).filter(|card| card.account.active) else { return };
        let writer = match &incoming.writer {
            Writer::Customer(person) => Some(person),
            Writer::Account { .. } => None,
        };
        let mut people: Vec<&Person> = incoming.peer.iter().chain(writer).filter(|person| person.name.is_empty()).collect();
        people.dedup_by(|a, b| a.external_ids == b.external_ids);
        let nobody = incoming.peer.is_none() && !matches!(incoming.place, Place::Group(_));
        if people.is_empty() && !nobody {
            return;
        }
        let external_ids = people.iter().filter_map(|person| person.external_ids.first().cloned()).collect();
        let asked = Asked { conversation_key: incoming.conversation_key.clone(), external_ids };
        let now = desk.house.world.now();
        let name = (account, asked);
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name).filter(|(until, _)| *until > now).cloned();
        let known = match kept {
            Some((_, known)) => known,
            None => {
                let answered = look_up(desk, profile, &card.account, &name.1).await;
                if let Err(error) = &answered {
                    tracing::warn!(login = %desk.login, %error, "who somebody is, is not known yet");
                }
                let (good, known) = answered.map_or_else(|_| (AGAIN_MS, Known::default()), |known| (profile.good_for_ms(), known));
                let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if answers.len() >= KEPT {
                    answers.clear();
                }
                answers.insert(name, (now.plus_ms(good), known.clone()));
                known
            }
        };
        add(incoming, &known);
    }
}

/// Asks; once more where the provider wants a pause and there is time for it.
async fn look_up(desk: &Desk, profile: &dyn Profile, account: &ChannelAccount, asked: &Asked) -> Result<Known, SendError> {
    let deadline = desk.house.world.now().plus_ms(LIMIT_MS);
    loop {
        let prepared = calls::prepare(desk, deadline).await?;
        let turn = async {
            desk.throttle.turn().await;
            profile.look_up(&prepared.context, account, asked).await
        };
        // The message waits: rather without a name than for long.
        match calls::limited(&prepared, turn).await {
            Err(SendError::RetryAfter(ms)) if desk.house.world.now().plus_ms(ms) < deadline => {
                tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).await;
            }
            answered => return answered,
        }
    }
}

fn add(incoming: &mut Incoming, known: &Known) {
    let found = |person: &Person| known.people.iter().find(|known| known.external_ids.iter().any(|id| person.external_ids.contains(id)));
    // Who else is there is whom an account's own word was for.
    if let (None, [only], false) = (&incoming.peer, known.people.as_slice(), matches!(incoming.place, Place::Group(_))) {
        incoming.peer = Some(only.clone());
    }
    let writer = match &mut incoming.writer {
        Writer::Customer(person) => Some(person),
        Writer::Account { .. } => None,
    };
    for person in incoming.peer.iter_mut().chain(writer) {
        if let Some(known) = found(person) {
            let told = std::mem::replace(person, known.clone());
            for (name, value) in told.about {
                person.about.entry(name).or_insert(value);
            }
        }
    }
    if let Some(title) = &known.place_title {
        incoming.place_title.get_or_insert_with(|| title.clone());
    }
    if known.place_picture.is_some() {
        incoming.place_picture.clone_from(&known.place_picture);
    }
    if let Some(listing) = &known.listing {
        incoming.context.listing = Some(listing.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, name: &str) -> Person {
        Person { external_ids: vec![id.to_owned()], name: name.to_owned(), ..Person::default() }
    }

    #[test]
    fn what_is_known_is_added_and_nothing_is_lost() {
        let known =
            Known {
                people: vec![person("500", "Анна")], place_title: Some("Лада".into()), listing: Some("https://a".into()), ..Known::default()
            };
        let mut told = person("500", "");
        told.about.insert("link".into(), "https://vk.com/id500".into());
        let mut incoming = Incoming::of("", "k", Place::Private, Writer::Customer(told.clone()), Time(0));
        incoming.peer = Some(told);
        add(&mut incoming, &known);
        let peer = incoming.peer.unwrap_or_default();
        assert_eq!((peer.name.as_str(), peer.about.len(), incoming.place_title.as_deref()), ("Анна", 1, Some("Лада")));
        assert!(matches!(&incoming.writer, Writer::Customer(person) if person.name == "Анна"));
        let mut stranger = Incoming::of("", "k", Place::Private, Writer::Customer(person("501", "")), Time(0));
        stranger.peer = Some(person("501", ""));
        add(&mut stranger, &known);
        assert_eq!(stranger.peer.map(|peer| peer.name), Some(String::new()));
        let mut echo = Incoming::of("", "k", Place::Private, Writer::Account { mark: None }, Time(0));
        add(&mut echo, &known);
        assert_eq!(echo.peer.map(|peer| peer.name), Some("Анна".into()));
    }
}
