//! Queries on recommendations.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::domain::{AddresseeStatus, RecommendationAddressee, RecommendationStatus};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{municipalities, recommendation_schools as addressees, recommendations};
use crate::db::{AnyConnection, Backend, Json, keyset, lock};
use crate::kit::id::{MonitoringId, MunicipalityId, NoteId, RecommendationId, SchoolId};
use crate::kit::text;

/// A recommendation as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = recommendations, treat_none_as_null = true)]
pub struct RecommendationRow {
    /// Its id.
    pub id: RecommendationId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The monitoring it comes from; `None`: outside of a note.
    pub monitoring_id: Option<MonitoringId>,
    /// The note that issued it.
    pub note_id: Option<NoteId>,
    /// Its number in the note.
    pub code: String,
    /// Its place among those of the monitoring.
    pub position: i32,
    /// What is recommended.
    pub text: String,
    /// Folded code and text.
    pub search_text: String,
    /// To whom.
    pub addressee: RecommendationAddressee,
    /// The schools, when they are named.
    pub school_ids: Json<Vec<SchoolId>>,
    /// The last day for carrying it out.
    pub due_date: Option<NaiveDate>,
    /// The conclusions it comes from; empty: standing.
    pub conclusion_codes: Json<Vec<String>>,
    /// State.
    pub status: RecommendationStatus,
    /// How far the department is, when it is the addressee.
    pub department_status: Option<AddresseeStatus>,
    /// When it was issued, UTC.
    pub issued_at: Option<NaiveDateTime>,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl Keyed for RecommendationRow {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => self.position.to_string(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of recommendations is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// Of these municipalities.
    pub(super) municipality_id: Option<Vec<MunicipalityId>>,
    /// Of these monitorings.
    pub(super) monitoring_id: Option<Vec<MonitoringId>>,
    /// Issued to any of these schools.
    pub(super) school_id: Option<Vec<SchoolId>>,
    /// In any of these states.
    pub(super) status: Option<Vec<RecommendationStatus>>,
    /// Addressed in any of these ways.
    pub(super) addressee: Option<Vec<RecommendationAddressee>>,
    /// Whether an addressee that the caller sees is overdue on this day.
    pub(super) overdue: Option<(bool, NaiveDate)>,
    /// Text to find in code and text.
    pub(super) q: Option<String>,
}

/// Recommendations that `scope` reads: schools and curators those issued to their schools,
/// regional readers those issued.
pub(super) fn scoped<'a>(scope: &'a Scope) -> recommendations::BoxedQuery<'a, Backend> {
    let mut query = recommendations::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(recommendations::municipality_id.eq(id));
    }
    if let Some(ids) = scope.schools() {
        let own = addressees::table
            .filter(addressees::recommendation_id.eq(recommendations::id))
            .filter(addressees::school_id.eq_any(ids));
        query = query.filter(exists(own)).filter(recommendations::issued_at.is_not_null());
    }
    if let Some(code) = scope.region() {
        let regional =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(recommendations::municipality_id.eq_any(regional));
    }
    if !scope.sees_work() {
        query = query.filter(recommendations::issued_at.is_not_null());
    }
    query
}

/// Recommendations within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<RecommendationRow>> {
    let matching = || {
        let mut query = narrowed_to(scoped(scope), narrowed);
        if let Some((overdue, today)) = narrowed.overdue {
            query = by_overdue(query, scope, overdue, today);
        }
        if let Some(ids) = &page.ids {
            query = query.filter(recommendations::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(RecommendationRow::as_select());
    keyset!(query, page, recommendations::table, {
        "id" => recommendations::id => String,
        "position" => recommendations::position => i32,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

fn narrowed_to<'a>(
    mut query: recommendations::BoxedQuery<'a, Backend>,
    narrowed: &'a Narrowed,
) -> recommendations::BoxedQuery<'a, Backend> {
    if let Some(ids) = &narrowed.municipality_id {
        query = query.filter(recommendations::municipality_id.eq_any(ids));
    }
    if let Some(ids) = &narrowed.monitoring_id {
        query = query.filter(recommendations::monitoring_id.eq_any(ids));
    }
    if let Some(ids) = &narrowed.school_id {
        let of_school = addressees::table
            .filter(addressees::recommendation_id.eq(recommendations::id))
            .filter(addressees::school_id.eq_any(ids));
        query = query.filter(exists(of_school));
    }
    if let Some(statuses) = &narrowed.status {
        query = query.filter(recommendations::status.eq_any(statuses));
    }
    if let Some(kinds) = &narrowed.addressee {
        query = query.filter(recommendations::addressee.eq_any(kinds));
    }
    if let Some(q) = &narrowed.q {
        query = query.filter(recommendations::search_text.like(text::like_anywhere(q)).escape('\\'));
    }
    query
}

type Condition<'a> = Box<dyn BoxableExpression<recommendations::table, Backend, SqlType = Bool> + 'a>;

/// Those that are overdue for an addressee whom the scope sees, or the others.
fn by_overdue<'a>(
    query: recommendations::BoxedQuery<'a, Backend>,
    scope: &'a Scope,
    overdue: bool,
    today: NaiveDate,
) -> recommendations::BoxedQuery<'a, Backend> {
    let open = || {
        addressees::table
            .filter(addressees::recommendation_id.eq(recommendations::id))
            .filter(addressees::status.eq_any(AddresseeStatus::OPEN))
    };
    let by_school: Condition<'a> = match scope.schools() {
        Some(ids) => Box::new(exists(open().filter(addressees::school_id.eq_any(ids)))),
        None => Box::new(exists(open())),
    };
    let department = recommendations::department_status
        .is_not_null()
        .and(recommendations::department_status.assume_not_null().eq_any(AddresseeStatus::OPEN));
    let due =
        recommendations::due_date.is_not_null().and(recommendations::due_date.assume_not_null().lt(today));
    let late =
        due.and(recommendations::status.eq(RecommendationStatus::Issued)).and(department.or(by_school));
    if overdue { query.filter(late) } else { query.filter(diesel::dsl::not(late)) }
}

/// One recommendation within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &RecommendationId,
) -> QueryResult<Option<RecommendationRow>> {
    scoped(scope)
        .filter(recommendations::id.eq(id))
        .select(RecommendationRow::as_select())
        .first(conn)
        .optional()
}

/// One recommendation of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &RecommendationId,
) -> QueryResult<Option<RecommendationRow>> {
    lock!(conn, recommendations::table.find(id))?;
    find(conn, scope, id)
}

/// The drafts and the issued recommendations of a monitoring, in the order of the note.
///
/// Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn of_monitoring(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<Vec<RecommendationRow>> {
    recommendations::table
        .filter(recommendations::monitoring_id.eq(id))
        .filter(recommendations::status.ne(RecommendationStatus::Cancelled))
        .select(RecommendationRow::as_select())
        .order((recommendations::position, recommendations::id))
        .load(conn)
}

/// Stores a new recommendation.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &RecommendationRow) -> QueryResult<()> {
    diesel::insert_into(recommendations::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed recommendation.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &RecommendationRow) -> QueryResult<()> {
    diesel::update(recommendations::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Deletes a draft.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete(conn: &mut AnyConnection, id: &RecommendationId) -> QueryResult<()> {
    diesel::delete(recommendations::table.find(id)).execute(conn).map(|_| ())
}
