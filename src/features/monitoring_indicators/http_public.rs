//! What everybody reads of indicators without signing in.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::shape_public::{PublicIndicatorFilter, PublicIndicatorOut, PublicIndicatorPage, PublicRows};
use super::suppression::SmallCells;
use crate::db::Db;
use crate::db::page::page_of;
use crate::error::Error;
use crate::features::indicators;
use crate::features::monitorings;
use crate::features::municipalities;
use crate::features::schools;
use crate::kit::clock::moscow_date;
use crate::kit::id::IndicatorId;
use crate::web::{Filter, ListQuery, Listing, Operations, Paging, RequestInfo};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(list_public_indicator_values);
}

/// List the confirmed values of a municipality's public indicators, without signing in.
///
/// What reports told is public once a signed note holds it, what the department entered once the
/// period has ended. A table per indicator and period: the schools in the order of their names, never of their
/// values, and the total. Of indicators that count people a cell of few (`small_cells_below`) is
/// hidden, and so is whatever would give it away together with the total.
#[utoipa::path(tag = "public", security(()), params(PublicIndicatorFilter, Paging), responses((status = 200, description = "A page", body = PublicIndicatorPage)))]
#[get("/public/indicator-values")]
async fn list_public_indicator_values(
    db: Data<Db>,
    info: RequestInfo,
    small: Data<SmallCells>,
    query: ListQuery<PublicIndicatorFilter>,
) -> Result<HttpResponse, Error> {
    let (id, ends) = (query.filter.municipality()?, query.filter.ends());
    let today = moscow_date(info.now);
    let rows = db
        .read(move |conn| {
            let Some(municipality) = municipalities::find_public(conn, &id)? else { return Ok(None) };
            let values = indicators::confirmed_within(conn, &id, ends, today)?;
            let named: BTreeSet<IndicatorId> = values.iter().map(|row| row.indicator_id.clone()).collect();
            let named: Vec<IndicatorId> = named.into_iter().collect();
            let of_values = values.iter().filter_map(|row| row.school_id.clone());
            let schools = schools::names_of(conn, of_values.collect::<BTreeSet<_>>())?;
            let indicators = indicators::find_many(conn, &named)?;
            let noted = monitorings::noted_schools(conn, &id)?;
            Ok::<_, Error>(Some(PublicRows { municipality, indicators, values, schools, noted }))
        })
        .await?;
    let items = rows.map_or_else(Vec::new, |rows| PublicIndicatorOut::all(&rows, **small, info.lang));
    let items = items.into_iter().filter(|item| query.filter.takes(item)).collect();
    let listed = page_of(&query.page, PublicIndicatorFilter::LAST_KEY, items);
    let listing = Listing::of(&query, listed, &info, |item| item)?;
    Ok(listing.with("small_cells_below", &small.0)?.read(&info))
}
