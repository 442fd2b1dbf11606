//! Queries on the items of reports and on their evidence.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::content::{Content, EvidenceContent, ItemContent};
use super::domain::{ItemChange, ItemStatus};
use super::store::ReportRow;
use super::store_evidence::EvidenceRow;
use super::view::ItemView;
use crate::db::schema::{evidence, report_items};
use crate::db::{AnyConnection, Json, Prepared, insert_all};
use crate::features::indicators::Numbers;
use crate::kit::id::{MeasureId, ReportId};

/// An item as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = report_items, primary_key(report_id, measure_id))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ItemRow {
    /// Its report.
    pub report_id: ReportId,
    /// Its measure.
    pub measure_id: MeasureId,
    /// The measure's place in the road map.
    pub position: i32,
    /// How far it is.
    pub status: ItemStatus,
    /// The day it was done.
    pub actual_date: Option<NaiveDate>,
    /// What came of it.
    pub result: Option<String>,
    /// Why not, or not wholly.
    pub reason: Option<String>,
    /// Optimistic lock; rises with its evidence too.
    pub version: i32,
    /// UTC.
    pub updated_at: NaiveDateTime,
    /// It says what an earlier report said, and nobody has looked at it since.
    pub carried_over: bool,
    /// Numbers of the indicators that the measure declares.
    pub numbers: Json<Numbers>,
}

/// The items of a report, in the order of the road map. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn rows(conn: &mut AnyConnection, report: &ReportId) -> QueryResult<Vec<ItemRow>> {
    report_items::table
        .filter(report_items::report_id.eq(report))
        .select(ItemRow::as_select())
        .order((report_items::position, report_items::measure_id))
        .load(conn)
}

/// What a report says now. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn current(conn: &mut AnyConnection, report: &ReportRow) -> QueryResult<Content> {
    let items = rows(conn, &report.id)?;
    let attached: Vec<EvidenceRow> = evidence::table
        .filter(evidence::report_id.eq(&report.id))
        .filter(evidence::removed_at.is_null())
        .select(EvidenceRow::as_select())
        .order(evidence::id)
        .load(conn)?;
    let mut by_measure: HashMap<MeasureId, Vec<EvidenceContent>> = HashMap::new();
    for row in attached {
        by_measure.entry(row.measure_id.clone()).or_default().push(row.into());
    }
    let with_its_own = |row: ItemRow| {
        let evidence = by_measure.remove(&row.measure_id);
        row.with(evidence.into_iter().flatten().collect())
    };
    let items = items.into_iter().map(with_its_own).collect();
    Ok(Content { summary: report.summary.clone(), problems: report.problems.clone(), items })
}

/// What one item says now; asks for its evidence only when there is any. Takes no scope: the
/// caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn with_evidence(conn: &mut AnyConnection, view: &ItemView) -> QueryResult<ItemContent> {
    let row = view.item.clone();
    if !view.has_evidence {
        return Ok(row.with(Vec::new()));
    }
    let attached: Vec<EvidenceRow> = evidence::table
        .filter(evidence::report_id.eq(&row.report_id))
        .filter(evidence::measure_id.eq(&row.measure_id))
        .filter(evidence::removed_at.is_null())
        .select(EvidenceRow::as_select())
        .order(evidence::id)
        .load(conn)?;
    Ok(row.with(attached.into_iter().map(EvidenceContent::from).collect()))
}

impl ItemRow {
    /// What a person wrote into it.
    pub(super) fn content(&self) -> ItemChange {
        ItemChange {
            status: self.status,
            actual_date: self.actual_date,
            result: self.result.clone(),
            reason: self.reason.clone(),
            numbers: self.numbers.clone().into_inner(),
        }
    }

    /// Makes it say `new` under its next version; somebody has looked at it now.
    ///
    /// # Errors
    ///
    /// A serialization error: the numbers cannot be written as JSON.
    pub(super) fn replace(&mut self, new: ItemChange, at: NaiveDateTime) -> QueryResult<()> {
        self.status = new.status;
        self.actual_date = new.actual_date;
        self.result = new.result;
        self.reason = new.reason;
        self.numbers = Json::of(new.numbers)?;
        self.touch(at);
        Ok(())
    }

    /// Raises its version; somebody has looked at it now.
    pub(super) fn touch(&mut self, at: NaiveDateTime) {
        self.version += 1;
        self.updated_at = at;
        self.carried_over = false;
    }

    fn with(self, evidence: Vec<EvidenceContent>) -> ItemContent {
        ItemContent {
            measure_id: self.measure_id,
            status: self.status,
            actual_date: self.actual_date,
            result: self.result,
            reason: self.reason,
            numbers: self.numbers.into_inner(),
            version: self.version,
            updated_at: self.updated_at,
            carried_over: self.carried_over,
            evidence,
        }
    }
}

/// Stores new items.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert_items(conn: &mut AnyConnection, rows: &[ItemRow]) -> QueryResult<()> {
    insert_all!(conn, report_items::table, rows)
}

/// Stores a changed item.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update_item(conn: &mut AnyConnection, row: &ItemRow) -> QueryResult<()> {
    let change = diesel::update(report_items::table.find((&row.report_id, &row.measure_id))).set(row);
    Prepared(change).execute(conn).map(|_| ())
}
