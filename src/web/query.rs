//! Query strings: known parameters only, each documented where it is read.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use serde_json::{Map, Value};
use utoipa::IntoParams;

pub use super::filter::{AnyOf, Between, Filter, PageOut, Paging};

use super::cursor;
use crate::db::page::{Page, SortKey};
use crate::error::{self, Error};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;

/// Rows of a page when `limit` is not given.
const DEFAULT_LIMIT: i64 = 50;
/// Ids of `id=a,b,c` at most.
const MOST_IDS: usize = 1000;

/// A list request, read strictly.
#[derive(Debug)]
pub struct ListQuery<F> {
    /// The list's own filters.
    pub filter: F,
    /// Which rows.
    pub page: Page,
    /// Members to answer with.
    pub fields: Option<Vec<String>>,
    /// Path and query without the cursor: what the cursor is bound to.
    pub bound_to: String,
}

impl<F: Filter> FromRequest for ListQuery<F> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_list(req))
    }
}

fn read_list<F: Filter>(req: &HttpRequest) -> Result<ListQuery<F>, Error> {
    let own: Vec<String> = F::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
    let common: Vec<String> =
        Paging::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
    let known: Vec<String> = own.iter().chain(&common).cloned().collect();
    let mut given = parameters(req.query_string(), &known)?;
    let mut violations = with_operators(&given, |name| common.iter().any(|plain| plain == name));

    let mut take = |name: &str| match given.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let limit = match take("limit").map(|text| text.parse::<i64>()) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if (1..=1000).contains(&limit) => limit,
        Some(_) => {
            violations
                .push(bad("limit", Bi::fixed("Целое число от 1 до 1000", "A whole number from 1 to 1000")));
            DEFAULT_LIMIT
        }
    };
    let sort_text = take("sort").unwrap_or_else(|| F::DEFAULT_SORT.to_owned());
    let sort = sort_keys::<F>(&sort_text, &mut violations);
    let cursor_text = take("cursor");
    let fields = take("fields").map(|text| text.split(',').map(str::to_owned).collect());
    let ids: Option<Vec<String>> = take("id").map(|text| text.split(',').map(str::to_owned).collect());
    if ids.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
        violations.push(bad("id", Bi::fixed("Не больше 1000 идентификаторов", "At most 1000 ids")));
    }
    let count = match take("count").as_deref() {
        None => false,
        Some("exact") => true,
        Some(_) => {
            violations.push(bad("count", Bi::fixed("Допустимо только exact", "Only exact is allowed")));
            false
        }
    };
    let bound_to = format!("{}?{}&sort={sort_text}&id={ids:?}", req.path(), Value::Object(given.clone()));
    let filter = read_filter::<F>(given, &mut violations);
    let after = cursor_text.map(|text| cursor::read(&bound_to, &text, sort.len()));
    if after == Some(None) {
        violations.push(error::unfit_cursor());
    }
    match filter {
        Some(filter) if violations.is_empty() => Ok(ListQuery {
            filter,
            page: Page { limit, sort, after: after.flatten(), ids, count },
            fields,
            bound_to,
        }),
        _ => Err(Error::malformed(violations)),
    }
}

/// Reads the filters; takes out each value that does not fit, so that all are named at once.
fn read_filter<F: Filter>(mut given: Map<String, Value>, violations: &mut Vec<Violation>) -> Option<F> {
    let names: Vec<String> = given.keys().cloned().collect();
    for name in names {
        let Some(value) = given.get(&name).cloned() else {
            continue;
        };
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        let bounds =
            Map::from_iter([(name.clone(), Value::Object(Map::from_iter([("eq".to_owned(), value)])))]);
        if serde_json::from_value::<F>(Value::Object(alone)).is_ok() {
            continue;
        }
        if serde_json::from_value::<F>(Value::Object(bounds.clone())).is_ok() {
            given.extend(bounds);
            continue;
        }
        given.remove(&name);
        violations.push(bad(
            &name,
            Bi::fixed("Недопустимое значение параметра", "The parameter's value is not allowed"),
        ));
    }
    serde_json::from_value(Value::Object(given)).ok()
}

fn sort_keys<F: Filter>(text: &str, violations: &mut Vec<Violation>) -> Vec<SortKey> {
    let mut keys: Vec<SortKey> = Vec::new();
    for part in text.split(',') {
        let (name, desc) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
        let allowed = F::SORTS.iter().chain([&F::LAST_KEY]).find(|allowed| **allowed == name);
        match allowed {
            Some(name) if keys.iter().all(|key| key.name != *name) => keys.push(SortKey { name, desc }),
            _ => {
                let allowed: Vec<&str> = F::SORTS.iter().chain([&F::LAST_KEY]).copied().collect();
                let list = allowed.join(", ");
                violations.push(bad(
                    "sort",
                    Bi::of(format!("Сортировка возможна по: {list}"), format!("Sort by: {list}")),
                ));
            }
        }
    }
    if keys.iter().all(|key| key.name != F::LAST_KEY) {
        keys.push(SortKey { name: F::LAST_KEY, desc: false });
    }
    keys
}

/// Splits a query string into known parameters; `name[op]=v` becomes `{"name": {"op": v}}`.
///
/// # Errors
///
/// 400 that names every unknown or repeated parameter, and the nearest known one.
pub fn parameters(query: &str, known: &[String]) -> Result<Map<String, Value>, Error> {
    let mut found = Map::new();
    let mut violations = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let (base, operator) = match name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((base, operator)) => (base.to_owned(), Some(operator.to_owned())),
            None => (name.to_string(), None),
        };
        if !known.contains(&base) {
            violations.push(unknown(&name, &base, known));
        } else if value.chars().any(text::is_forbidden) || value.contains('\u{FFFD}') {
            violations.push(bad(&name, Bi::fixed("Недопустимые символы", "The characters are not allowed")));
        } else {
            let value = Value::String(value.into_owned());
            let clash = match operator {
                None => found.insert(base, value).is_some(),
                Some(operator) => match found.entry(base).or_insert_with(|| Value::Object(Map::new())) {
                    Value::Object(bounds) => bounds.insert(operator, value).is_some(),
                    _ => true,
                },
            };
            if clash {
                violations
                    .push(bad(&name, Bi::fixed("Параметр указан дважды", "The parameter stands twice")));
            }
        }
    }
    if violations.is_empty() { Ok(found) } else { Err(Error::malformed(violations)) }
}

fn unknown(name: &str, base: &str, known: &[String]) -> Violation {
    let nearest =
        known.iter().max_by(|a, b| strsim::jaro_winkler(a, base).total_cmp(&strsim::jaro_winkler(b, base)));
    let detail = nearest.map_or_else(
        || Bi::fixed("Здесь нет параметров", "There are no parameters here"),
        |near| {
            Bi::of(
                format!("Такого параметра нет; ближайший по написанию: {near}"),
                format!("There is no such parameter; the nearest is: {near}"),
            )
        },
    );
    Violation::new(format!("?{name}"), "unknown-parameter", detail)
}

/// Those parameters given as `name[op]=v` that take no operator.
fn with_operators(given: &Map<String, Value>, takes_none: impl Fn(&str) -> bool) -> Vec<Violation> {
    let packed = given.iter().filter(|(name, value)| value.is_object() && takes_none(name));
    let detail = || Bi::fixed("Операторы в этом параметре недопустимы", "This parameter takes no operator");
    packed.map(|(name, _)| bad(name, detail())).collect()
}

fn bad(name: &str, detail: Bi) -> Violation {
    Violation::new(format!("?{name}"), "invalid-parameter", detail)
}

/// The query of a single resource: only `fields` and what the operation embeds.
#[derive(Debug, Default)]
pub struct One {
    /// Members to answer with.
    pub fields: Option<Vec<String>>,
    /// Sub-resources to answer with.
    pub embed: Vec<String>,
}

impl One {
    /// Reads the query; `embeds` are the names allowed in `embed=`.
    ///
    /// # Errors
    ///
    /// 400 for any other parameter or name.
    pub fn read(req: &HttpRequest, embeds: &[&str]) -> Result<Self, Error> {
        let known: &[&str] = if embeds.is_empty() { &["fields"] } else { &["fields", "embed"] };
        let given = plain(req, known)?;
        let list = |name: &str| -> Option<Vec<String>> {
            given.get(name).map(|text| text.split(',').map(str::to_owned).collect())
        };
        let embed = list("embed").unwrap_or_default();
        if let Some(other) = embed.iter().find(|name| !embeds.contains(&name.as_str())) {
            let all = embeds.join(", ");
            return Err(Error::malformed(vec![bad(
                "embed",
                Bi::of(
                    format!("«{other}» не встраивается; можно: {all}"),
                    format!("{other} cannot be embedded; allowed: {all}"),
                ),
            )]));
        }
        Ok(Self { fields: list("fields"), embed })
    }
}

impl FromRequest for One {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(req, &[]))
    }
}

/// Parameters of an operation that lists nothing, read strictly by name.
///
/// # Errors
///
/// 400 for a parameter not in `known`, or with an operator.
pub fn plain(req: &HttpRequest, known: &[&str]) -> Result<BTreeMap<String, String>, Error> {
    let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
    let given = parameters(req.query_string(), &known)?;
    let violations = with_operators(&given, |_| true);
    if !violations.is_empty() {
        return Err(Error::malformed(violations));
    }
    Ok(given
        .into_iter()
        .filter_map(|(name, value)| value.as_str().map(|text| (name, text.to_owned())))
        .collect())
}
