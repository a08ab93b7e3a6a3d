//! The file itself: tables, changes, queries. The only SQL of the search.
//!
//! A message's row number begins with the millisecond it was written, so newer rows are larger and "newest first" is the
//! order the index walks in anyway: a word with a million hits costs as much as its first page.
//!
//! Who may see what is asked in one of two ways within the same query, whichever is cheaper: as words, walked beside the
//! query's words, where little is visible; as a condition on each hit, where much is. How much each account has is counted.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::words::{self, index_text};
use super::{Change, FeedPlace, Put, PutCustomer, SearchError, Within, customers};
use crate::model::ids::{ConversationId, CustomerId, MessageId, WorkspaceId};

/// Raised with every change of the tables or of how words are made: an older file is built anew.
const VERSION: i32 = 3;
/// The bits of a row number below the millisecond.
const SHARE_BITS: u32 = 20;
/// 2020-01-01, where row numbers begin.
const BEGINNING_MS: i64 = 1_577_836_800_000;
/// Messages forgotten in one transaction of a reset.
const RESET_STEP: u32 = 5_000;
/// From one visible message in so many on, hits are looked at one by one.
const VISIBLE_SHARE: i64 = 50;

const TABLES: &str = "
CREATE TABLE places (workspace INTEGER PRIMARY KEY, epoch TEXT NOT NULL, place INTEGER NOT NULL);
CREATE TABLE messages (
    row INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, conversation INTEGER NOT NULL, number INTEGER NOT NULL, account INTEGER NOT NULL
);
CREATE TABLE accounts (workspace INTEGER NOT NULL, account INTEGER NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY (workspace, account)) WITHOUT ROWID;
CREATE UNIQUE INDEX by_message ON messages (workspace, conversation, number);
CREATE VIRTUAL TABLE words USING fts5 (
    stems, content='', contentless_delete=1, detail=none, prefix='1 2 3 4', tokenize=\"ascii tokenchars '@.+-_'\"
);
CREATE TABLE customers (
    row INTEGER PRIMARY KEY AUTOINCREMENT, workspace INTEGER NOT NULL, customer INTEGER NOT NULL, account INTEGER NOT NULL
);
CREATE UNIQUE INDEX by_customer ON customers (workspace, customer, account);
CREATE VIRTUAL TABLE people USING fts5 (
    stems, content='', contentless_delete=1, detail=none, prefix='1 2 3 4', tokenize=\"ascii tokenchars '@.+-_'\"
);
";

/// Opens or makes the file. One that can't be read is thrown away: it is made from records again.
pub(super) fn open(path: &Path) -> Result<Connection, SearchError> {
    match try_open(path) {
        Ok(Some(connection)) => return Ok(connection),
        Ok(None) => tracing::info!("the search index is of another version and is built anew"),
        Err(error) => tracing::warn!(%error, "the search index can't be read and is built anew"),
    }
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match std::fs::remove_file(&name) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(SearchError::Failed(format!("{}: {error}", path.display()))),
        }
    }
    try_open(path)?.ok_or_else(|| SearchError::Failed("a new file is of another version".to_owned()))
}

fn try_open(path: &Path) -> Result<Option<Connection>, SearchError> {
    let mut connection = Connection::open(path)?;
    settings(&connection)?;
    // What was lost with the power is fed again: the place is in the same file.
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864;")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        return Ok(Some(connection));
    }
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        return Ok(None);
    }
    // Finds a torn file before a query does.
    connection.query_row("SELECT count(*) FROM places", [], |_| Ok(()))?;
    connection.query_row("SELECT max(row) FROM messages", [], |_| Ok(()))?;
    connection.query_row("SELECT count(*) FROM words WHERE words MATCH '\"_w0\"'", [], |_| Ok(()))?;
    Ok(Some(connection))
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, SearchError> {
    let connection = Connection::open(path)?;
    settings(&connection)?;
    connection.execute_batch("PRAGMA query_only=1; PRAGMA cache_size=-8192;")?;
    Ok(connection)
}

fn settings(connection: &Connection) -> Result<(), SearchError> {
    connection.busy_timeout(super::TIME_LIMIT)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(())
}

pub(super) fn place(connection: &Connection, workspace: WorkspaceId) -> Result<Option<FeedPlace>, SearchError> {
    let mut statement = connection.prepare_cached("SELECT epoch, place FROM places WHERE workspace = ?1")?;
    let found = statement.query_row([workspace.0], |row| Ok(FeedPlace { epoch: row.get(0)?, place: row.get::<_, i64>(1)?.cast_unsigned() }));
    Ok(found.optional()?)
}

pub(super) fn apply(connection: &mut Connection, workspace: WorkspaceId, up_to: Option<&FeedPlace>, changes: &[Change]) -> Result<(), SearchError> {
    let transaction = connection.transaction()?;
    let saved = place(&transaction, workspace)?;
    if up_to.is_some_and(|up_to| saved.as_ref().is_some_and(|saved| saved.epoch != up_to.epoch)) {
        return Err(SearchError::OtherEpoch);
    }
    // Only the last change of a message counts.
    let mut last: BTreeMap<MessageId, Option<&Put>> = BTreeMap::new();
    let mut people: BTreeMap<CustomerId, &PutCustomer> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Put(put) => _ = last.insert(put.message, Some(put)),
            Change::Delete(message) => _ = last.insert(*message, None),
            Change::Customer(put) => _ = people.insert(put.customer, put),
        }
    }
    for put in people.into_values() {
        customers::put(&transaction, workspace, put)?;
    }
    // FTS5 writes out what it has gathered whenever a row is smaller than the one before: rows go in by size.
    let mut texts: BTreeMap<i64, String> = BTreeMap::new();
    for (message, put) in last {
        let row = row_of(&transaction, workspace, message)?;
        match (row, put) {
            (None, None) => {}
            (Some(row), None) => forget(&transaction, workspace, row)?,
            (row, Some(put)) => {
                let row = match row {
                    Some(row) => {
                        transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([row])?;
                        row
                    }
                    None => new_row(&transaction, workspace, put)?,
                };
                let mut parts: Vec<&str> = vec![&put.text];
                parts.extend(put.authors.iter().map(String::as_str));
                let marks = [words::workspace_mark(workspace), words::account_mark(put.account), words::conversation_mark(message.conversation)];
                texts.insert(row, index_text(&marks, &parts));
            }
        }
    }
    for (row, text) in texts {
        transaction.prepare_cached("INSERT INTO words (rowid, stems) VALUES (?1, ?2)")?.execute(params![row, text])?;
    }
    if let Some(up_to) = up_to {
        let place = saved.map_or(up_to.place, |saved| saved.place.max(up_to.place));
        transaction
            .prepare_cached("INSERT INTO places (workspace, epoch, place) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET place = excluded.place")?
            .execute(params![workspace.0, up_to.epoch, place.cast_signed()])?;
    }
    Ok(transaction.commit()?)
}

fn row_of(transaction: &Transaction<'_>, workspace: WorkspaceId, message: MessageId) -> Result<Option<i64>, SearchError> {
    let mut statement = transaction.prepare_cached("SELECT row FROM messages WHERE workspace = ?1 AND conversation = ?2 AND number = ?3")?;
    Ok(statement.query_row(params![workspace.0, message.conversation.0.cast_signed(), message.number], |row| row.get(0)).optional()?)
}

/// A free row of the message's millisecond, after the ones that are taken.
fn new_row(transaction: &Transaction<'_>, workspace: WorkspaceId, put: &Put) -> Result<i64, SearchError> {
    // A foreign clock may say any year: 42 bits are until 2159.
    let millisecond = put.at.0.saturating_sub(BEGINNING_MS).clamp(0, (1 << 42) - 1);
    let first = millisecond << SHARE_BITS;
    let mut statement = transaction.prepare_cached("SELECT max(row) FROM messages WHERE row >= ?1 AND row < ?2")?;
    let mut row = first;
    // A million messages of one millisecond spill into the next one.
    for share in 0..i64::from(u16::MAX) {
        let (from, to) = (first.saturating_add(share << SHARE_BITS), first.saturating_add((share + 1) << SHARE_BITS));
        let taken: Option<i64> = statement.query_row([from, to], |row| row.get(0))?;
        row = taken.map_or(from, |taken| taken.saturating_add(1));
        if row < to {
            break;
        }
    }
    transaction
        .prepare_cached("INSERT INTO messages (row, workspace, conversation, number, account) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![row, workspace.0, put.message.conversation.0.cast_signed(), put.message.number, put.account.0.cast_signed()])?;
    count(transaction, workspace, put.account.0.cast_signed(), 1)?;
    Ok(row)
}

fn forget(transaction: &Transaction<'_>, workspace: WorkspaceId, row: i64) -> Result<(), SearchError> {
    transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([row])?;
    let mut statement = transaction.prepare_cached("DELETE FROM messages WHERE row = ?1 RETURNING account")?;
    match statement.query_row([row], |row| row.get::<_, i64>(0)).optional()? {
        Some(account) => count(transaction, workspace, account, -1),
        None => Ok(()),
    }
}

fn count(transaction: &Transaction<'_>, workspace: WorkspaceId, account: i64, change: i64) -> Result<(), SearchError> {
    transaction
        .prepare_cached(
            "INSERT INTO accounts (workspace, account, messages) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        )?
        .execute(params![workspace.0, account, change])?;
    Ok(())
}

pub(super) fn reset(connection: &mut Connection, workspace: WorkspaceId) -> Result<(), SearchError> {
    // The place goes first: after a crash in between the workspace counts as not built.
    connection.prepare_cached("DELETE FROM places WHERE workspace = ?1")?.execute([workspace.0])?;
    customers::reset(connection, workspace)?;
    let others: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM accounts WHERE workspace <> ?1 AND messages > 0)")?
        .query_row([workspace.0], |row| row.get(0))?;
    if !others {
        // Most installations have one workspace: emptying whole tables takes no time, whatever is in them.
        let transaction = connection.transaction()?;
        transaction.execute_batch("INSERT INTO words (words) VALUES ('delete-all'); DELETE FROM messages; DELETE FROM accounts;")?;
        return Ok(transaction.commit()?);
    }
    loop {
        let transaction = connection.transaction()?;
        let rows: Vec<i64> = {
            let mut statement = transaction.prepare_cached("SELECT row FROM messages WHERE workspace = ?1 LIMIT ?2")?;
            statement.query_map(params![workspace.0, RESET_STEP], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        for row in &rows {
            forget(&transaction, workspace, *row)?;
        }
        transaction.commit()?;
        if u32::try_from(rows.len()).unwrap_or(u32::MAX) < RESET_STEP {
            return Ok(());
        }
    }
}

/// Messages that fit a text with rows below `before`, newest first, and the row to go on below.
pub(super) fn query(
    connection: &Connection, workspace: WorkspaceId, within: &Within, text: &str, before: i64, limit: usize,
) -> Result<(Vec<MessageId>, Option<i64>), SearchError> {
    let Some(expression) = words::expression(text) else { return Ok((Vec::new(), None)) };
    let accounts = match within {
        Within::Accounts(accounts) => Some(accounts.as_slice()),
        Within::Workspace | Within::Conversation(_) => None,
    };
    let numbers: Option<Vec<i64>> = accounts.map(|accounts| accounts.iter().map(|account| account.0.cast_signed()).collect());
    // Written by `Display` of numbers: no text of anybody's is in it.
    let listed = numbers.map(|numbers| format!("[{}]", numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")));
    let (all, ours, visible): (i64, i64, i64) = connection
        .prepare_cached(
            "SELECT (SELECT coalesce(sum(messages), 0) FROM accounts), (SELECT coalesce(sum(messages), 0) FROM accounts WHERE workspace = ?1),
             (SELECT coalesce(sum(messages), 0) FROM accounts WHERE workspace = ?1 AND (?2 IS NULL OR account IN (SELECT value FROM json_each(?2))))",
        )?
        .query_row(params![workspace.0, listed], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let is_much = |part: i64| part.saturating_mul(VISIBLE_SHARE) >= all;
    let expression = match within {
        // One conversation is little beside whatever else there is.
        Within::Conversation(conversation) => words::within(&[words::conversation_mark(*conversation)], Some(&expression)),
        Within::Accounts(accounts) if !is_much(visible) => {
            words::within(&accounts.iter().map(|account| words::account_mark(*account)).collect::<Vec<_>>(), Some(&expression))
        }
        Within::Workspace | Within::Accounts(_) if !is_much(ours) => words::within(&[words::workspace_mark(workspace)], Some(&expression)),
        Within::Workspace | Within::Accounts(_) => expression,
    };
    // The condition stands in every case: it alone decides, the words only save work.
    let mut statement = connection.prepare_cached(
        "SELECT m.row, m.conversation, m.number FROM words CROSS JOIN messages AS m ON m.row = words.rowid
         WHERE words MATCH ?1 AND words.rowid < ?2 AND m.workspace = ?4 AND (?5 IS NULL OR m.account IN (SELECT value FROM json_each(?5)))
         ORDER BY words.rowid DESC LIMIT ?3",
    )?;
    // One more than asked tells whether there is a next page.
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found = statement.query_map(params![expression, before, rows, workspace.0, listed], |row| {
        let message = MessageId { conversation: ConversationId(row.get::<_, i64>(1)?.cast_unsigned()), number: row.get(2)? };
        Ok((row.get::<_, i64>(0)?, message))
    })?;
    let mut found = found.collect::<Result<Vec<_>, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(row, _)| *row);
    Ok((found.into_iter().map(|(_, message)| message).collect(), next))
}
