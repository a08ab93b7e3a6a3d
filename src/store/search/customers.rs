//! Customers in the search's file: what they are called and reached by, found as messages are. No text lies there either.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, params};

use super::words::{self, index_text};
use super::{FoundCustomers, PutCustomer, PutPart, ResultPlace, SearchError, Within};
use crate::model::ids::{AccountId, CustomerId, WorkspaceId};

/// Customers forgotten in one transaction of a reset.
const RESET_STEP: u32 = 5_000;

/// The row that holds all of a customer.
const WHOLE: i64 = 0;

pub(super) fn put(transaction: &Transaction<'_>, workspace: WorkspaceId, put: &PutCustomer) -> Result<(), SearchError> {
    let customer = put.customer.0.cast_signed();
    let mut rows: BTreeMap<i64, i64> = transaction
        .prepare_cached("SELECT account, row FROM customers WHERE workspace = ?1 AND customer = ?2")?
        .query_map(params![workspace.0, customer], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for row in rows.values() {
        transaction.prepare_cached("DELETE FROM people WHERE rowid = ?1")?.execute([row])?;
    }
    for (account, text) in texts(workspace, put) {
        // A row that stays keeps its place in the order.
        let row = match rows.remove(&account) {
            Some(row) => row,
            None => transaction
                .prepare_cached("INSERT INTO customers (workspace, customer, account) VALUES (?1, ?2, ?3) RETURNING row")?
                .query_row(params![workspace.0, customer, account], |row| row.get(0))?,
        };
        transaction.prepare_cached("INSERT INTO people (rowid, stems) VALUES (?1, ?2)")?.execute(params![row, text])?;
    }
    for row in rows.values() {
        transaction.prepare_cached("DELETE FROM customers WHERE row = ?1")?.execute([row])?;
    }
    Ok(())
}

/// The rows of a customer. Nobody may find somebody by words of a channel they do not see, so where not every part is seen by the same
/// people, each account has a row of its own beside the one for those who see everything.
fn texts(workspace: WorkspaceId, put: &PutCustomer) -> Vec<(i64, String)> {
    let Some(own) = &put.texts else { return Vec::new() };
    let text = |marks: &[String], parts: &mut dyn Iterator<Item = &PutPart>| {
        let texts: Vec<&str> = own.iter().chain(parts.flat_map(|part| &part.texts)).map(String::as_str).collect();
        index_text(marks, &texts)
    };
    let mut marks = vec![words::workspace_mark(workspace)];
    let Some(first) = put.parts.first() else {
        marks.push(words::unseen_mark(workspace));
        return vec![(WHOLE, text(&marks, &mut std::iter::empty()))];
    };
    if put.parts.iter().all(|part| part.accounts == first.accounts) {
        marks.extend(first.accounts.iter().map(|account| words::account_mark(*account)));
        return vec![(WHOLE, text(&marks, &mut put.parts.iter()))];
    }
    let accounts: BTreeSet<AccountId> = put.parts.iter().flat_map(|part| &part.accounts).copied().collect();
    let each = accounts.into_iter().map(|account| {
        let mut parts = put.parts.iter().filter(|part| part.accounts.contains(&account));
        (account.0.cast_signed(), text(&[words::account_mark(account)], &mut parts))
    });
    std::iter::once((WHOLE, text(&marks, &mut put.parts.iter()))).chain(each).collect()
}

pub(super) fn reset(connection: &mut Connection, workspace: WorkspaceId) -> Result<(), SearchError> {
    loop {
        let transaction = connection.transaction()?;
        let forgotten = transaction
            .prepare_cached("DELETE FROM people WHERE rowid IN (SELECT row FROM customers WHERE workspace = ?1 ORDER BY row LIMIT ?2)")?
            .execute(params![workspace.0, RESET_STEP])?;
        transaction
            .prepare_cached("DELETE FROM customers WHERE row IN (SELECT row FROM customers WHERE workspace = ?1 ORDER BY row LIMIT ?2)")?
            .execute(params![workspace.0, RESET_STEP])?;
        transaction.commit()?;
        if u32::try_from(forgotten).unwrap_or(u32::MAX) < RESET_STEP {
            return Ok(());
        }
    }
}

/// Customers below a place, the newest first.
pub(super) fn query(
    connection: &Connection, workspace: WorkspaceId, within: &Within, (text, other_layout): (&str, bool), before: Option<i64>, limit: usize,
) -> Result<FoundCustomers, SearchError> {
    let expression = words::expression(text);
    if expression.is_none() && !text.trim().is_empty() {
        return Ok(FoundCustomers { total: before.is_none().then_some(0), ..FoundCustomers::default() });
    }
    let marks = match within {
        Within::Accounts(accounts) => {
            let mut marks: Vec<String> = accounts.iter().map(|account| words::account_mark(*account)).collect();
            marks.push(words::unseen_mark(workspace));
            marks
        }
        Within::Workspace | Within::Conversation(_) => vec![words::workspace_mark(workspace)],
    };
    let expression = words::within(&marks, expression.as_deref());
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement = connection.prepare_cached(
        // Found in several of their channels, they stand where the newest of these rows is.
        "SELECT c.row, c.customer FROM people CROSS JOIN customers AS c ON c.row = people.rowid
         WHERE people MATCH ?1 AND people.rowid < ?2 AND c.workspace = ?4 AND NOT EXISTS (
             SELECT 1 FROM customers AS d CROSS JOIN people AS p ON p.rowid = d.row
             WHERE d.workspace = c.workspace AND d.customer = c.customer AND d.row > c.row AND p.people MATCH ?1
         ) ORDER BY people.rowid DESC LIMIT ?3",
    )?;
    let found = statement.query_map(params![expression, before.unwrap_or(i64::MAX), rows, workspace.0], |row| {
        Ok((row.get::<_, i64>(0)?, CustomerId(row.get::<_, i64>(1)?.cast_unsigned())))
    })?;
    let mut found = found.collect::<Result<Vec<_>, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(row, _)| ResultPlace { row: *row, other_layout });
    let total = match before {
        Some(_) => None,
        None => {
            let count: i64 = match within {
                // One row each.
                Within::Workspace | Within::Conversation(_) => connection.prepare_cached("SELECT count(*) FROM people WHERE people MATCH ?1")?,
                Within::Accounts(_) => connection.prepare_cached(
                    "SELECT count(DISTINCT c.customer) FROM people CROSS JOIN customers AS c ON c.row = people.rowid WHERE people MATCH ?1",
                )?,
            }
            .query_row([expression], |row| row.get(0))?;
            Some(count.cast_unsigned())
        }
    };
    Ok(FoundCustomers { customers: found.into_iter().map(|(_, customer)| customer).collect(), next, total })
}
