//! P5, P6: all visitors' connections are cut at once while messages for every one of them go on being written. Each comes back and is
//! shown exactly its log. What the store is asked, and the memory, stay bounded; who never reads is cut and can resume.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::{Client, Happened, Role, id_of, open_narrow, whole_log};
use crate::support::node::{Node, Plan, full, http, report, until};
use crate::support::proxy::Proxy;

/// What the store may be asked for one socket that comes back: the widget's card and its own history.
const READS_PER_SOCKET: f64 = 12.0;

/// Messages by conversation.
type Log = BTreeMap<String, Vec<Value>>;

/// What of a message may change.
fn latest(message: &Value) -> [&Value; 3] {
    [&message["state"]["status"], &message["text"], &message["deleted_at"]]
}

/// Says that everything that was shown is read.
async fn read(client: &mut Client) {
    let newest = client.shown.values().rev().find(|message| message["direction"] == "outbound");
    if let Some(id) = newest.filter(|message| message["state"]["status"] != "read").map(|message| message["id"].clone()) {
        client.say(&json!({"type": "read", "up_to": id})).await;
    }
}

/// What one visitor does: stays connected, shows what comes, until it was shown everything in its last state. Some say what they have read.
async fn follow(
    mut client: Client, readers: Option<Arc<Mutex<BTreeSet<String>>>>, mut expected: watch::Receiver<Option<Arc<Log>>>, ready: watch::Sender<usize>,
) -> Client {
    client.send("first", None, "Здравствуйте", &[], false).await;
    let mut told = false;
    loop {
        let happened = client.turn(Duration::from_millis(500)).await;
        match happened {
            Happened::Accepted(accepted) if !told => {
                told = true;
                if let Some(readers) = &readers {
                    readers.lock().unwrap().insert(accepted.conversation);
                }
                ready.send_modify(|count| *count += 1);
            }
            Happened::Event(event) if readers.is_some() && event["message"]["direction"] == "outbound" => read(&mut client).await,
            // What was said before the cut may be lost.
            Happened::Ready { .. } if readers.is_some() => read(&mut client).await,
            _ => {}
        }
        let known = expected.borrow_and_update().clone();
        if let Some(log) = known
            && client.waiting() == 0
            && let Some(mine) = client.conversation.as_ref().and_then(|id| log.get(id))
            && mine.iter().all(|message| client.shown.get(&id_of(message)).is_some_and(|shown| latest(shown) == latest(message)))
        {
            return client;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_storm_everybody_is_cut_at_once() {
    let (visitors, cuts) = if full() { (5_000, 3) } else { (300, 2) };
    let folder = tempfile::tempdir().unwrap();
    let node = tokio::task::block_in_place(|| Node::start(&Plan::new(&folder.path().join("data"))));
    let proxy = Proxy::start(node.plan.port).await;
    let (expected, ready) = (watch::Sender::new(None), watch::Sender::new(0_usize));
    let readers: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let clients: Vec<_> = (0..visitors)
        .map(|at| {
            let role = Role::Visitor { widget: node.printed.widget_key.clone(), nonce: format!("storm{at:012}") };
            let mut client = Client::new(role, vec![proxy.url.clone()]);
            client.patience = Duration::from_secs(60);
            tokio::spawn(follow(client, (at % 3 == 0).then(|| Arc::clone(&readers)), expected.subscribe(), ready.clone()))
        })
        .collect();
    let all = ready.subscribe().wait_for(|count| *count >= visitors).await.map(|count| *count);
    assert_eq!(all.unwrap(), visitors);
    let conversations: Vec<String> = whole_log(&node.url(), &node.printed.token).await.into_keys().collect();
    assert_eq!(conversations.len(), visitors);
    let calm = node.resident_kib();
    // Messages for everybody are written all the while, side by side; every cut falls into the middle of them.
    let mut manager = Client::new(Role::Manager { token: node.printed.token.clone() }, vec![node.url()]);
    let (mut back, mut reads, mut most) = (Vec::new(), Vec::new(), calm);
    let (mut written, mut erased) = (0, 0);
    for cut in 0..cuts {
        let before = node.metric("kommutator_store_reads_total").await;
        let committed = node.metric("kommutator_store_committed_total").await;
        let mut cut_at = None;
        let mut accepted = 0;
        let mut queue = conversations.iter();
        let mut more = true;
        while more || manager.waiting() > 0 {
            while manager.waiting() < 16 && more {
                match queue.next() {
                    Some(conversation) => manager.send(&format!("m{cut}-{conversation}"), Some(conversation), "Отвечаем всем", &[], false).await,
                    None => more = false,
                }
            }
            if let Happened::Accepted(message) = manager.turn(Duration::from_millis(200)).await {
                accepted += 1;
                if accepted % 10 == 0 {
                    // A message that was shown to some, and to others not yet, says something else from now on.
                    let erase = http().post(format!("{}/faults/erase", node.url())).bearer_auth(&node.printed.token);
                    assert_eq!(erase.json(&json!({"message": message.id})).send().await.unwrap().status(), 200);
                    erased += 1;
                }
            }
            if accepted == visitors / 3 && cut_at.is_none() {
                proxy.cut();
                cut_at = Some(Instant::now());
            }
        }
        written += accepted;
        let cut_at = cut_at.unwrap();
        until("everybody is back", Duration::from_secs(180), async || (proxy.open() >= visitors).then_some(())).await;
        let sockets = f64::from(u32::try_from(visitors).unwrap());
        until("every socket is let in", Duration::from_secs(180), async || (node.metric("kommutator_sockets").await >= sockets).then_some(())).await;
        back.push(cut_at.elapsed());
        let commits = node.metric("kommutator_store_committed_total").await - committed;
        let asked = node.metric("kommutator_store_reads_total").await - before;
        // A commit of a manager's message costs its own reads: the conversation, the feed, what it shows.
        let per_socket = (asked - commits * 10.0).max(0.0) / sockets;
        reads.push(asked / sockets);
        assert!(per_socket <= READS_PER_SOCKET, "{per_socket} reads for each socket, {asked} for {commits} commits");
        most = most.max(node.resident_kib());
    }
    let outbound = |message: &&Value| message["direction"] == "outbound";
    let log = until("all that was read is told of", Duration::from_secs(180), async || {
        let log = whole_log(&node.url(), &node.printed.token).await;
        let readers = readers.lock().unwrap();
        let mut theirs = log.iter().filter(|(id, _)| readers.contains(*id)).flat_map(|(_, messages)| messages).filter(outbound);
        theirs.all(|message| message["state"]["status"] == "read").then(|| log.clone())
    })
    .await;
    assert_eq!(log.values().map(Vec::len).sum::<usize>(), written + visitors);
    let read = log.values().flatten().filter(|message| message["state"]["status"] == "read").count();
    let gone = log.values().flatten().filter(|message| message["deleted_at"].is_string()).count();
    assert!(gone == erased && read > 0, "{gone} of {erased} erased, {read} read");
    expected.send_replace(Some(Arc::new(log.clone())));
    let finished = tokio::time::timeout(Duration::from_secs(180), join_all(clients)).await.expect("everybody is shown everything");
    let (mut resets, mut connects) = (0, 0);
    for client in finished {
        let client = client.unwrap();
        assert!(client.wrong.is_empty(), "{:?}", client.wrong);
        let mine: Vec<String> = log[client.conversation.as_ref().unwrap()].iter().map(id_of).collect();
        assert!(client.shown.keys().eq(mine.iter()), "exactly the log");
        resets += client.resets;
        connects += client.connects;
    }
    assert_eq!(resets, 0, "nobody loads anew");
    // Every guard has let go: no socket, no descriptor is left.
    until("all sockets are gone", Duration::from_secs(60), async || (node.metric("kommutator_sockets").await <= 1.0).then_some(())).await;
    let per_socket_kib = most.saturating_sub(calm) / visitors as u64;
    assert!(most < calm + 64 * 1024 + 64 * visitors as u64, "memory rose from {calm} KiB to {most} KiB");
    let descriptors =
        until("descriptors are given back", Duration::from_secs(60), async || Some(node.descriptors()).filter(|open| *open < 150)).await;
    report(
        "soak_storm",
        "All visitors' connections are cut at once while a message for every one of them is being written; each comes back with its cursor.",
        &[
            ("visitors, cuts", format!("{visitors}, {cuts}")),
            ("messages written meanwhile, erased, read", format!("{written}, {erased}, {read}")),
            ("connections, loaded anew, shown twice or out of order", format!("{connects}, 0, 0")),
            ("from the cut until all messages were written and all sockets let in", format!("{back:.1?}")),
            ("store reads for each socket, the messages' own included", format!("{reads:.1?}")),
            ("memory with all connected, most, per socket", format!("{calm} KiB, {most} KiB, {per_socket_kib} KiB")),
            ("descriptors left open in the end", descriptors.to_string()),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_storm_who_never_reads_is_cut_and_resumes() {
    let (readers, messages) = if full() { (100, 4_000) } else { (10, 2_000) };
    let folder = tempfile::tempdir().unwrap();
    let node = tokio::task::block_in_place(|| Node::start(&Plan::new(&folder.path().join("data"))));
    // One conversation, watched by managers that say hello and never read again.
    let role = Role::Visitor { widget: node.printed.widget_key.clone(), nonce: "slowreaders00001".to_owned() };
    let mut visitor = Client::new(role, vec![node.url()]);
    visitor.send("v0", None, "Здравствуйте", &[], false).await;
    let conversation = loop {
        if let Happened::Accepted(accepted) = visitor.turn(Duration::from_secs(5)).await {
            break accepted.conversation;
        }
    };
    let mut silent = Vec::new();
    for _ in 0..readers {
        let mut socket = open_narrow(node.plan.port, "/ws/manager").await;
        socket.send(Message::text(json!({"type": "hello", "token": node.printed.token}).to_string())).await.unwrap();
        let ready: Value = serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
        assert_eq!(ready["type"], "ready");
        silent.push((socket, ready["cursor"].as_str().unwrap().to_owned()));
    }
    let calm = node.resident_kib();
    let text = "д".repeat(7_900);
    let mut most = calm;
    let mut writer = Client::new(Role::Manager { token: node.printed.token.clone() }, vec![node.url()]);
    let mut sent = 0;
    while sent < messages || writer.waiting() > 0 {
        while writer.waiting() < 16 && sent < messages {
            writer.send(&format!("big{sent}"), Some(&conversation), &text, &[], false).await;
            sent += 1;
            if sent % 50 == 0 {
                most = most.max(node.resident_kib());
                if node.metric("kommutator_slow_readers_total").await >= readers as f64 {
                    sent = messages;
                }
            }
        }
        writer.turn(Duration::from_millis(200)).await;
    }
    assert!(writer.closes.is_empty() && writer.wrong.is_empty(), "who reads stays: {:?}", writer.closes);
    drop(writer);
    let cut = node.metric("kommutator_slow_readers_total").await;
    assert!(cut >= readers as f64, "{cut} of {readers} were cut");
    until("the cut sockets are gone", Duration::from_secs(30), async || (node.metric("kommutator_sockets").await <= 1.0).then_some(())).await;
    for (mut socket, cursor) in silent {
        // What was on its way may still come; then the end, or close 4000.
        let mut last = cursor;
        let code = loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if let Some(cursor) = frame["cursor"].as_str() {
                        last = cursor.to_owned();
                    }
                }
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break None,
            }
        };
        assert!(code.is_none_or(|code| code == 4000), "{code:?}");
        let mut again = Client::new(Role::Manager { token: node.printed.token.clone() }, vec![node.url()]);
        again.cursor = Some(last);
        let resumed = loop {
            if let Happened::Ready { resumed } = again.turn(Duration::from_secs(10)).await {
                break resumed;
            }
        };
        assert!(resumed, "its cursor is still good");
    }
    assert!(most < calm + 200 * 1024, "memory rose from {calm} KiB to {most} KiB");
    println!("{readers} sockets that never read: all cut, memory from {calm} KiB to {most} KiB, all resumed");
}
