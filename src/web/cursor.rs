//! Cursors: opaque, bound to filter and sort, refused when altered.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::kit::text;

/// Bytes of the digest that ties a cursor to its query.
const SEAL: usize = 8;

/// Writes the keys of the last row; `query` names the list, filter and order.
#[must_use]
pub fn write(query: &str, keys: &[String]) -> String {
    let body = serde_json::to_vec(keys).unwrap_or_default();
    let mut bytes = seal(query, &body);
    bytes.extend_from_slice(&body);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the keys back; `None` when the cursor was altered or belongs to another query.
#[must_use]
pub fn read(query: &str, cursor: &str, keys: usize) -> Option<Vec<String>> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (sealed, body) = bytes.split_at_checked(SEAL)?;
    if sealed != seal(query, body) {
        return None;
    }
    let values: Vec<String> = serde_json::from_slice(body).ok()?;
    // No text of a row holds such characters, and PostgreSQL takes no NUL.
    let clean = !values.iter().any(|value| value.chars().any(text::is_forbidden));
    (values.len() == keys && clean).then_some(values)
}

fn seal(query: &str, body: &[u8]) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(query.as_bytes());
    digest.update([0]);
    digest.update(body);
    digest.finalize().iter().take(SEAL).copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_come_back_as_they_were(query in ".*", keys in prop::collection::vec("[^\\pC]*", 0..4)) {
            let cursor = write(&query, &keys);
            prop_assert_eq!(read(&query, &cursor, keys.len()), Some(keys.clone()));
            prop_assert_eq!(read(&query, &cursor, keys.len() + 1), None);
            prop_assert_eq!(read(&format!("{query}&"), &cursor, keys.len()), None);
        }

        #[test]
        fn an_altered_cursor_is_refused(key in "[^\\pC]*", place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_-]") {
            let cursor = write("schools", &[key]);
            let mut altered: Vec<char> = cursor.chars().collect();
            let place = place.index(altered.len());
            let new = other.chars().next().unwrap();
            prop_assume!(altered[place] != new);
            altered[place] = new;
            prop_assert_eq!(read("schools", &altered.into_iter().collect::<String>(), 1), None);
        }

        #[test]
        fn no_text_is_read_as_a_cursor(text in ".*", keys in 0..4_usize) {
            prop_assert_eq!(read("schools", &text, keys), None);
        }
    }

    #[test]
    fn a_cursor_serves_its_own_query_only() {
        let keys = vec!["2023-12-29".to_owned(), "x".to_owned()];
        let cursor = write("orders?sort=date", &keys);
        assert_eq!(read("orders?sort=date", &cursor, 2), Some(keys));
        assert_eq!(read("orders?sort=-date", &cursor, 2), None);
        assert_eq!(read("orders?sort=date", &cursor[..cursor.len() - 1], 2), None);
        assert_eq!(read("orders?sort=date", "%%%", 2), None);
    }
}
