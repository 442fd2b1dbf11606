//! Queries on road maps and measures that wait for somebody. Each is one query, whatever it finds.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::Scope;
use crate::db::schema::{
    measures, orders, recommendation_schools as addressees, recommendations, road_maps, schools,
};
use crate::db::{AnyConnection, Json};
use crate::features::orders::OrderStatus;
use crate::features::recommendations::{AddresseeStatus, RecommendationStatus};
use crate::features::road_maps::{MeasureRow, RoadMapStatus};
use crate::kit::education::EducationLevel;
use crate::kit::id::{RecommendationId, RoadMapId, SchoolId};

/// A road map that is in force or to be approved.
#[derive(Debug, Clone, Queryable)]
pub struct MapLine {
    /// Its id.
    pub id: RoadMapId,
    /// The school whose own map it is; `None`: the municipality's.
    pub school_id: Option<SchoolId>,
    /// The municipal map that a school's own map belongs to.
    pub parent_id: Option<RoadMapId>,
    /// Title.
    pub title: String,
    /// Its last day.
    pub period_end: NaiveDate,
    /// State.
    pub status: RoadMapStatus,
    /// State of the order that it rests on.
    pub order: Option<OrderStatus>,
}

/// Road maps that the people of `scope` carry out or work on: for a school the municipality's
/// in force and its own, for the department the municipality's.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn maps_within(conn: &mut AnyConnection, scope: &Scope) -> QueryResult<Vec<MapLine>> {
    let mut query = road_maps::table
        .left_join(orders::table)
        .filter(road_maps::status.eq_any([RoadMapStatus::Draft, RoadMapStatus::Approved]))
        .select((
            road_maps::id,
            road_maps::school_id,
            road_maps::parent_id,
            road_maps::title,
            road_maps::period_end,
            road_maps::status,
            orders::status.nullable(),
        ))
        .order(road_maps::id)
        .into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(road_maps::municipality_id.eq(id));
    }
    query = match scope.own_school() {
        Some(own) => {
            let municipal = road_maps::school_id.is_null().and(road_maps::status.eq(RoadMapStatus::Approved));
            query.filter(municipal.or(road_maps::school_id.eq(own)))
        }
        None => query.filter(road_maps::school_id.is_null()),
    };
    query.load(conn)
}

/// The measures of these road maps, by position. Takes no scope: the caller holds the maps.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn measures_of(conn: &mut AnyConnection, maps: &[MapLine]) -> QueryResult<Vec<MeasureRow>> {
    measures::table
        .filter(measures::road_map_id.eq_any(maps.iter().map(|map| &map.id)))
        .select(MeasureRow::as_select())
        .order((measures::road_map_id, measures::position, measures::id))
        .load(conn)
}

/// The levels of education of the own school.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn levels_of(conn: &mut AnyConnection, own: &SchoolId) -> QueryResult<Vec<EducationLevel>> {
    let levels: Json<Vec<EducationLevel>> =
        schools::table.find(own).select(schools::education_levels).first(conn)?;
    Ok(levels.into_inner())
}

/// A recommendation that the own school is to follow.
#[derive(Debug, Clone, Queryable)]
pub struct AdviceLine {
    /// Its id.
    pub id: RecommendationId,
    /// Its number in the note.
    pub code: String,
    /// What is recommended.
    pub text: String,
    /// The last day for carrying it out.
    pub due_date: Option<NaiveDate>,
    /// How far the school is.
    pub status: AddresseeStatus,
}

/// Recommendations that the own school has not yet carried out.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn advice_to(conn: &mut AnyConnection, own: &SchoolId) -> QueryResult<Vec<AdviceLine>> {
    addressees::table
        .inner_join(recommendations::table)
        .filter(addressees::school_id.eq(own))
        .filter(addressees::status.eq_any(AddresseeStatus::OPEN))
        .filter(recommendations::status.eq(RecommendationStatus::Issued))
        .select((
            recommendations::id,
            recommendations::code,
            recommendations::text,
            recommendations::due_date,
            addressees::status,
        ))
        .order(recommendations::id)
        .load(conn)
}
