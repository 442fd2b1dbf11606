//! What the operator imports by the command line, past the API: the same job, run at once.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;

use super::domain::{self, ImportKind, ImportMode, JobStatus, ListGiven, Parameters};
use super::flow;
use super::flow_begin::{self, NewJob};
use super::kinds::columns_of;
use super::runner::Runner;
use super::store::{self, FileFacts};
use super::table::{Table, Unreadable};
use super::{error_copy, store_errors};
use crate::auth::Scope;
use crate::db::{Actor, Db, Mode};
use crate::error::Error;
use crate::features::support_lists::{ListCategory, ListLevel};
use crate::files::{FileKind, Files};
use crate::kit::clock::Clock;
use crate::kit::code::Code;
use crate::kit::id::{JobId, MunicipalityId, OrderId, RoadMapId, SupportListId};
use crate::kit::lang::Lang;
use crate::kit::violation::Violation;
use crate::web::Format;

/// How often the terminal hears how far it is.
const TELL: Duration = Duration::from_millis(100);

/// An import by the command line, in the words of its options.
#[derive(Debug, Clone, Default)]
pub struct OperatorImport {
    /// Name of the file.
    pub name: String,
    /// Code of the kind.
    pub kind: String,
    /// Code of the mode.
    pub mode: String,
    /// Whether it only rehearses.
    pub dry_run: bool,
    /// The municipality of the rows.
    pub municipality_id: Option<String>,
    /// The region of the rows, instead.
    pub region_code: Option<String>,
    /// Replaces more than a fifth.
    pub force: bool,
    /// Why.
    pub reason: Option<String>,
    /// The draft list.
    pub support_list_id: Option<String>,
    /// Code of its level.
    pub level: Option<String>,
    /// Code of its category.
    pub category: Option<String>,
    /// Its year.
    pub results_year: Option<i32>,
    /// Its order.
    pub order_id: Option<String>,
    /// The draft map.
    pub road_map_id: Option<String>,
    /// The academic year of statistics.
    pub academic_year: Option<i32>,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// In words, for the terminal.
    pub summary: String,
    /// Whether no row was rejected, and nothing failed.
    pub is_clean: bool,
    /// The copy of the file with errors, where rows were rejected.
    pub errors: Option<Vec<u8>>,
}

/// Imports a file as the operator; `told` hears how many of how many rows have been looked at. The job
/// stays in the database, as any other. The audit names the role `operator` and no account.
///
/// # Errors
///
/// What the options, the file or the place of the rows have wrong; failures of the database.
pub async fn import_by_operator(
    db: &Db,
    files: &Files,
    clock: &Clock,
    wanted: OperatorImport,
    bytes: Vec<u8>,
    told: &dyn Fn(usize, usize),
) -> anyhow::Result<Report> {
    let format = FileKind::of_name(&wanted.name).filter(|kind| FileKind::IMPORTS.contains(kind));
    let format = format.ok_or_else(|| anyhow!("CSV, XLSX and JSON files are taken, by their extension"))?;
    let kind = code::<ImportKind>("kind", &wanted.kind)?;
    let mode = code::<ImportMode>("mode", &wanted.mode)?;
    let scope = match (&wanted.municipality_id, &wanted.region_code) {
        (Some(id), None) => Scope::Municipality(MunicipalityId(id.clone())),
        (None, Some(code)) => Scope::Region(code.clone()),
        _ => bail!("name the municipality or the region of the rows, one of them"),
    };
    let parameters = parameters(kind, &wanted)?;
    let most = domain::most_rows(kind, mode, wanted.dry_run);
    let table = Table::read(bytes.clone(), format, most, columns_of(kind)).map_err(unreadable)?;
    let rows = table.rows;

    let mut incoming = files.begin(format)?;
    incoming.push(Bytes::from(bytes)).await?;
    let received =
        incoming.finish().await?.map_err(|fault| anyhow!("{}", fault.detail(&FileKind::IMPORTS).en))?;
    let id = JobId::generate();
    let key = format!("{}/{id}", store::FOLDER);
    files.keep(&key, &received).await?;
    let file = FileFacts {
        name: wanted.name,
        format: received.kind.extension().trim_start_matches('.').to_owned(),
        size: received.size,
        sha256: received.original_sha256,
    };
    let new = NewJob {
        id,
        kind,
        mode,
        dry_run: wanted.dry_run,
        parameters,
        municipality: None,
        file,
        client: None,
    };
    let operator = Actor::operator();
    let runner = Runner::default();
    let name = runner.name().to_owned();
    let begun = db
        .write(operator, Mode::Keep, move |tx| {
            if let Some(id) = scope.municipality() {
                crate::features::municipalities::find(tx, &Scope::Service, id)?
                    .ok_or_else(Error::not_found)?;
            }
            let (mut row, is_new) = flow_begin::begin(tx, &scope, new, &table)?;
            if is_new {
                flow::take(tx, &mut row, &name)?;
            }
            Ok::<_, Error>((row, is_new))
        })
        .await;
    let (row, is_new) = match begun {
        Ok(begun) => begun,
        Err(cause) => {
            files.remove(&key).await?;
            return Err(in_words(cause));
        }
    };
    let job = row.id.clone();
    if is_new {
        let mut running = std::pin::pin!(runner.run(db, files, row));
        loop {
            match tokio::time::timeout(TELL, &mut running).await {
                Ok(outcome) => {
                    outcome.map_err(in_words)?;
                    break;
                }
                Err(_still_running) => told(runner.progress_of(&job).unwrap_or_default(), rows),
            }
        }
    } else {
        files.remove(&key).await?;
    }
    report(db, files, clock, job, !is_new).await
}

async fn report(db: &Db, files: &Files, clock: &Clock, id: JobId, again: bool) -> anyhow::Result<Report> {
    let (row, errors) = db
        .read(move |conn| {
            let row = store::find(conn, (&Scope::Service, None), &id)?.ok_or_else(Error::not_found)?;
            let errors = store_errors::all_of(conn, &row.id)?;
            Ok::<_, Error>((row, errors))
        })
        .await
        .map_err(in_words)?;
    let mut summary = format!(
        "{} rows: {} created, {} updated, {} unchanged, {} rejected; {} removed; job {}",
        row.rows_total,
        row.rows_created,
        row.rows_updated,
        row.rows_unchanged,
        row.rows_rejected,
        row.removed,
        row.id
    );
    if again {
        summary.push_str("; the same file was imported before: these are the figures of that time");
    }
    if row.dry_run {
        summary.push_str("; a dry run: nothing is stored");
    }
    if let Some(failure) = &row.failure {
        summary.push_str(&format!("\n{}: {}", failure.code, failure.ru));
    }
    let is_clean = row.status == JobStatus::Done && row.rows_rejected == 0;
    let errors = if errors.is_empty() {
        None
    } else {
        let bytes = files.read_whole(&row.file_key()).await?;
        match error_copy::copy(&row, bytes, errors, Format::Csv, Lang::Ru, clock.now()) {
            Ok(copy) => Some(copy),
            Err(refused @ Error::Refused(_)) => {
                summary.push_str(&format!("\nno copy with errors: {}", in_words(refused)));
                None
            }
            Err(cause) => return Err(cause.into()),
        }
    };
    Ok(Report { summary, is_clean, errors })
}

fn parameters(kind: ImportKind, wanted: &OperatorImport) -> anyhow::Result<Parameters> {
    let given = Parameters {
        force: wanted.force,
        reason: wanted.reason.clone(),
        support_list_id: wanted.support_list_id.clone().map(SupportListId),
        list: None,
        road_map_id: wanted.road_map_id.clone().map(RoadMapId),
        academic_year: wanted.academic_year,
    };
    let list = ListGiven {
        level: wanted.level.as_deref().map(|text| code::<ListLevel>("level", text)).transpose()?,
        category: wanted
            .category
            .as_deref()
            .map(|text| code::<ListCategory>("category", text))
            .transpose()?,
        results_year: wanted.results_year,
        order_id: wanted.order_id.clone().map(OrderId),
        valid_from: None,
        valid_to: None,
    };
    domain::parameters(kind, given, list).map_err(|found| anyhow!(listed(&found)))
}

fn code<C: Code>(name: &str, text: &str) -> anyhow::Result<C> {
    let known = || C::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
    C::parse(text).with_context(|| format!("--{name} {text}: one of {}", known()))
}

fn unreadable(cause: Unreadable) -> anyhow::Error {
    match cause {
        Unreadable::Because(found) => anyhow!(listed(&found)),
        Unreadable::Broken(cause) => cause,
    }
}

fn listed(found: &[Violation]) -> String {
    found.iter().map(|one| format!("{}: {}", one.pointer, one.detail.ru)).collect::<Vec<_>>().join("\n")
}

/// A refusal as a line for the terminal.
fn in_words(cause: Error) -> anyhow::Error {
    match cause {
        Error::Refused(refusal) => anyhow!("{}: {}", refusal.problem.slug, flow::words_of(&refusal).ru),
        other => other.into(),
    }
}
