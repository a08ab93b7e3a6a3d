//! Tags: short words managers put on conversations.

use serde::{Deserialize, Serialize};

use super::ids::TagId;

/// The longest name, characters.
pub const NAME_LIMIT: usize = 40;
/// The most tags of a workspace.
pub const TAGS_LIMIT: usize = 500;
/// The most tags on one conversation.
pub const ON_ONE_LIMIT: usize = 20;
/// Colours there are; a tag has the number of one.
pub const COLOURS: u8 = 8;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The id.
    pub id: TagId,
    /// Its name; unique in the workspace, whatever the case.
    pub name: String,
    /// Its colour, below [`COLOURS`].
    pub colour: u8,
}

/// The tags a conversation has after some were put on and some taken off; `None`: they would be too many.
#[must_use]
pub fn changed(now: &[TagId], on: &[TagId], off: &[TagId]) -> Option<Vec<TagId>> {
    let mut tags: Vec<TagId> = now.iter().copied().filter(|tag| !off.contains(tag)).collect();
    for tag in on {
        if !tags.contains(tag) {
            tags.push(*tag);
        }
    }
    (tags.len() <= ON_ONE_LIMIT).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_on_once_and_off_first() {
        let tags = |ids: &[u64]| ids.iter().copied().map(TagId).collect::<Vec<_>>();
        // now, on, off => then
        for (now, on, off, then) in
            [(&[][..], &[1, 2][..], &[][..], &[1, 2][..]), (&[1, 2], &[2, 3], &[1], &[2, 3]), (&[1], &[1], &[1], &[1]), (&[1, 2], &[], &[3], &[1, 2])]
        {
            assert_eq!(changed(&tags(now), &tags(on), &tags(off)), Some(tags(then)), "{now:?} {on:?} {off:?}");
        }
        let many: Vec<u64> = (0..21).collect();
        assert_eq!(changed(&[], &tags(&many), &[]), None);
    }
}
