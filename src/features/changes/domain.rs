//! What a change is to one reader, and how two copies are compared.

use sha2::{Digest, Sha256};

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

/// The bucket of a row: the first four bytes, big endian, of the SHA-256 of its id, modulo
/// `buckets`, which is at least 1.
#[must_use]
pub fn bucket_of(id: &str, buckets: u32) -> u32 {
    let hash = Sha256::digest(id.as_bytes());
    let number = hash.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    number.checked_rem(buckets).unwrap_or(0)
}

/// The digest of some rows, taken in ascending order of their ids.
#[derive(Debug, Clone, Default)]
pub struct RowDigest {
    hash: Sha256,
    rows: u64,
}

impl RowDigest {
    /// Takes the next row.
    pub fn take(&mut self, id: &str, version: i32) {
        self.hash.update(format!("{id} {version}\n"));
        self.rows += 1;
    }

    /// How many rows it took.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// In lower-case hex.
    #[must_use]
    pub fn hex(self) -> String {
        format!("{:x}", self.hash.finalize())
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

    /// Checked with `printf abc | sha256sum` and the like.
    #[test]
    fn buckets_and_digests_are_computed_as_the_documents_say() {
        assert_eq!(bucket_of("abc", u32::MAX), 0xba78_16bf);
        assert_eq!(bucket_of("abc", 16), 15);
        assert_eq!(bucket_of("abc", 1), 0);
        assert_eq!(bucket_of("abc", 256), 191);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(RowDigest::default().hex(), empty);
        let mut two = RowDigest::default();
        two.take("a", 1);
        two.take("b", 12);
        assert_eq!(two.rows(), 2);
        assert_eq!(two.hex(), "c10e39d16166dde55f2c41f92eca597ab86abf26ef2fb7bec3319571508397fb");
    }
}
