//! The digest of what a caller reads of one resource.

use super::domain::{RowDigest, bucket_of};
use super::resources::Resource;
use super::store::{self, Standing};
use crate::db::{AnyConnection, Horizon};
use crate::error::Error;
use crate::features::exported::Taking;

/// The digest of a resource.
#[derive(Debug, Clone)]
pub struct ResourceDigest {
    /// Where the feed stands in the same snapshot.
    pub standing: Standing,
    /// Of all rows.
    pub whole: RowDigest,
    /// By bucket.
    pub buckets: Vec<RowDigest>,
}

/// The digest over so many buckets; call it within an exact snapshot.
///
/// # Errors
///
/// The database's own failures.
pub fn digest(
    conn: &mut AnyConnection,
    horizon: Horizon,
    taking: &Taking,
    resource: &Resource,
    buckets: u32,
) -> Result<ResourceDigest, Error> {
    let standing = store::standing(conn, horizon)?;
    let mut whole = RowDigest::default();
    let mut parts: Vec<RowDigest> = (0..buckets).map(|_| RowDigest::default()).collect();
    let mut after: Option<String> = None;
    loop {
        let rows = (resource.export)(conn, taking, after.as_deref())?;
        for row in &rows {
            whole.take(&row.id, row.version);
            let bucket = usize::try_from(bucket_of(&row.id, buckets)).unwrap_or_default();
            if let Some(part) = parts.get_mut(bucket) {
                part.take(&row.id, row.version);
            }
        }
        match rows.into_iter().last() {
            Some(last) => after = Some(last.id),
            None => return Ok(ResourceDigest { standing, whole, buckets: parts }),
        }
    }
}
