//! Which schools a monitoring takes from its lists.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::super::domain::ListStatus;
use super::super::store::{self, SupportListRow};
use super::store::EntryRow;
use crate::db::AnyConnection;
use crate::db::schema::{schools, support_list_entries as entries, support_lists as lists};
use crate::kit::id::{SchoolId, SupportListId};

/// A school of the lists of a monitoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolInLists {
    /// The school.
    pub school_id: SchoolId,
    /// Its short name.
    pub short_name: String,
    /// Its levels of education, JSON as stored with the school.
    pub education_levels: String,
    /// The day it left the last of the lists; `None`: it still stands in one.
    pub left_list_on: Option<NaiveDate>,
}

/// Schools with an entry in force on the day `on`, and those whose last entry ended within
/// the period; one row per school, ordered by short name and id.
///
/// Only lists in force count: a draft, superseded or cancelled list gives no school. Locks the
/// lists until the transaction ends, so that none is cancelled while a monitoring opens on it.
/// Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn entries_for_monitoring(
    conn: &mut AnyConnection,
    list_ids: &[SupportListId],
    on: NaiveDate,
    period_start: NaiveDate,
    period_end: NaiveDate,
) -> QueryResult<Vec<SchoolInLists>> {
    let mut sorted: Vec<&SupportListId> = list_ids.iter().collect();
    sorted.sort();
    for id in sorted {
        store::lock(conn, id)?;
    }
    let rows: Vec<(SupportListRow, EntryRow, String, String)> = entries::table
        .inner_join(lists::table)
        .inner_join(schools::table)
        .filter(lists::id.eq_any(list_ids))
        .select((
            SupportListRow::as_select(),
            EntryRow::as_select(),
            schools::short_name,
            schools::education_levels,
        ))
        .load(conn)?;
    let mut found: BTreeMap<(String, SchoolId), SchoolInLists> = BTreeMap::new();
    for (list, entry, short_name, education_levels) in rows {
        let holds = list.span().holds(on, entry.included_on, entry.excluded_on);
        let left = entry
            .excluded_on
            .filter(|day| list.span().covers(on) && (period_start..=period_end).contains(day));
        if !holds && left.is_none() {
            continue;
        }
        let left_list_on = if holds { None } else { left };
        found
            .entry((short_name.clone(), entry.school_id.clone()))
            .and_modify(|school| {
                school.left_list_on =
                    school.left_list_on.zip(left_list_on).map(|(one, other)| one.max(other));
            })
            .or_insert(SchoolInLists {
                school_id: entry.school_id,
                short_name,
                education_levels,
                left_list_on,
            });
    }
    Ok(found.into_values().collect())
}

/// Whether the school stands in a list in force on the day `on`. Takes no scope: the caller's
/// own school.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn is_listed(conn: &mut AnyConnection, school: &SchoolId, on: NaiveDate) -> QueryResult<bool> {
    let rows: Vec<(SupportListRow, EntryRow)> = entries::table
        .inner_join(lists::table)
        .filter(entries::school_id.eq(school))
        .filter(lists::status.eq(ListStatus::Approved))
        .select((SupportListRow::as_select(), EntryRow::as_select()))
        .load(conn)?;
    Ok(rows.iter().any(|(list, entry)| list.span().holds(on, entry.included_on, entry.excluded_on)))
}
