//! Reports for the export.

use super::super::store::{self, Narrowed};
use super::super::store_views;
use super::reader::Reader;
use super::shape::ReportOut;
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
    let listed = store::list(conn, &taking.scope, &narrowed, &page(after))?;
    let reader = Reader {
        caller: taking.caller.clone(),
        scope: taking.scope.clone(),
        lang: taking.lang,
        today: taking.today,
    };
    let exported = store_views::views(conn, listed.rows)?.into_iter().map(|view| {
        let row = &view.row;
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.natural_key(), row.municipality_id.clone());
        Exported::of(own, Some(key), Some(municipality), &ReportOut::of(&view, &reader))
    });
    exported.collect()
}
