//! The catalogue of indicators for the export.

use super::shape::IndicatorOut;
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
    let exported = listed.rows.into_iter().map(|row| {
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.code.clone(), row.municipality_id.clone());
        Exported::of(own, Some(key), municipality, &IndicatorOut::of(row, taking.lang, &taking.caller))
    });
    exported.collect()
}
