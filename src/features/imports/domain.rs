//! Rules of imports: kinds, states, counters, and when a list would shrink too much.

use chrono::{Duration, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::features::support_lists::{ListCategory, ListLevel};
use crate::kit::code::codes;
use crate::kit::id::{OrderId, RoadMapId, SupportListId};
use crate::kit::lang::Bi;
use crate::kit::outcome::Outcome;
use crate::kit::text;
use crate::kit::violation::Violation;

/// Rows of an import at most.
pub const MOST_ROWS: usize = 100_000;
/// Rows of a list or a road map at most: they are replaced in one go.
const MOST_REPLACED: usize = 5_000;
/// Rows that are stored, or rehearsed, in one transaction at most: others wait for its end.
const MOST_AT_ONCE: usize = 20_000;
/// Jobs of an account or a client that may wait or run.
pub const MOST_WAITING: i64 = 5;
/// Columns of a table at most.
pub const MOST_COLUMNS: usize = 200;
/// Bytes of a cell at most; no member of any row takes as many.
pub const MOST_CELL: usize = 32 * 1024;
/// Errors that are kept with their texts at most; all are counted.
pub const MOST_ERRORS: usize = 10_000;
/// Characters of a cell that an error repeats.
pub const VALUE_SHOWN: usize = 200;
/// Days for which file and errors are kept.
pub const KEPT_DAYS: i64 = 30;
/// Hours within which the same import again is answered with the first one.
const SAME_HOURS: i64 = 24;
/// How long a running job is left to the process that has it.
const LEASE_MINUTES: i64 = 5;
/// How long a job waits after the service has failed to do it.
const AGAIN_SECONDS: i64 = 30;
/// How often a job is begun at most: one that ends the process each time must not do so for ever.
pub const MOST_ATTEMPTS: i32 = 3;
/// Of so many entries one may go or change without `force`: 20 %.
const ONE_IN: usize = 5;

codes! {
    /// What the rows of an import are.
    ImportKind {
        /// Schools, by OGRN.
        Schools = "schools", "школы", "schools";
        /// The schools of a support list, by OGRN; the list is replaced.
        SupportList = "support_list", "перечень школ", "support list";
        /// The measures of a road map, by code; they are replaced.
        RoadMap = "road_map", "дорожная карта", "road map";
        /// Statistics of schools, by OGRN and academic year.
        Stats = "stats", "статистика школ", "statistics of schools";
    }
}

codes! {
    /// What a rejected row does to the others.
    ImportMode {
        /// All rows are stored or none.
        Atomic = "atomic", "все строки или ни одной", "all rows or none";
        /// Good rows are stored, the others reported.
        Row = "row", "каждая строка сама по себе", "each row by itself";
    }
}

codes! {
    /// State of a job.
    JobStatus {
        /// Waits for its turn.
        Queued = "queued", "в очереди", "queued";
        /// Is being done.
        Running = "running", "выполняется", "running";
        /// Has been done.
        Done = "done", "выполнено", "done";
        /// Has ended without storing what it should.
        Failed = "failed", "не выполнено", "failed";
    }
}

/// All that is asked of an import beside its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Replaces more than a fifth of a list.
    #[serde(default)]
    pub force: bool,
    /// Why, for the audit.
    pub reason: Option<String>,
    /// The draft whose entries are replaced.
    pub support_list_id: Option<SupportListId>,
    /// A list by what it says of itself, instead of its id.
    pub list: Option<ListWanted>,
    /// The draft whose measures are replaced.
    pub road_map_id: Option<RoadMapId>,
    /// Academic year of statistics that do not say theirs.
    pub academic_year: Option<i32>,
}

/// A draft list that is found by these members, or made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListWanted {
    /// Level of the body that made it.
    pub level: ListLevel,
    /// Why schools stand in it.
    pub category: ListCategory,
    /// Calendar year of the results.
    pub results_year: i32,
    /// The order that approves it.
    pub order_id: OrderId,
    /// First day in force.
    pub valid_from: Option<NaiveDate>,
    /// Last day in force.
    pub valid_to: Option<NaiveDate>,
}

/// Members of a list that an import may name, as they were given.
#[derive(Debug, Clone, Default)]
pub struct ListGiven {
    /// Level.
    pub level: Option<ListLevel>,
    /// Category.
    pub category: Option<ListCategory>,
    /// Year.
    pub results_year: Option<i32>,
    /// Order.
    pub order_id: Option<OrderId>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

impl ListGiven {
    fn is_empty(&self) -> bool {
        self.level.is_none()
            && self.category.is_none()
            && self.results_year.is_none()
            && self.order_id.is_none()
            && self.valid_from.is_none()
            && self.valid_to.is_none()
    }
}

/// Puts together what an import of `kind` is asked, or names what does not fit it.
///
/// # Errors
///
/// Every member that is missing or does not belong to the kind.
pub fn parameters(
    kind: ImportKind,
    given: Parameters,
    list: ListGiven,
) -> Result<Parameters, Vec<Violation>> {
    let mut found = Vec::new();
    let mut demand = |name: &str, is_there: bool, belongs: bool, needed: bool| {
        if is_there && !belongs {
            let detail = Bi::fixed(
                "К загрузке этого вида поле не относится",
                "An import of this kind has no such member",
            );
            found.push(Violation::new(format!("/{name}"), "not-allowed", detail));
        } else if needed && !is_there {
            found.push(Violation::new(
                format!("/{name}"),
                "required",
                Bi::fixed("Обязательное поле", "The member is required"),
            ));
        }
    };
    let of_list = kind == ImportKind::SupportList;
    let of_map = kind == ImportKind::RoadMap;
    let made = of_list && given.support_list_id.is_none();
    demand("support_list_id", given.support_list_id.is_some(), of_list && list.is_empty(), false);
    demand("level", list.level.is_some(), made, made);
    demand("category", list.category.is_some(), made, made);
    demand("results_year", list.results_year.is_some(), made, made);
    demand("order_id", list.order_id.is_some(), made, made);
    demand("valid_from", list.valid_from.is_some(), made, false);
    demand("valid_to", list.valid_to.is_some(), made, false);
    demand("road_map_id", given.road_map_id.is_some(), of_map, of_map);
    demand("academic_year", given.academic_year.is_some(), kind == ImportKind::Stats, false);
    demand("force", given.force, of_list || of_map, false);
    demand("reason", given.reason.is_some(), of_list || of_map, given.force);
    if !found.is_empty() {
        return Err(found);
    }
    let wanted = match (list.level, list.category, list.results_year, list.order_id) {
        (Some(level), Some(category), Some(results_year), Some(order_id)) => Some(ListWanted {
            level,
            category,
            results_year,
            order_id,
            valid_from: list.valid_from,
            valid_to: list.valid_to,
        }),
        _ => None,
    };
    Ok(Parameters { list: wanted, ..given })
}

/// What became of the rows: each is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Nothing had their key.
    pub created: usize,
    /// What had their key said something else.
    pub updated: usize,
    /// What had their key said the same.
    pub unchanged: usize,
    /// Not stored.
    pub rejected: usize,
    /// What stood in a list or a map and not in the file; no row of it.
    pub removed: usize,
}

impl Tally {
    /// All rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.created + self.updated + self.unchanged + self.rejected
    }

    /// Counts rows that were stored.
    pub fn stored(&mut self, outcome: Outcome, rows: usize) {
        match outcome {
            Outcome::Created => self.created += rows,
            Outcome::Updated => self.updated += rows,
            Outcome::Unchanged => self.unchanged += rows,
        }
    }

    /// The tally of an import that stores nothing because of some of its rows.
    #[must_use]
    pub fn all_rejected(rows: usize) -> Self {
        Self { rejected: rows, ..Self::default() }
    }
}

/// Rows that an import may have.
#[must_use]
pub fn most_rows(kind: ImportKind, mode: ImportMode, dry_run: bool) -> usize {
    match (kind, mode) {
        (ImportKind::SupportList | ImportKind::RoadMap, _) => MOST_REPLACED,
        (_, ImportMode::Row) if !dry_run => MOST_ROWS,
        (_, ImportMode::Atomic | ImportMode::Row) => MOST_AT_ONCE,
    }
}

/// Whether so many of a list's entries go or change that somebody must say why.
#[must_use]
pub fn shrinks(present: usize, gone: usize, changed: usize) -> bool {
    (gone + changed) * ONE_IN > present
}

/// The end of a lease that begins now.
#[must_use]
pub fn lease(now: NaiveDateTime) -> NaiveDateTime {
    now + Duration::minutes(LEASE_MINUTES)
}

/// When a job that the service has failed to do is tried again.
#[must_use]
pub fn again_at(now: NaiveDateTime) -> NaiveDateTime {
    now + Duration::seconds(AGAIN_SECONDS)
}

/// The oldest import that stands for the same one again.
#[must_use]
pub fn same_since(now: NaiveDateTime) -> NaiveDateTime {
    now - Duration::hours(SAME_HOURS)
}

/// Until when the file of a job is kept.
#[must_use]
pub fn kept_until(created_at: NaiveDateTime) -> NaiveDateTime {
    created_at + Duration::days(KEPT_DAYS)
}

/// The beginning of a cell, as an error repeats it: what no text may hold is replaced.
#[must_use]
pub fn shown(value: &str) -> String {
    let value = value.replace(text::is_forbidden, "\u{FFFD}");
    match value.char_indices().nth(VALUE_SHOWN) {
        None => value,
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_may_go_and_no_more() {
        assert!(!shrinks(10, 1, 1) && !shrinks(10, 2, 0) && !shrinks(10, 0, 2));
        assert!(shrinks(10, 2, 1) && shrinks(4, 1, 0) && !shrinks(5, 1, 0));
        assert!(!shrinks(0, 0, 0), "what is empty cannot shrink");
    }

    #[test]
    fn every_row_is_counted_once() {
        let mut tally = Tally::default();
        tally.stored(Outcome::Created, 2);
        tally.stored(Outcome::Updated, 1);
        tally.stored(Outcome::Unchanged, 3);
        tally.rejected += 1;
        tally.removed += 5;
        assert_eq!(tally.rows(), 7);
        assert_eq!(Tally::all_rejected(7).rows(), 7);
    }

    #[test]
    fn a_value_is_cut_between_letters() {
        assert_eq!(shown("школа"), "школа");
        assert_eq!(shown(&"я".repeat(200)).chars().count(), 200);
        let long = shown(&"я".repeat(201));
        assert_eq!((long.chars().count(), long.ends_with("я…")), (201, true));
    }

    fn codes(kind: ImportKind, given: Parameters, list: ListGiven) -> Vec<String> {
        let violations = parameters(kind, given, list).err().unwrap_or_default();
        violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
    }

    #[test]
    fn each_kind_has_its_own_members() {
        use ImportKind::{RoadMap, Schools, Stats, SupportList};
        let none = Parameters::default;
        assert!(codes(Schools, none(), ListGiven::default()).is_empty());
        assert!(
            codes(Stats, Parameters { academic_year: Some(2023), ..none() }, ListGiven::default()).is_empty()
        );
        let year = Parameters { academic_year: Some(2023), ..none() };
        assert_eq!(codes(Schools, year, ListGiven::default()), ["/academic_year not-allowed"]);
        assert_eq!(codes(RoadMap, none(), ListGiven::default()), ["/road_map_id required"]);
        let forced = Parameters { force: true, road_map_id: Some(RoadMapId("m".into())), ..none() };
        assert_eq!(codes(RoadMap, forced, ListGiven::default()), ["/reason required"]);
        let by_id = || Parameters { support_list_id: Some(SupportListId("l".into())), ..none() };
        assert!(codes(SupportList, by_id(), ListGiven::default()).is_empty());
        let year = || ListGiven { results_year: Some(2022), ..ListGiven::default() };
        assert_eq!(
            codes(SupportList, by_id(), year()),
            ["/support_list_id not-allowed", "/results_year not-allowed"]
        );
        assert_eq!(
            codes(SupportList, none(), year()),
            ["/level required", "/category required", "/order_id required"]
        );
    }
}
