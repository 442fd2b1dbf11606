//! The export and the digest.

use std::task::Poll;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::mpsc::{self, Receiver};

use super::flow_digest;
use super::flow_export::{self, Broken, Exports, Order, Outlet, Piece};
use super::parameters::{DigestParameters, DigestQuery, ExportParameters, ExportQuery, named, the_one};
use super::policy;
use super::shape::SyncDigest;
use crate::auth::{Caller, Permit, Scope};
use crate::db::{Db, Event};
use crate::error::Error;
use crate::features::exported::Taking;
use crate::kit::clock::moscow_date;
use crate::web::notebook::{MANY, Notebook};
use crate::web::{Operations, RequestInfo};

/// Pieces that are ready before the client takes them.
const READY: usize = 2;

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(export_rows).service(get_sync_digest);
}

fn taking(caller: Caller, scope: Scope, info: &RequestInfo) -> Taking {
    Taking { caller, scope, lang: info.lang, today: moscow_date(info.now) }
}

/// Take every row that the caller reads, as lines of JSON.
///
/// All from one snapshot. The first line is `{"type": "start", "seq", "epoch", "resources", "at"}`:
/// follow the feed from that `seq`. Each row is `{"type": "row", "resource", "id", "version", "key",
/// "municipality_id", "data"}` with the item of the resource's list as `data`. The last line is
/// `{"type": "end", "rows"}`: where it is missing, the stream was cut and is to be taken again. Two
/// exports or digests run at a time, one for each account or client; others answer 503 with
/// `Retry-After`. Who takes nothing for 30 seconds, or less than 16 KiB a second in the long run, is
/// cut off.
#[utoipa::path(tag = "changes", params(ExportParameters), responses((status = 200, description = "Lines of JSON", body = String, content_type = "application/x-ndjson")))]
#[get("/export")]
async fn export_rows(
    permit: Permit<policy::ReadChanges>,
    db: Data<Db>,
    exports: Data<Exports>,
    notebook: Data<Notebook>,
    info: RequestInfo,
    req: HttpRequest,
) -> Result<HttpResponse, Error> {
    let asked = ExportQuery::read(&req)?;
    let resources = named(asked.resource.as_deref(), &permit.caller)?;
    let place = exports.enter(permit.caller.who.subject())?;
    let taken = asked.resource.as_deref().unwrap_or(MANY);
    let event = Event::read("export", taken, permit.scope.municipality().cloned());
    notebook.read(permit.caller.actor(), info.now, event);
    let order = Order {
        taking: taking(permit.caller, permit.scope, &info),
        resources,
        only: asked.only,
        at: info.now,
    };
    let (sender, mut pieces) = mpsc::channel(READY);
    let db = db.into_inner();
    actix_web::rt::spawn(async move {
        let mut out = Outlet::new(sender.clone());
        let outcome = db
            .exact_snapshot(move |conn, horizon| flow_export::write(conn, horizon, (&order, place), &mut out))
            .await;
        match outcome {
            Ok(()) => {}
            Err(Broken::Gone) => log::info!("{}: the client takes the export no further", info.request_id),
            // Whoever serves the client answers or ends the stream by it; if he is gone, nobody needs it.
            Err(Broken::Failed(error)) => drop(sender.send(Piece::Failed(error)).await),
        }
    });
    let cut = || Error::Internal(anyhow::anyhow!("the export ended before it began"));
    match pieces.recv().await.ok_or_else(cut)? {
        Piece::Failed(error) => Err(error),
        Piece::Part(first) => {
            Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(rest(first, pieces)))
        }
        Piece::Last(whole) => Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(whole)),
    }
}

/// The stream: it ends well only after the last piece, and breaks the connection otherwise.
fn rest(first: Bytes, mut pieces: Receiver<Piece>) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let (mut first, mut is_over) = (Some(first), false);
    stream::poll_fn(move |context| {
        if let Some(first) = first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if is_over {
            return Poll::Ready(None);
        }
        pieces.poll_recv(context).map(|piece| {
            let broken = |cause: String| Some(Err(std::io::Error::other(cause)));
            match piece {
                Some(Piece::Part(lines)) => Some(Ok(lines)),
                Some(Piece::Last(lines)) => {
                    is_over = true;
                    Some(Ok(lines))
                }
                Some(Piece::Failed(error)) => {
                    is_over = true;
                    log::error!("an export was cut: {error:?}");
                    broken(error.to_string())
                }
                None => {
                    is_over = true;
                    broken("the export was cut".to_owned())
                }
            }
        })
    })
}

/// Compare a copy with what the caller reads of a resource.
///
/// The bucket of a row is the number made of the first four bytes, big endian, of the SHA-256 of its
/// id, modulo `buckets`; the digest of a bucket is the SHA-256, in lower-case hex, of the lines
/// `<id> <version>\n` of its rows in ascending bytewise order of id, and that of the whole likewise over
/// all rows. Where a bucket differs, `GET /export?resource=&buckets=&bucket=` gives its rows.
#[utoipa::path(tag = "changes", params(DigestParameters), responses((status = 200, description = "The digest", body = SyncDigest)))]
#[get("/sync/digest")]
async fn get_sync_digest(
    permit: Permit<policy::ReadChanges>,
    db: Data<Db>,
    exports: Data<Exports>,
    info: RequestInfo,
    req: HttpRequest,
) -> Result<HttpResponse, Error> {
    let asked = DigestQuery::read(&req)?;
    let resource = the_one(&asked.resource, &permit.caller)?;
    let place = exports.enter(permit.caller.who.subject())?;
    let taking = taking(permit.caller, permit.scope, &info);
    let digest = db
        .exact_snapshot(move |conn, horizon| {
            let _place = place;
            flow_digest::digest(conn, horizon, &taking, resource, asked.buckets)
        })
        .await?;
    Ok(HttpResponse::Ok().json(SyncDigest::of(resource.name, digest)))
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    /// What of a stream comes through, and whether it ends well.
    async fn taken(pieces: Vec<Piece>) -> (Vec<Bytes>, bool) {
        let (sender, receiver) = mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        drop(sender);
        let found: Vec<_> = rest(Bytes::from_static(b"start"), receiver).collect().await;
        let is_well = found.iter().all(Result::is_ok);
        (found.into_iter().filter_map(Result::ok).collect(), is_well)
    }

    #[actix_web::test]
    async fn a_stream_without_its_last_piece_breaks_the_connection() {
        let (part, last) =
            (|| Piece::Part(Bytes::from_static(b"row")), Piece::Last(Bytes::from_static(b"end")));
        assert_eq!(taken(vec![part(), last]).await, (vec!["start".into(), "row".into(), "end".into()], true));
        assert_eq!(taken(vec![part()]).await, (vec!["start".into(), "row".into()], false));
        let failed = Piece::Failed(Error::not_found());
        assert_eq!(taken(vec![part(), failed]).await, (vec!["start".into(), "row".into()], false));
    }
}
