//! Orders as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{IssuerLevel, OrderKind, OrderStatus, Step};
use super::flow::OrderText;
use super::policy;
use super::store::{Narrowed, OrderRow};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, OrderId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Between, Filter, resource};

/// A new order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "issuer": "Отдел образования", "issuer_level": "municipal", "number": "131", "date": "2023-03-17",
    "title": "О дорожной карте поддержки школ на 2023 год", "kind": "road_map"
}))]
pub(super) struct OrderIn {
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
pub(super) struct OrderPatch {
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
pub(super) struct OrderRepeal {
    /// Why, for the audit and the readers.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderOut {
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
pub(super) struct OrderPage {
    items: Vec<OrderOut>,
    page: PageOut,
}

impl OrderOut {
    pub(super) fn of(row: OrderRow, lang: Lang, caller: &Caller) -> Self {
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

    pub(super) fn answer(row: OrderRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller))
    }
}

/// Filters of the list of orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderFilter {
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
    pub(super) fn narrowed(&self) -> Narrowed {
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
    pub(super) fn over(self, text: OrderText) -> OrderText {
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
