//! Operations on the values of indicators.

use std::collections::{BTreeSet, HashMap};

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};

use super::super::catalogue::{self, IndicatorRow};
use super::super::policy;
use super::shape::{
    IndicatorAggregateOut, IndicatorValueFilter, IndicatorValueIn, IndicatorValueOut, IndicatorValuePage,
    ValueView,
};
use super::store::ValueRow;
use super::{flow, store};
use crate::auth::{Permit, Scope};
use crate::db::page::Listed;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::features::schools::{self, SchoolRow};
use crate::kit::id::{IndicatorId, SchoolId};
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(list_indicator_values).service(put_indicator_value);
}

/// List values of indicators, with what the schools of the municipality have together.
///
/// A municipality's value is the sum of the numerators by the sum of the denominators, never a
/// mean of shares. Schools read their own values, regional readers the confirmed ones. Nothing is
/// sorted by value: nobody is ranked. Computed indicators are read at
/// `/monitorings/{id}/indicators`.
#[utoipa::path(tag = "indicators", params(IndicatorValueFilter, Paging), responses((status = 200, description = "A page", body = IndicatorValuePage)))]
#[get("/indicator-values")]
async fn list_indicator_values(
    permit: Permit<policy::ReadIndicatorValues>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<IndicatorValueFilter>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let (listed, aggregates) = db
        .read(move |conn| {
            let Listed { rows, count } = store::list(conn, &scope, &narrowed, &page)?;
            let indicators = indicators_of(conn, &rows)?;
            // A school would read its neighbours' numbers out of the sum.
            let beside = match scope.schools() {
                None => store::beside(conn, &scope, &rows)?,
                Some(_) => Vec::new(),
            };
            let shown: &[ValueRow] = if scope.schools().is_none() { &rows } else { &[] };
            let aggregates = IndicatorAggregateOut::all(shown, &beside, &indicators);
            let rows = views(conn, &scope, rows, &indicators)?;
            Ok::<_, Error>((Listed { rows, count }, aggregates))
        })
        .await?;
    let out = |view| IndicatorValueOut::of(view, info.lang, &caller);
    Ok(Listing::of(&query, listed, &info, out)?.with("aggregates", &aggregates)?.read(&info))
}

/// Enter a value of an indicator, or replace it whole.
///
/// It is the only one of its indicator, school (or municipality), first and last day. `If-Match`
/// is optional; an unchanged one answers 200 and keeps its version. Answers 409
/// `value-from-report` when an accepted report told another number: return the report instead;
/// target and baseline can be set, with the number or without it. 409 `school-closed` for a closed school.
#[utoipa::path(tag = "indicators", request_body = IndicatorValueIn, responses(
    (status = 200, description = "Replaced", body = IndicatorValueOut),
    (status = 201, description = "Created", body = IndicatorValueOut),
))]
#[put("/indicator-values")]
async fn put_indicator_value(
    permit: Permit<policy::WriteIndicatorValues>,
    db: Data<Db>,
    writing: Writing,
    body: Body<IndicatorValueIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let mut text = body.checked()?.into();
            let place = flow::place(tx, &scope, &mut text)?;
            writing.allow_version(place.old.as_ref().map_or(0, |old| old.version))?;
            flow::require_open(&place, &text)?;
            let created = place.old.is_none();
            let row = flow::put(tx, place, &text)?;
            let location = format!("/api/v1/indicator-values?id={}", row.id);
            let indicators = indicators_of(tx, std::slice::from_ref(&row))?;
            let view = views(tx, &scope, vec![row], &indicators)?.pop().ok_or_else(Error::not_found)?;
            let answer = IndicatorValueOut::answer(view, writing.info.lang, &caller)?;
            Ok(if created { answer.created(location) } else { answer })
        })
        .await
}

pub(super) fn indicators_of(
    conn: &mut AnyConnection,
    rows: &[ValueRow],
) -> Result<HashMap<IndicatorId, IndicatorRow>, Error> {
    let ids: BTreeSet<IndicatorId> = rows.iter().map(|row| row.indicator_id.clone()).collect();
    let ids: Vec<IndicatorId> = ids.into_iter().collect();
    Ok(catalogue::find_many(conn, &ids)?.into_iter().map(|row| (row.id.clone(), row)).collect())
}

pub(super) fn views(
    conn: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<ValueRow>,
    indicators: &HashMap<IndicatorId, IndicatorRow>,
) -> Result<Vec<ValueView>, Error> {
    let ids: BTreeSet<SchoolId> = rows.iter().filter_map(|row| row.school_id.clone()).collect();
    let ids: Vec<SchoolId> = ids.into_iter().collect();
    let found = schools::find_many(conn, scope, &ids)?;
    let found: HashMap<SchoolId, SchoolRow> =
        found.into_iter().map(|school| (school.id.clone(), school)).collect();
    let view = |row: ValueRow| {
        let indicator = indicators.get(&row.indicator_id).cloned().ok_or_else(Error::not_found)?;
        let school = row.school_id.as_ref().and_then(|id| found.get(id).cloned());
        Ok(ValueView { row, indicator, school })
    };
    rows.into_iter().map(view).collect()
}
