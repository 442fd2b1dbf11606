//! Queries on road maps.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::domain::{MeasureLevel, RoadMapStatus};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{municipalities, road_maps};
use crate::db::{AnyConnection, Backend, Json, keyset, lock};
use crate::kit::id::{MunicipalityId, OrderId, RoadMapId, SchoolId, TemplateId};
use crate::kit::text;

/// States in which others than the map's own people read it.
pub(super) const PUBLISHED: [RoadMapStatus; 3] =
    [RoadMapStatus::Approved, RoadMapStatus::Archived, RoadMapStatus::Closed];

/// An edition of a road map as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = road_maps, treat_none_as_null = true)]
pub struct RoadMapRow {
    /// Its id.
    pub id: RoadMapId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The school whose own map it is; `None`: the municipality's map.
    pub school_id: Option<SchoolId>,
    /// The municipal map that a school's own map belongs to.
    pub parent_id: Option<RoadMapId>,
    /// Whose map it is, in a word.
    pub level: MeasureLevel,
    /// Title.
    pub title: String,
    /// Folded title and goal.
    pub search_text: String,
    /// What it is for.
    pub goal: Option<String>,
    /// Its tasks, in order.
    pub tasks: Json<Vec<String>>,
    /// First day.
    pub period_start: NaiveDate,
    /// Last day.
    pub period_end: NaiveDate,
    /// The order that approves a municipal map.
    pub order_id: Option<OrderId>,
    /// Number of the act that approved a school's own map.
    pub approval_number: Option<String>,
    /// Date of that act.
    pub approval_date: Option<NaiveDate>,
    /// Which criteria and sentences its conclusions have.
    pub conclusion_template_id: Option<TemplateId>,
    /// 1, 2, 3 … through amendments.
    pub edition: i32,
    /// The edition before.
    pub amends_id: Option<RoadMapId>,
    /// The map it was copied from.
    pub copied_from_id: Option<RoadMapId>,
    /// State.
    pub status: RoadMapStatus,
    /// When it was approved, UTC.
    pub approved_at: Option<NaiveDateTime>,
    /// When it was closed, UTC.
    pub closed_at: Option<NaiveDateTime>,
    /// Why the draft was dropped.
    pub cancel_reason: Option<String>,
    /// Optimistic lock; rises with every change of its measures too.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl RoadMapRow {
    /// Whether the map is `scope`'s own to change: the department's, or the school's.
    #[must_use]
    pub fn is_of(&self, scope: &Scope) -> bool {
        let writes = matches!(scope, Scope::Municipality(_) | Scope::School(..));
        writes
            && scope.municipality() == Some(&self.municipality_id)
            && scope.own_school() == self.school_id.as_ref()
    }

    /// Whether a regional reader sees the map in this state.
    #[must_use]
    pub fn is_published(status: RoadMapStatus) -> bool {
        PUBLISHED.contains(&status)
    }
}

impl Keyed for RoadMapRow {
    fn key(&self, name: &str) -> String {
        match name {
            "period_start" => self.period_start.to_string(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of road maps is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these states.
    pub status: Option<Vec<RoadMapStatus>>,
    /// Municipal maps, schools' own, or both.
    pub level: Option<Vec<MeasureLevel>>,
    /// Own maps of any of these schools.
    pub school_id: Option<Vec<SchoolId>>,
    /// Text to find in title and goal.
    pub q: Option<String>,
}

/// Road maps that `scope` reads.
///
/// The department: all of its municipality. A school: its own, and municipal ones once
/// approved. A curator: once approved, municipal ones and those of assigned schools.
/// A region: once approved.
fn scoped<'a>(scope: &'a Scope) -> road_maps::BoxedQuery<'a, Backend> {
    let mut query = road_maps::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(road_maps::municipality_id.eq(id));
    }
    if let Some(code) = scope.region() {
        let within =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(road_maps::municipality_id.eq_any(within));
    }
    let published = road_maps::status.eq_any(PUBLISHED);
    match (scope.own_school(), scope.schools()) {
        (Some(own), _) => {
            let municipal = road_maps::school_id.is_null().and(published);
            query.filter(municipal.or(road_maps::school_id.eq(own)))
        }
        (None, Some(assigned)) => {
            let theirs = road_maps::school_id.is_null().or(road_maps::school_id.eq_any(assigned));
            query.filter(theirs).filter(published)
        }
        (None, None) if !scope.sees_work() => query.filter(published),
        (None, None) => query,
    }
}

/// Road maps within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<RoadMapRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(statuses) = &narrowed.status {
            query = query.filter(road_maps::status.eq_any(statuses));
        }
        if let Some(levels) = &narrowed.level {
            query = query.filter(road_maps::level.eq_any(levels));
        }
        if let Some(ids) = &narrowed.school_id {
            query = query.filter(road_maps::school_id.eq_any(ids));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(road_maps::search_text.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(road_maps::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(RoadMapRow::as_select());
    keyset!(query, page, road_maps::table, {
        "id" => road_maps::id => String,
        "period_start" => road_maps::period_start => NaiveDate,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One road map within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &RoadMapId) -> QueryResult<Option<RoadMapRow>> {
    scoped(scope).filter(road_maps::id.eq(id)).select(RoadMapRow::as_select()).first(conn).optional()
}

/// One road map of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &RoadMapId,
) -> QueryResult<Option<RoadMapRow>> {
    lock!(conn, road_maps::table.find(id))?;
    find(conn, scope, id)
}

/// Stores a new road map.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when its edition is in draft already.
pub(super) fn insert(conn: &mut AnyConnection, row: &RoadMapRow) -> QueryResult<()> {
    diesel::insert_into(road_maps::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed road map.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &RoadMapRow) -> QueryResult<()> {
    diesel::update(road_maps::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Deletes a draft that has no measures any more.
///
/// # Errors
///
/// Diesel's own error, unchanged; a foreign key violation when something refers to it.
pub(super) fn delete(conn: &mut AnyConnection, id: &RoadMapId) -> QueryResult<()> {
    diesel::delete(road_maps::table.find(id)).execute(conn).map(|_| ())
}
