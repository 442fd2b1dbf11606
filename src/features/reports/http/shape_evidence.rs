//! Evidence, as it is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::content::{EvidenceContent, FileContent};
use super::super::domain::EvidenceKind;
use super::super::store::ReportRow;
use super::reader::Reader;
use super::reuse::EvidenceReuse;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{EvidenceId, MeasureId, ReportId};
use crate::web::ActionOut;

/// A piece of evidence; it is never changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EvidenceOut {
    id: EvidenceId,
    /// Always 1.
    version: i32,
    report_id: ReportId,
    measure_id: MeasureId,
    kind: EvidenceKind,
    kind_label: &'static str,
    title: String,
    requisites: Option<String>,
    /// Where it is; null: it is a file.
    url: Option<String>,
    /// The file; null: it is a link.
    file: Option<EvidenceFileOut>,
    contains_personal_data: bool,
    created_at: DateTime<Utc>,
    /// For the reviewer: where else the same link or file proves something. It warns, it blocks
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reused: Option<Vec<EvidenceReuse>>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// The file of a piece of evidence.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EvidenceFileOut {
    /// Its name, as it was sent and made safe.
    name: String,
    media_type: String,
    /// Bytes that are kept.
    size: i32,
    /// SHA-256 of what was sent, hex.
    original_sha256: String,
    /// SHA-256 of what is kept, hex: photos lose their metadata.
    stored_sha256: String,
    /// Where its bytes are.
    content: String,
}

impl EvidenceOut {
    /// The version of what never changes.
    pub(super) const VERSION: i32 = 1;

    /// One piece of evidence in its report; `blockers` stand in the way of changing that.
    pub(super) fn of(
        report: &ReportRow,
        blockers: &[&'static str],
        measure: &MeasureId,
        given: EvidenceContent,
        reader: &Reader,
    ) -> Self {
        Self {
            version: Self::VERSION,
            report_id: report.id.clone(),
            measure_id: measure.clone(),
            kind: given.kind,
            kind_label: given.kind.label(reader.lang),
            title: given.title,
            requisites: given.requisites,
            url: given.url,
            file: given.file.map(|file| EvidenceFileOut::of(file, &given.id)),
            contains_personal_data: given.contains_personal_data,
            created_at: utc(given.created_at),
            reused: None,
            id: given.id,
            actions: vec![ActionOut::new("delete", reader.rights(report).fills, blockers)],
        }
    }

    /// Its link.
    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// SHA-256 of its file as it was sent.
    pub(super) fn original_sha256(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.original_sha256.as_str())
    }

    /// Whether it proves this measure in this report.
    pub(super) fn stands_at(&self, report: &ReportId, measure: &MeasureId) -> bool {
        self.report_id == *report && self.measure_id == *measure
    }

    /// Tells where else it is used.
    pub(super) fn set_reused(&mut self, places: Vec<EvidenceReuse>) {
        self.reused = Some(places);
    }
}

impl EvidenceFileOut {
    fn of(file: FileContent, id: &EvidenceId) -> Self {
        Self {
            name: file.name,
            media_type: file.media_type,
            size: file.size,
            original_sha256: file.original_sha256,
            stored_sha256: file.stored_sha256,
            content: format!("/api/v1/evidence/{id}/content"),
        }
    }
}
