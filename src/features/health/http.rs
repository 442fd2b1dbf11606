//! Operations on health; public, outside `/api/v1`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{Db, durable, migrate};
use crate::error::Error;
use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(live).service(ready);
}

/// State of the service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
struct HealthOut {
    status: &'static str,
}

/// Whether the process answers at all; asks nothing else.
///
/// For whoever restarts a process that hangs.
#[utoipa::path(tag = "health", security(()), responses((status = 200, description = "Alive", body = HealthOut)))]
#[get("/health/live")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(HealthOut { status: "ok" })
}

/// Whether the database answers, has this program's schema and keeps what it commits; 503 otherwise.
///
/// A database that may lose acknowledged writes (`fsync`, `full_page_writes` or `synchronous_commit` off)
/// is not ready; the log names the setting.
///
/// For whoever sends requests to several instances.
#[utoipa::path(tag = "health", security(()), responses((status = 200, description = "Ready", body = HealthOut)))]
#[get("/health/ready")]
async fn ready(db: Data<Db>) -> Result<HttpResponse, Error> {
    let look = |conn: &mut _| Ok::<_, Error>((migrate::is_current(conn)?, durable::careless_settings(conn)?));
    let (is_current, careless) = db.read(look).await?;
    if is_current && careless.is_empty() {
        return Ok(HttpResponse::Ok().json(HealthOut { status: "ok" }));
    }
    if !is_current {
        log::error!("not ready: the schema is not this program's");
    }
    for setting in careless {
        log::error!("not ready: with {setting} as it is the database may lose what it has acknowledged");
    }
    Err(Error::refuse(&crate::problems::UNAVAILABLE))
}
