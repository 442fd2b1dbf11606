//! Notes as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{NoteStatus, Step};
use super::flow::NoteText;
use super::policy;
use super::store::{MissingReport, Narrowed, NoteRow};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, MunicipalityId, NoteId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "об исполнении плана мероприятий («дорожной карты») на 2023 год", "date": "2023-12-29",
    "signer_position": "Начальник отдела образования", "signer_name": "И. И. Иванова"
}))]
pub(super) struct NoteIn {
    /// Title, without the word «Информация».
    #[schema(min_length = 1, max_length = 1000)]
    title: String,
    /// Date of the note; needed to sign.
    date: Option<NaiveDate>,
    /// Where it is made; absent: where the municipality makes its documents.
    #[schema(min_length = 1, max_length = 255)]
    place: Option<String>,
    /// Opening text; absent: the usual one.
    #[schema(min_length = 1, max_length = 4000)]
    preamble: Option<String>,
    /// Position of the signatory; needed to sign.
    #[schema(min_length = 1, max_length = 255)]
    signer_position: Option<String>,
    /// Initials and surname of the signatory; needed to sign.
    #[schema(min_length = 1, max_length = 255)]
    signer_name: Option<String>,
    /// Reports that it does without.
    #[serde(default)]
    #[schema(max_items = 1000, nullable = false)]
    missing_reports: Option<Vec<MissingReport>>,
}

/// Changes of a draft: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"date": "2023-12-29", "preamble": null}))]
pub(super) struct NotePatch {
    /// Title, without the word «Информация».
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    title: Option<String>,
    /// Date of the note.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    date: Option<Option<NaiveDate>>,
    /// Where it is made; null: where the municipality makes its documents.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    place: Option<Option<String>>,
    /// Opening text; null: the usual one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    preamble: Option<Option<String>>,
    /// Position of the signatory.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    signer_position: Option<Option<String>>,
    /// Initials and surname of the signatory.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    signer_name: Option<Option<String>>,
    /// Reports that it does without.
    #[schema(max_items = 1000, nullable = false)]
    missing_reports: Option<Vec<MissingReport>>,
}

/// Why a note is given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Уточните вывод 2.3"}))]
pub(super) struct NoteReturn {
    /// Why, for the author and the audit.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
}

/// Number and day of registration.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "214", "date": "2023-12-29"}))]
pub(super) struct NoteRegistration {
    /// Number; null: registered without one.
    #[schema(min_length = 1, max_length = 50)]
    pub(super) number: Option<String>,
    /// Day of registration: not before the note's date, not after today.
    pub(super) date: NaiveDate,
}

/// A note; what it says is its content.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoteOut {
    id: NoteId,
    version: i32,
    status: NoteStatus,
    status_label: &'static str,
    municipality_id: MunicipalityId,
    monitoring_id: MonitoringId,
    /// Year of the monitoring's period.
    year: i32,
    title: String,
    date: Option<NaiveDate>,
    place: String,
    preamble: Option<String>,
    signer_position: Option<String>,
    signer_name: Option<String>,
    missing_reports: Vec<MissingReport>,
    number: Option<String>,
    registered_on: Option<NaiveDate>,
    return_reason: Option<String>,
    /// SHA-256 of what was signed; verified at `/verify/{hash}`.
    hash: Option<String>,
    signed_at: Option<DateTime<Utc>>,
    published_at: Option<DateTime<Utc>>,
    replaces_id: Option<NoteId>,
    replaced_by_id: Option<NoteId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
pub(super) struct NotePage {
    items: Vec<NoteOut>,
    page: PageOut,
}

/// Filters of the list of notes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NoteFilter {
    /// Of any of these monitorings, comma-separated.
    #[param(value_type = Option<String>)]
    monitoring_id: Option<AnyOf<MonitoringId>>,
    /// Of any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// Of any of these years, comma-separated.
    #[param(value_type = Option<String>, example = "2023")]
    year: Option<AnyOf<i32>>,
    /// In any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "published")]
    status: Option<AnyOf<NoteStatus>>,
}

impl Filter for NoteFilter {
    const SORTS: &'static [&'static str] = &["year"];
}

impl NoteFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        Narrowed {
            monitoring_id: self.monitoring_id.clone().map(|any| any.0),
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            year: self.year.clone().map(|any| any.0),
            status: self.status.clone().map(|any| any.0),
        }
    }
}

impl NoteOut {
    pub(super) fn of(row: NoteRow, lang: Lang, caller: &Caller) -> Self {
        let drafts = caller.may::<policy::DraftNotes>();
        let signs = caller.may::<policy::SignNotes>();
        let registers = caller.may::<policy::RegisterNotes>();
        let action = |name, may, step: Step| ActionOut::new(name, may, &step.blockers(row.status));
        Self {
            actions: vec![
                action("update", drafts, Step::Update),
                action("submit", drafts, Step::Submit),
                action("return", signs, Step::Return),
                action("sign", signs, Step::Sign),
                action("register", registers, Step::Register),
                action("publish", registers, Step::Publish),
                action("replace", signs, Step::Replace),
            ],
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            municipality_id: row.municipality_id,
            monitoring_id: row.monitoring_id,
            year: row.year,
            title: row.title,
            date: row.date,
            place: row.place,
            preamble: row.preamble,
            signer_position: row.signer_position,
            signer_name: row.signer_name,
            missing_reports: row.missing_reports.into_inner(),
            number: row.number,
            registered_on: row.registered_on,
            return_reason: row.return_reason,
            hash: row.hash,
            signed_at: row.signed_at.map(utc),
            published_at: row.published_at.map(utc),
            replaces_id: row.replaces_id,
            replaced_by_id: row.replaced_by_id,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    pub(super) fn answer(row: NoteRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller))
    }
}

impl From<NoteIn> for NoteText {
    fn from(given: NoteIn) -> Self {
        Self {
            title: given.title,
            date: given.date,
            place: given.place,
            preamble: given.preamble,
            signer_position: given.signer_position,
            signer_name: given.signer_name,
            missing_reports: given.missing_reports.unwrap_or_default(),
        }
    }
}

impl NotePatch {
    pub(super) fn over(self, text: NoteText) -> NoteText {
        NoteText {
            title: self.title.unwrap_or(text.title),
            date: self.date.unwrap_or(text.date),
            place: self.place.unwrap_or(text.place),
            preamble: self.preamble.unwrap_or(text.preamble),
            signer_position: self.signer_position.unwrap_or(text.signer_position),
            signer_name: self.signer_name.unwrap_or(text.signer_name),
            missing_reports: self.missing_reports.unwrap_or(text.missing_reports),
        }
    }
}
