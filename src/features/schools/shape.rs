//! Schools as JSON.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{self, ClosureKind, LegalForm, SchoolKind, SchoolStatus};
use super::policy;
use super::store::{Narrowed, SchoolRow};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::education::EducationLevel;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::lang::Lang;
use crate::kit::text;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A school, whole: a new one, or what an upsert by OGRN makes of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "short_name": "МБОУ-Богородицкая СОШ", "legal_form": "mbou", "school_kind": "sosh",
    "education_levels": ["primary", "basic", "secondary"], "inn": "5799000019", "ogrn": "1025799000017"
}))]
pub(super) struct SchoolIn {
    /// Full official name, verbatim.
    #[schema(min_length = 1, max_length = 500)]
    full_name: Option<String>,
    /// Short official name, verbatim; unique among the active schools of the municipality.
    #[schema(min_length = 1, max_length = 200)]
    short_name: String,
    /// Legal form.
    legal_form: LegalForm,
    /// Kind.
    school_kind: SchoolKind,
    /// Levels of education that it gives.
    #[schema(min_items = 1, max_items = 3)]
    education_levels: Vec<EducationLevel>,
    /// INN of the organisation, 10 digits.
    #[schema(format = "inn")]
    inn: String,
    /// KPP.
    #[schema(format = "kpp")]
    kpp: Option<String>,
    /// OGRN, 13 digits: the natural key.
    #[schema(format = "ogrn")]
    pub(super) ogrn: String,
    /// OKPO.
    #[schema(format = "okpo")]
    okpo: Option<String>,
    /// OKTMO.
    #[schema(format = "oktmo")]
    oktmo: Option<String>,
    /// Login of the national tests; shown to the school and its department only.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,20}$")]
    vpr_login: Option<String>,
    /// Code of the final attestation; shown to the school and its department only.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,20}$")]
    gia_code: Option<String>,
    /// Site.
    #[schema(format = "web-address")]
    site_url: Option<String>,
    /// Address.
    #[schema(min_length = 1, max_length = 500)]
    address: Option<String>,
    /// Phone of the institution.
    #[schema(min_length = 1, max_length = 50)]
    phone: Option<String>,
    /// E-mail of the institution.
    #[schema(min_length = 3, max_length = 254, pattern = "^[^@\\s]+@[^@\\s]+$")]
    email: Option<String>,
    /// Position of its head.
    #[schema(min_length = 1, max_length = 255)]
    head_position: Option<String>,
    /// Name of its head.
    #[schema(min_length = 1, max_length = 255)]
    head_name: Option<String>,
}

/// Changes of a school: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"site_url": "https://bogorodickaya-sosh.example.org", "phone": null}))]
pub(super) struct SchoolPatch {
    /// Full official name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    full_name: Option<Option<String>>,
    /// Short official name.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    short_name: Option<String>,
    /// Legal form.
    #[schema(nullable = false)]
    legal_form: Option<LegalForm>,
    /// Kind.
    #[schema(nullable = false)]
    school_kind: Option<SchoolKind>,
    /// Levels of education that it gives.
    #[schema(min_items = 1, max_items = 3, nullable = false)]
    education_levels: Option<Vec<EducationLevel>>,
    /// INN of the organisation.
    #[schema(format = "inn", nullable = false)]
    inn: Option<String>,
    /// KPP.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "kpp")]
    kpp: Option<Option<String>>,
    /// OKPO.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "okpo")]
    okpo: Option<Option<String>>,
    /// OKTMO.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "oktmo")]
    oktmo: Option<Option<String>>,
    /// Login of the national tests.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{1,20}$")]
    vpr_login: Option<Option<String>>,
    /// Code of the final attestation.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{1,20}$")]
    gia_code: Option<Option<String>>,
    /// Site.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "web-address")]
    site_url: Option<Option<String>>,
    /// Address.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    address: Option<Option<String>>,
    /// Phone of the institution.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    phone: Option<Option<String>>,
    /// E-mail of the institution.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 254, pattern = "^[^@\\s]+@[^@\\s]+$")]
    email: Option<Option<String>>,
    /// Position of its head.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    head_position: Option<Option<String>>,
    /// Name of its head.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    head_name: Option<Option<String>>,
}

/// Where a school goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"municipality_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab"}))]
pub(super) struct SchoolTransfer {
    /// The municipality that takes it over.
    pub(super) municipality_id: MunicipalityId,
}

/// A school.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchoolOut {
    id: SchoolId,
    version: i32,
    municipality_id: MunicipalityId,
    status: SchoolStatus,
    status_label: &'static str,
    full_name: Option<String>,
    short_name: String,
    legal_form: LegalForm,
    legal_form_label: &'static str,
    school_kind: SchoolKind,
    school_kind_label: &'static str,
    education_levels: Vec<EducationLevel>,
    inn: String,
    kpp: Option<String>,
    ogrn: String,
    okpo: Option<String>,
    oktmo: Option<String>,
    /// For the school and its department only; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    vpr_login: Option<Option<String>>,
    /// For the school and its department only; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    gia_code: Option<Option<String>>,
    site_url: Option<String>,
    address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    head_position: Option<String>,
    head_name: Option<String>,
    closure_kind: Option<ClosureKind>,
    closed_on: Option<NaiveDate>,
    successor_id: Option<SchoolId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of schools.
#[derive(Serialize, ToSchema)]
pub(super) struct SchoolPage {
    items: Vec<SchoolOut>,
    page: PageOut,
}

/// Filters of the list of schools.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SchoolFilter {
    /// Any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "active")]
    status: Option<AnyOf<SchoolStatus>>,
    /// Any of these legal forms, comma-separated.
    #[param(value_type = Option<String>)]
    legal_form: Option<AnyOf<LegalForm>>,
    /// Any of these kinds, comma-separated.
    #[param(value_type = Option<String>)]
    school_kind: Option<AnyOf<SchoolKind>>,
    /// Exactly this INN.
    inn: Option<String>,
    /// Exactly this OGRN.
    ogrn: Option<String>,
    /// `true`: stands in an approved support list in force today.
    #[param(value_type = Option<String>, example = "true")]
    low_performing: Option<AnyOf<Flag>>,
    /// Text to find in names, codes and address.
    q: Option<String>,
}

/// A yes or no in a query.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Flag {
    True,
    False,
}

impl Filter for SchoolFilter {
    const SORTS: &'static [&'static str] = &["short_name"];
}

impl SchoolFilter {
    pub(super) fn narrowed(&self, today: NaiveDate) -> Narrowed {
        Narrowed {
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            status: self.status.clone().map(|any| any.0),
            legal_form: self.legal_form.clone().map(|any| any.0),
            school_kind: self.school_kind.clone().map(|any| any.0),
            inn: self.inn.clone(),
            ogrn: self.ogrn.clone(),
            low_performing: match self.low_performing.as_ref().map(|any| any.0.as_slice()) {
                Some([flag]) => Some(matches!(flag, Flag::True)),
                _ => None,
            },
            today,
            q: self.q.clone(),
        }
    }
}

impl SchoolIn {
    /// The row it makes: a new one, or what it makes of `old`.
    pub(super) fn into_row(
        self,
        municipality: &MunicipalityId,
        old: Option<&SchoolRow>,
        now: NaiveDateTime,
    ) -> Result<SchoolRow, Error> {
        refuse_levels(self.school_kind, &self.education_levels)?;
        let mut row = SchoolRow {
            id: old.map_or_else(SchoolId::generate, |row| row.id.clone()),
            municipality_id: municipality.clone(),
            full_name: self.full_name,
            short_name: self.short_name,
            short_name_folded: String::new(),
            search_text: String::new(),
            legal_form: self.legal_form,
            school_kind: self.school_kind,
            education_levels: levels_json(&self.education_levels)?,
            inn: self.inn,
            kpp: self.kpp,
            ogrn: self.ogrn,
            okpo: self.okpo,
            oktmo: self.oktmo,
            vpr_login: self.vpr_login,
            gia_code: self.gia_code,
            site_url: self.site_url,
            address: self.address,
            phone: self.phone,
            email: self.email,
            head_position: self.head_position,
            head_name: self.head_name,
            status: SchoolStatus::Active,
            closure_kind: None,
            closed_on: None,
            successor_id: None,
            version: old.map_or(1, |row| row.version),
            created_at: old.map_or(now, |row| row.created_at),
            updated_at: old.map_or(now, |row| row.updated_at),
        };
        fold(&mut row);
        Ok(row)
    }
}

impl SchoolPatch {
    pub(super) fn over(self, row: &SchoolRow) -> Result<SchoolRow, Error> {
        let mut row = row.clone();
        row.full_name = self.full_name.unwrap_or(row.full_name);
        row.short_name = self.short_name.unwrap_or(row.short_name);
        row.legal_form = self.legal_form.unwrap_or(row.legal_form);
        row.school_kind = self.school_kind.unwrap_or(row.school_kind);
        if let Some(levels) = self.education_levels {
            row.education_levels = levels_json(&levels)?;
        }
        refuse_levels(row.school_kind, &levels_of(&row)?)?;
        row.inn = self.inn.unwrap_or(row.inn);
        row.kpp = self.kpp.unwrap_or(row.kpp);
        row.okpo = self.okpo.unwrap_or(row.okpo);
        row.oktmo = self.oktmo.unwrap_or(row.oktmo);
        row.vpr_login = self.vpr_login.unwrap_or(row.vpr_login);
        row.gia_code = self.gia_code.unwrap_or(row.gia_code);
        row.site_url = self.site_url.unwrap_or(row.site_url);
        row.address = self.address.unwrap_or(row.address);
        row.phone = self.phone.unwrap_or(row.phone);
        row.email = self.email.unwrap_or(row.email);
        row.head_position = self.head_position.unwrap_or(row.head_position);
        row.head_name = self.head_name.unwrap_or(row.head_name);
        fold(&mut row);
        Ok(row)
    }
}

fn fold(row: &mut SchoolRow) {
    row.short_name_folded = text::folded(&row.short_name);
    let full_name = row.full_name.as_deref().unwrap_or_default();
    let address = row.address.as_deref().unwrap_or_default();
    row.search_text = text::folded(&[&row.short_name, full_name, &row.inn, &row.ogrn, address].join(" "));
}

fn refuse_levels(kind: SchoolKind, levels: &[EducationLevel]) -> Result<(), Error> {
    domain::check_levels(kind, levels).map_or(Ok(()), |violation| Err(Error::invalid(vec![violation])))
}

/// In the order of the levels, each once.
fn levels_json(levels: &[EducationLevel]) -> serde_json::Result<String> {
    let ordered: Vec<_> = EducationLevel::ALL.iter().filter(|level| levels.contains(level)).collect();
    serde_json::to_string(&ordered)
}

fn levels_of(row: &SchoolRow) -> serde_json::Result<Vec<EducationLevel>> {
    serde_json::from_str(&row.education_levels)
}

impl SchoolOut {
    /// The school for the caller.
    ///
    /// # Errors
    ///
    /// The stored levels are not what was written: a fault of the program.
    pub fn of(row: SchoolRow, lang: Lang, caller: &Caller) -> Result<Self, Error> {
        let blockers = domain::blockers(row.status);
        let writes = caller.may::<policy::WriteSchools>();
        let private = caller.may::<policy::ReadPrivateCodes>();
        Ok(Self {
            actions: vec![
                ActionOut::new("update", writes, blockers),
                ActionOut::new("close", writes, blockers),
                ActionOut::new("transfer", caller.may::<policy::TransferSchools>(), blockers),
            ],
            education_levels: levels_of(&row)?,
            id: row.id,
            version: row.version,
            municipality_id: row.municipality_id,
            status: row.status,
            status_label: row.status.label(lang),
            full_name: row.full_name,
            short_name: row.short_name,
            legal_form: row.legal_form,
            legal_form_label: row.legal_form.label(lang),
            school_kind: row.school_kind,
            school_kind_label: row.school_kind.label(lang),
            inn: row.inn,
            kpp: row.kpp,
            ogrn: row.ogrn,
            okpo: row.okpo,
            oktmo: row.oktmo,
            vpr_login: private.then_some(row.vpr_login),
            gia_code: private.then_some(row.gia_code),
            site_url: row.site_url,
            address: row.address,
            phone: row.phone,
            email: row.email,
            head_position: row.head_position,
            head_name: row.head_name,
            closure_kind: row.closure_kind,
            closed_on: row.closed_on,
            successor_id: row.successor_id,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }

    /// The school as an answer.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn answer(row: SchoolRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller)?)
    }
}
