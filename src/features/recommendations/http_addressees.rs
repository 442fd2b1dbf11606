//! Operations on the part of one school in a recommendation.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::Deserialize;

use super::domain::AddresseeStep;
use super::flow_addressees as flow;
use super::policy;
use super::shape::{Reading, RecommendationAddresseeOut, RecommendationCompletion, RecommendationReason};
use crate::auth::{Caller, Permit, Scope};
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::{RecommendationId, SchoolId};
use crate::web::{Body, Operations, Writing, resource};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(acknowledge_recommendation)
        .service(start_recommendation)
        .service(complete_recommendation)
        .service(verify_recommendation)
        .service(reopen_recommendation)
        .service(cancel_recommendation_school);
}

/// Which school's part of which recommendation.
#[derive(Debug, Clone, Deserialize)]
struct AddresseePath {
    id: RecommendationId,
    school_id: SchoolId,
}

/// Who takes which step, for the answer.
struct Taking {
    step: AddresseeStep,
    caller: Caller,
    scope: Scope,
    path: AddresseePath,
}

impl Taking {
    fn of<A>(step: AddresseeStep, permit: Permit<A>, path: Path<AddresseePath>) -> Self {
        Self { step, caller: permit.caller, scope: permit.scope, path: path.into_inner() }
    }

    /// The checks in the order of the contract, then the step; `said` picks its comment.
    async fn run<T: Send + 'static>(
        self,
        db: &Db,
        writing: Writing,
        body: Body<T>,
        said: fn(T) -> Option<String>,
    ) -> Result<HttpResponse, Error> {
        let Self { step, caller, scope, path } = self;
        let hash = body.hash().to_owned();
        writing
            .run(db, caller.actor(), &hash, move |tx, writing| {
                let (row, addressee, name) = flow::open(tx, &scope, &path.id, &path.school_id)?;
                writing.admit(tx, &body)?;
                writing.expect_version(addressee.version)?;
                flow::require(&row, &addressee, step)?;
                let (row, addressee) = flow::take(tx, row, addressee, step, said(body.checked()?))?;
                let today = moscow_date(writing.info.now);
                let reading = Reading { lang: writing.info.lang, today, caller: &caller };
                resource(addressee.version, &RecommendationAddresseeOut::of(addressee, name, &row, reading))
            })
            .await
    }
}

/// Take note of a recommendation for the own school.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path), ("school_id" = SchoolId, Path)), responses((status = 200, description = "The part of the school", body = RecommendationAddresseeOut)))]
#[post("/recommendations/{id}/schools/{school_id}/acknowledge")]
async fn acknowledge_recommendation(
    permit: Permit<policy::FollowRecommendations>,
    db: Data<Db>,
    writing: Writing,
    path: Path<AddresseePath>,
) -> Result<HttpResponse, Error> {
    let taking = Taking::of(AddresseeStep::Acknowledge, permit, path);
    taking.run(&db, writing, Body::none(), |()| None).await
}

/// Begin to carry a recommendation out.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path), ("school_id" = SchoolId, Path)), responses((status = 200, description = "The part of the school", body = RecommendationAddresseeOut)))]
#[post("/recommendations/{id}/schools/{school_id}/start")]
async fn start_recommendation(
    permit: Permit<policy::FollowRecommendations>,
    db: Data<Db>,
    writing: Writing,
    path: Path<AddresseePath>,
) -> Result<HttpResponse, Error> {
    let taking = Taking::of(AddresseeStep::Start, permit, path);
    taking.run(&db, writing, Body::none(), |()| None).await
}

/// Say that a recommendation is carried out, and how.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path), ("school_id" = SchoolId, Path)), request_body = RecommendationCompletion, responses((status = 200, description = "The part of the school", body = RecommendationAddresseeOut)))]
#[post("/recommendations/{id}/schools/{school_id}/complete")]
async fn complete_recommendation(
    permit: Permit<policy::FollowRecommendations>,
    db: Data<Db>,
    writing: Writing,
    path: Path<AddresseePath>,
    body: Body<RecommendationCompletion>,
) -> Result<HttpResponse, Error> {
    let taking = Taking::of(AddresseeStep::Complete, permit, path);
    taking.run(&db, writing, body, |body| body.comment).await
}

/// Confirm that a school has carried a recommendation out.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path), ("school_id" = SchoolId, Path)), responses((status = 200, description = "The part of the school", body = RecommendationAddresseeOut)))]
#[post("/recommendations/{id}/schools/{school_id}/verify")]
async fn verify_recommendation(
    permit: Permit<policy::ReviewAddressees>,
    db: Data<Db>,
    writing: Writing,
    path: Path<AddresseePath>,
) -> Result<HttpResponse, Error> {
    let taking = Taking::of(AddresseeStep::Verify, permit, path);
    taking.run(&db, writing, Body::none(), |()| None).await
}

/// Find that a school has not carried a recommendation out, for a reason.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path), ("school_id" = SchoolId, Path)), request_body = RecommendationReason, responses((status = 200, description = "The part of the school", body = RecommendationAddresseeOut)))]
#[post("/recommendations/{id}/schools/{school_id}/reopen")]
async fn reopen_recommendation(
    permit: Permit<policy::ReviewAddressees>,
    db: Data<Db>,
    writing: Writing,
    path: Path<AddresseePath>,
    body: Body<RecommendationReason>,
) -> Result<HttpResponse, Error> {
    let taking = Taking::of(AddresseeStep::Reopen, permit, path);
    taking.run(&db, writing, body, |body| Some(body.reason)).await
}

/// Expect a recommendation of a school no more, for a reason.
#[utoipa::path(tag = "recommendations", params(("id" = RecommendationId, Path), ("school_id" = SchoolId, Path)), request_body = RecommendationReason, responses((status = 200, description = "The part of the school", body = RecommendationAddresseeOut)))]
#[post("/recommendations/{id}/schools/{school_id}/cancel")]
async fn cancel_recommendation_school(
    permit: Permit<policy::ReviewAddressees>,
    db: Data<Db>,
    writing: Writing,
    path: Path<AddresseePath>,
    body: Body<RecommendationReason>,
) -> Result<HttpResponse, Error> {
    let taking = Taking::of(AddresseeStep::Cancel, permit, path);
    taking.run(&db, writing, body, |body| Some(body.reason)).await
}
