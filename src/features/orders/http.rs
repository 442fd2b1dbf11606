//! Operations on orders.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::domain::{IssuerLevel, OrderKind, OrderStatus, Step};
use super::flow::{self, OrderText};
use super::policy;
use super::store::{self, Narrowed, OrderRow};
use crate::auth::{Caller, Permit};
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, OrderId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::One;
use crate::web::{
    ActionOut, Answer, AnyOf, Between, Body, Filter, ListQuery, Listing, Paging, RequestInfo, Writing,
    resource,
};

/// Registers the operations.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_orders)
        .service(create_order)
        .service(get_order)
        .service(update_order)
        .service(delete_order)
        .service(register_order)
        .service(repeal_order);
}

/// A new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "issuer": "Отдел образования", "issuer_level": "municipal", "number": "124", "date": "2023-03-17",
    "title": "О дорожной карте поддержки школ на 2023 год", "kind": "road_map"
}))]
struct OrderIn {
    /// Who issued it: an authority or a school.
    #[schema(min_length = 1, max_length = 255)]
    issuer: String,
    /// Level of the issuer.
    issuer_level: IssuerLevel,
    /// Number: a free string, e.g. `515`, `181-О`, `01-03\482`.
    #[schema(min_length = 1, max_length = 50)]
    number: String,
    /// Date of the act.
    date: NaiveDate,
    /// Title.
    #[schema(min_length = 1, max_length = 1000)]
    title: String,
    /// What it is about.
    kind: OrderKind,
    /// Where its text is.
    #[schema(format = "web-address")]
    file_url: Option<String>,
    /// The order that it repeals once registered.
    repeals_id: Option<OrderId>,
}

/// Changes of a draft: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "О дорожной карте поддержки школ на 2023 год", "file_url": null}))]
struct OrderPatch {
    /// Who issued it.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    issuer: Option<String>,
    /// Level of the issuer.
    #[schema(nullable = false)]
    issuer_level: Option<IssuerLevel>,
    /// Number.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    number: Option<String>,
    /// Date of the act.
    #[schema(nullable = false)]
    date: Option<NaiveDate>,
    /// Title.
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    title: Option<String>,
    /// What it is about.
    #[schema(nullable = false)]
    kind: Option<OrderKind>,
    /// Where its text is.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "web-address")]
    file_url: Option<Option<String>>,
    /// The order that it repeals once registered.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<OrderId>)]
    repeals_id: Option<Option<OrderId>>,
}

/// Why an order ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Утратил силу приказом от 29.12.2023 № 560"}))]
struct OrderRepeal {
    /// Why, for the audit and the readers.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
struct OrderOut {
    id: OrderId,
    version: i32,
    status: OrderStatus,
    status_label: &'static str,
    /// The owning municipality; null: the region owns it.
    municipality_id: Option<MunicipalityId>,
    region_code: String,
    issuer: String,
    issuer_level: IssuerLevel,
    issuer_level_label: &'static str,
    number: String,
    date: NaiveDate,
    title: String,
    kind: OrderKind,
    kind_label: &'static str,
    file_url: Option<String>,
    repeals_id: Option<OrderId>,
    registered_at: Option<DateTime<Utc>>,
    repealed_at: Option<DateTime<Utc>>,
    repeal_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
struct OrderPage {
    items: Vec<OrderOut>,
    page: crate::web::query::PageOut,
}

impl OrderOut {
    fn of(row: OrderRow, lang: Lang, caller: &Caller) -> Self {
        let action = |name, may, step: Step| ActionOut::new(name, may, &step.blockers(row.status));
        let drafts = caller.may::<policy::DraftOrders>();
        let registers = caller.may::<policy::RegisterOrders>();
        Self {
            actions: vec![
                action("update", drafts, Step::Update),
                action("delete", drafts, Step::Delete),
                action("register", registers, Step::Register),
                action("repeal", registers, Step::Repeal),
            ],
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            municipality_id: row.municipality_id,
            region_code: row.region_code,
            issuer: row.issuer,
            issuer_level: row.issuer_level,
            issuer_level_label: row.issuer_level.label(lang),
            number: row.number,
            date: row.date,
            title: row.title,
            kind: row.kind,
            kind_label: row.kind.label(lang),
            file_url: row.file_url,
            repeals_id: row.repeals_id,
            registered_at: row.registered_at.map(utc),
            repealed_at: row.repealed_at.map(utc),
            repeal_reason: row.repeal_reason,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    fn answer(row: OrderRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller))
    }
}

/// Filters of the list of orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrderFilter {
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "draft,registered")]
    status: Option<AnyOf<OrderStatus>>,
    /// Any of these kinds, comma-separated.
    #[param(value_type = Option<String>, example = "list,road_map")]
    kind: Option<AnyOf<OrderKind>>,
    /// Exactly this number.
    number: Option<String>,
    /// Date of the act; also `date[gte]`, `date[lt]`.
    #[param(value_type = Option<NaiveDate>)]
    date: Option<Between<NaiveDate>>,
    /// Text to find in issuer, number and title.
    q: Option<String>,
}

impl Filter for OrderFilter {
    const SORTS: &'static [&'static str] = &["date", "number"];
}

impl OrderFilter {
    fn narrowed(&self) -> Narrowed {
        let date = self.date.clone().unwrap_or_default();
        Narrowed {
            status: self.status.clone().map(|any| any.0),
            kind: self.kind.clone().map(|any| any.0),
            number: self.number.clone(),
            date_from: date.from(),
            date_before: date.before(),
            q: self.q.clone(),
        }
    }
}

/// List orders: the own municipality's and the region's.
#[utoipa::path(tag = "orders", params(OrderFilter, Paging), responses((status = 200, description = "A page", body = OrderPage)))]
#[get("/orders")]
async fn list_orders(
    permit: Permit<policy::ReadOrders>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<OrderFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |row| OrderOut::of(row, info.lang, &permit.caller))?.read(&info))
}

/// Draft an order of the own municipality.
///
/// Answers 409 `order-exists` when issuer, number and date are taken.
#[utoipa::path(tag = "orders", request_body = OrderIn, responses((status = 201, description = "Created", body = OrderOut)))]
#[post("/orders")]
async fn create_order(
    permit: Permit<policy::DraftOrders>,
    db: Data<Db>,
    writing: Writing,
    body: Body<OrderIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/orders/{}", row.id);
            Ok(OrderOut::answer(row, writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read an order.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), responses((status = 200, description = "The order", body = OrderOut)))]
#[get("/orders/{id}")]
async fn get_order(
    permit: Permit<policy::ReadOrders>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<OrderId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let row = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(OrderOut::answer(row, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a draft; an unchanged one keeps its version.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), request_body = OrderPatch, responses((status = 200, description = "The order", body = OrderOut)))]
#[patch("/orders/{id}")]
async fn update_order(
    permit: Permit<policy::DraftOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
    body: Body<OrderPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, &scope, Step::Update)?;
            let text = body.checked()?.over(flow::text_of(&row));
            OrderOut::answer(flow::update(tx, &scope, row, text)?, writing.info.lang, &caller)
        })
        .await
}

/// Delete a draft.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/orders/{id}")]
async fn delete_order(
    permit: Permit<policy::DraftOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            flow::require(&row, &scope, Step::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// Register a draft: it is in force and immutable, and repeals what it repeals.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), responses((status = 200, description = "The order", body = OrderOut)))]
#[post("/orders/{id}/register")]
async fn register_order(
    permit: Permit<policy::RegisterOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.replay(tx)?;
            writing.expect_version(row.version)?;
            flow::require(&row, &scope, Step::Register)?;
            OrderOut::answer(flow::register(tx, &scope, row)?, writing.info.lang, &caller)
        })
        .await
}

/// Repeal a registered order; what was done by it stays.
#[utoipa::path(tag = "orders", params(("id" = OrderId, Path)), request_body = OrderRepeal, responses((status = 200, description = "The order", body = OrderOut)))]
#[post("/orders/{id}/repeal")]
async fn repeal_order(
    permit: Permit<policy::RegisterOrders>,
    db: Data<Db>,
    writing: Writing,
    id: Path<OrderId>,
    body: Body<OrderRepeal>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, &scope, Step::Repeal)?;
            let reason = body.checked()?.reason;
            OrderOut::answer(flow::repeal(tx, row, reason)?, writing.info.lang, &caller)
        })
        .await
}

impl From<OrderIn> for OrderText {
    fn from(given: OrderIn) -> Self {
        Self {
            issuer: given.issuer,
            issuer_level: given.issuer_level,
            number: given.number,
            date: given.date,
            title: given.title,
            kind: given.kind,
            file_url: given.file_url,
            repeals_id: given.repeals_id,
        }
    }
}

impl OrderPatch {
    fn over(self, text: OrderText) -> OrderText {
        OrderText {
            issuer: self.issuer.unwrap_or(text.issuer),
            issuer_level: self.issuer_level.unwrap_or(text.issuer_level),
            number: self.number.unwrap_or(text.number),
            date: self.date.unwrap_or(text.date),
            title: self.title.unwrap_or(text.title),
            kind: self.kind.unwrap_or(text.kind),
            file_url: self.file_url.unwrap_or(text.file_url),
            repeals_id: self.repeals_id.unwrap_or(text.repeals_id),
        }
    }
}
