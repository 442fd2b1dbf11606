//! How the numbers of a report are read, and become values of indicators when it is accepted.

use std::collections::BTreeSet;

use super::numbers::{Units, totals};
use super::store_items;
use super::view::ReportView;
use crate::db::{AnyConnection, Tx};
use crate::error::Error;
use crate::features::indicators::{self, Counted, IndicatorRow, Numbers, Telling};
use crate::kit::id::MunicipalityId;

/// The units of the indicators that these numbers name, by one query; none when there are none.
///
/// # Errors
///
/// Database failures only.
pub fn units_of<'a>(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    numbers: impl IntoIterator<Item = &'a Numbers>,
) -> Result<Units, Error> {
    let codes: BTreeSet<&str> = numbers.into_iter().flat_map(Numbers::keys).map(String::as_str).collect();
    let known = indicators::by_codes(conn, municipality, codes)?;
    Ok(known.into_iter().map(|row| (row.code, row.unit)).collect())
}

/// The indicators that the measures of a report declare, in the order of the catalogue.
///
/// # Errors
///
/// Database failures only.
pub fn declared(conn: &mut AnyConnection, view: &ReportView) -> Result<Vec<IndicatorRow>, Error> {
    let measures = view.measures();
    let codes: BTreeSet<&str> =
        measures.iter().flat_map(|measure| &measure.indicators).map(String::as_str).collect();
    Ok(indicators::by_codes(conn, &view.row.municipality_id, codes)?)
}

/// Confirms what a report that is being accepted tells, for the period of its monitoring.
///
/// # Errors
///
/// 409 `value-from-report` when an accepted report of another monitoring told another number.
pub fn confirm(tx: &mut Tx, view: &ReportView) -> Result<(), Error> {
    let content = store_items::current(tx, &view.row)?;
    let told = totals(&view.measures(), &content.items);
    let known = indicators::by_codes(tx, &view.row.municipality_id, told.keys().map(String::as_str))?;
    let counted: Vec<Counted> = known
        .into_iter()
        .filter_map(|row| Some(Counted { number: *told.get(&row.code)?, indicator_id: row.id }))
        .collect();
    let telling = Telling {
        report_id: view.row.id.clone(),
        municipality_id: view.row.municipality_id.clone(),
        school_id: view.row.school_id.clone(),
        period: (view.monitoring.period_start, view.monitoring.period_end),
    };
    indicators::confirm(tx, &telling, &counted)
}
