//! The operation on the audit.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::shape::{AuditEventOut, AuditEventPage, AuditFilter};
use super::{policy, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::web::{ListQuery, Listing, Operations, Paging, RequestInfo};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(list_audit_events);
}

/// List who did what, the latest first.
///
/// Administrators read all of it, heads of departments what concerns their municipality. Every write,
/// sign-in and change of rights is there, by ids of accounts. `read` tells who read accounts, files of
/// evidence and exports, `*` standing for a list; the same reading twice within a second is one row.
/// `refuse` counts answers 401, 403 and 429 of a minute by caller and address, as `"reason": "401 × 12"`. With
/// `sort=seq` and `cursor` it is read to its end; rows are never changed, and sealed by hashes that
/// the operator can check.
#[utoipa::path(tag = "audit", params(AuditFilter, Paging), responses((status = 200, description = "A page", body = AuditEventPage)))]
#[get("/audit-events")]
async fn list_audit_events(
    permit: Permit<policy::ReadAudit>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<AuditFilter>,
) -> Result<HttpResponse, Error> {
    let (scope, narrowed, page) = (permit.scope, query.filter.narrowed(), query.page.clone());
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, AuditEventOut::from)?.read(&info))
}
