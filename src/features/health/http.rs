//! Operations on health; public, outside `/api/v1`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{Db, migrate};
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

/// Whether the database answers and has this program's schema; 503 otherwise.
///
/// For whoever sends requests to several instances.
#[utoipa::path(tag = "health", security(()), responses((status = 200, description = "Ready", body = HealthOut)))]
#[get("/health/ready")]
async fn ready(db: Data<Db>) -> Result<HttpResponse, Error> {
    let current = db.read(|conn| Ok::<_, Error>(migrate::is_current(conn)?)).await?;
    if current {
        Ok(HttpResponse::Ok().json(HealthOut { status: "ok" }))
    } else {
        Err(Error::refuse(&crate::problems::UNAVAILABLE))
    }
}
