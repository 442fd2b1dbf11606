//! Evidence that is a file: how it comes in and goes out.

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_SECURITY_POLICY, ETAG};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::StreamExt;

use super::super::content::{EvidenceContent, FileContent};
use super::super::lifecycle::ReportStep;
use super::super::store_evidence;
use super::super::{flow, flow_evidence, flow_items, policy};
use super::bodies::EvidenceForm;
use super::reader::Reader;
use super::rights::demand;
use super::shape::EvidenceOut;
use crate::auth::Permit;
use crate::db::{Db, Event};
use crate::error::Error;
use crate::files::{FileKind, Files, Received};
use crate::kit::id::{EvidenceId, MeasureId, ReportId};
use crate::web::download::{attachment, range_of};
use crate::web::upload::{self, Expected, FileIn, UploadLimits};
use crate::web::{Notebook, Operations, RequestInfo, Writing, query, resource};

/// Nothing in a file that somebody sent may run where it is opened.
const POLICY: &str = "default-src 'none'; sandbox";

pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_evidence_content);
}

/// Where a file is to go.
pub(super) struct Place<'a> {
    pub(super) report: ReportId,
    pub(super) measure: MeasureId,
    pub(super) files: &'a Files,
    pub(super) limits: UploadLimits,
}

impl Place<'_> {
    /// Receives a file and attaches it: who may not, or whose report has no room, is told before
    /// the file is read; the row is written once the file is safely kept.
    pub(super) async fn attach(
        self,
        db: &Db,
        reader: Reader,
        writing: Writing,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<HttpResponse, Error> {
        self.ask(db, &reader, writing.has_key()).await?;
        let expected = Expected {
            kinds: &FileKind::EVIDENCE,
            limits: self.limits,
            flags: &EvidenceForm::FLAGS,
            numbers: &[],
        };
        let (body, file) = upload::receive::<EvidenceForm>(request, payload, self.files, expected).await?;
        let id = EvidenceId::generate();
        let received = file.and_then(|FileIn { name, outcome }| Some((name, outcome.ok()?)));
        let content = received.as_ref().map(|(name, received)| content_of(name, received)).transpose()?;
        let key = content.as_ref().map(|content| content.key(&id));
        if let (Some(key), Some((_, received)), false) = (&key, &received, writing.is_rehearsal()) {
            self.files.keep(key, received).await?;
        }
        let Self { report, measure, files, limits } = self;
        let (hash, evidence) = (body.hash().to_owned(), id.clone());
        let outcome = writing
            .run(db, reader.caller.actor(), &hash, move |tx, writing| {
                let view = flow_items::open_item(tx, &reader.scope, &report, &measure)?;
                demand(reader.rights(&view.row).fills)?;
                writing.admit(tx, &body)?;
                flow::require_in(view.circumstances(tx.today()), ReportStep::Update)?;
                let form = body.checked()?;
                let file = content.ok_or_else(|| Error::invalid(Vec::new()))?;
                let more = u64::try_from(file.size).unwrap_or(0);
                flow_evidence::require_room(tx, &view, more, limits.report_bytes)?;
                let row = view.row.clone();
                let new = form.with(evidence, file);
                let kept = flow_evidence::attach(tx, view, new, reader.caller.account()?)?;
                let location = format!("/api/v1/evidence/{}", kept.id);
                let out = EvidenceOut::of(&row, &[], &measure, kept.into(), &reader);
                Ok(resource(EvidenceOut::VERSION, &out)?.created(location))
            })
            .await;
        if let (Err(_), Some(key)) = (&outcome, key) {
            remove_unnamed(db, files, &id, &key).await;
        }
        outcome
    }

    /// Where an earlier answer may stand for this request, only whose report it is.
    async fn ask(&self, db: &Db, reader: &Reader, may_repeat: bool) -> Result<(), Error> {
        let (reader, id, measure) = (reader.clone(), self.report.clone(), self.measure.clone());
        let room = self.limits.report_bytes;
        db.read(move |conn| {
            let view = flow_items::find_item(conn, &reader.scope, &id, &measure)?;
            demand(reader.rights(&view.row).fills)?;
            if may_repeat {
                return Ok(());
            }
            flow::require_in(view.circumstances(reader.today), ReportStep::Update)?;
            flow_evidence::require_room(conn, &view, 1, room)
        })
        .await
    }
}

fn content_of(name: &str, received: &Received) -> Result<FileContent, Error> {
    Ok(FileContent {
        name: name.to_owned(),
        media_type: received.kind.media_type().to_owned(),
        size: i32::try_from(received.size).map_err(|cause| Error::Internal(cause.into()))?,
        original_sha256: received.original_sha256.clone(),
        stored_sha256: received.stored_sha256.clone(),
    })
}

/// The key of the file of a piece of evidence; `None` for a link and for unknown evidence.
pub(super) async fn key_of(db: &Db, id: &EvidenceId) -> Result<Option<String>, Error> {
    let wanted = id.clone();
    let row = db.read(move |conn| Ok::<_, Error>(store_evidence::find(conn, &wanted)?)).await?;
    let content = row.map(EvidenceContent::from);
    Ok(content.and_then(|content| Some(content.file?.key(&content.id))))
}

/// Removes a file when no row names it. What cannot be removed now goes at the next start.
pub(super) async fn remove_unnamed(db: &Db, files: &Files, id: &EvidenceId, key: &str) {
    let named = key_of(db, id).await;
    let outcome = match named {
        Ok(Some(_)) => return,
        Ok(None) => files.remove(key).await.map_err(Error::from),
        Err(cause) => Err(cause),
    };
    if let Err(cause) = outcome {
        log::warn!("the file {key} is left to the next start: {cause}");
    }
}

/// Read the file of a piece of evidence; a broken download goes on with `Range`.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path)), responses((status = 200, description = "The file, to be saved", content_type = "application/octet-stream", body = String), (status = 206, description = "The part asked for by `Range`", content_type = "application/octet-stream", body = String)))]
#[get("/evidence/{id}/content")]
async fn get_evidence_content(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    files: Data<Files>,
    notebook: Data<Notebook>,
    info: RequestInfo,
    request: HttpRequest,
    id: Path<EvidenceId>,
) -> Result<HttpResponse, Error> {
    query::plain(&request, &[])?;
    let actor = permit.caller.actor();
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let id = id.into_inner();
    let wanted = id.clone();
    let (evidence, municipality) = db
        .read(move |conn| {
            let view = flow_evidence::item_of(conn, &reader.scope, &wanted)?;
            let evidence = reader.find_evidence(conn, &view, &wanted)?;
            Ok::<_, Error>((evidence, view.row.municipality_id))
        })
        .await?;
    let file = evidence.file.ok_or_else(Error::not_found)?;
    notebook.read(actor, info.now, Event::read("evidence", id.as_str(), Some(municipality)));
    let etag = format!("\"{}\"", file.stored_sha256);
    if info.has_tag(&etag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    let size = u64::try_from(file.size).unwrap_or(0);
    let range = range_of(&request, size, &etag);
    let stored = files.read_sound(&file.key(&id), (size, &file.stored_sha256), range.clone()).await?;
    let mut response = HttpResponse::build(match &range {
        Some(_) => StatusCode::PARTIAL_CONTENT,
        None => StatusCode::OK,
    });
    let length = range.as_ref().map_or(size, |range| range.end - range.start);
    if let Some(range) = range {
        let last = range.end.saturating_sub(1);
        response.insert_header((CONTENT_RANGE, format!("bytes {}-{last}/{size}", range.start)));
    }
    let plain = FileKind::of_name(&file.name).map_or("", FileKind::extension);
    response
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(attachment(&file.name, &format!("evidence{plain}")))
        .content_type(file.media_type);
    Ok(response
        .body(SizedStream::new(length, stored.bytes.map(|piece| piece.map_err(std::io::Error::other)))))
}
