//! The caller's obligations.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::domain::Duties;
use super::flow::{self, Asking};
use super::policy;
use super::shape::{ObligationFilter, ObligationOut, ObligationPage};
use crate::auth::{Caller, Permit};
use crate::db::Db;
use crate::db::page::page_of;
use crate::error::Error;
use crate::features::monitorings::PlanMonitorings;
use crate::features::notes::{DraftNotes, RegisterNotes, SignNotes};
use crate::features::orders::RegisterOrders;
use crate::features::recommendations::{FollowRecommendations, ReviewAddressees, WriteRecommendations};
use crate::features::reports::{FillReports, ReviewOwnReport, ReviewReports, SubmitReports, WriteRemarks};
use crate::features::road_maps::{ApproveRoadMaps, DraftRoadMaps};
use crate::features::support_lists::ApproveLists;
use crate::kit::clock::moscow_date;
use crate::web::{ListQuery, Listing, Operations, Paging, RequestInfo};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(list_obligations);
}

/// List what the caller has to do, the earliest due day first, what has none last.
///
/// Each follows from the state of its subject and goes with it: there is nothing to tick off.
/// Measures of road maps in force are asked for until they are accounted for, after their due day
/// as overdue: an open report asks for them in place of the road map (`fill_item`), and a final
/// status in a report settles them. What fell due goes also when the road map is closed, and
/// three months after the road map's last day; a measure that does not count goes after its due
/// day. Recurring ones come once for each time ahead, by the Moscow calendar and the school
/// calendar of the municipality, and are never overdue. What begins later is there already as
/// `upcoming`, with its `start_date`. Administrators and regional readers have an empty list.
#[utoipa::path(tag = "auth", params(ObligationFilter, Paging), responses((status = 200, description = "A page", body = ObligationPage)))]
#[get("/me/obligations")]
async fn list_obligations(
    permit: Permit<policy::ReadObligations>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ObligationFilter>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let today = moscow_date(info.now);
    let asking = Asking { duties: duties_of(&caller), me: caller.account()?.clone(), today, lang: info.lang };
    let mut found = db.read(move |conn| flow::of(conn, &scope, &asking)).await?;
    found.retain(|obligation| query.filter.keeps(obligation, today));
    let listed = page_of(&query.page, "id", found);
    Ok(Listing::of(&query, listed, &info, |one| ObligationOut::of(one, info.lang, today))?.read(&info))
}

fn duties_of(caller: &Caller) -> Duties {
    Duties {
        fills: caller.may::<FillReports>(),
        submits: caller.may::<SubmitReports>(),
        reviews: caller.may::<ReviewReports>(),
        reviews_own: caller.may::<ReviewOwnReport>(),
        remarks: caller.may::<WriteRemarks>(),
        drafts_maps: caller.may::<DraftRoadMaps>(),
        approves_maps: caller.may::<ApproveRoadMaps>(),
        registers_orders: caller.may::<RegisterOrders>(),
        approves_lists: caller.may::<ApproveLists>(),
        leads: caller.may::<PlanMonitorings>(),
        drafts_notes: caller.may::<DraftNotes>(),
        signs: caller.may::<SignNotes>(),
        registers_notes: caller.may::<RegisterNotes>(),
        follows: caller.may::<FollowRecommendations>(),
        tracks: caller.may::<WriteRecommendations>(),
        verifies: caller.may::<ReviewAddressees>(),
    }
}
