//! Schools as clients send them.

use chrono::NaiveDateTime;
use serde::Deserialize;
use utoipa::ToSchema;

use super::domain::{self, LegalForm, SchoolKind, SchoolStatus};
use super::store::SchoolRow;
use crate::error::Error;
use crate::kit::code::Code;
use crate::kit::education::EducationLevel;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::web::body::present;

/// A school, whole: a new one, or what an upsert by OGRN makes of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "short_name": "МБОУ-Приокская СОШ", "legal_form": "mbou", "school_kind": "sosh",
    "education_levels": ["primary", "basic", "secondary"], "inn": "5799000065", "ogrn": "1025799000061"
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
    ogrn: String,
    /// The municipality; for a client of a region, which has several. Others leave it out.
    pub(super) municipality_id: Option<MunicipalityId>,
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
#[schema(example = json!({"site_url": "https://priokskaya-sosh.example.org", "phone": null}))]
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

impl SchoolIn {
    /// Refuses what no schema can tell: levels beyond the kind, and in an upsert another
    /// OGRN than the path's.
    ///
    /// # Errors
    ///
    /// 422 with every broken rule.
    pub(super) fn refuse_contradictions(&self, ogrn_in_path: Option<&str>) -> Result<(), Error> {
        let levels = domain::check_levels(self.school_kind, &self.education_levels);
        let ogrn = ogrn_in_path.and_then(|ogrn| domain::check_ogrn(ogrn, &self.ogrn));
        refuse([levels, ogrn])
    }

    /// The row it makes: a new one, or what it makes of `old`.
    ///
    /// # Errors
    ///
    /// The levels cannot be written as JSON: a fault of the program.
    pub(super) fn into_row(
        self,
        municipality: &MunicipalityId,
        old: Option<&SchoolRow>,
        now: NaiveDateTime,
    ) -> serde_json::Result<SchoolRow> {
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
    /// The row with these changes.
    ///
    /// # Errors
    ///
    /// 422 when the levels no longer fit the kind.
    pub(super) fn over(self, row: &SchoolRow) -> Result<SchoolRow, Error> {
        let mut row = row.clone();
        row.full_name = self.full_name.unwrap_or(row.full_name);
        row.short_name = self.short_name.unwrap_or(row.short_name);
        row.legal_form = self.legal_form.unwrap_or(row.legal_form);
        row.school_kind = self.school_kind.unwrap_or(row.school_kind);
        if let Some(levels) = self.education_levels {
            row.education_levels = levels_json(&levels)?;
        }
        refuse([domain::check_levels(row.school_kind, &row.levels()?)])?;
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

fn refuse<const N: usize>(found: [Option<Violation>; N]) -> Result<(), Error> {
    let violations: Vec<Violation> = found.into_iter().flatten().collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// In the order of the levels, each once.
fn levels_json(levels: &[EducationLevel]) -> serde_json::Result<String> {
    let ordered: Vec<_> = EducationLevel::ALL.iter().filter(|level| levels.contains(level)).collect();
    serde_json::to_string(&ordered)
}
