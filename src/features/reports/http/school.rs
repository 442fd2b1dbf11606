//! Closing a school, with all that it leaves open.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::flow_closing::{self, Closure};
use crate::auth::Permit;
use crate::auth::session::Sessions;
use crate::db::Db;
use crate::error::Error;
use crate::features::schools::{CloseSchools, ClosureKind, School, SchoolOut};
use crate::kit::id::SchoolId;
use crate::web::{Body, Operations, Writing};

pub(super) fn configure(operations: &mut Operations) {
    operations.service(close_school);
}

/// How a school ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "reorganised", "successor_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "closed_on": "2023-08-31"
}))]
struct SchoolClosure {
    /// Reorganised or liquidated.
    kind: ClosureKind,
    /// The school that takes its place; inherits nothing.
    successor_id: Option<SchoolId>,
    /// The day, not after today.
    closed_on: NaiveDate,
}

/// Close a school.
///
/// Its open reports are released, its list entries end, what it still had to do by
/// recommendations is cancelled, its accounts only read for 90 days.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path)), request_body = SchoolClosure, responses((status = 200, description = "The school", body = SchoolOut)))]
#[post("/schools/{id}/close")]
async fn close_school(
    permit: Permit<CloseSchools>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<SchoolId>,
    body: Body<SchoolClosure>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    let response = writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow_closing::open_school(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow_closing::require_active(&row)?;
            let given = body.checked()?;
            let closure =
                Closure { kind: given.kind, successor_id: given.successor_id, closed_on: given.closed_on };
            let row = flow_closing::close(tx, &scope, row, closure)?;
            SchoolOut::answer(School::idle(row), writing.info.lang, &caller)
        })
        .await?;
    sessions.forget();
    Ok(response)
}
