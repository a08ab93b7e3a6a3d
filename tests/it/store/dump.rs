//! The portable dump as a file: whole, cut, altered, newer.

use std::io::Cursor;

use kommutator::store::batch::Batch;
use kommutator::store::dump::{DumpError, read_dump, write_dump};
use kommutator::store::port::{Engine, StoreError};
use std::sync::Arc;

use super::harness::{EngineUnderTest, HOME, batch, commit, everything, insert, key, stream};
use super::sample;

async fn dumped(engine: &Arc<dyn Engine>) -> Vec<u8> {
    let mut file = Vec::new();
    write_dump(engine.as_ref(), &mut file).await.unwrap();
    file
}

async fn load(file: &[u8], engine: &Arc<dyn Engine>) -> Result<u64, DumpError> {
    read_dump(&mut Cursor::new(file), engine.as_ref()).await.map(|counts| counts.items)
}

/// One engine writes a file, another reads it.
pub(crate) async fn a_file_goes_from_one_engine_to_another<From: EngineUnderTest, To: EngineUnderTest>() {
    let from = From::fresh().await;
    sample::fill(from.engine()).await;
    let mut large = batch();
    large.put("message", key("large", ""), None, vec![0xa5; 3_000_000], Vec::new(), Vec::new());
    for _ in 0..1_500 {
        large.append(&stream("many"), "v");
    }
    commit(from.engine(), large).await;
    let mut file = Vec::new();
    let written = write_dump(from.engine().as_ref(), &mut file).await.unwrap();
    assert_eq!(written.partitions, 4);
    assert_eq!(u64::try_from(file.split(|byte| *byte == b'\n').count()).unwrap(), written.items + 4 + 3, "a line each, and the end of the last");
    let to = To::fresh().await;
    assert_eq!(read_dump(&mut Cursor::new(&file), to.engine().as_ref()).await.unwrap(), written);
    assert_eq!(sample::answers(to.engine()).await, sample::answers(from.engine()).await);
    for partition in from.engine().partitions().await.unwrap() {
        assert_eq!(everything(to.engine(), partition).await, everything(from.engine(), partition).await);
    }
}

pub(crate) async fn a_file_holds_the_whole_store<E: EngineUnderTest>() {
    a_file_goes_from_one_engine_to_another::<E, E>().await;
}

pub(crate) async fn an_empty_store_is_a_file_too<E: EngineUnderTest>() {
    let test = E::fresh().await;
    let file = dumped(test.engine()).await;
    assert_eq!(file.split(|byte| *byte == b'\n').count(), 3);
    assert_eq!(load(&file, test.engine()).await.unwrap(), 0);
}

pub(crate) async fn a_store_that_holds_something_is_refused<E: EngineUnderTest>() {
    let test = E::fresh().await;
    insert(test.engine(), key("g", "i"), "v", Vec::new()).await;
    let file = dumped(test.engine()).await;
    assert!(matches!(load(&file, test.engine()).await, Err(DumpError::NotEmpty)));
}

pub(crate) async fn a_broken_file_is_refused_and_loads_nothing<E: EngineUnderTest>() {
    let from = E::fresh().await;
    let mut one = Batch::new();
    one.put("message", key("g", "i"), None, "value", Vec::new(), Vec::new());
    one.append(&stream("feed"), "entry");
    commit(from.engine(), one).await;
    let file = dumped(from.engine()).await;
    let to = E::fresh().await;
    // Cut anywhere, it is refused.
    for length in 0..file.len() {
        let error = load(&file[..length], to.engine()).await.unwrap_err();
        assert!(matches!(error, DumpError::CutOff { .. }), "cut to {length}: {error}");
    }
    // One byte changed anywhere, too.
    for at in 0..file.len() {
        let mut altered = file.clone();
        altered[at] ^= 1;
        let error = load(&altered, to.engine()).await.unwrap_err();
        assert!(!matches!(error, DumpError::Store(_) | DumpError::NotEmpty | DumpError::Io(_)), "byte {at}: {error}");
    }
    let text = String::from_utf8(file.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // A line less, a line twice, a line after the last, two lines exchanged.
    let without = |at: usize| lines.iter().enumerate().filter(|(line, _)| *line != at).map(|(_, line)| format!("{line}\n")).collect::<String>();
    for at in 0..lines.len() {
        assert!(load(without(at).as_bytes(), to.engine()).await.is_err(), "without line {at}");
    }
    assert!(matches!(load(format!("{text}\n").as_bytes(), to.engine()).await, Err(DumpError::Unreadable { .. })));
    assert!(matches!(load(format!("{text}{text}").as_bytes(), to.engine()).await, Err(DumpError::Unreadable { .. })));
    let mut exchanged = lines.clone();
    exchanged.swap(2, 3);
    let exchanged: String = exchanged.iter().map(|line| format!("{line}\n")).collect();
    assert!(matches!(load(exchanged.as_bytes(), to.engine()).await, Err(DumpError::Altered { .. })));
    // A line without an end does not fill the memory.
    let endless = [lines[0].as_bytes(), b"\n{\"t\":\"", &vec![b'a'; 16 * 1024 * 1024]].concat();
    let error = load(&endless, to.engine()).await.unwrap_err();
    assert!(matches!(error, DumpError::Unreadable { line: 2, .. }), "{error}");
    assert!(to.engine().partitions().await.unwrap().is_empty());
    load(&file, to.engine()).await.unwrap();
    assert_eq!(everything(to.engine(), HOME).await, everything(from.engine(), HOME).await);
}

pub(crate) async fn a_newer_format_is_refused<E: EngineUnderTest>() {
    let test = E::fresh().await;
    for newer in ["{\"dump\":2,\"engine\":\"sqlite\",\"product\":\"9.0.0\"}\n", "{\"dump\":3,\"anything\":[1,{}]}\nwhatever follows"] {
        let error = load(newer.as_bytes(), test.engine()).await.unwrap_err();
        assert!(matches!(error, DumpError::TooNew { found: 2 | 3 }), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
    for foreign in ["hello\n", "{}\n", "[]\n", "\n", "{\"dump\":-1}\n", "SQLite format 3\0\n"] {
        let error = load(foreign.as_bytes(), test.engine()).await.unwrap_err();
        assert!(matches!(error, DumpError::Unreadable { line: 1, .. }), "{foreign:?}: {error}");
    }
}

pub(crate) async fn items_that_do_not_fit_are_refused<E: EngineUnderTest>() {
    use kommutator::store::port::DumpItem;
    let test = E::fresh().await;
    let record = DumpItem::Record { table: "message".to_owned(), group: b"g".to_vec(), item: b"i".to_vec(), version: 1, value: b"v".to_vec() };
    let long = DumpItem::Record { table: "message".to_owned(), group: vec![0; 513], item: Vec::new(), version: 1, value: Vec::new() };
    let number = DumpItem::Stream { stream: "feed".to_owned(), trimmed: 5, last: 4 };
    for wrong in [long, number] {
        let answer = test.engine().load(HOME, vec![record.clone(), wrong]).await;
        assert!(matches!(answer, Err(StoreError::Invalid(_))), "{answer:?}");
    }
    assert!(test.engine().partitions().await.unwrap().is_empty());
}
