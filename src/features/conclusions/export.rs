//! Conclusions for the export: those that a signed note holds.

use super::flow::{self, journal_id};
use super::shape::ConclusionOut;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::exported::{Exported, Taking};
use crate::features::monitorings;

/// The conclusions of the first monitoring after that of the id `after` which a signed note holds, as
/// the list shows them; none: there is no such monitoring. What may still change is not exported.
///
/// # Errors
///
/// The database's own failures.
pub fn export(
    conn: &mut AnyConnection,
    taking: &Taking,
    after: Option<&str>,
) -> Result<Vec<Exported>, Error> {
    let mut last = after.and_then(|id| id.split('/').next()).map(str::to_owned);
    while let Some(monitoring) = monitorings::next_frozen(conn, &taking.scope, last.as_deref())? {
        let conclusions = flow::derive_all(conn, &monitoring)?;
        let items = ConclusionOut::all(&conclusions, &monitoring, taking.lang, &taking.caller);
        let mut exported = Vec::with_capacity(items.len());
        for item in items {
            let id = journal_id(&monitoring.id, item.code());
            let own = (id.clone(), item.version());
            exported.push(Exported::of(own, Some(id), Some(monitoring.municipality_id.clone()), &item)?);
        }
        if !exported.is_empty() {
            exported.sort_by(|one, other| one.id.cmp(&other.id));
            return Ok(exported);
        }
        last = Some(monitoring.id.to_string());
    }
    Ok(Vec::new())
}
