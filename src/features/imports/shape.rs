//! Jobs and what was wrong with rows, on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{ImportKind, ImportMode, JobStatus, kept_until};
use super::kinds::Written;
use super::store::{JobRow, Narrowed};
use super::store_errors::ErrorRow;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{JobId, MunicipalityId, OrderId, RoadMapId, SupportListId};
use crate::kit::lang::Lang;
use crate::web::query::PageOut;
use crate::web::{Answer, AnyOf, Filter, resource};

/// An import that runs, or has run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobOut {
    id: JobId,
    version: i32,
    kind: ImportKind,
    kind_label: &'static str,
    mode: ImportMode,
    mode_label: &'static str,
    /// Nothing is stored: the counters are as they would be.
    dry_run: bool,
    status: JobStatus,
    status_label: &'static str,
    /// Whether rows of it are stored.
    applied: bool,
    progress: JobProgress,
    counters: JobCounters,
    /// What stood in the list or the map and not in the file, and was removed.
    removed: i32,
    /// What was wrong with rows: `GET /jobs/{id}/errors`. The texts of the first 10 000 are kept.
    errors_count: i32,
    /// Why it failed.
    failure: Option<JobFailureOut>,
    file: JobFile,
    /// SHA-256 of the file, or of the body with the rows.
    file_sha256: String,
    municipality_id: Option<MunicipalityId>,
    region_code: Option<String>,
    force: bool,
    reason: Option<String>,
    support_list_id: Option<SupportListId>,
    order_id: Option<OrderId>,
    road_map_id: Option<RoadMapId>,
    academic_year: Option<i32>,
    /// The lists and maps that it wrote.
    results: Vec<Written>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

/// How far a job has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"processed": 1500, "total": 10_000}))]
struct JobProgress {
    /// Rows that have been looked at.
    processed: i32,
    /// Rows of the file.
    total: i32,
}

/// What became of the rows: once the job is done, the four others make `total`. Of an atomic import
/// with a rejected row, all rows are rejected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"total": 10_000, "created": 9_000, "updated": 900, "unchanged": 90, "rejected": 10}))]
struct JobCounters {
    /// Rows of the file.
    total: i32,
    /// Nothing had their key.
    created: i32,
    /// What had their key said something else.
    updated: i32,
    /// What had their key said the same, and kept its version.
    unchanged: i32,
    /// Not stored.
    rejected: i32,
}

/// Why a job failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "rows-rejected", "detail": "В файле есть строки с ошибками, поэтому не внесена ни одна"}))]
struct JobFailureOut {
    /// `rows-rejected`, `rights-lost`, `service-failed`, or the code of a problem, e.g. `import-shrinks`.
    code: String,
    /// For a person.
    detail: String,
}

/// The file of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "школы.csv", "format": "csv", "size": 2048, "kept_until_at": "2023-03-31T09:00:00Z"}))]
struct JobFile {
    name: String,
    /// `csv`, `xlsx` or `json`.
    format: String,
    /// Bytes.
    size: u64,
    /// Until when it is kept; then the texts of errors go too.
    kept_until_at: DateTime<Utc>,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub(super) struct JobPage {
    items: Vec<JobOut>,
    page: PageOut,
}

/// What was wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "number": 1, "row": 17, "column": "ИНН", "code": "check-digit", "value": "5799000018",
    "message": "ИНН организации: 10 цифр с верной контрольной цифрой"
}))]
pub(super) struct JobErrorOut {
    /// 1, 2, 3 … in the order of the rows.
    number: i32,
    /// The row as office suites number it; of JSON its place in `rows`, from 1.
    row: i32,
    /// The column as the file calls it, or the member of a JSON row; null: the row as a whole.
    column: Option<String>,
    /// Stable machine code.
    code: String,
    /// The cell, 200 characters at most.
    value: Option<String>,
    /// What to do, for a person.
    message: String,
}

/// A page of errors.
#[derive(Serialize, ToSchema)]
pub(super) struct JobErrorPage {
    items: Vec<JobErrorOut>,
    page: PageOut,
}

/// Filters of the list of jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct JobFilter {
    /// Kinds, comma-separated.
    #[param(value_type = Option<String>, example = "schools")]
    kind: Option<AnyOf<ImportKind>>,
    /// States, comma-separated.
    #[param(value_type = Option<String>, example = "queued,running")]
    status: Option<AnyOf<JobStatus>>,
}

impl Filter for JobFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "-id";
}

impl JobFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        Narrowed { kind: self.kind.clone().map(|any| any.0), status: self.status.clone().map(|any| any.0) }
    }
}

/// In which form errors are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct JobErrorFilter {
    /// `json`, or `csv` and `xlsx` for a copy of the file with a column of errors.
    #[param(example = "csv")]
    pub(super) format: Option<String>,
}

impl Filter for JobErrorFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "number";
    const LAST_KEY: &'static str = "number";
}

impl JobOut {
    /// The job; `looked_at`: rows that this process has looked at, where it runs it.
    pub(super) fn of(row: JobRow, looked_at: Option<usize>, lang: Lang) -> Self {
        let counted = row.rows_done();
        let looked_at = looked_at.and_then(|rows| i32::try_from(rows).ok()).unwrap_or(0);
        let parameters = row.parameters.into_inner();
        let file = row.file.into_inner();
        Self {
            id: row.id,
            version: row.version,
            kind: row.kind,
            kind_label: row.kind.label(lang),
            mode: row.mode,
            mode_label: row.mode.label(lang),
            dry_run: row.dry_run,
            status: row.status,
            status_label: row.status.label(lang),
            applied: row.applied,
            progress: JobProgress { processed: counted.max(looked_at), total: row.rows_total },
            counters: JobCounters {
                total: row.rows_total,
                created: row.rows_created,
                updated: row.rows_updated,
                unchanged: row.rows_unchanged,
                rejected: row.rows_rejected,
            },
            removed: row.removed,
            errors_count: row.errors_count,
            failure: row.failure.map(|failure| {
                let failure = failure.into_inner();
                let detail = if lang == Lang::Ru { failure.ru } else { failure.en };
                JobFailureOut { code: failure.code, detail }
            }),
            file: JobFile {
                name: file.name,
                format: file.format,
                size: file.size,
                kept_until_at: utc(kept_until(row.created_at)),
            },
            file_sha256: file.sha256,
            municipality_id: row.municipality_id,
            region_code: row.region_code,
            force: parameters.force,
            reason: parameters.reason,
            support_list_id: parameters.support_list_id,
            order_id: parameters.list.map(|list| list.order_id),
            road_map_id: parameters.road_map_id,
            academic_year: parameters.academic_year,
            results: row.results.into_inner(),
            created_at: utc(row.created_at),
            started_at: row.started_at.map(utc),
            finished_at: row.finished_at.map(utc),
            updated_at: utc(row.updated_at),
        }
    }

    /// The job as an answer.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub(super) fn answer(row: JobRow, looked_at: Option<usize>, lang: Lang) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, looked_at, lang))
    }
}

impl JobErrorOut {
    pub(super) fn of(row: ErrorRow, lang: Lang) -> Self {
        Self {
            number: row.number,
            row: row.row_number,
            column: row.column_title,
            code: row.code,
            value: row.value,
            message: if lang == Lang::Ru { row.message_ru } else { row.message_en },
        }
    }
}
