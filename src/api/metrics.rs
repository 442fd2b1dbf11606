//! The counters, on an address of their own: they are nobody's business but the operator's.

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use crate::db::Db;
use crate::error::Error;
use crate::features;
use crate::web::metrics::{MEDIA_TYPE, Metrics};

/// Serves `GET /metrics` there, and nothing else.
///
/// # Errors
///
/// The system's own error.
pub fn serve(listener: TcpListener, metrics: Data<Metrics>, db: Data<Db>) -> std::io::Result<Server> {
    let app = move || {
        App::new().app_data(metrics.clone()).app_data(db.clone()).route("/metrics", web::get().to(text))
    };
    Ok(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run())
}

async fn text(metrics: Data<Metrics>, db: Data<Db>) -> Result<HttpResponse, Error> {
    let free = db.free_connections();
    let standing = db.read(|conn| Ok::<_, Error>(features::standing(conn)?)).await;
    let standing = standing.inspect_err(|cause| log::warn!("the counters lack the database: {cause}"));
    let text = metrics.text(free, standing.ok()).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(HttpResponse::Ok().content_type(MEDIA_TYPE).body(text))
}
