//! Municipalities as JSON.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::MunicipalityKind;
use super::policy;
use super::store::{MunicipalityRow, Narrowed};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::MunicipalityId;
use crate::kit::lang::Lang;
use crate::kit::text;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new municipality.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Приокский район", "kind": "municipal_district", "region_code": "57",
    "authority_name": "Отдел образования", "place": "пгт Приокск"
}))]
pub(super) struct MunicipalityIn {
    /// Name, unique within its region.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Kind.
    kind: MunicipalityKind,
    /// Region, two digits.
    #[schema(pattern = "^[0-9]{2}$")]
    region_code: String,
    /// Code of the classifier of territories.
    #[schema(format = "oktmo")]
    oktmo: Option<String>,
    /// Name of its education authority.
    #[schema(min_length = 1, max_length = 500)]
    authority_name: String,
    /// Where its documents are made.
    #[schema(min_length = 1, max_length = 255)]
    place: String,
    /// Its site.
    #[schema(format = "web-address")]
    site_url: Option<String>,
}

/// Changes of a municipality: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"authority_name": "Управление образования", "site_url": null}))]
pub(super) struct MunicipalityPatch {
    /// Name.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    name: Option<String>,
    /// Kind.
    #[schema(nullable = false)]
    kind: Option<MunicipalityKind>,
    /// Code of the classifier of territories.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "oktmo")]
    oktmo: Option<Option<String>>,
    /// Name of its education authority.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    authority_name: Option<String>,
    /// Where its documents are made.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    place: Option<String>,
    /// Its site.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "web-address")]
    site_url: Option<Option<String>>,
}

/// A municipality.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MunicipalityOut {
    id: MunicipalityId,
    version: i32,
    name: String,
    kind: MunicipalityKind,
    kind_label: &'static str,
    region_code: String,
    oktmo: Option<String>,
    authority_name: String,
    place: String,
    site_url: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of municipalities.
#[derive(Serialize, ToSchema)]
pub(super) struct MunicipalityPage {
    items: Vec<MunicipalityOut>,
    page: PageOut,
}

/// Filters of the list of municipalities.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MunicipalityFilter {
    /// Any of these regions, comma-separated.
    #[param(value_type = Option<String>, example = "57")]
    region_code: Option<AnyOf<String>>,
    /// Any of these kinds, comma-separated.
    #[param(value_type = Option<String>)]
    kind: Option<AnyOf<MunicipalityKind>>,
    /// Text to find in the name.
    q: Option<String>,
}

impl Filter for MunicipalityFilter {
    const SORTS: &'static [&'static str] = &["name"];
}

impl MunicipalityFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        Narrowed {
            region_code: self.region_code.clone().map(|any| any.0),
            kind: self.kind.clone().map(|any| any.0),
            q: self.q.clone(),
        }
    }
}

impl MunicipalityIn {
    pub(super) fn into_row(self, now: NaiveDateTime) -> MunicipalityRow {
        MunicipalityRow {
            id: MunicipalityId::generate(),
            name_folded: text::folded(&self.name),
            name: self.name,
            kind: self.kind,
            region_code: self.region_code,
            oktmo: self.oktmo,
            authority_name: self.authority_name,
            place: self.place,
            site_url: self.site_url,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl MunicipalityPatch {
    pub(super) fn over(self, row: &MunicipalityRow) -> MunicipalityRow {
        let mut row = row.clone();
        if let Some(name) = self.name {
            row.name_folded = text::folded(&name);
            row.name = name;
        }
        row.kind = self.kind.unwrap_or(row.kind);
        row.oktmo = self.oktmo.unwrap_or(row.oktmo);
        row.authority_name = self.authority_name.unwrap_or(row.authority_name);
        row.place = self.place.unwrap_or(row.place);
        row.site_url = self.site_url.unwrap_or(row.site_url);
        row
    }
}

impl MunicipalityOut {
    pub(super) fn of(row: MunicipalityRow, lang: Lang, caller: &Caller) -> Self {
        Self {
            actions: vec![ActionOut::new("update", caller.may::<policy::WriteMunicipalities>(), &[])],
            id: row.id,
            version: row.version,
            name: row.name,
            kind: row.kind,
            kind_label: row.kind.label(lang),
            region_code: row.region_code,
            oktmo: row.oktmo,
            authority_name: row.authority_name,
            place: row.place,
            site_url: row.site_url,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    pub(super) fn answer(row: MunicipalityRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller))
    }
}
