//! Queries on municipalities.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::MunicipalityKind;
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::municipalities;
use crate::db::{AnyConnection, Backend, keyset, lock};
use crate::kit::id::MunicipalityId;
use crate::kit::text;

/// A municipality as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = municipalities, treat_none_as_null = true)]
pub struct MunicipalityRow {
    /// Its id.
    pub id: MunicipalityId,
    /// Name.
    pub name: String,
    /// Folded name.
    pub name_folded: String,
    /// Kind.
    pub kind: MunicipalityKind,
    /// Two digits, 57 = Orel region.
    pub region_code: String,
    /// Code of the classifier of territories.
    pub oktmo: Option<String>,
    /// Name of its education authority.
    pub authority_name: String,
    /// Where its documents are made.
    pub place: String,
    /// Its site.
    pub site_url: Option<String>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl Keyed for MunicipalityRow {
    fn key(&self, name: &str) -> String {
        match name {
            "name" => self.name_folded.clone(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of municipalities is narrowed to.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// Any of these regions.
    pub(super) region_code: Option<Vec<String>>,
    /// Any of these kinds.
    pub(super) kind: Option<Vec<MunicipalityKind>>,
    /// Text to find in the name.
    pub(super) q: Option<String>,
}

fn scoped<'a>(scope: &'a Scope) -> municipalities::BoxedQuery<'a, Backend> {
    let mut query = municipalities::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(municipalities::id.eq(id));
    }
    if let Some(code) = scope.region() {
        query = query.filter(municipalities::region_code.eq(code));
    }
    query
}

/// Municipalities within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<MunicipalityRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(codes) = &narrowed.region_code {
            query = query.filter(municipalities::region_code.eq_any(codes));
        }
        if let Some(kinds) = &narrowed.kind {
            query = query.filter(municipalities::kind.eq_any(kinds));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(municipalities::name_folded.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(municipalities::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(MunicipalityRow::as_select());
    keyset!(query, page, municipalities::table, {
        "id" => municipalities::id => String,
        "name" => municipalities::name_folded => String,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One municipality within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MunicipalityId,
) -> QueryResult<Option<MunicipalityRow>> {
    scoped(scope)
        .filter(municipalities::id.eq(id))
        .select(MunicipalityRow::as_select())
        .first(conn)
        .optional()
}

/// One municipality. Public: takes no scope, its name and authority are no secret.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_public(conn: &mut AnyConnection, id: &MunicipalityId) -> QueryResult<Option<MunicipalityRow>> {
    municipalities::table.find(id).select(MunicipalityRow::as_select()).first(conn).optional()
}

/// One municipality of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MunicipalityId,
) -> QueryResult<Option<MunicipalityRow>> {
    lock!(conn, municipalities::table.find(id))?;
    find(conn, scope, id)
}

/// Stores a new municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when region and name are taken.
pub(super) fn insert(conn: &mut AnyConnection, row: &MunicipalityRow) -> QueryResult<()> {
    diesel::insert_into(municipalities::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed municipality.
///
/// # Errors
///
/// As [`insert`].
pub(super) fn update(conn: &mut AnyConnection, row: &MunicipalityRow) -> QueryResult<()> {
    diesel::update(municipalities::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}
