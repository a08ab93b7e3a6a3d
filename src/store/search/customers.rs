//! Customers in the search's file: what they are called and reached by, found as messages are. No text lies there either.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::words::{self, index_text};
use super::{FoundCustomers, PutCustomer, ResultPlace, SearchError, Within};
use crate::model::ids::{CustomerId, WorkspaceId};

/// Customers forgotten in one transaction of a reset.
const RESET_STEP: u32 = 5_000;

pub(super) fn put(transaction: &Transaction<'_>, workspace: WorkspaceId, put: &PutCustomer) -> Result<(), SearchError> {
    let customer = put.customer.0.cast_signed();
    let row: Option<i64> = transaction
        .prepare_cached("SELECT row FROM customers WHERE workspace = ?1 AND customer = ?2")?
        .query_row(params![workspace.0, customer], |row| row.get(0))
        .optional()?;
    if let Some(row) = row {
        transaction.prepare_cached("DELETE FROM people WHERE rowid = ?1")?.execute([row])?;
    }
    let Some(texts) = &put.texts else {
        transaction.prepare_cached("DELETE FROM customers WHERE workspace = ?1 AND customer = ?2")?.execute(params![workspace.0, customer])?;
        return Ok(());
    };
    let row = match row {
        Some(row) => row,
        None => transaction
            .prepare_cached("INSERT INTO customers (workspace, customer) VALUES (?1, ?2) RETURNING row")?
            .query_row(params![workspace.0, customer], |row| row.get(0))?,
    };
    let mut marks = vec![words::workspace_mark(workspace)];
    marks.extend(put.accounts.iter().map(|account| words::account_mark(*account)));
    if put.accounts.is_empty() {
        marks.push(words::unseen_mark(workspace));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    transaction.prepare_cached("INSERT INTO people (rowid, stems) VALUES (?1, ?2)")?.execute(params![row, index_text(&marks, &texts)])?;
    Ok(())
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
        "SELECT c.row, c.customer FROM people CROSS JOIN customers AS c ON c.row = people.rowid
         WHERE people MATCH ?1 AND people.rowid < ?2 AND c.workspace = ?4 ORDER BY people.rowid DESC LIMIT ?3",
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
            let count: i64 =
                connection.prepare_cached("SELECT count(*) FROM people WHERE people MATCH ?1")?.query_row([expression], |row| row.get(0))?;
            Some(count.cast_unsigned())
        }
    };
    Ok(FoundCustomers { customers: found.into_iter().map(|(_, customer)| customer).collect(), next, total })
}
