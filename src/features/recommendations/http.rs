//! Operations on recommendations.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::domain::{RecommendationStatus, Step};
use super::flow;
use super::policy;
use super::shape::{
    Reading, RecommendationFilter, RecommendationIn, RecommendationOut, RecommendationPage,
    RecommendationPatch, RecommendationReason, by_recommendation,
};
use super::store::{self, RecommendationRow};
use super::store_addressees;
use crate::auth::{Caller, Permit, Scope};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::RecommendationId;
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing, resource};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(list_recommendations)
        .service(create_recommendation)
        .service(get_recommendation)
        .service(update_recommendation)
        .service(delete_recommendation)
        .service(issue_recommendation)
        .service(cancel_recommendation);
}

/// The answer of a write.
fn written(
    tx: &mut Tx,
    scope: &Scope,
    row: RecommendationRow,
    info: &RequestInfo,
    caller: &Caller,
) -> Result<Answer, Error> {
    let addressees = store_addressees::addressees_of(tx, scope, std::slice::from_ref(&row.id))?;
    let reading = Reading { lang: info.lang, today: moscow_date(info.now), caller };
    resource(row.version, &RecommendationOut::of(row, addressees, reading))
}

/// List recommendations with their addressees.
///
/// Schools and curators read those issued to their schools, regional readers those issued.
#[utoipa::path(tag = "recommendations", params(RecommendationFilter, Paging), responses((status = 200, description = "A page", body = RecommendationPage)))]
#[get("/recommendations")]
async fn list_recommendations(
    permit: Permit<policy::ReadRecommendations>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<RecommendationFilter>,
) -> Result<HttpResponse, Error> {
    let today = moscow_date(info.now);
    let (narrowed, page, scope) = (query.filter.narrowed(today), query.page.clone(), permit.scope);
    let (listed, addressees) = db
        .read(move |conn| {
            let listed = store::list(conn, &scope, &narrowed, &page)?;
            let ids: Vec<RecommendationId> = listed.rows.iter().map(|row| row.id.clone()).collect();
            let addressees = store_addressees::addressees_of(conn, &scope, &ids)?;
            Ok::<_, Error>((listed, addressees))
        })
        .await?;
    let mut addressees = by_recommendation(addressees);
    let reading = Reading { lang: info.lang, today, caller: &permit.caller };
    let out = |row: RecommendationRow| {
        let own = addressees.remove(&row.id).unwrap_or_default();
        RecommendationOut::of(row, own, reading)
    };
    Ok(Listing::of(&query, listed, &info, out)?.read(&info))
}

/// Draft a recommendation, for a note or outside of one.
#[utoipa::path(tag = "recommendations", request_body = RecommendationIn, responses((status = 201, description = "Created", body = RecommendationOut)))]
#[post("/recommendations")]
async fn create_recommendation(
    permit: Permit<policy::WriteRecommendations>,
    db: Data<Db>,
    writing: Writing,
    body: Body<RecommendationIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/recommendations/{}", row.id);
            Ok(written(tx, &scope, row, &writing.info, &caller)?.created(location))
        })
        .await
}

/// Read a recommendation with its addressees.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path)), responses((status = 200, description = "The recommendation", body = RecommendationOut)))]
#[get("/recommendations/{id}")]
async fn get_recommendation(
    permit: Permit<policy::ReadRecommendations>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<RecommendationId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let (row, addressees) = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let addressees = store_addressees::addressees_of(conn, &scope, std::slice::from_ref(&*id))?;
            Ok::<_, Error>((row, addressees))
        })
        .await?;
    let reading = Reading { lang: info.lang, today: moscow_date(info.now), caller: &permit.caller };
    Ok(resource(row.version, &RecommendationOut::of(row, addressees, reading))?.read(&info, &one))
}

/// Change a draft, or how far the department is with an issued one.
///
/// Answers 409 `recommendation-state` for the text of an issued one, and for a move of the
/// department that the diagram of states does not have.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path)), request_body = RecommendationPatch, responses((status = 200, description = "The recommendation", body = RecommendationOut)))]
#[patch("/recommendations/{id}")]
async fn update_recommendation(
    permit: Permit<policy::WriteRecommendations>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RecommendationId>,
    body: Body<RecommendationPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let mut row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            let issued = row.status == RecommendationStatus::Issued;
            flow::require(&row, if issued { Step::Track } else { Step::Update })?;
            let change = body.checked()?;
            let status = change.department_status;
            let text = change.over(flow::text_of(&row));
            if text != flow::text_of(&row) {
                flow::require(&row, Step::Update)?;
                row = flow::update(tx, &scope, row, text)?;
            }
            if let Some(status) = status {
                row = flow::track(tx, row, status)?;
            }
            written(tx, &scope, row, &writing.info, &caller)
        })
        .await
}

/// Delete a draft.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/recommendations/{id}")]
async fn delete_recommendation(
    permit: Permit<policy::WriteRecommendations>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RecommendationId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// Issue a draft that stands outside of a note to its addressees.
///
/// One of a monitoring is issued by signing the note: 409 `recommendation-state`, blocked by
/// `issued-by-note`.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path)), responses((status = 200, description = "The recommendation", body = RecommendationOut)))]
#[post("/recommendations/{id}/issue")]
async fn issue_recommendation(
    permit: Permit<policy::WriteRecommendations>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RecommendationId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.replay(tx)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Issue)?;
            let row = flow::issue(tx, row)?;
            written(tx, &scope, row, &writing.info, &caller)
        })
        .await
}

/// Withdraw an issued recommendation; addressees that have not begun are cancelled with it.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path)), request_body = RecommendationReason, responses((status = 200, description = "The recommendation", body = RecommendationOut)))]
#[post("/recommendations/{id}/cancel")]
async fn cancel_recommendation(
    permit: Permit<policy::WriteRecommendations>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RecommendationId>,
    body: Body<RecommendationReason>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Cancel)?;
            let row = flow::cancel(tx, row, body.checked()?.reason)?;
            written(tx, &scope, row, &writing.info, &caller)
        })
        .await
}
