//! What a list can be narrowed to, and how its parameters and pages are documented.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::IntoParams;

use crate::kit::text;

/// The filters of one list: a struct of [`AnyOf`] and [`Between`] members and plain options.
pub trait Filter: DeserializeOwned + IntoParams + 'static {
    /// Names allowed in `sort=`; the last key is always the list's `LAST_KEY`.
    const SORTS: &'static [&'static str];
    /// The order without `sort=`.
    const DEFAULT_SORT: &'static str = "id";
    /// The key that makes the order total.
    const LAST_KEY: &'static str = "id";
}

/// One or more values, `field=a,b`: any of them. Codes, texts, numbers, `true` and `false`.
#[derive(Debug, Clone)]
pub struct AnyOf<T>(pub Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for AnyOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.split(',')
            .map(|part| {
                let text = text::normal(part);
                let number = serde_json::from_str(&text);
                serde_json::from_value(Value::String(text))
                    .or_else(|not_a_text| number.map_err(|_not_json| not_a_text))
                    .map_err(D::Error::custom)
            })
            .collect::<Result<Vec<T>, _>>()
            .map(AnyOf)
    }
}

/// Bounds of a value: `field=…`, `field[gte]=…`, `[gt]`, `[lte]`, `[lt]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: DeserializeOwned")]
pub struct Between<T> {
    /// Exactly this.
    #[serde(rename = "eq")]
    pub exactly: Option<T>,
    /// At least.
    pub gte: Option<T>,
    /// More than.
    pub gt: Option<T>,
    /// At most.
    pub lte: Option<T>,
    /// Less than.
    pub lt: Option<T>,
}

impl Between<chrono::NaiveDate> {
    /// The first day within the bounds.
    #[must_use]
    pub fn from(&self) -> Option<chrono::NaiveDate> {
        let after = self.gt.and_then(|day| day.succ_opt());
        [self.exactly, self.gte, after].into_iter().flatten().max()
    }

    /// The first day after the bounds.
    #[must_use]
    pub fn before(&self) -> Option<chrono::NaiveDate> {
        let next = |day: Option<chrono::NaiveDate>| day.and_then(|day| day.succ_opt());
        [next(self.exactly), next(self.lte), self.lt].into_iter().flatten().min()
    }
}

/// `page` of a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"limit": 50, "next": null, "has_more": false}))]
pub struct PageOut {
    /// Rows of a page at most.
    pub(super) limit: i64,
    /// Address of the next page; null on the last one.
    pub(super) next: Option<String>,
    /// Whether there is a next page.
    pub(super) has_more: bool,
    /// Rows of all pages, with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) count: Option<i64>,
}

/// Parameters that every list has.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what ListQuery reads")]
pub struct Paging {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<i64>,
    /// `next` of the page before; bound to filter and sort.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// Keys of the order, comma-separated, `-` for descending.
    #[param(pattern = "^-?[a-z_]+(,-?[a-z_]+)*$")]
    sort: Option<String>,
    /// Members of each item to answer with, comma-separated.
    #[param(example = "id,status,version")]
    fields: Option<String>,
    /// Only these ids, comma-separated, at most 1000.
    id: Option<String>,
    /// `exact` adds `count` to the answer.
    #[param(example = "exact")]
    count: Option<String>,
}
