//! Operations on imports and their jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::bodies::{ImportFileIn, ImportOptions, ImportRowsIn};
use super::flow_begin::{self, NewJob};
use super::kinds::columns_of;
use super::runner::Runner;
use super::shape::{JobErrorFilter, JobErrorOut, JobErrorPage, JobFilter, JobOut, JobPage};
use super::store::FileFacts;
use super::table::{Table, Unreadable};
use super::{ImportLimits, domain, error_copy, policy, store, store_errors};
use crate::auth::{Caller, Permit};
use crate::db::{Db, Failure};
use crate::error::Error;
use crate::files::{FileFailure, FileKind, Files, Received};
use crate::kit::id::{ClientId, JobId};
use crate::kit::violation::Violation;
use crate::problems;
use crate::web::query::One;
use crate::web::upload::{self, Expected, FileIn};
use crate::web::{
    Body, Format, ListQuery, Listing, Operations, Paging, Printed, ReadingPlace, RequestInfo, Writing,
    rows_upload,
};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(create_import).service(list_jobs).service(get_job).service(list_job_errors);
}

/// Import schools, a support list, the measures of a road map or statistics from a table or from JSON.
///
/// The table comes as a form with the part `file`: CSV (UTF-8 or Windows-1251, parted by semicolons,
/// commas or tabs), the first visible sheet of an XLSX workbook, or JSON. Its first row names the columns,
/// by the names of the members or as forms call them, e.g. for `schools`:
///
/// ```text
/// ОГРН;ИНН;Краткое наименование;Правовая форма;Вид школы;Уровни образования;Телефон
/// 1025799000017;5799000019;МБОУ-Богородицкая СОШ;МБОУ;СОШ;НОО, ООО, СОО;+7 48642 2-10-31
/// ```
///
/// Each row is stored as the single operation would store it, by its natural key: OGRN, OGRN and academic
/// year, or code. Columns that the file lacks leave what is stored as it is, an empty cell clears. Of
/// `support_list` and `stats`, rows of one school stand together, each with one result. `support_list`
/// and `road_map` replace what stands in the draft: to remove or change more than a fifth of it,
/// `force` and `reason` are needed, else the answer is 409 `import-shrinks`, also of the job when the draft
/// has changed before it runs; nothing is removed while a row is rejected. A list named by level, category, year and order is found among the drafts or made;
/// of a whole region, one per municipality.
///
/// Answers 202 with the job, which runs by itself; `atomic` stores all rows or none. The same file for the
/// same purpose within 24 hours answers 200 with the first job, unless that has failed. At most 100 000
/// rows, 20 000 with `atomic` or `dry_run`, 5 000 of a list or a map; 200 columns; a cell of 32 KiB. While
/// five jobs of the caller wait or run, another is refused with 429. `dry_run`, in the body or in the query, makes
/// a job that stores nothing.
#[utoipa::path(tag = "imports", request_body(content((ImportRowsIn = "application/json"), (ImportFileIn = "multipart/form-data"))), responses(
    (status = 202, description = "The job", body = JobOut),
    (status = 200, description = "The job of the same import before", body = JobOut),
))]
#[post("/imports")]
#[expect(clippy::too_many_arguments, reason = "each is an extractor")]
async fn create_import(
    permit: Permit<policy::ImportRows>,
    db: Data<Db>,
    files: Data<Files>,
    limits: Data<ImportLimits>,
    runner: Data<Runner>,
    writing: Writing,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let client = client_of(&caller)?;
    let (writing, rehearses) = writing.kept();
    let place = if upload::is_form(&request) { "/file" } else { "/rows" };
    let (body, file) = if place == "/file" {
        let (flags, numbers) = (&ImportOptions::FLAGS, &ImportOptions::NUMBERS);
        let expected = Expected { kinds: &FileKind::IMPORTS, limits: limits.upload, flags, numbers };
        upload::receive::<ImportOptions>(&request, payload, &files, expected).await?
    } else {
        let ImportLimits { upload, reading } = limits.get_ref();
        rows_upload::receive_rows::<ImportOptions>(
            &request,
            payload,
            &files,
            *upload,
            (reading, caller.who.subject()),
        )
        .await?
    };
    let received = file.and_then(|FileIn { name, outcome }| Some((name, outcome.ok()?)));
    let file = received.as_ref().map(|(_, received)| received);
    let turn = limits.reading.place(caller.who.subject());
    let (body, table) = looked_at(body, file, (place, rehearses), turn).await?;
    let id = JobId::generate();
    let key = format!("{}/{id}", store::FOLDER);
    if let (Some(_), Some((_, received))) = (body.good(), &received) {
        files.keep(&key, received).await?;
    }
    let facts = received.map(|(name, received)| facts_of(name, &received));
    let (hash, made) = (body.hash().to_owned(), Arc::new(AtomicBool::new(false)));
    let first = Arc::clone(&made);
    let outcome = writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let options = body.checked()?;
            if !options.kind().may(&caller.rights) {
                return Err(Error::refuse(&problems::FORBIDDEN));
            }
            let new = NewJob {
                id,
                kind: options.kind(),
                mode: options.mode(),
                dry_run: options.dry_run() || rehearses,
                municipality: options.municipality().cloned(),
                parameters: options.parameters().map_err(Error::invalid)?,
                file: facts.ok_or_else(|| Error::invalid(Vec::new()))?,
                client,
            };
            let (table, _turn) = table.ok_or_else(|| Error::invalid(Vec::new()))?;
            let (row, is_new) = flow_begin::begin(tx, &scope, new, &table)?;
            first.store(is_new, Ordering::Relaxed);
            let location = format!("/api/v1/jobs/{}", row.id);
            let answer = JobOut::answer(row, None, writing.info.lang)?;
            Ok(if is_new { answer.accepted(location) } else { answer.at(location) })
        })
        .await;
    if outcome.is_ok() && made.load(Ordering::Relaxed) {
        runner.wake();
    } else if let Err(cause) = files.remove(&key).await {
        log::warn!("the file {key} is left to the sweep: {cause}");
    }
    outcome
}

/// The service client that asks; a person is none.
fn client_of(caller: &Caller) -> Result<Option<ClientId>, Error> {
    // Whoever has neither an account nor a registration here leaves nobody to answer for the rows.
    if caller.account().is_ok() { Ok(None) } else { caller.client().cloned().map(Some) }
}

/// Reads the file once: what is wrong with it as a whole stands among the broken rules of the body, at
/// the `place` where the rows came.
async fn looked_at(
    body: Body<ImportOptions>,
    received: Option<&Received>,
    (place, rehearses): (&str, bool),
    turn: impl Future<Output = Result<ReadingPlace, Failure>>,
) -> Result<(Body<ImportOptions>, Option<(Table, ReadingPlace)>), Error> {
    let (Some(options), Some(received)) = (body.good(), received) else { return Ok((body, None)) };
    // Until the job is stored: that long its rows lie in memory.
    let turn = turn.await?;
    let (kind, format, bytes) = (options.kind(), received.kind, received.bytes().await?);
    let most = domain::most_rows(kind, options.mode(), options.dry_run() || rehearses);
    let read = tokio::task::spawn_blocking(move || {
        Table::read(bytes, format, most, columns_of(kind)).map(|table| (table, turn))
    });
    match read.await.map_err(|cause| Error::Internal(cause.into()))? {
        Ok(table) => Ok((body, Some(table))),
        Err(Unreadable::Because(violations)) => {
            let at = |violation| Violation { pointer: place.to_owned(), ..violation };
            Ok((body.with_faults(violations.into_iter().map(at).collect()), None))
        }
        Err(Unreadable::Broken(cause)) => Err(Error::Internal(cause)),
    }
}

fn facts_of(name: String, received: &Received) -> FileFacts {
    FileFacts {
        name,
        format: received.kind.extension().trim_start_matches('.').to_owned(),
        size: received.size,
        sha256: received.original_sha256.clone(),
    }
}

/// List the imports of the own municipality, the latest first.
#[utoipa::path(tag = "imports", params(JobFilter, Paging), responses((status = 200, description = "A page", body = JobPage)))]
#[get("/jobs")]
async fn list_jobs(
    permit: Permit<policy::ReadJobs>,
    db: Data<Db>,
    runner: Data<Runner>,
    info: RequestInfo,
    query: ListQuery<JobFilter>,
) -> Result<HttpResponse, Error> {
    let (client, scope) = (client_of(&permit.caller)?, permit.scope);
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let list =
        move |conn: &mut _| Ok::<_, Error>(store::list(conn, (&scope, client.as_ref()), &narrowed, &page)?);
    let listed = db.read(list).await?;
    let out = |row: store::JobRow| {
        let looked_at = runner.progress_of(&row.id);
        JobOut::of(row, looked_at, info.lang)
    };
    Ok(Listing::of(&query, listed, &info, out)?.read(&info))
}

/// Read an import: how far it has come, and what became of the rows.
#[utoipa::path(tag = "imports", params(("id" = JobId, Path)), responses((status = 200, description = "The job", body = JobOut)))]
#[get("/jobs/{id}")]
async fn get_job(
    permit: Permit<policy::ReadJobs>,
    db: Data<Db>,
    runner: Data<Runner>,
    info: RequestInfo,
    one: One,
    id: Path<JobId>,
) -> Result<HttpResponse, Error> {
    let looked_at = runner.progress_of(&id);
    let client = client_of(&permit.caller)?;
    let find = move |conn: &mut _| {
        store::find(conn, (&permit.scope, client.as_ref()), &id)?.ok_or_else(Error::not_found)
    };
    let row = db.read(find).await?;
    Ok(JobOut::answer(row, looked_at, info.lang)?.read(&info, &one))
}

/// List what was wrong with the rows of an import, or read a copy of its file with a column of errors.
///
/// The copy (`format=csv` or `xlsx`) can be corrected and imported again: the column is passed over then,
/// and so is the apostrophe before what looks like a formula. It is there for as long as the file, 30 days.
#[utoipa::path(tag = "imports", params(("id" = JobId, Path), JobErrorFilter, Paging), responses((status = 200, description = "A page, or the copy", content(
    (JobErrorPage = "application/json"), (String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
))))]
#[get("/jobs/{id}/errors")]
#[expect(clippy::too_many_arguments, reason = "each is an extractor")]
async fn list_job_errors(
    permit: Permit<policy::ReadJobs>,
    db: Data<Db>,
    files: Data<Files>,
    limits: Data<ImportLimits>,
    info: RequestInfo,
    request: HttpRequest,
    query: ListQuery<JobErrorFilter>,
    id: Path<JobId>,
) -> Result<HttpResponse, Error> {
    let offered = [Format::Json, Format::Csv, Format::Xlsx];
    let format = Format::chosen(&request, query.filter.format.as_deref(), &offered)?;
    let (client, page) = (client_of(&permit.caller)?, query.page.clone());
    let subject = permit.caller.who.subject().to_owned();
    if format == Format::Json {
        let listed = db
            .read(move |conn| {
                let row =
                    store::find(conn, (&permit.scope, client.as_ref()), &id)?.ok_or_else(Error::not_found)?;
                Ok::<_, Error>(store_errors::of_job(conn, &row.id, &page)?)
            })
            .await?;
        return Ok(Listing::of(&query, listed, &info, |row| JobErrorOut::of(row, info.lang))?.read(&info));
    }
    let (row, errors) = db
        .read(move |conn| {
            let row =
                store::find(conn, (&permit.scope, client.as_ref()), &id)?.ok_or_else(Error::not_found)?;
            let errors = store_errors::all_of(conn, &row.id)?;
            Ok::<_, Error>((row, errors))
        })
        .await?;
    let turn = limits.reading.place(&subject).await?;
    let bytes = files.read_whole(&row.file_key()).await.map_err(|cause| match cause {
        FileFailure::Missing(_) => Error::not_found(),
        other => other.into(),
    })?;
    let (version, lang, now) = (row.version, info.lang, info.now);
    let copied = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        error_copy::copy(&row, bytes, errors, format, lang, now)
    });
    let bytes = copied.await.map_err(|cause| Error::Internal(cause.into()))??;
    let name = "Ошибки загрузки".to_owned();
    Ok(Printed { format, bytes, version: Some(version), name, plain_name: "import-errors" }.read(&info))
}
