//! Queries on conclusion templates.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::content::TemplateContent;
use super::domain::TemplateOwner;
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{conclusion_templates as templates, municipalities};
use crate::db::{AnyConnection, Backend, Json, keyset};
use crate::kit::id::{MunicipalityId, TemplateId};

/// Owner of the templates that the service ships.
pub(super) const SERVICE: &str = "service";

/// A version of a template as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = templates)]
pub struct TemplateRow {
    /// Its id.
    pub id: TemplateId,
    /// The municipality that made it; `None`: shipped with the service.
    pub municipality_id: Option<MunicipalityId>,
    /// The municipality's id, or `service`.
    pub owner: String,
    /// 1, 2, 3 … per owner.
    pub number: i32,
    /// The version it was made from.
    pub based_on_id: Option<TemplateId>,
    /// Title.
    pub title: String,
    /// What it says.
    pub content: Json<TemplateContent>,
    /// UTC.
    pub created_at: NaiveDateTime,
}

impl TemplateRow {
    /// Who made it.
    #[must_use]
    pub fn made_by(&self) -> TemplateOwner {
        match self.municipality_id {
            Some(_) => TemplateOwner::Municipality,
            None => TemplateOwner::Service,
        }
    }
}

impl Keyed for TemplateRow {
    fn key(&self, name: &str) -> String {
        match name {
            "number" => self.number.to_string(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of templates is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Made by any of these municipalities.
    pub municipality_id: Option<Vec<MunicipalityId>>,
    /// Made by any of these kinds of owner.
    pub owner: Option<Vec<TemplateOwner>>,
}

/// Templates that `scope` reads: the shipped ones, and those of its municipality or region.
fn scoped<'a>(scope: &'a Scope) -> templates::BoxedQuery<'a, Backend> {
    let mut query = templates::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(templates::municipality_id.is_null().or(templates::municipality_id.eq(id)));
    }
    if let Some(code) = scope.region() {
        let within = municipalities::table
            .filter(municipalities::region_code.eq(code))
            .select(municipalities::id.nullable());
        query =
            query.filter(templates::municipality_id.is_null().or(templates::municipality_id.eq_any(within)));
    }
    query
}

/// Templates within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<TemplateRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(ids) = &narrowed.municipality_id {
            query = query.filter(templates::municipality_id.eq_any(ids));
        }
        if let Some(owners) = &narrowed.owner {
            if !owners.contains(&TemplateOwner::Service) {
                query = query.filter(templates::municipality_id.is_not_null());
            }
            if !owners.contains(&TemplateOwner::Municipality) {
                query = query.filter(templates::municipality_id.is_null());
            }
        }
        if let Some(ids) = &page.ids {
            query = query.filter(templates::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(TemplateRow::as_select());
    keyset!(query, page, templates::table, {
        "id" => templates::id => String,
        "number" => templates::number => i32,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One template within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &TemplateId) -> QueryResult<Option<TemplateRow>> {
    scoped(scope).filter(templates::id.eq(id)).select(TemplateRow::as_select()).first(conn).optional()
}

/// What a template says.
///
/// Takes no scope: the caller holds a document that refers to the template.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when the stored text is no content.
pub fn content_of(conn: &mut AnyConnection, id: &TemplateId) -> QueryResult<Option<TemplateContent>> {
    let stored: Option<Json<TemplateContent>> =
        templates::table.find(id).select(templates::content).first(conn).optional()?;
    Ok(stored.map(Json::into_inner))
}

/// The template a municipality works with: its own latest version, else the latest shipped one.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn latest_for(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
) -> QueryResult<Option<TemplateRow>> {
    match latest_of(conn, municipality.as_str())? {
        Some(own) => Ok(Some(own)),
        None => latest_of(conn, SERVICE),
    }
}

/// The latest version of one owner.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn latest_of(conn: &mut AnyConnection, owner: &str) -> QueryResult<Option<TemplateRow>> {
    templates::table
        .filter(templates::owner.eq(owner))
        .order(templates::number.desc())
        .select(TemplateRow::as_select())
        .first(conn)
        .optional()
}

/// Stores a new version.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the owner has this number already.
pub(super) fn insert(conn: &mut AnyConnection, row: &TemplateRow) -> QueryResult<()> {
    diesel::insert_into(templates::table).values(row).execute(conn).map(|_| ())
}
