//! What other rows say of road maps: read for a whole page at once.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::result::Error::NotFound;

use super::domain::{MeasureLevel, RoadMapStatus};
use super::steps::{Basis, Facts, MeasureBrief};
use super::store::RoadMapRow;
use crate::db::page::Keyed;
use crate::db::schema::{measures, monitorings, orders, road_maps};
use crate::db::{AnyConnection, Json};
use crate::features::conclusion_templates::{self, TemplateContent};
use crate::features::orders::OrderStatus;
use crate::kit::id::{OrderId, RoadMapId, TemplateId};

/// States of a monitoring in which its road map must stay in force.
const OPEN_MONITORING: [&str; 3] = ["open", "collected", "analysed"];

/// A road map with what its actions depend on.
#[derive(Debug, Clone)]
pub struct RoadMapView {
    /// The map.
    pub row: RoadMapRow,
    /// What other rows say of it.
    pub facts: Facts,
}

impl Keyed for RoadMapView {
    fn key(&self, name: &str) -> String {
        self.row.key(name)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = measures)]
struct BriefRow {
    road_map_id: RoadMapId,
    code: String,
    level: MeasureLevel,
    criteria: Json<Vec<String>>,
    counts_in_compliance: bool,
    needs_review: bool,
}

/// The facts of these road maps. Takes no scope: the caller has read the rows within his.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn views(conn: &mut AnyConnection, rows: Vec<RoadMapRow>) -> QueryResult<Vec<RoadMapView>> {
    let orders = registered_orders(conn, &rows)?;
    let parents = approved_parents(conn, &rows)?;
    let ids: Vec<&RoadMapId> = rows.iter().map(|row| &row.id).collect();
    let amended = amended_in_draft(conn, &ids)?;
    let monitored = monitored(conn, &ids)?;
    let measures = briefs(conn, &ids)?;
    let templates = templates(conn, &rows)?;
    let view = |row: RoadMapRow| {
        let basis = match &row.school_id {
            None if row.order_id.as_ref().is_some_and(|id| orders.contains(id)) => Basis::OrderRegistered,
            None => Basis::OrderMissing,
            Some(_) if row.parent_id.as_ref().is_some_and(|id| parents.contains(id)) => Basis::ParentApproved,
            Some(_) => Basis::ParentNotApproved,
        };
        let facts = Facts {
            basis,
            amendment_in_draft: amended.contains(&row.id),
            monitoring_open: monitored.contains(&row.id),
            ..Facts::default()
        };
        let template = row.conclusion_template_id.as_ref().and_then(|id| templates.get(id));
        let measures = measures.get(&row.id).map_or(&[][..], Vec::as_slice);
        let mut facts = facts.with_measures(measures, template.ok_or(NotFound)?);
        if row.school_id.is_some() {
            // A school's own map carries no monitoring, so nothing waits for its criteria.
            facts.silent_criteria.clear();
        }
        Ok(RoadMapView { row, facts })
    };
    rows.into_iter().map(view).collect()
}

/// As [`views`], for one road map.
///
/// # Errors
///
/// As [`views`].
pub(super) fn view(conn: &mut AnyConnection, row: RoadMapRow) -> QueryResult<RoadMapView> {
    views(conn, vec![row])?.pop().ok_or(NotFound)
}

fn registered_orders(conn: &mut AnyConnection, rows: &[RoadMapRow]) -> QueryResult<HashSet<OrderId>> {
    let ids: Vec<&OrderId> = rows.iter().filter_map(|row| row.order_id.as_ref()).collect();
    let registered = orders::status.eq(OrderStatus::Registered);
    let query = orders::table.filter(orders::id.eq_any(ids)).filter(registered).select(orders::id);
    Ok(query.load(conn)?.into_iter().collect())
}

fn approved_parents(conn: &mut AnyConnection, rows: &[RoadMapRow]) -> QueryResult<HashSet<RoadMapId>> {
    let ids: Vec<&RoadMapId> = rows.iter().filter_map(|row| row.parent_id.as_ref()).collect();
    let approved = road_maps::status.eq(RoadMapStatus::Approved);
    let query = road_maps::table.filter(road_maps::id.eq_any(ids)).filter(approved).select(road_maps::id);
    Ok(query.load(conn)?.into_iter().collect())
}

fn amended_in_draft(conn: &mut AnyConnection, ids: &[&RoadMapId]) -> QueryResult<HashSet<RoadMapId>> {
    let draft = road_maps::status.eq(RoadMapStatus::Draft);
    let query = road_maps::table.filter(road_maps::amends_id.eq_any(ids)).filter(draft);
    let amended: Vec<Option<RoadMapId>> = query.select(road_maps::amends_id).load(conn)?;
    Ok(amended.into_iter().flatten().collect())
}

fn monitored(conn: &mut AnyConnection, ids: &[&RoadMapId]) -> QueryResult<HashSet<RoadMapId>> {
    let open = monitorings::status.eq_any(OPEN_MONITORING);
    let query = monitorings::table.filter(monitorings::road_map_id.eq_any(ids)).filter(open);
    Ok(query.select(monitorings::road_map_id).load(conn)?.into_iter().collect())
}

fn briefs(
    conn: &mut AnyConnection,
    ids: &[&RoadMapId],
) -> QueryResult<HashMap<RoadMapId, Vec<MeasureBrief>>> {
    let query = measures::table.filter(measures::road_map_id.eq_any(ids)).select(BriefRow::as_select());
    let rows: Vec<BriefRow> = query.order((measures::position, measures::id)).load(conn)?;
    let mut found: HashMap<RoadMapId, Vec<MeasureBrief>> = HashMap::new();
    for row in rows {
        found.entry(row.road_map_id).or_default().push(MeasureBrief {
            code: row.code,
            level: row.level,
            criteria: row.criteria.into_inner(),
            counts_in_compliance: row.counts_in_compliance,
            needs_review: row.needs_review,
        });
    }
    Ok(found)
}

fn templates(
    conn: &mut AnyConnection,
    rows: &[RoadMapRow],
) -> QueryResult<HashMap<TemplateId, TemplateContent>> {
    let ids: HashSet<&TemplateId> =
        rows.iter().filter_map(|row| row.conclusion_template_id.as_ref()).collect();
    let mut found = HashMap::new();
    for id in ids {
        let content = conclusion_templates::content_of(conn, id)?.ok_or(NotFound)?;
        found.insert(id.clone(), content);
    }
    Ok(found)
}
