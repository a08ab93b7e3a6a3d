//! Very many conversations of two messages each, for lists and searches.

use std::sync::Arc;

use super::scribe::{Said, Scribe, Talk, Who};
use crate::app::StartError;
use crate::demo::Prepared;
use crate::gateway::house::House;
use crate::store::batch::Batch;

/// So many conversations make a batch: about as much as one holds.
const TOGETHER: usize = 100;
const NAMES: &[&str] = &["Анна Петрова", "Дмитрий", "María López", "Игорь Васильев", "Елена К.", "Carlos Ruiz", "Светлана Р.", "Тимур", ""];
const WORDS: &[&str] = &[
    "Здравствуйте! Есть 39 размер в белом цвете?",
    "Сколько идёт доставка в Казань?",
    "Куртка пришла, но молния заедает. Что делать?",
    "¿Hacéis envíos a España?",
    "Во сколько вы открываетесь в воскресенье?",
    "Подойдёт ли рюкзак как ручная кладь? Он нужен к пятнице, иначе не успеем до вылета",
];

pub(super) async fn write(house: &Arc<House>, prepared: &Prepared, number: usize) -> Result<(), StartError> {
    let scribe = Scribe::claim(house, prepared.workspace, &prepared.account).await?;
    let now = house.world.now();
    let pick = |list: &'static [&'static str], at: usize| list.get(at % list.len()).copied().unwrap_or_default();
    let mut batch = Batch::new();
    for at in 0..number {
        // The last one wrote a minute ago, the others every half second before.
        let before = i64::try_from(number.saturating_sub(at)).unwrap_or(0).saturating_mul(500);
        let when = now.plus_ms(before.saturating_add(60_000).saturating_neg());
        let named = pick(NAMES, at);
        let name = if named.is_empty() { String::new() } else { format!("{named} {at}") };
        let who = Who { external: format!("largevisitor{at:08}"), name: &name, ..Who::default() };
        let mut said = vec![Said::by_customer(pick(WORDS, at))];
        if !at.is_multiple_of(3) {
            said.push(Said::by_manager("Мария Соколова", "Добрый день! Сейчас посмотрю и отвечу."));
        }
        batch.join(Talk::begin(&scribe, who, when)?.compose(when, &said)?);
        if at.saturating_add(1).is_multiple_of(TOGETHER) {
            scribe.commit(std::mem::take(&mut batch)).await?;
        }
    }
    if batch.effects.is_empty() { Ok(()) } else { scribe.commit(batch).await }
}
