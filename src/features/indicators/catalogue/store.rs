//! Queries on the catalogue of indicators.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::super::domain::{Direction, IndicatorLevel, PeriodType, Unit};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{indicators, municipalities};
use crate::db::{AnyConnection, Backend, keyset, lock};
use crate::kit::id::{IndicatorId, MunicipalityId};
use crate::kit::text;

/// Owner of the indicators that the service ships.
pub const SERVICE: &str = "service";

/// An indicator as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = indicators, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct IndicatorRow {
    /// Its id.
    pub id: IndicatorId,
    /// The municipality that added it; `None`: shipped with the service.
    pub municipality_id: Option<MunicipalityId>,
    /// The municipality's id, or `service`.
    pub owner: String,
    /// Its code: no municipality gives a shipped one to another indicator.
    pub code: String,
    /// Its place in the catalogue.
    pub position: i32,
    /// Its name.
    pub name: String,
    /// Folded code and name.
    pub search_text: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which change is an improvement.
    pub direction: Direction,
    /// Whose numbers it has.
    pub level: IndicatorLevel,
    /// Which periods its values have when they are entered.
    pub period_type: PeriodType,
    /// What the numerator counts.
    pub numerator: String,
    /// What the denominator counts; `None` when it is not divided.
    pub denominator: Option<String>,
    /// Where the numbers come from.
    pub source: String,
    /// What it is for, and what not.
    pub purpose_note: Option<String>,
    /// Computed from the service's own data, never typed.
    pub computed: bool,
    /// Whether it counts people: then its small cells are not published.
    pub counts_people: bool,
    /// Whether its confirmed values are public.
    pub public: bool,
    /// No longer used for new measures.
    pub archived: bool,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl IndicatorRow {
    /// Whether the other says the same, whatever its id, version and times.
    #[must_use]
    pub fn says(&self, other: &Self) -> bool {
        let bare = |row: &Self| Self {
            id: self.id.clone(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            ..row.clone()
        };
        bare(self) == bare(other)
    }
}

impl Keyed for IndicatorRow {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => self.position.to_string(),
            "code" => self.code.clone(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of indicators is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// With any of these codes.
    pub code: Option<Vec<String>>,
    /// Of any of these levels.
    pub level: Option<Vec<IndicatorLevel>>,
    /// Computed, or not.
    pub computed: Option<Vec<bool>>,
    /// Archived, or not.
    pub archived: Option<Vec<bool>>,
    /// Text to find in code and name.
    pub q: Option<String>,
}

/// Indicators that `scope` reads: the shipped ones, and those of its municipality or region.
fn scoped<'a>(scope: &'a Scope) -> indicators::BoxedQuery<'a, Backend> {
    let mut query = indicators::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(indicators::municipality_id.is_null().or(indicators::municipality_id.eq(id)));
    }
    if let Some(code) = scope.region() {
        let within = municipalities::table
            .filter(municipalities::region_code.eq(code))
            .select(municipalities::id.nullable());
        query = query
            .filter(indicators::municipality_id.is_null().or(indicators::municipality_id.eq_any(within)));
    }
    query
}

/// Indicators within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<IndicatorRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(codes) = &narrowed.code {
            query = query.filter(indicators::code.eq_any(codes));
        }
        if let Some(levels) = &narrowed.level {
            query = query.filter(indicators::level.eq_any(levels));
        }
        if let Some(any) = &narrowed.computed {
            query = query.filter(indicators::computed.eq_any(any));
        }
        if let Some(any) = &narrowed.archived {
            query = query.filter(indicators::archived.eq_any(any));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(indicators::search_text.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(indicators::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(IndicatorRow::as_select());
    keyset!(query, page, indicators::table, {
        "id" => indicators::id => String,
        "position" => indicators::position => i32,
        "code" => indicators::code => String,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One indicator within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &IndicatorId) -> QueryResult<Option<IndicatorRow>> {
    scoped(scope).filter(indicators::id.eq(id)).select(IndicatorRow::as_select()).first(conn).optional()
}

/// One indicator of `scope` that a request wants to change, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &IndicatorId,
) -> QueryResult<Option<IndicatorRow>> {
    lock!(conn, indicators::table.find(id))?;
    find(conn, scope, id)
}

/// The indicators with these ids. Takes no scope: the caller holds rows that refer to them.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_many(conn: &mut AnyConnection, ids: &[IndicatorId]) -> QueryResult<Vec<IndicatorRow>> {
    let query = indicators::table.filter(indicators::id.eq_any(ids));
    query.order((indicators::position, indicators::id)).select(IndicatorRow::as_select()).load(conn)
}

/// The indicators with these codes that a municipality uses: shipped ones and its own, in the
/// order of the catalogue. Takes no scope: the caller holds a document that names the codes.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn by_codes<'a>(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    codes: impl IntoIterator<Item = &'a str>,
) -> QueryResult<Vec<IndicatorRow>> {
    let codes: Vec<&str> = codes.into_iter().collect();
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    indicators::table
        .filter(indicators::municipality_id.is_null().or(indicators::municipality_id.eq(municipality)))
        .filter(indicators::code.eq_any(codes))
        .order((indicators::position, indicators::id))
        .select(IndicatorRow::as_select())
        .load(conn)
}

/// The last place in the catalogue of a municipality, 0 when it is empty. Takes no scope: the caller
/// writes into that catalogue.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn last_position(conn: &mut AnyConnection, municipality: &MunicipalityId) -> QueryResult<i32> {
    let own = indicators::municipality_id.is_null().or(indicators::municipality_id.eq(municipality));
    let query = indicators::table.filter(own).order(indicators::position.desc());
    Ok(query.select(indicators::position).first(conn).optional()?.unwrap_or(0))
}

/// The shipped indicators.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn of_service(conn: &mut AnyConnection) -> QueryResult<Vec<IndicatorRow>> {
    let query = indicators::table.filter(indicators::owner.eq(SERVICE));
    query.order((indicators::position, indicators::id)).select(IndicatorRow::as_select()).load(conn)
}

/// Stores a new indicator.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when its owner has the code already.
pub(super) fn insert(conn: &mut AnyConnection, row: &IndicatorRow) -> QueryResult<()> {
    diesel::insert_into(indicators::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed indicator.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &IndicatorRow) -> QueryResult<()> {
    diesel::update(indicators::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Stores a changed indicator over this version of it; whether that is still the one in force.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn replace(conn: &mut AnyConnection, row: &IndicatorRow, version: i32) -> QueryResult<bool> {
    let in_force = indicators::table.find(&row.id).filter(indicators::version.eq(version));
    Ok(diesel::update(in_force).set(row).execute(conn)? > 0)
}
