//! Queries on schools.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::domain::{ClosureKind, LegalForm, SchoolKind, SchoolStatus};
use super::store_work::{School, with_work};
use crate::auth::Scope;
use crate::db::page::{Listed, Page};
use crate::db::schema::{municipalities, schools, support_list_entries as entries, support_lists as lists};
use crate::db::{AnyConnection, Backend, keyset, lock};
use crate::kit::education::EducationLevel;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::text;

/// Categories of support lists whose schools are no low-performing ones, only their neighbours.
pub const NOT_LOW: [&str; 2] = ["risk_group", "resilient"];

/// A school as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schools, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct SchoolRow {
    /// Its id.
    pub id: SchoolId,
    /// Its municipality.
    pub municipality_id: MunicipalityId,
    /// Full official name.
    pub full_name: Option<String>,
    /// Short official name, verbatim.
    pub short_name: String,
    /// Folded short name.
    pub short_name_folded: String,
    /// Folded names, codes and address.
    pub search_text: String,
    /// Legal form.
    pub legal_form: LegalForm,
    /// Kind.
    pub school_kind: SchoolKind,
    /// JSON array of education levels.
    pub education_levels: String,
    /// INN.
    pub inn: String,
    /// KPP.
    pub kpp: Option<String>,
    /// OGRN.
    pub ogrn: String,
    /// OKPO.
    pub okpo: Option<String>,
    /// OKTMO.
    pub oktmo: Option<String>,
    /// Login of the national tests: private.
    pub vpr_login: Option<String>,
    /// Code of the final attestation: private.
    pub gia_code: Option<String>,
    /// Site.
    pub site_url: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Phone of the institution.
    pub phone: Option<String>,
    /// E-mail of the institution.
    pub email: Option<String>,
    /// Position of its head.
    pub head_position: Option<String>,
    /// Name of its head.
    pub head_name: Option<String>,
    /// State.
    pub status: SchoolStatus,
    /// How it ended.
    pub closure_kind: Option<ClosureKind>,
    /// When it ended.
    pub closed_on: Option<NaiveDate>,
    /// Who follows.
    pub successor_id: Option<SchoolId>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl SchoolRow {
    /// The levels of education that it gives, in their order.
    ///
    /// # Errors
    ///
    /// What is stored is no list of levels: a fault of the program.
    pub fn levels(&self) -> serde_json::Result<Vec<EducationLevel>> {
        serde_json::from_str(&self.education_levels)
    }
}

/// What a list of schools is narrowed to.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// Any of these municipalities.
    pub(super) municipality_id: Option<Vec<MunicipalityId>>,
    /// Any of these states.
    pub(super) status: Option<Vec<SchoolStatus>>,
    /// Any of these forms.
    pub(super) legal_form: Option<Vec<LegalForm>>,
    /// Any of these kinds.
    pub(super) school_kind: Option<Vec<SchoolKind>>,
    /// Exactly this INN.
    pub(super) inn: Option<String>,
    /// Exactly this OGRN.
    pub(super) ogrn: Option<String>,
    /// Whether it stands in a list of low results in force on `today`.
    pub(super) low_performing: Option<bool>,
    /// The day for `low_performing`.
    pub(super) today: NaiveDate,
    /// Text to find in names, codes and address.
    pub(super) q: Option<String>,
}

fn scoped<'a>(scope: &'a Scope) -> schools::BoxedQuery<'a, Backend> {
    let mut query = schools::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(schools::municipality_id.eq(id));
    }
    if let Some(ids) = scope.schools() {
        query = query.filter(schools::id.eq_any(ids));
    }
    if let Some(code) = scope.region() {
        let regional =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(schools::municipality_id.eq_any(regional));
    }
    query
}

/// Schools within `scope`, at most `page.limit + 1`; with what they have not finished when
/// `work` is asked for.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
    work: bool,
) -> QueryResult<Listed<School>> {
    let count =
        if page.count { Some(matching(scope, narrowed, page).count().get_result(conn)?) } else { None };
    let mut query = matching(scope, narrowed, page).select(SchoolRow::as_select());
    keyset!(query, page, schools::table, {
        "id" => schools::id => String,
        "short_name" => schools::short_name_folded => String,
    });
    let rows = query.load(conn)?;
    let rows = if work { with_work(conn, rows)? } else { rows.into_iter().map(School::idle).collect() };
    Ok(Listed { rows, count })
}

fn matching<'a>(
    scope: &'a Scope,
    narrowed: &'a Narrowed,
    page: &'a Page,
) -> schools::BoxedQuery<'a, Backend> {
    let mut query = scoped(scope);
    if let Some(ids) = &narrowed.municipality_id {
        query = query.filter(schools::municipality_id.eq_any(ids));
    }
    if let Some(statuses) = &narrowed.status {
        query = query.filter(schools::status.eq_any(statuses));
    }
    if let Some(forms) = &narrowed.legal_form {
        query = query.filter(schools::legal_form.eq_any(forms));
    }
    if let Some(kinds) = &narrowed.school_kind {
        query = query.filter(schools::school_kind.eq_any(kinds));
    }
    if let Some(inn) = &narrowed.inn {
        query = query.filter(schools::inn.eq(inn));
    }
    if let Some(ogrn) = &narrowed.ogrn {
        query = query.filter(schools::ogrn.eq(ogrn));
    }
    if let Some(wanted) = narrowed.low_performing {
        let in_force = entries::table
            .inner_join(lists::table)
            .filter(entries::school_id.eq(schools::id))
            .filter(lists::status.eq("approved"))
            .filter(lists::category.ne_all(NOT_LOW))
            .filter(lists::valid_from.is_null().or(lists::valid_from.le(narrowed.today)))
            .filter(lists::valid_to.is_null().or(lists::valid_to.ge(narrowed.today)))
            .filter(entries::included_on.is_null().or(entries::included_on.le(narrowed.today)))
            .filter(entries::excluded_on.is_null().or(entries::excluded_on.gt(narrowed.today)));
        query = match wanted {
            true => query.filter(exists(in_force)),
            false => query.filter(diesel::dsl::not(exists(in_force))),
        };
    }
    if let Some(q) = &narrowed.q {
        query = query.filter(schools::search_text.like(text::like_anywhere(q)).escape('\\'));
    }
    if let Some(ids) = &page.ids {
        query = query.filter(schools::id.eq_any(ids));
    }
    query
}

/// One school within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &SchoolId) -> QueryResult<Option<SchoolRow>> {
    scoped(scope).filter(schools::id.eq(id)).select(SchoolRow::as_select()).first(conn).optional()
}

/// Those of these schools that lie within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_many(conn: &mut AnyConnection, scope: &Scope, ids: &[SchoolId]) -> QueryResult<Vec<SchoolRow>> {
    scoped(scope).filter(schools::id.eq_any(ids)).select(SchoolRow::as_select()).order(schools::id).load(conn)
}

/// The short names of these schools, by name. Public: takes no scope, names of schools are no secret.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn names_of(
    conn: &mut AnyConnection,
    ids: impl IntoIterator<Item = SchoolId>,
) -> QueryResult<Vec<(SchoolId, String)>> {
    schools::table
        .filter(schools::id.eq_any(ids))
        .select((schools::id, schools::short_name))
        .order((schools::short_name_folded, schools::id))
        .load(conn)
}

/// The active schools of a municipality, by name.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn active_of(conn: &mut AnyConnection, municipality: &MunicipalityId) -> QueryResult<Vec<SchoolRow>> {
    schools::table
        .filter(schools::municipality_id.eq(municipality))
        .filter(schools::status.eq(SchoolStatus::Active))
        .select(SchoolRow::as_select())
        .order((schools::short_name_folded, schools::id))
        .load(conn)
}

/// One school of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &SchoolId,
) -> QueryResult<Option<SchoolRow>> {
    lock!(conn, schools::table.find(id))?;
    find(conn, scope, id)
}

/// The school with this OGRN, wherever it is: for telling that it is taken.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn id_by_ogrn_anywhere(conn: &mut AnyConnection, ogrn: &str) -> QueryResult<Option<SchoolId>> {
    schools::table.filter(schools::ogrn.eq(ogrn)).select(schools::id).first(conn).optional()
}

/// The school with this INN, wherever it is: for telling that it is taken.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn id_by_inn_anywhere(conn: &mut AnyConnection, inn: &str) -> QueryResult<Option<SchoolId>> {
    schools::table.filter(schools::inn.eq(inn)).select(schools::id).first(conn).optional()
}

/// The school with this OGRN within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_by_ogrn(conn: &mut AnyConnection, scope: &Scope, ogrn: &str) -> QueryResult<Option<SchoolRow>> {
    scoped(scope).filter(schools::ogrn.eq(ogrn)).select(SchoolRow::as_select()).first(conn).optional()
}

/// The region of a municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn region_of(conn: &mut AnyConnection, id: &MunicipalityId) -> QueryResult<String> {
    municipalities::table.find(id).select(municipalities::region_code).first(conn)
}

/// Whether there is such a municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn has_municipality(conn: &mut AnyConnection, id: &MunicipalityId) -> QueryResult<bool> {
    diesel::select(exists(municipalities::table.find(id))).get_result(conn)
}

/// Stores a new school.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when name, INN or OGRN is taken.
pub(super) fn insert(conn: &mut AnyConnection, row: &SchoolRow) -> QueryResult<()> {
    diesel::insert_into(schools::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed school.
///
/// # Errors
///
/// As [`insert`].
pub(super) fn update(conn: &mut AnyConnection, row: &SchoolRow) -> QueryResult<()> {
    diesel::update(schools::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}
