//! Entries of a draft by bodies that were read from a table.

use serde_json::Value;

use super::super::store::SupportListRow;
use super::domain::EntryStep;
use super::flow::{self, NewEntry};
use super::shape::SupportListEntryIn;
use super::store::EntryRow;
use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Error;
use crate::web::check::check;

/// Enters a school into a draft, by the body of a POST.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn add_body(tx: &mut Tx, scope: &Scope, list: &SupportListRow, body: Value) -> Result<(), Error> {
    let new = checked(body)?;
    flow::add(tx, scope, list, vec![new], |_| String::new()).map(|_rows| ())
}

/// Replaces the reasons of an entry of a draft by those of a body, where `says` them.
///
/// # Errors
///
/// 409 `entry-excluded`; 422 with every broken rule.
pub fn change_body(
    tx: &mut Tx,
    list: &SupportListRow,
    row: EntryRow,
    body: Value,
    says: bool,
) -> Result<EntryRow, Error> {
    flow::require(list, &row, EntryStep::Update)?;
    let given = checked(body)?;
    flow::update(tx, row, says.then_some(given.reasons))
}

fn checked(body: Value) -> Result<NewEntry, Error> {
    let broken = check::<SupportListEntryIn>(&body).map_err(Error::Internal)?;
    if !broken.malformed.is_empty() || !broken.invalid.is_empty() {
        return Err(Error::invalid(broken.malformed.into_iter().chain(broken.invalid).collect()));
    }
    Ok(serde_json::from_value::<SupportListEntryIn>(body)?.into())
}
