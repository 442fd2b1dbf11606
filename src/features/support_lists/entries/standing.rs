//! Which schools stand in the approved lists of a year.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::super::domain::{ListCategory, ListLevel, ListStatus};
use super::domain::{ExclusionReason, ListSpan};
use crate::db::AnyConnection;
use crate::db::schema::{support_list_entries as entries, support_lists as lists};
use crate::features::schools::NOT_LOW;
use crate::kit::id::{MunicipalityId, SchoolId, SupportListId};

/// First day, if it is bounded, and last day or the first without.
type Days = (Option<NaiveDate>, Option<NaiveDate>);

/// An approved list in which a school stands.
#[derive(Debug, Clone, Queryable)]
pub struct Standing {
    /// The list.
    pub list_id: SupportListId,
    /// Level of the body that made it.
    pub level: ListLevel,
    /// Why schools stand in it.
    pub category: ListCategory,
}

/// The lists of low results of a year that are in force on `today`, by the schools in them.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn standing_of_year(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    results_year: i32,
    today: NaiveDate,
) -> QueryResult<HashMap<SchoolId, Vec<Standing>>> {
    let found: Vec<(SchoolId, Standing, Days, Days)> = entries::table
        .inner_join(lists::table)
        .filter(lists::municipality_id.eq(municipality))
        .filter(lists::results_year.eq(results_year))
        .filter(lists::status.eq(ListStatus::Approved))
        .filter(lists::category.ne_all(NOT_LOW))
        .order((lists::level, lists::id))
        .select((
            entries::school_id,
            (lists::id, lists::level, lists::category),
            (lists::valid_from, lists::valid_to),
            (entries::included_on, entries::excluded_on),
        ))
        .load(conn)?;
    let mut by_school: HashMap<SchoolId, Vec<Standing>> = HashMap::new();
    for (school, standing, (valid_from, valid_to), (included_on, excluded_on)) in found {
        let span = ListSpan { status: ListStatus::Approved, valid_from, valid_to };
        if span.holds(today, included_on, excluded_on) {
            by_school.entry(school).or_default().push(standing);
        }
    }
    Ok(by_school)
}

/// How a school stands in lists, or left them.
#[derive(Debug, Clone, Queryable)]
pub struct Departure {
    /// The school.
    pub school_id: SchoolId,
    /// Its first day; `None`: the list's first.
    pub included_on: Option<NaiveDate>,
    /// The first day without it; `None`: it stands there.
    pub excluded_on: Option<NaiveDate>,
    /// Why it left.
    pub exclusion_reason: Option<ExclusionReason>,
}

/// Every entry of these lists. Takes no scope: the caller holds a document that rests on the lists.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn departures_of(conn: &mut AnyConnection, ids: &[SupportListId]) -> QueryResult<Vec<Departure>> {
    let query = entries::table.filter(entries::list_id.eq_any(ids)).order((entries::school_id, entries::id));
    let columns = (entries::school_id, entries::included_on, entries::excluded_on, entries::exclusion_reason);
    query.select(columns).load(conn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    #[test]
    fn what_schools_leave_out_are_the_neighbours_of_low_results() {
        assert_eq!(
            NOT_LOW.map(ListCategory::parse),
            [ListCategory::RiskGroup, ListCategory::Resilient].map(Some)
        );
    }
}
