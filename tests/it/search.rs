//! Search through its port: word forms, visibility, places, hostile queries.

use kommutator::model::ids::{AccountId, ConversationId, MessageId, WorkspaceId};
use kommutator::model::time::Time;
use kommutator::store::search::{Change, FeedPlace, Found, Put, SearchError, SearchIndex};
use proptest::prelude::*;
use tempfile::TempDir;

const W: WorkspaceId = WorkspaceId(1);
const NOW: i64 = 1_790_000_000_000;

fn index() -> (SearchIndex, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SearchIndex::open(&folder.path().join("search.sqlite3")).unwrap(), folder)
}

fn at(place: u64) -> FeedPlace {
    FeedPlace { epoch: "e1".into(), place }
}

fn message(number: u32) -> MessageId {
    MessageId { conversation: ConversationId(u64::MAX - 5), number }
}

fn put(number: u32, text: &str) -> Change {
    Change::Put(Put {
        message: message(number),
        account: AccountId(u64::from(number % 2)),
        at: Time(NOW + i64::from(number)),
        text: text.into(),
        authors: vec!["Мария Núñez".into()],
    })
}

fn numbers(found: &Found) -> Vec<u32> {
    found.messages.iter().map(|message| message.number).collect()
}

async fn find(index: &SearchIndex, text: &str) -> Vec<u32> {
    numbers(&index.query(W, None, text, None, 50).await.unwrap())
}

async fn filled(texts: &[&str]) -> (SearchIndex, TempDir) {
    let (index, folder) = index();
    let changes = (1..).zip(texts).map(|(number, text)| put(number, text)).collect();
    index.apply(W, at(1), changes).await.unwrap();
    (index, folder)
}

#[tokio::test]
async fn every_form_of_a_word_finds_every_other() {
    let (index, _folder) = filled(&["Где мой заказ?", "Заказы готовы", "двух заказов нет", "показать"]).await;
    for form in ["заказ", "заказы", "заказа", "ЗАКАЗОВ", "заказами"] {
        assert_eq!(find(&index, form).await, [3, 2, 1], "{form}");
    }
    assert_eq!(find(&index, "мои заказы").await, [1]);
}

#[tokio::test]
async fn words_are_found_in_three_languages_with_and_without_their_marks() {
    let (index, _folder) = filled(&["Ёлка в подарок", "My orders are late", "¿Dónde está el camión?", "Order для ёлки №15", "日本語テスト 😀"]).await;
    let table: [(&str, &[u32]); 12] = [
        ("елки", &[4, 1]),
        ("ёлку", &[4, 1]),
        ("order", &[4, 2]),
        ("camiones", &[3]),
        ("camion", &[3]),
        ("donde", &[3]),
        ("order ёлка", &[4]),
        ("15", &[4]),
        ("語", &[5]),
        ("мария", &[5, 4, 3, 2, 1]),
        ("nunez", &[5, 4, 3, 2, 1]),
        ("order camión", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(find(&index, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn the_last_word_may_be_a_beginning() {
    let (index, _folder) = filled(&["Подтверждение оплаты", "подтвердите", "оплата подтверждена"]).await;
    for (query, expected) in [("п", &[3, 2, 1][..]), ("подтв", &[3, 2, 1]), ("опл", &[3, 1]), ("оплата подт", &[3, 1]), ("подт оплата", &[])]
    {
        assert_eq!(find(&index, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn phones_and_emails_are_found_however_they_are_written() {
    let (index, _folder) = filled(&["звоните +7 (916) 123-45-67", "мой номер 89161234567", "ivan.petrov@mail.ru", "заказ 15 на 4000 рублей"]).await;
    for query in ["+79161234567", "8 916 123-45-67", "9161234567", "7 916 123 45 67", "916123456"] {
        assert_eq!(find(&index, query).await, [2, 1], "{query}");
    }
    for query in ["Ivan.Petrov@mail.ru", "petrov", "ivan.petrov@ma", "mail"] {
        assert_eq!(find(&index, query).await, [3], "{query}");
    }
    assert_eq!(find(&index, "ivan@mail.ru").await, [0; 0]);
    assert_eq!(find(&index, "заказ 15 4000").await, [4]);
}

#[tokio::test]
async fn the_wrong_keyboard_layout_is_forgiven_when_nothing_else_is_found() {
    let (index, _folder) = filled(&["привет", "hello", "привет ещё раз"]).await;
    let found = index.query(W, None, "ghbdtn", None, 1).await.unwrap();
    assert_eq!((numbers(&found), found.read_as.as_deref()), (vec![3], Some("привет")));
    let next = index.query(W, None, "ghbdtn", found.next.map(|next| next.to_string().parse().unwrap()), 1).await.unwrap();
    assert_eq!((numbers(&next), next.next), (vec![1], None));
    assert_eq!(find(&index, "руддщ").await, [2]);
}

#[tokio::test]
async fn nobody_sees_what_is_not_theirs() {
    let (index, _folder) = filled(&["секрет", "секрет", "секрет"]).await;
    let other = WorkspaceId(2);
    index.apply(other, at(1), vec![put(9, "секрет")]).await.unwrap();
    assert_eq!(find(&index, "секрет").await, [3, 2, 1]);
    assert_eq!(numbers(&index.query(other, None, "секрет", None, 50).await.unwrap()), [9]);
    let table: [(&[AccountId], &[u32]); 4] =
        [(&[AccountId(0)], &[2]), (&[AccountId(1)], &[3, 1]), (&[AccountId(0), AccountId(1)], &[3, 2, 1]), (&[], &[])];
    for (accounts, expected) in table {
        assert_eq!(numbers(&index.query(W, Some(accounts), "секрет", None, 50).await.unwrap()), expected);
        // The account's own word can't be typed, nor can its workspace's.
        for text in ["_a0000000000001", "_w2", "_w2 секрет", "\" OR \"_w2\" OR \""] {
            let found = index.query(W, Some(accounts), text, None, 50).await.unwrap();
            assert!(found.messages.iter().all(|message| expected.contains(&message.number)), "{text}");
        }
    }
    let many = vec![AccountId(1); 1001];
    assert!(matches!(index.query(W, Some(&many), "секрет", None, 50).await, Err(SearchError::Invalid(_))));
}

#[tokio::test]
async fn pages_follow_each_other_also_while_messages_come() {
    let texts = vec!["слово"; 25];
    let (index, _folder) = filled(&texts).await;
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = index.query(W, None, "слова", before, 10).await.unwrap();
        seen.extend(numbers(&page));
        index.apply(W, at(2), vec![put(100 + seen.len() as u32, "слово")]).await.unwrap();
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_order_is_by_time_not_by_arrival() {
    let (index, _folder) = index();
    index.apply(W, at(1), vec![put(5, "слово"), put(9, "слово")]).await.unwrap();
    index.apply(W, at(2), vec![put(7, "слово"), put(1, "слово")]).await.unwrap();
    let same_moment = |number| match put(number, "слово") {
        Change::Put(put) => Change::Put(Put { at: Time(NOW), ..put }),
        delete => delete,
    };
    index.apply(W, at(3), vec![same_moment(21), same_moment(20)]).await.unwrap();
    assert_eq!(find(&index, "слово").await, [9, 7, 5, 1, 21, 20]);
    let year_one = Change::Put(Put { message: message(50), account: AccountId(1), at: Time(i64::MIN), text: "слово".into(), authors: vec![] });
    index.apply(W, at(4), vec![year_one]).await.unwrap();
    assert_eq!(find(&index, "слово").await, [9, 7, 5, 1, 21, 20, 50]);
}

#[tokio::test]
async fn changes_and_deletions_are_seen_and_may_be_repeated() {
    let (index, _folder) = filled(&["один", "два"]).await;
    for _ in 0..3 {
        index.apply(W, at(2), vec![put(1, "ошибка"), put(1, "три"), Change::Delete(message(2)), Change::Delete(message(77))]).await.unwrap();
        assert_eq!(find(&index, "один").await, [0; 0]);
        assert_eq!(find(&index, "ошибка").await, [0; 0]);
        assert_eq!(find(&index, "два").await, [0; 0]);
        assert_eq!(find(&index, "три").await, [1]);
    }
}

#[tokio::test]
async fn the_place_goes_with_the_words() {
    let (index, folder) = index();
    assert_eq!(index.place(W).await, Ok(None));
    index.apply(W, at(10), vec![put(1, "слово")]).await.unwrap();
    index.apply(W, at(7), vec![]).await.unwrap();
    assert_eq!(index.place(W).await, Ok(Some(at(10))), "it does not go back");
    let other_epoch = FeedPlace { epoch: "e2".into(), place: 11 };
    assert_eq!(index.apply(W, other_epoch.clone(), vec![put(2, "слово")]).await, Err(SearchError::OtherEpoch));
    assert_eq!(find(&index, "слово").await, [1], "nothing of it was written");
    index.apply(WorkspaceId(2), at(5), vec![put(3, "слово")]).await.unwrap();
    index.reset(W).await.unwrap();
    assert_eq!((index.place(W).await, find(&index, "слово").await), (Ok(None), vec![]));
    assert_eq!(index.place(WorkspaceId(2)).await, Ok(Some(at(5))));
    index.apply(W, other_epoch.clone(), vec![put(2, "слово")]).await.unwrap();
    drop(index);

    let again = SearchIndex::open(&folder.path().join("search.sqlite3")).unwrap();
    assert_eq!((again.place(W).await, find(&again, "слово").await), (Ok(Some(other_epoch)), vec![2]));
}

#[tokio::test]
async fn the_only_workspace_is_forgotten_at_once() {
    let (index, _folder) = filled(&["слово", "слово"]).await;
    index.reset(W).await.unwrap();
    assert_eq!((index.place(W).await, find(&index, "слово").await), (Ok(None), vec![]));
    index.apply(W, at(1), vec![put(3, "слово")]).await.unwrap();
    assert_eq!(find(&index, "слово").await, [3]);
}

/// Little is visible of much: accounts are then asked for as words, see the index.
#[tokio::test]
async fn a_small_account_and_a_small_workspace_see_only_their_own() {
    let (index, _folder) = index();
    let put_for = |number: u32, account: u64| match put(number, "слово") {
        Change::Put(put) => Change::Put(Put { account: AccountId(account), ..put }),
        delete => delete,
    };
    index.apply(W, at(1), (1..=300).map(|number| put_for(number, if number % 100 == 0 { 2 } else { 1 })).collect()).await.unwrap();
    index.apply(WorkspaceId(2), at(1), vec![put_for(1, 3), put_for(2, 4)]).await.unwrap();
    let small = [AccountId(2), AccountId(4)];
    assert_eq!(numbers(&index.query(W, Some(&small), "слова", None, 50).await.unwrap()), [300, 200, 100]);
    assert_eq!(numbers(&index.query(WorkspaceId(2), None, "слова", None, 50).await.unwrap()), [2, 1]);
    assert_eq!(numbers(&index.query(WorkspaceId(2), Some(&small), "слова", None, 50).await.unwrap()), [2]);
}

#[tokio::test]
async fn a_damaged_file_is_built_anew() {
    for damage in [&b"this is no database at all, but it is long enough to look at"[..], b"SQLite format 3\0"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search.sqlite3");
        std::fs::write(&path, damage).unwrap();
        let index = SearchIndex::open(&path).unwrap();
        assert_eq!(index.place(W).await, Ok(None));
        index.apply(W, at(1), vec![put(1, "слово")]).await.unwrap();
        assert_eq!(find(&index, "слово").await, [1]);
    }
}

#[test]
fn no_query_is_a_syntax_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (index, _folder) = runtime.block_on(filled(&["привет мир", "hello AND world", "NEAR(a b) \"quoted\" a* col:x ^y {z} -w +v"]));
    let fixed = [
        "\"",
        "\"\"",
        "AND",
        "OR NOT",
        "NEAR(a, b)",
        "a*",
        "*",
        "col:x",
        "^a",
        "{a b}: c",
        "(",
        "))",
        "-a",
        "'",
        "\\",
        "\0",
        "a\0b",
        "%",
        "@",
        "a@b",
        "+",
        "_",
        "",
    ];
    for text in fixed {
        runtime.block_on(index.query(W, None, text, None, 5)).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }
    let long = "слово ".repeat(10_000);
    runtime.block_on(index.query(W, None, &long, None, 5)).unwrap();
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&any::<String>(), |text| {
            let found = runtime.block_on(index.query(W, Some(&[AccountId(1)]), &text, None, 5));
            prop_assert!(found.is_ok(), "{:?}: {:?}", text, found);
            Ok(())
        })
        .unwrap();
}

#[test]
fn foreign_places_are_refused() {
    for text in ["", "s", "x1", "s-1", "sfffffffffffffffff", "ы1", "k zz"] {
        assert!(text.parse::<kommutator::store::search::ResultPlace>().is_err(), "{text}");
    }
}
