//! Queries on measures.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Nullable};

use super::super::deadline::Deadline;
use super::super::domain::{AppliesTo, Measure, MeasureLevel, RoadMapStatus};
use super::super::store::{self as maps, RoadMapRow};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{measures, municipalities, road_maps, schools};
use crate::db::{AnyConnection, Backend, Json, insert_all, keyset};
use crate::kit::code::Code;
use crate::kit::education::EducationLevel;
use crate::kit::id::{LineageId, MeasureId, MunicipalityId, RecommendationId, RoadMapId};
use crate::kit::text;

diesel::define_sql_function! {
    /// The first of the two that is not null.
    fn coalesce(day: Nullable<Date>, otherwise: Date) -> Date;
}

/// A measure as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = measures, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct MeasureRow {
    /// Its id in this edition.
    pub id: MeasureId,
    /// The edition it stands in.
    pub road_map_id: RoadMapId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// What it keeps through amendments and copies.
    pub lineage_id: LineageId,
    /// Its code, unique in the map.
    pub code: String,
    /// The section it stands in.
    pub section: String,
    /// Its place in the map.
    pub position: i32,
    /// Who carries it out.
    pub level: MeasureLevel,
    /// What is to be done.
    pub title: String,
    /// Folded code, title and section.
    pub search_text: String,
    /// By when.
    pub deadline: Json<Deadline>,
    /// The due day; `None`: recurring or all year.
    pub due_date: Option<NaiveDate>,
    /// Positions and bodies, never names.
    pub responsible: Json<Vec<String>>,
    /// What is to come out of it.
    pub expected_result: Option<String>,
    /// Whether `done` needs evidence.
    pub evidence_required: bool,
    /// Which schools it concerns.
    pub applies_to: Json<AppliesTo>,
    /// Codes of the criteria it feeds.
    pub criteria: Json<Vec<String>>,
    /// Codes of the recommendations it answers.
    pub recommendations: Json<Vec<String>>,
    /// Whether it counts at all.
    pub counts_in_compliance: bool,
    /// Its dates were shifted by a copy and not yet looked at.
    pub needs_review: bool,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
    /// The recommendation that it follows up.
    pub recommendation_id: Option<RecommendationId>,
    /// Codes of the indicators whose numbers its report takes.
    pub indicators: Json<Vec<String>>,
}

/// A measure with what its actions depend on.
#[derive(Debug, Clone)]
pub struct MeasureView {
    /// The measure.
    pub row: MeasureRow,
    /// State of its map.
    pub map_status: RoadMapStatus,
    /// Whether the map is the caller's own to change.
    pub own: bool,
}

impl Keyed for MeasureView {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => self.row.position.to_string(),
            "due_date" => self.row.due_date.unwrap_or(never()).to_string(),
            "code" => self.row.code.clone(),
            _ => self.row.id.to_string(),
        }
    }
}

/// Where what is never due stands in an order by due day: after every day.
fn never() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// What a list of measures is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct NarrowedMeasures {
    /// In any of these maps.
    pub road_map_id: Option<Vec<RoadMapId>>,
    /// Of any of these levels.
    pub level: Option<Vec<MeasureLevel>>,
    /// In exactly this section.
    pub section: Option<String>,
    /// Due on this day or later.
    pub due_from: Option<NaiveDate>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Feeding any of these criteria.
    pub criterion: Option<Vec<String>>,
    /// Declaring any of these indicators.
    pub indicator: Option<Vec<String>>,
    /// Text to find in code, title and section.
    pub q: Option<String>,
}

type Condition = Box<dyn BoxableExpression<measures::table, Backend, SqlType = Bool>>;

/// What the stored `applies_to` of a measure for some schools looks like.
///
/// The JSON is written by this program, so a quoted id or level stands in it exactly when it is named.
struct Concern {
    everybody: Json<AppliesTo>,
    named: Vec<String>,
}

impl Concern {
    /// Of the schools to which `scope` is narrowed; `None` when it is not.
    fn of(conn: &mut AnyConnection, scope: &Scope) -> QueryResult<Option<Self>> {
        let Some(ids) = scope.schools() else { return Ok(None) };
        let stored: Vec<Json<Vec<EducationLevel>>> =
            schools::table.filter(schools::id.eq_any(ids)).select(schools::education_levels).load(conn)?;
        let levels = stored.into_iter().flat_map(Json::into_inner).map(|level| quoted(level.as_str()));
        let named = levels.chain(ids.iter().map(|id| quoted(id.as_str()))).collect();
        Ok(Some(Self { everybody: Json::of(AppliesTo::all())?, named }))
    }

    fn condition(&self) -> Condition {
        let everybody = measures::applies_to.eq(self.everybody.clone());
        self.named.iter().fold(Box::new(everybody), |found, name| {
            Box::new(found.or(measures::applies_to.like(name.clone()).escape('\\')))
        })
    }
}

/// A LIKE pattern for a quoted text within stored JSON.
fn quoted(name: &str) -> String {
    text::like_verbatim(&format!("\"{name}\""))
}

/// Measures that `scope` reads: those of the maps it reads (see `store.rs` of road maps, the same
/// cases); for schools and curators only those of the school level that concern the schools.
fn scoped<'a>(scope: &'a Scope, concern: Option<&Concern>) -> measures::BoxedQuery<'a, Backend> {
    let mut query = measures::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(measures::municipality_id.eq(id));
    }
    if let Some(concern) = concern {
        query = query.filter(measures::level.eq(MeasureLevel::School)).filter(concern.condition());
    }
    let published = road_maps::table.filter(road_maps::status.eq_any(maps::PUBLISHED));
    if let Some(code) = scope.region() {
        let within =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(measures::municipality_id.eq_any(within));
    }
    if !scope.sees_work() {
        return query.filter(measures::road_map_id.eq_any(published.select(road_maps::id)));
    }
    match (scope.own_school(), scope.schools()) {
        (Some(own), _) => {
            let municipal = road_maps::school_id.is_null().and(road_maps::status.eq_any(maps::PUBLISHED));
            let maps = road_maps::table.filter(municipal.or(road_maps::school_id.eq(own)));
            query.filter(measures::road_map_id.eq_any(maps.select(road_maps::id)))
        }
        (None, Some(assigned)) => {
            let theirs = road_maps::school_id.is_null().or(road_maps::school_id.eq_any(assigned));
            query.filter(measures::road_map_id.eq_any(published.filter(theirs).select(road_maps::id)))
        }
        (None, None) => query,
    }
}

/// Measures within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &NarrowedMeasures,
    page: &Page,
) -> QueryResult<Listed<MeasureView>> {
    let concern = Concern::of(conn, scope)?;
    let matching = || {
        let mut query = scoped(scope, concern.as_ref());
        if let Some(ids) = &narrowed.road_map_id {
            query = query.filter(measures::road_map_id.eq_any(ids));
        }
        if let Some(levels) = &narrowed.level {
            query = query.filter(measures::level.eq_any(levels));
        }
        if let Some(section) = &narrowed.section {
            query = query.filter(measures::section.eq(section));
        }
        if let Some(day) = narrowed.due_from {
            query = query.filter(measures::due_date.ge(day));
        }
        if let Some(day) = narrowed.due_before {
            query = query.filter(measures::due_date.lt(day));
        }
        if let Some(codes) = &narrowed.criterion {
            query =
                query.filter(holds_any(codes, |code| Box::new(measures::criteria.like(code).escape('\\'))));
        }
        if let Some(codes) = &narrowed.indicator {
            query =
                query.filter(holds_any(codes, |code| Box::new(measures::indicators.like(code).escape('\\'))));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(measures::search_text.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(measures::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(MeasureRow::as_select());
    keyset!(query, page, measures::table, {
        "id" => measures::id => String,
        "position" => measures::position => i32,
        "due_date" => coalesce(measures::due_date, never()) => NaiveDate,
        "code" => measures::code => String,
    });
    let rows = query.load(conn)?;
    Ok(Listed { rows: views(conn, scope, rows)?, count })
}

/// Whether a stored list of codes holds any of these.
fn holds_any(codes: &[String], holds: impl Fn(String) -> Condition) -> Condition {
    let nothing: Condition = Box::new(measures::id.ne(measures::id));
    codes.iter().fold(nothing, |found, code| Box::new(found.or(holds(quoted(code)))))
}

/// One measure within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MeasureId,
) -> QueryResult<Option<MeasureRow>> {
    let concern = Concern::of(conn, scope)?;
    let query = scoped(scope, concern.as_ref()).filter(measures::id.eq(id));
    query.select(MeasureRow::as_select()).first(conn).optional()
}

/// The measures with what their actions depend on, in their order.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn views(
    conn: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<MeasureRow>,
) -> QueryResult<Vec<MeasureView>> {
    let ids: std::collections::BTreeSet<&RoadMapId> = rows.iter().map(|row| &row.road_map_id).collect();
    let query = road_maps::table.filter(road_maps::id.eq_any(ids));
    let rows_of_maps: Vec<RoadMapRow> = query.select(RoadMapRow::as_select()).load(conn)?;
    let maps: std::collections::HashMap<RoadMapId, (RoadMapStatus, bool)> =
        rows_of_maps.into_iter().map(|map| (map.id.clone(), (map.status, map.is_of(scope)))).collect();
    let view = |row: MeasureRow| {
        let (map_status, own) = maps.get(&row.road_map_id).copied().ok_or(diesel::result::Error::NotFound)?;
        Ok(MeasureView { row, map_status, own })
    };
    rows.into_iter().map(view).collect()
}

/// Every measure of an edition, by position, then id.
///
/// Takes no scope: the caller holds the road map, or a document that refers to it.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub fn measure_rows_of(conn: &mut AnyConnection, map: &RoadMapId) -> QueryResult<Vec<MeasureRow>> {
    let query = measures::table.filter(measures::road_map_id.eq(map)).select(MeasureRow::as_select());
    query.order((measures::position, measures::id)).load(conn)
}

/// As [`measure_rows_of`], in the form that the rules of reports and conclusions take.
///
/// # Errors
///
/// As [`measure_rows_of`].
pub fn measures_of(conn: &mut AnyConnection, map: &RoadMapId) -> QueryResult<Vec<Measure>> {
    Ok(measure_rows_of(conn, map)?.into_iter().map(Measure::from).collect())
}

impl From<MeasureRow> for Measure {
    fn from(row: MeasureRow) -> Self {
        Self {
            id: row.id,
            lineage_id: row.lineage_id,
            code: row.code,
            level: row.level,
            title: row.title,
            position: row.position,
            deadline: row.deadline.into_inner(),
            applies_to: row.applies_to.into_inner(),
            criteria: row.criteria.into_inner(),
            indicators: row.indicators.into_inner(),
            evidence_required: row.evidence_required,
            counts_in_compliance: row.counts_in_compliance,
        }
    }
}

/// The codes of the measures of an edition, and the recommendations that these follow up.
///
/// Takes no scope: the caller holds the road map.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn measure_codes_of(
    conn: &mut AnyConnection,
    map: &RoadMapId,
) -> QueryResult<Vec<(String, Option<RecommendationId>)>> {
    let query = measures::table.filter(measures::road_map_id.eq(map));
    query.select((measures::code, measures::recommendation_id)).load(conn)
}

/// The position of the last measure of a map, 0 when it has none.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn last_position(conn: &mut AnyConnection, map: &RoadMapId) -> QueryResult<i32> {
    let query = measures::table.filter(measures::road_map_id.eq(map)).order(measures::position.desc());
    Ok(query.select(measures::position).first(conn).optional()?.unwrap_or(0))
}

/// Stores new measures, all or none.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when a code is taken in the map.
pub fn insert(conn: &mut AnyConnection, rows: &[MeasureRow]) -> QueryResult<()> {
    insert_all!(conn, measures::table, rows)
}

/// Stores a changed measure.
///
/// # Errors
///
/// As [`insert`].
pub(super) fn update(conn: &mut AnyConnection, row: &MeasureRow) -> QueryResult<()> {
    diesel::update(measures::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Deletes a measure of a draft.
///
/// # Errors
///
/// Diesel's own error, unchanged; a foreign key violation when something refers to it.
pub(super) fn delete(conn: &mut AnyConnection, id: &MeasureId) -> QueryResult<()> {
    diesel::delete(measures::table.find(id)).execute(conn).map(|_| ())
}

/// Deletes every measure of a draft.
///
/// # Errors
///
/// As [`delete`].
pub fn delete_of(conn: &mut AnyConnection, map: &RoadMapId) -> QueryResult<()> {
    diesel::delete(measures::table.filter(measures::road_map_id.eq(map))).execute(conn).map(|_| ())
}
