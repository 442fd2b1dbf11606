//! Schools as the service shows and lists them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{ClosureKind, LegalForm, SchoolKind, SchoolStatus, Step};
use super::policy;
use super::store::Narrowed;
use super::store_work::School;
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::education::EducationLevel;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

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
    /// Whether it stands in a support list of low results that is in force today.
    #[param(value_type = Option<bool>, example = true)]
    low_performing: Option<AnyOf<bool>>,
    /// Text to find in names, codes and address.
    q: Option<String>,
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
                Some([first, rest @ ..]) if rest.iter().all(|other| other == first) => Some(*first),
                _ => None,
            },
            today,
            q: self.q.clone(),
        }
    }
}

impl SchoolOut {
    /// The school for the caller.
    ///
    /// # Errors
    ///
    /// The stored levels are not what was written: a fault of the program.
    pub fn of(school: School, lang: Lang, caller: &Caller) -> Result<Self, Error> {
        let School { row, work } = school;
        let causes = |step: Step| step.blockers(row.status, work);
        let writes = caller.may::<policy::WriteSchools>();
        let private = caller.may::<policy::ReadPrivateCodes>();
        Ok(Self {
            actions: vec![
                ActionOut::new("update", writes, &causes(Step::Update)),
                ActionOut::new("close", caller.may::<policy::CloseSchools>(), &causes(Step::Close)),
                ActionOut::new("transfer", caller.may::<policy::TransferSchools>(), &causes(Step::Transfer)),
            ],
            education_levels: row.levels()?,
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
    pub fn answer(school: School, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(school.row.version, &Self::of(school, lang, caller)?)
    }
}
