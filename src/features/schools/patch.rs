//! Changes of a school as JSON.

use serde::Deserialize;
use utoipa::ToSchema;

use super::domain::{LegalForm, SchoolKind};
use super::shape::{fold, levels_json, levels_of, refuse_levels};
use super::store::SchoolRow;
use crate::error::Error;
use crate::kit::education::EducationLevel;
use crate::web::body::present;

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
