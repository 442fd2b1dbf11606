//! What happens to municipalities, each within one transaction.

use super::store::{self, MunicipalityRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::kit::id::MunicipalityId;
use crate::problems;

/// The municipality a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &MunicipalityId) -> Result<MunicipalityRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Stores a new municipality.
///
/// # Errors
///
/// 409 `municipality-exists`.
pub fn create(tx: &mut Tx, row: MunicipalityRow) -> Result<MunicipalityRow, Error> {
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::MUNICIPALITY_EXISTS))?;
    tx.record(change(&row, Op::Created, "create"));
    Ok(row)
}

/// Stores what `changed` says; an unchanged one keeps its version.
///
/// # Errors
///
/// 409 `municipality-exists`.
pub fn update(
    tx: &mut Tx,
    row: &MunicipalityRow,
    mut changed: MunicipalityRow,
) -> Result<MunicipalityRow, Error> {
    if changed == *row {
        return Ok(changed);
    }
    changed.version += 1;
    changed.updated_at = tx.now();
    store::update(tx, &changed).map_err(Error::on_duplicate(&problems::MUNICIPALITY_EXISTS))?;
    tx.record(change(&changed, Op::Updated, "update").previous_key(&row.natural_key()));
    Ok(changed)
}

impl MunicipalityRow {
    /// The natural key: region and name.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}", self.region_code, self.name)
    }
}

fn change(row: &MunicipalityRow, op: Op, action: &'static str) -> Change {
    Change::new(op, "municipalities", action, row.id.as_str(), row.version)
        .of(&row.id)
        .of_region(&row.region_code)
        .key(&row.natural_key())
        .visible(op != Op::Created, true)
}
