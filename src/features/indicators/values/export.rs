//! Values of indicators for the export.

use super::http::{indicators_of, views};
use super::shape::IndicatorValueOut;
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
    let rows = store::list(conn, &taking.scope, &Narrowed::default(), &page(after))?.rows;
    let indicators = indicators_of(conn, &rows)?;
    let exported = views(conn, &taking.scope, rows, &indicators)?.into_iter().map(|view| {
        let row = &view.row;
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.natural_key(), row.municipality_id.clone());
        let item = IndicatorValueOut::of(view, taking.lang, &taking.caller);
        Exported::of(own, Some(key), Some(municipality), &item)
    });
    exported.collect()
}
