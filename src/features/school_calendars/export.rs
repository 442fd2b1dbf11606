//! School calendars for the export.

use super::shape::SchoolCalendarOut;
use super::store;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::exported::{Exported, Taking, page};

/// Of what `taking` reads some rows after the id `after`, as the list shows them; none: there are
/// no more.
///
/// # Errors
///
/// The database's own failures.
pub fn export(
    conn: &mut AnyConnection,
    taking: &Taking,
    after: Option<&str>,
) -> Result<Vec<Exported>, Error> {
    let last = after.and_then(|id| {
        let (municipality, year) = id.split_once('/')?;
        Some((municipality, year.parse().ok()?))
    });
    let rows = store::within(conn, &taking.scope, last, page(after).limit)?;
    let exported = rows.into_iter().map(|row| {
        let (key, version, municipality) = (row.natural_key(), row.version, row.municipality_id.clone());
        let item = SchoolCalendarOut::given(row, taking.lang, &taking.caller);
        Exported::of((key.clone(), version), Some(key), Some(municipality), &item)
    });
    exported.collect()
}
