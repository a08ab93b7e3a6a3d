//! Who writes, and about what, where the provider does not say it with the message: asked for before the message is handled, so that
//! managers see a name from the first word on. Kept in memory: a restart only costs questions.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::calls;
use crate::channel::capability::{Asked, Known};
use crate::channel::contract::{Incoming, Person, Writer};
use crate::gateway::conversation::desk::Desk;
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
                let answered = match calls::prepare(desk, now.plus_ms(LIMIT_MS)).await {
                    // The message waits: rather without a name than for long.
                    Ok(prepared) => {
                        calls::limited(&prepared, async {
                            desk.throttle.turn().await;
                            profile.look_up(&prepared.context, &card.account, &name.1).await
                        })
                        .await
                    }
                    Err(error) => Err(error),
                };
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
        let known = Known { people: vec![person("500", "Анна")], place_title: Some("Лада".into()), listing: Some("https://a".into()) };
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
