//! Recommendations for the export.

use super::shape::{Reading, RecommendationOut, by_recommendation};
use super::store::{self, Narrowed};
use super::store_addressees;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::exported::{Exported, Taking, page};
use crate::kit::id::RecommendationId;

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
    let ids: Vec<RecommendationId> = rows.iter().map(|row| row.id.clone()).collect();
    let mut addressees = by_recommendation(store_addressees::addressees_of(conn, &taking.scope, &ids)?);
    let reading = Reading { lang: taking.lang, today: taking.today, caller: &taking.caller };
    let exported = rows.into_iter().map(|row| {
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.natural_key(), row.municipality_id.clone());
        let addressed = addressees.remove(&row.id).unwrap_or_default();
        Exported::of(own, Some(key), Some(municipality), &RecommendationOut::of(row, addressed, reading))
    });
    exported.collect()
}
