//! Support lists for the export.

use super::shape::SupportListOut;
use super::store::{self, Narrowed};
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
    let listed = store::list(conn, &taking.scope, &Narrowed::default(), &page(after))?;
    let exported = listed.rows.into_iter().map(|view| {
        let row = &view.row;
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.natural_key(), row.municipality_id.clone());
        let item = SupportListOut::of(view, taking.lang, &taking.caller);
        Exported::of(own, Some(key), Some(municipality), &item)
    });
    exported.collect()
}
