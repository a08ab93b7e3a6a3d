//! A CRM under load, over a fake that keeps its own account: two nodes over one Redis bring amoCRM what many customers said, into its chats
//! and into notes. Meanwhile it says that there are too many calls, loses answers, its tokens end, a hook never comes, and the node that owns
//! the connections is killed during calls. What stands there in the end is compared with what was said.
//!
//! * `ledger`: the fake's account; `shop`: the nodes and the fakes

mod ledger;
mod shop;

use std::time::Instant;

use serde_json::{Value, json};

use self::shop::{CHATS, NOTES, SIDE_BY_SIDE, Shop};
use crate::support::node::{full, report};

/// What happens when so much of the backlog has gone.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    /// The tokens end while everybody is at work.
    Ended,
    /// They are about to end.
    AboutToEnd,
    /// Somebody answers in the CRM while all that goes out stands still.
    Reply,
    /// Somebody answers, and the hook never comes.
    LostHook,
    /// The owner of the connections is killed during calls, and started again.
    Kill,
    /// For a while the CRM lets few calls through.
    Crowd,
}

use Trouble::{AboutToEnd, Crowd, Ended, Kill, LostHook, Reply};

/// Calls for some customers go wrong; of those for whom people wait none does.
async fn scripts(shop: &Shop, times: u64) {
    let busy = json!({ "kind": "answer", "status": 429, "headers": { "retry-after": "1" }, "body": "Too Many Requests" });
    let failed = json!({ "kind": "instead", "status": 504, "body": "<html>Gateway Timeout</html>" });
    for (call, when, act) in [
        ("amojo.message", "слово k1", busy.clone()),
        ("amojo.message", "слово k1", json!({ "kind": "lose" })),
        ("amojo.message", "слово k1", json!({ "kind": "half" })),
        ("amojo.message", "слово k1", failed.clone()),
        ("amojo.chat", "Клиент k1", json!({ "kind": "lose" })),
        ("leads.complex", "Клиент k1", busy),
        ("leads.complex", "Клиент k1", json!({ "kind": "lose" })),
        ("leads.complex", "Клиент k1", failed.clone()),
        ("leads.notes.create", "слово k1", json!({ "kind": "drop" })),
        ("leads.notes.create", "слово k1", failed),
    ] {
        shop.amo.act("faults", json!({ "call": call, "when": when, "times": times, "act": act })).await;
    }
}

/// Of others so many may go before somebody who is waited for: those under way, and those that are let go in between so that the backlog goes
/// on, too; and as many for each message that stands before it in its own conversation.
fn most_before(own: usize) -> usize {
    (own + 2) * SIDE_BY_SIDE
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_crm() {
    let (messages, customers, faster) = if full() { (5_000, 200, 1) } else { (200, 40, 8) };
    let once = [Ended, Reply, LostHook, Kill, AboutToEnd];
    let troubles = if full() { [&once[..], &[Crowd], &once, &[Crowd], &once].concat() } else { once.to_vec() };
    let begun = Instant::now();
    let mut shop = Shop::open(faster).await;
    shop.says(&[("vera", "здравствуйте")]).await;
    shop.goes("здравствуйте").await;
    let vera = shop.chat("vera").await;

    // All of it waits; then, when nobody waits for that any more, some people say something more.
    shop.blocked(true).await;
    let name = |number: u64| format!("k{}", number % customers);
    let backlog: Vec<(String, String)> = (0..messages).map(|number| (name(number), format!("слово {} {number}", name(number)))).collect();
    let backlog: Vec<(&str, &str)> = backlog.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    shop.says(&backlog).await;
    shop.waits(messages).await;
    shop.later(120_000).await;
    let live = [("new", "живое нового"), ("vera", "живое старой"), ("k0", "живое за своими")];
    shop.says(&live).await;
    shop.waits(messages + 3).await;
    scripts(&shop, 2).await;
    let resumed = Instant::now();
    shop.blocked(false).await;
    shop.crowd(3).await;
    // They are waited for so long as the clock is not put forward.
    for (_, text) in live {
        shop.goes(text).await;
    }

    let (mut lost, mut kills, mut rank) = (0, 0, 0_u64);
    for (at, trouble) in troubles.iter().enumerate() {
        let share = messages * (at as u64 + 1) / (troubles.len() as u64 + 2);
        shop.goes_on_until(messages + 3 - share).await;
        println!("{trouble:?} after {share}, {:.0?}", begun.elapsed());
        if full() {
            scripts(&shop, 2).await;
        }
        let text = format!("ответ {at}");
        match trouble {
            Ended => shop.tokens_end().await,
            AboutToEnd => shop.tokens_nearly_end().await,
            Reply => {
                shop.hold(CHATS, SIDE_BY_SIDE).await;
                shop.answers(&vera, &text).await;
                shop.reaches_customer(&text).await;
                assert_eq!(shop.amo.look("held").await, json!(SIDE_BY_SIDE), "it came while all the others stood still");
                shop.amo.act("let-go", json!({})).await;
                if full() {
                    // And while they go.
                    let text = format!("{text}, ещё");
                    let before = shop.waiting().await;
                    shop.answers(&vera, &text).await;
                    shop.reaches_customer(&text).await;
                    rank = rank.max(before.saturating_sub(shop.waiting().await));
                }
            }
            LostHook => {
                lost += 1;
                shop.amo.act("lose_hooks", json!({ "times": 1, "kind": "message" })).await;
                shop.answers(&vera, &text).await;
                shop.later(61_000).await;
                shop.reaches_customer(&text).await;
            }
            Kill => {
                kills += 1;
                shop.hold(CHATS, SIDE_BY_SIDE / 2).await;
                shop.hold(NOTES, SIDE_BY_SIDE / 4).await;
                let owner = shop.kill_the_owner().await;
                shop.amo.act("let-go", json!({})).await;
                // Where hooks come to nobody is there: this one is lost, too.
                lost += usize::from(owner == shop::DOOR);
                shop.answers(&vera, &text).await;
                shop.has_an_owner().await;
                shop.start_again(owner).await;
                shop.reaches_customer(&text).await;
            }
            Crowd => shop.crowd(20).await,
        }
    }
    shop.waits(0).await;
    let took = resumed.elapsed();

    let calls = shop.calls().await;
    let (chats, notes) = (shop.state(CHATS).await, shop.state(NOTES).await);
    ledger::compare_chats(&chats, &calls, &shop.said[CHATS]);
    ledger::compare_notes(&notes, &shop.said[NOTES]);
    let busiest = [CHATS, NOTES].map(|account| ledger::busiest(&calls, account));
    assert!(busiest.iter().all(|most| *most <= shop.limit), "{busiest:?} calls within a second");
    let limits = shop.amo.look("limits").await;
    let known = [shop.refused, shop.shut_out].map(Value::from);
    assert_eq!([&limits["refused"], &limits["blocked"]], [&known[0], &known[1]], "refused only in the crowd, and while nobody was let in: {limits}");
    let refreshes = ledger::refreshes(&shop.amo).await;
    assert_eq!(refreshes, shop.expiries, "one refresh for each end of the tokens");
    let own = |name: &str| format!("слово {name} ");
    let ranks: Vec<usize> = live.iter().map(|(name, text)| ledger::rank(&calls, text, &own(name))).collect();
    let own = [0, 0, (messages / customers) as usize].map(most_before);
    assert!(ranks.iter().zip(own).all(|(rank, most)| *rank <= most), "others that went before what was said last: {ranks:?}");
    for (at, _) in troubles.iter().enumerate().filter(|(_, trouble)| [Reply, LostHook, Kill].contains(trouble)) {
        assert_eq!(shop.provider.taken(&format!("ответ {at}")).len(), 1, "an answer reaches the customer once");
    }
    let state = |value: &Value, name: &str| value[name].as_array().unwrap().len();
    let went = shop.total(CHATS);
    let (refused, expiries, limit) = (shop.refused, shop.expiries, shop.limit);
    let counted = shop.close().await;
    assert_eq!(counted.quarantined, 0);
    report(
        "soak_crm",
        "Two nodes over one Redis bring a fake amoCRM what waited in many conversations, in «Чаты» and (a fifth of the customers) as notes in «Добавлять». Calls are refused with 429, by script and by the fake's own limiter, answers are lost after amoCRM had carried out the call, the tokens end while all work and ahead of that, hooks are lost, and the node that owns the connections is killed (SIGKILL) during calls and started again. By the fake's ledger each message is there once and in its conversation's order, each customer has one contact and one deal, the limit of 7 calls in a second was kept by the fake's clock, tokens were exchanged once each time they ended and none was answered «revoked». What was said after the backlog had grown old went before it; answers written in amoCRM reached the customer once, also while everything that went out stood still, and those whose hook was lost through the history. The machine was not quiet.",
        &[
            ("messages that waited, conversations", format!("{messages}, {customers}")),
            ("messages in the chats, notes", format!("{went}, {}", state(&notes, "notes"))),
            ("most calls of the API within a second, chats and notes, and those that are allowed", format!("{busiest:?}, {limit}")),
            ("calls refused by the fake's limiter, all while it was narrowed", refused.to_string()),
            ("ends of the tokens (two accounts), refreshes", format!("{}, {refreshes}", expiries)),
            ("hooks lost, kills of the owner", format!("{lost}, {kills}")),
            ("of the backlog before what was said last", format!("{ranks:?}")),
            ("of the backlog while an answer went to the customer, most", rank.to_string()),
            ("time", format!("{took:.0?}")),
        ],
    );
}
