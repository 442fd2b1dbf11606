//! Schools for the export.

use super::policy;
use super::shape::SchoolOut;
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
    let narrowed = Narrowed { today: taking.today, ..Narrowed::default() };
    let transfers = taking.caller.may::<policy::TransferSchools>();
    let listed = store::list(conn, &taking.scope, &narrowed, &page(after), transfers)?;
    let exported = listed.rows.into_iter().map(|school| {
        let row = &school.row;
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.ogrn.clone(), row.municipality_id.clone());
        let item = SchoolOut::of(school, taking.lang, &taking.caller)?;
        Exported::of(own, Some(key), Some(municipality), &item)
    });
    exported.collect()
}
