//! Expired once keys go in small portions: each group looks at twice as many keys as it wrote, one after the other through
//! the whole table. So the table holds at most about a quarter more than what lives, no commit pays for a big delete, and no
//! second index by time has to be kept.

use rusqlite::{Connection, Statement, params};

use crate::model::time::Time;

/// Where the sweep stands.
pub(super) struct Sweep<'c> {
    place: (i64, Vec<u8>),
    look: Statement<'c>,
    delete: Statement<'c>,
}

impl<'c> Sweep<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            place: (-1, Vec::new()),
            look: connection.prepare("SELECT part, key, expires FROM once WHERE (part, key) > (?1, ?2) ORDER BY part, key LIMIT ?3")?,
            delete: connection.prepare("DELETE FROM once WHERE part = ?1 AND key = ?2")?,
        })
    }

    /// Looks at a few keys, in proportion to those that were written.
    pub(super) fn step(&mut self, written: usize, now: Time) -> rusqlite::Result<()> {
        if written == 0 {
            return Ok(());
        }
        let portion = written.saturating_mul(2).saturating_add(1);
        let mut looked = 0_usize;
        let mut expired = Vec::new();
        let mut rows = self.look.query(params![self.place.0, self.place.1, i64::try_from(portion).unwrap_or(i64::MAX)])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            looked = looked.saturating_add(1);
            let place = (row.get(0)?, row.get(1)?);
            if row.get::<_, i64>(2)? <= now.0 {
                expired.push(place);
            } else {
                last = Some(place);
            }
        }
        drop(rows);
        for (part, key) in &expired {
            self.delete.execute(params![part, key])?;
        }
        self.place = if looked < portion { (-1, Vec::new()) } else { last.max(expired.pop()).unwrap_or_default() };
        Ok(())
    }

    /// Starts from the front again.
    pub(super) fn forget(&mut self) {
        self.place = (-1, Vec::new());
    }
}
