//! What a change is to one reader.

use crate::kit::code::codes;

codes! {
    /// What happened to a row.
    ChangeOp {
        /// It is read from now on.
        Created = "created", "появилось", "created";
        /// It reads otherwise now.
        Updated = "updated", "изменено", "updated";
        /// It is read no more.
        Deleted = "deleted", "исчезло", "deleted";
        /// Its natural key changed.
        KeyChanged = "key_changed", "изменён ключ", "key changed";
    }
}

/// A change as one reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What happened to him.
    pub op: ChangeOp,
    /// The row exists, he only reads it no more.
    pub is_hidden: bool,
}

/// What the recorded `op` is to a reader who read the row `before`, and reads it `after`; `None`:
/// nothing.
#[must_use]
pub fn seen(op: ChangeOp, before: bool, after: bool) -> Option<Seen> {
    match (before, after) {
        (false, false) => None,
        (false, true) => Some(Seen { op: ChangeOp::Created, is_hidden: false }),
        (true, false) => Some(Seen { op: ChangeOp::Deleted, is_hidden: op != ChangeOp::Deleted }),
        (true, true) => Some(Seen { op, is_hidden: false }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_what_it_is_to_its_reader() {
        use ChangeOp::{Created, Deleted, KeyChanged, Updated};
        let told = |op, before, after| seen(op, before, after).map(|seen| (seen.op, seen.is_hidden));
        for op in [Created, Updated, Deleted, KeyChanged] {
            assert_eq!(told(op, false, false), None);
            assert_eq!(told(op, false, true), Some((Created, false)));
        }
        assert_eq!(told(Updated, true, true), Some((Updated, false)));
        assert_eq!(told(KeyChanged, true, true), Some((KeyChanged, false)));
        assert_eq!(told(Updated, true, false), Some((Deleted, true)));
        assert_eq!(told(KeyChanged, true, false), Some((Deleted, true)));
        assert_eq!(told(Deleted, true, false), Some((Deleted, false)));
    }
}
