//! Operations on the indicators of a monitoring.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};

use super::shape::{MonitoringIndicatorFilter, MonitoringIndicatorOut, MonitoringIndicatorPage};
use super::suppression::SmallCells;
use super::{flow, policy};
use crate::auth::Permit;
use crate::db::Db;
use crate::db::page::page_of;
use crate::error::Error;
use crate::features::monitorings;
use crate::features::reports;
use crate::kit::id::MonitoringId;
use crate::web::{Filter, ListQuery, Listing, Operations, Paging, RequestInfo};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(list_monitoring_indicators);
}

/// List the indicators of a monitoring: I-18, I-19, I-20, I-23, I-24 and I-25, which the service
/// computes now; those that accepted reports told; and those of the municipal level that have
/// confirmed values of exactly its period.
///
/// In the order of the catalogue, `id=` names codes. Departments, curators and schools read the
/// present state, a region that of a monitoring whose note is signed; schools and curators read
/// their own schools without the sums. What the note says of them was frozen by its signature.
/// Answers 409 `monitoring-state` before the monitoring is opened.
#[utoipa::path(tag = "indicators", params(("id" = MonitoringId, Path), MonitoringIndicatorFilter, Paging), responses((status = 200, description = "A page", body = MonitoringIndicatorPage)))]
#[get("/monitorings/{id}/indicators")]
async fn list_monitoring_indicators(
    permit: Permit<policy::ReadMonitoringIndicators>,
    db: Data<Db>,
    info: RequestInfo,
    small: Data<SmallCells>,
    query: ListQuery<MonitoringIndicatorFilter>,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let (scope, lang, small) = (permit.scope, info.lang, **small);
    let items = db
        .read(move |conn| {
            let monitoring = monitorings::find(conn, &scope, &id)?
                .filter(|monitoring| scope.sees_work() || monitoring.frozen_at.is_some())
                .ok_or_else(Error::not_found)?;
            let reports = reports::subjects_of(conn, &monitoring.id)?;
            let figures = flow::read(conn, &monitoring, &reports)?;
            Ok::<_, Error>(MonitoringIndicatorOut::all(figures, &scope, small, lang))
        })
        .await?;
    let items = items.into_iter().filter(|item| query.filter.takes(item)).collect();
    let listed = page_of(&query.page, MonitoringIndicatorFilter::LAST_KEY, items);
    Ok(Listing::of(&query, listed, &info, |item| item)?.read(&info))
}
