//! The content of notes: as data, and as documents to read and print.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::flow_content::{self, FORMATS};
use super::snapshot::NoteSnapshot;
use super::{policy, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::features::monitoring_indicators::SmallCells;
use crate::kit::clock::moscow_date;
use crate::kit::id::NoteId;
use crate::web::conventions::PublicUrl;
use crate::web::{Format, Operations, RequestInfo, query};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_note_content);
}

/// Read what a note says: as data, a page, text, or a document of an office suite.
///
/// `format` (`json`, `html`, `md`, `docx`) goes before `Accept`. A signed note reads as it
/// was signed; anything unsigned carries «ПРОЕКТ». The document is in Russian.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path), ("format" = Option<String>, Query, description = "In this form, whatever `Accept` says.", example = "html")), responses((status = 200, description = "The content", content(
    (NoteSnapshot = "application/json"), (String = "text/html"), (String = "text/markdown"),
    (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
))))]
#[get("/notes/{id}/content")]
async fn get_note_content(
    permit: Permit<policy::ReadNotes>,
    db: Data<Db>,
    info: RequestInfo,
    public_url: Data<PublicUrl>,
    small: Data<SmallCells>,
    req: HttpRequest,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let (scope, today) = (permit.scope, moscow_date(info.now));
    let (format, small) = (format_of(&req), **small);
    let content = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            flow_content::of(conn, &scope, row, today, small)
        })
        .await?;
    Ok(content.print(format?, &public_url.0)?.read(&info))
}

/// The form that the request asks for: by `format`, else by `Accept`, else JSON.
///
/// # Errors
///
/// 400 for any other parameter; 406 when no form is asked for that there is.
pub(super) fn format_of(req: &HttpRequest) -> Result<Format, Error> {
    let given = query::plain(req, &["format"])?;
    Format::chosen(req, given.get("format").map(String::as_str), &FORMATS)
}
