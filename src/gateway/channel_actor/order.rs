//! Puts what came out of order into the order it was said in, where the provider numbers what is said in a conversation but promises no order of
//! its news. What has a gap before it waits for the missing a moment; what comes later than that stands behind, with its own time.

use std::collections::HashMap;

use super::mailbox::Plan;
use super::resolve::Step;
use crate::gateway::commands::CommandError;
use crate::gateway::conversation::What;
use crate::gateway::conversation::desk::Desk;
use crate::model::ids::ConversationId;
use crate::model::message::Message;
use crate::model::time::Time;
use crate::store::port::Scan;

/// How long what is missing is waited for, milliseconds, from when what follows it came.
const MISSING_MS: i64 = 2_000;
/// Among so many messages of the log the newest number is looked for.
const NEWEST: usize = 20;

/// The conversation and the number there of a plan that brings one message.
fn place(desk: &Desk, plan: &Plan) -> Option<(ConversationId, i64)> {
    let [Step::Work(id, What::Inbound { incoming, .. })] = plan.steps.as_slice() else { return None };
    Some((*id, desk.channel.sequence(incoming.external_id.as_deref()?)?))
}

/// Sorts a chain, and cuts off what must wait for something missing. Answers when to look again. `more`: there is more to be read, and what is
/// missing may be there.
pub(super) async fn ready(desk: &Desk, mut chain: Vec<Plan>, now: Time, more: bool) -> Result<(Vec<Plan>, Option<Time>), CommandError> {
    let places: Vec<_> = chain.iter().map(|plan| place(desk, plan)).collect();
    if places.iter().all(Option::is_none) {
        return Ok((chain, None));
    }
    sort(&mut chain, &places);
    let mut newest: HashMap<ConversationId, i64> = HashMap::new();
    for at in 0..chain.len() {
        let Some(plan) = chain.get(at) else { break };
        let Some((conversation, number)) = place(desk, plan) else { continue };
        let known = match newest.get(&conversation) {
            Some(known) => *known,
            None => newest_known(desk, conversation).await?,
        };
        newest.insert(conversation, known.max(number));
        if number > known.saturating_add(1)
            && let Some(came) = plan.came
        {
            let until = came.plus_ms(MISSING_MS);
            // By another node's clock it may have come later than now.
            let waits = until > now && came <= now;
            if waits || more {
                chain.truncate(at);
                return Ok((chain, Some(if waits { until } else { now })));
            }
        }
    }
    Ok((chain, None))
}

/// The numbered plans of a chain by conversation and number, in the places they have among the others.
fn sort(chain: &mut Vec<Plan>, places: &[Option<(ConversationId, i64)>]) {
    let mut numbered: Vec<_> = places.iter().enumerate().filter_map(|(at, place)| place.map(|place| (place, at))).collect();
    let slots: Vec<usize> = numbered.iter().map(|(_, at)| *at).collect();
    numbered.sort_by_key(|(place, at)| (*place, *at));
    let mut plans: Vec<Option<Plan>> = std::mem::take(chain).into_iter().map(Some).collect();
    let mut sorted: Vec<Option<Plan>> = numbered.iter().map(|(_, from)| plans.get_mut(*from).and_then(Option::take)).collect();
    for (slot, plan) in slots.into_iter().zip(&mut sorted) {
        if let Some(place) = plans.get_mut(slot) {
            *place = plan.take();
        }
    }
    chain.extend(plans.into_iter().flatten());
}

/// The greatest number among the newest messages of a conversation; 0: nothing was said there.
async fn newest_known(desk: &Desk, conversation: ConversationId) -> Result<i64, CommandError> {
    let messages = desk.store.scan::<Message>(&Message::group(conversation), Scan::last(NEWEST)).await?;
    let ids = messages.iter().flat_map(|message| &message.record.pieces).filter_map(|piece| piece.external_id.as_deref());
    Ok(ids.filter_map(|id| desk.channel.sequence(id)).max().unwrap_or(0))
}
