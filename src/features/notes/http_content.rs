//! The content of notes: as data, and as documents to read and print.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::flow_content::{self, Content};
use super::format::Format;
use super::snapshot::NoteSnapshot;
use super::{policy, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::NoteId;
use crate::problems;
use crate::web::Operations;
use crate::web::RequestInfo;
use crate::web::conventions::PublicUrl;
use crate::web::download::attachment;
use crate::web::query;

/// A printed note brings its own styles and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_note_content);
}

/// Read what a note says: as data, a page, text, or a document of an office suite.
///
/// `format` (`json`, `html`, `md`, `docx`) goes before `Accept`. A signed note reads as it
/// was signed; anything unsigned carries «ПРОЕКТ». The document is in Russian.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path), ("format" = Option<String>, Query, example = "html")), responses((status = 200, description = "The content; also text/html, text/markdown and application/vnd.openxmlformats-officedocument.wordprocessingml.document", body = NoteSnapshot)))]
#[get("/notes/{id}/content")]
async fn get_note_content(
    permit: Permit<policy::ReadNotes>,
    db: Data<Db>,
    info: RequestInfo,
    public_url: Data<PublicUrl>,
    req: HttpRequest,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let (scope, today) = (permit.scope, moscow_date(info.now));
    let format = format_of(&req);
    let content = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            flow_content::of(conn, &scope, row, today)
        })
        .await?;
    sent(&content, format?, &info, &public_url.0)
}

/// The form that the request asks for: by `format`, else by `Accept`, else JSON.
///
/// # Errors
///
/// 400 for any other parameter; 406 when no form is asked for that there is.
pub(super) fn format_of(req: &HttpRequest) -> Result<Format, Error> {
    let given = query::plain(req, &["format"])?;
    let accept = req.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let format = match (given.get("format"), accept) {
        (Some(name), _) => Format::named(name),
        (None, Some(accept)) => Format::accepted(accept),
        (None, None) => Some(Format::Json),
    };
    format.ok_or_else(|| Error::refuse(&problems::NOT_ACCEPTABLE))
}

/// Sends a form: 304 when the client has it.
///
/// # Errors
///
/// The form cannot be made: a fault of the service.
pub(super) fn sent(
    content: &Content,
    format: Format,
    info: &RequestInfo,
    public_url: &str,
) -> Result<HttpResponse, Error> {
    let printed = content.print(format, public_url)?;
    let known = info.has_tag(&printed.etag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, printed.etag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((CONTENT_LANGUAGE, "ru"))
        .insert_header((VARY, "Accept, Accept-Language, Authorization"));
    if known {
        return Ok(response.finish());
    }
    match format {
        Format::Html => {
            response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
        }
        Format::Docx => {
            response.insert_header(attachment(&format!("{}.docx", printed.name), "note.docx"));
        }
        Format::Json | Format::Markdown => {}
    }
    Ok(response.content_type(format.content_type()).body(printed.bytes))
}
