//! The day's numbers as they lie in the store: counters, added to in the commit of the message they count.
//!
//! A group is a day of UTC, an item is account, quarter of an hour and what is counted. So a day is read at once, what somebody may not
//! see is left out, and an old day is forgotten whole.

use super::house::House;
use crate::model::ids::{AccountId, WorkspaceId};
use crate::model::people::Access;
use crate::model::tally::{Counted, DayTally, QUARTER_MS, two_days};
use crate::model::time::Time;
use crate::store::key::Key;
use crate::store::port::StoreError;

/// A day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Numbers are kept for so many days.
pub const DAYS_KEPT: i64 = 35;
/// How far back what is to be forgotten is looked for: a server that stood still for so long leaves nothing.
pub const DAYS_LOOKED_AT: i64 = 435;

/// The day of UTC.
#[must_use]
pub fn day(at: Time) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// The group of a day.
#[must_use]
pub fn group(day: i64) -> Vec<u8> {
    Key::new().text("tally").signed(day).done()
}

/// Where something is counted: group and item.
#[must_use]
pub fn key(account: AccountId, at: Time, what: Counted) -> (Vec<u8>, Vec<u8>) {
    let quarter = u8::try_from(at.0.rem_euclid(DAY_MS).div_euclid(QUARTER_MS)).unwrap_or(0);
    let code = match what {
        Counted::Inbound => 0,
        Counted::Outbound => 1,
        Counted::Begun => 2,
        Counted::Answered(bucket) => bucket.saturating_add(3),
    };
    (group(day(at)), Key::new().number(account.0).byte(quarter).byte(code).done())
}

fn read(day: i64, item: &[u8]) -> Option<(AccountId, Time, Counted)> {
    let (account, rest) = item.split_first_chunk::<8>()?;
    let [quarter, code] = rest else { return None };
    let what = match code {
        0 => Counted::Inbound,
        1 => Counted::Outbound,
        2 => Counted::Begun,
        code => Counted::Answered(code.saturating_sub(3)),
    };
    let at = day.saturating_mul(DAY_MS).saturating_add(i64::from(*quarter).saturating_mul(QUARTER_MS));
    Some((AccountId(u64::from_be_bytes(*account)), Time(at), what))
}

/// Yesterday and today in a time zone, as far as somebody may see.
///
/// # Errors
/// The store's word.
pub async fn look(house: &House, workspace: WorkspaceId, access: &Access, zone: &str) -> Result<(DayTally, DayTally), StoreError> {
    let now = house.world.now();
    let days = two_days(now, zone).ok_or_else(|| StoreError::Invalid(format!("{} is no moment of a day", now.0)))?;
    let (mut yesterday, mut today) = days;
    let store = house.store.workspace(workspace);
    let from = yesterday.hours.first().map_or(now, |hour| hour.at);
    for day in day(from)..=day(now) {
        for (item, times) in store.counters(&group(day)).await? {
            let Some((account, quarter, what)) = read(day, &item) else { continue };
            if access.sees(account) {
                yesterday.add(quarter, what, times);
                today.add(quarter, what, times);
            }
        }
    }
    Ok((yesterday.done(), today.done()))
}
