//! The change feed.

use std::time::Instant;

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get};

use super::flow::{self, Question};
use super::parameters::{FeedParameters, FeedQuery, named};
use super::policy;
use super::shape::ChangePage;
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::web::Operations;

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(list_changes);
}

/// Follow what changes.
///
/// Changes come in one order, each after those that it rests on, and as it concerns the caller: a row is `created`
/// when he begins to read it, and `deleted` when he reads it no more, with `cause.code` `hidden` where
/// it still exists. Begin with an export, which states its `seq`, and go on with `next_after`. With
/// `wait` the answer comes as soon as there is a change, at the latest after so many seconds; at most
/// eight requests of a caller wait at once, others answer 503.
/// Answers 410 `feed-purged` where `after` is no longer kept and `feed-restarted` where it was never
/// given or belongs to another epoch, both with `resync_from` and `epoch`.
#[utoipa::path(tag = "changes", params(FeedParameters), responses((status = 200, description = "A page", body = ChangePage)))]
#[get("/changes")]
async fn list_changes(
    mut permit: Permit<policy::ReadChanges>,
    db: Data<Db>,
    req: HttpRequest,
) -> Result<HttpResponse, Error> {
    let asked = FeedQuery::read(&req)?;
    let deadline = Instant::now() + asked.wait;
    // The place is taken before the first reading: what is committed after it wakes.
    let mut waiter = if asked.wait.is_zero() { None } else { Some(db.waiter(permit.caller.who.subject())?) };
    let mut after = asked.after;
    loop {
        let resources = named(asked.resource.as_deref(), &permit.caller)?;
        let question = Question {
            after,
            limit: asked.limit,
            epoch: asked.epoch.clone(),
            resources: resources.into_iter().map(|resource| resource.name).collect(),
        };
        let scope = permit.scope.clone();
        let page =
            db.snapshot_of_feed(move |conn, horizon| flow::page(conn, horizon, &scope, &question)).await?;
        let is_quiet = page.items.is_empty() && !page.has_more;
        let Some(waiter) = waiter.as_mut().filter(|_| is_quiet) else {
            return Ok(HttpResponse::Ok().json(ChangePage::from(page)));
        };
        if !db.wait::<Error>(waiter, deadline).await? {
            return Ok(HttpResponse::Ok().json(ChangePage::from(page)));
        }
        after = page.next_after;
        // His rights may have ended while he waited.
        permit = Permit::extract(&req).await?;
    }
}
