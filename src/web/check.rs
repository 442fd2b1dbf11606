//! Checks a JSON value against the schema that the OpenAPI document shows for it,
//! so that what is documented is what is enforced. All errors come at once.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::kit::id::is_uuid;
use crate::kit::lang::Bi;
use crate::kit::registry_codes;
use crate::kit::violation::Violation;

/// What a value breaks: the shape (400) and the rules (422).
#[derive(Debug, Default)]
pub struct Broken {
    /// Unknown members and wrong JSON types.
    pub malformed: Vec<Violation>,
    /// Missing members, lengths, ranges, codes, formats.
    pub invalid: Vec<Violation>,
}

type Cache = RwLock<HashMap<TypeId, Arc<Validator>>>;

static VALIDATORS: std::sync::LazyLock<Cache> = std::sync::LazyLock::new(Cache::default);

/// Checks `value` against the schema of `T`.
///
/// # Errors
///
/// The schema of `T` itself is broken: a fault of the program.
pub fn check<T: ToSchema + 'static>(value: &Value) -> anyhow::Result<Broken> {
    Ok(apply(&*validator_of::<T>()?, value))
}

/// Checks `value` against a `schema` out of an OpenAPI `document`.
///
/// # Errors
///
/// The schema itself is broken.
pub fn against(document: &Value, schema: &Value, value: &Value) -> anyhow::Result<Broken> {
    let mut root = schema.clone();
    if let (Some(root), Some(components)) = (root.as_object_mut(), document.get("components")) {
        root.insert("components".to_owned(), components.clone());
    }
    Ok(apply(&build(&root)?, value))
}

fn apply(validator: &Validator, value: &Value) -> Broken {
    let mut broken = Broken::default();
    for error in validator.iter_errors(value) {
        sort_in(&error, &mut broken);
    }
    // Null breaks the type and every other rule of its place: one violation says it.
    let missing: Vec<String> =
        broken.invalid.iter().filter(|v| v.code == "required").map(|v| v.pointer.clone()).collect();
    broken.invalid.retain(|v| v.code == "required" || !missing.contains(&v.pointer));
    broken.invalid.dedup();
    broken
}

fn validator_of<T: ToSchema + 'static>() -> anyhow::Result<Arc<Validator>> {
    let key = TypeId::of::<T>();
    if let Some(found) = VALIDATORS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(Arc::clone(found));
    }
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    let mut root = serde_json::to_value(T::schema())?;
    let definitions: serde_json::Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| Ok((name, serde_json::to_value(schema)?)))
        .collect::<anyhow::Result<_>>()?;
    if let Some(object) = root.as_object_mut() {
        object.insert("components".to_owned(), json!({ "schemas": definitions }));
    }
    let validator = Arc::new(build(&root)?);
    VALIDATORS.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&validator));
    Ok(validator)
}

fn build(root: &Value) -> anyhow::Result<Validator> {
    Ok(jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("uuid", is_uuid)
        .with_format("inn", registry_codes::is_inn)
        .with_format("kpp", registry_codes::is_kpp)
        .with_format("ogrn", registry_codes::is_ogrn)
        .with_format("okpo", registry_codes::is_okpo)
        .with_format("oktmo", registry_codes::is_oktmo)
        .with_format("web-address", is_web_address)
        .with_format("date", is_date)
        .build(root)?)
}

/// An http or https address with a host, without user data, at most 2048 characters.
fn is_web_address(text: &str) -> bool {
    text.chars().count() <= 2048
        && url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        })
}

/// A civil date of the years 1900 to 2100: nothing in the field lies outside.
fn is_date(text: &str) -> bool {
    use chrono::Datelike;
    text.len() == 10
        && text.parse::<chrono::NaiveDate>().is_ok_and(|date| (1900..=2100).contains(&date.year()))
}

fn sort_in(error: &ValidationError<'_>, broken: &mut Broken) {
    let at = error.instance_path().as_str().to_owned();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                broken.malformed.push(Violation::new(
                    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    "unknown-member",
                    Bi::fixed(
                        "Такого поля нет или оно доступно только для чтения",
                        "There is no such member, or it is read-only",
                    ),
                ));
            }
        }
        Kind::Type { .. } if error.instance().is_null() => broken.invalid.push(Violation::new(
            at,
            "required",
            Bi::fixed("Поле нельзя очистить", "The member cannot be null"),
        )),
        Kind::Type { .. } => broken.malformed.push(Violation::new(
            at,
            "wrong-type",
            Bi::fixed("Неверный тип значения JSON", "The JSON type is wrong"),
        )),
        // A nullable or tagged value: of the branches the one that got furthest tells what is wrong.
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            let branch = context
                .iter()
                .filter(|errors| !errors.iter().any(|e| is_foreign_branch(e, &at)))
                .min_by_key(|errors| errors.len())
                .or_else(|| context.last());
            for inner in branch.into_iter().flatten() {
                sort_in(inner, broken);
            }
        }
        other => {
            let (pointer, code, detail) = rule(other, at);
            broken.invalid.push(Violation::new(pointer, code, detail));
        }
    }
}

/// Whether `error` only says that the value is of another branch (not null, not this tag).
fn is_foreign_branch(error: &ValidationError<'_>, at: &str) -> bool {
    error.instance_path().as_str() == at && matches!(error.kind(), Kind::Type { .. } | Kind::Constant { .. })
}

fn rule(kind: &Kind, at: String) -> (String, &'static str, Bi) {
    match kind {
        Kind::Required { property } => (
            format!("{at}/{}", property.as_str().unwrap_or_default()),
            "required",
            Bi::fixed("Обязательное поле", "The member is required"),
        ),
        Kind::Enum { options } => {
            let list = options
                .as_array()
                .map(|codes| codes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
                .unwrap_or_default();
            (
                at,
                "unknown-code",
                Bi::of(format!("Допустимые значения: {list}"), format!("Allowed values: {list}")),
            )
        }
        Kind::MaxLength { limit } => (
            at,
            "too-long",
            Bi::of(format!("Не длиннее {limit} символов"), format!("At most {limit} characters")),
        ),
        Kind::MinLength { limit: 1 } => {
            (at, "empty", Bi::fixed("Значение не может быть пустым", "The value must not be empty"))
        }
        Kind::MinLength { limit } => (
            at,
            "too-short",
            Bi::of(format!("Не короче {limit} символов"), format!("At least {limit} characters")),
        ),
        Kind::MaxItems { limit } => {
            (at, "too-many", Bi::of(format!("Не больше {limit} элементов"), format!("At most {limit} items")))
        }
        Kind::MinItems { limit } => {
            (at, "too-few", Bi::of(format!("Не меньше {limit} элементов"), format!("At least {limit} items")))
        }
        Kind::Minimum { limit } => {
            (at, "too-small", Bi::of(format!("Не меньше {limit}"), format!("At least {limit}")))
        }
        Kind::Maximum { limit } => {
            (at, "too-big", Bi::of(format!("Не больше {limit}"), format!("At most {limit}")))
        }
        Kind::UniqueItems => {
            (at, "not-unique", Bi::fixed("Элементы не должны повторяться", "The items must differ"))
        }
        Kind::Format { format } => format_rule(format, at),
        Kind::Pattern { pattern } => (
            at,
            "pattern",
            Bi::of(
                format!("Значение должно соответствовать образцу {pattern}"),
                format!("The value must match {pattern}"),
            ),
        ),
        _ => (at, "invalid", Bi::fixed("Недопустимое значение", "The value is not allowed")),
    }
}

fn format_rule(format: &str, at: String) -> (String, &'static str, Bi) {
    let (code, detail) = match format {
        "date" => (
            "impossible-date",
            Bi::fixed(
                "Такой даты нет; формат ГГГГ-ММ-ДД, годы 1900-2100",
                "No such date; YYYY-MM-DD, years 1900 to 2100",
            ),
        ),
        "inn" => (
            "check-digit",
            Bi::fixed(
                "ИНН организации: 10 цифр с верной контрольной цифрой",
                "INN of an organisation: 10 digits with the right check digit",
            ),
        ),
        "ogrn" => (
            "check-digit",
            Bi::fixed(
                "ОГРН: 13 цифр с верной контрольной цифрой",
                "OGRN: 13 digits with the right check digit",
            ),
        ),
        "okpo" => (
            "check-digit",
            Bi::fixed(
                "ОКПО: 8 цифр с верной контрольной цифрой",
                "OKPO: 8 digits with the right check digit",
            ),
        ),
        "kpp" => ("format", Bi::fixed("КПП: 9 знаков", "KPP: 9 characters")),
        "oktmo" => ("format", Bi::fixed("ОКТМО: 8 или 11 цифр", "OKTMO: 8 or 11 digits")),
        "web-address" => (
            "web-address",
            Bi::fixed(
                "Адрес http или https без логина и пароля",
                "An http or https address without user data",
            ),
        ),
        "uuid" => ("not-an-id", Bi::fixed("Это не идентификатор", "This is not an identifier")),
        _ => ("format", Bi::fixed("Неверный формат", "The format is wrong")),
    };
    (at, code, detail)
}
