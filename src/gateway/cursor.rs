//! Places to go on from. Opaque to clients: an epoch and a position, and for managers what they may see.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use crate::model::people::Access;

/// Why a text is no cursor: the client is told to reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACursor;

/// A manager's place in the workspace's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerCursor {
    /// The workspace's epoch.
    pub epoch: String,
    /// Every entry before this one was seen whole.
    pub place: u64,
    /// How many events of the next entry were seen too.
    pub part: u8,
    /// What the manager could see.
    pub access: u32,
}

/// A visitor's place in its conversation's change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitorCursor {
    /// The workspace's epoch.
    pub epoch: String,
    /// The last change seen.
    pub place: u64,
}

/// A short mark of what somebody may see; another mark means another view, and a cursor of the one is no place in the other.
#[must_use]
pub fn access_mark(access: &Access) -> u32 {
    let mut hasher = DefaultHasher::new();
    access.channels().hash(&mut hasher);
    u32::try_from(hasher.finish() & 0xffff_ffff).unwrap_or(0)
}

impl fmt::Display for ManagerCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m.{}.{}.{}.{:08x}", self.epoch, self.place, self.part, self.access)
    }
}

impl FromStr for ManagerCursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.strip_prefix("m.").filter(|text| text.len() < 100).ok_or(NotACursor)?.split('.');
        let mut next = || parts.next().ok_or(NotACursor);
        let epoch = next()?.to_owned();
        let place = next()?.parse().map_err(|_| NotACursor)?;
        let part = next()?.parse().map_err(|_| NotACursor)?;
        let access = u32::from_str_radix(next()?, 16).map_err(|_| NotACursor)?;
        if parts.next().is_some() {
            return Err(NotACursor);
        }
        Ok(Self { epoch, place, part, access })
    }
}

impl fmt::Display for VisitorCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v.{}.{}", self.epoch, self.place)
    }
}

impl FromStr for VisitorCursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (epoch, place) = text.strip_prefix("v.").filter(|text| text.len() < 100).and_then(|text| text.split_once('.')).ok_or(NotACursor)?;
        Ok(Self { epoch: epoch.to_owned(), place: place.parse().map_err(|_| NotACursor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_foreign_text_is_none() {
        let manager = ManagerCursor { epoch: "ab12".into(), place: 77, part: 1, access: 0xdead_beef };
        assert_eq!(manager.to_string().parse(), Ok(manager));
        let visitor = VisitorCursor { epoch: "ab12".into(), place: 0 };
        assert_eq!(visitor.to_string().parse(), Ok(visitor));
        for text in ["", "m.", "m.a.b.c.d", "v.x", "v.a.-1", "m.a.1.0.00000000.9", "m.a.1.300.00000000", "m.a.99999999999999999999.0.0"] {
            assert!(text.parse::<ManagerCursor>().is_err() && text.parse::<VisitorCursor>().is_err(), "{text}");
        }
    }
}
