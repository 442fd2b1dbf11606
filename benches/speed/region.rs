//! A thousand schools of one department, and the campaign of one year.

use std::net::SocketAddr;

use anyhow::Context;
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::api::{Person, items, text};
use crate::database::Database;
use crate::load::CONNECTIONS;
use crate::service;

/// Schools of the department.
pub const SCHOOLS: usize = 1_000;
/// Measures that each school reports on.
const SCHOOL_MEASURES: usize = 40;
/// Measures that the department reports on.
const MUNICIPAL_MEASURES: usize = 10;

/// The people and places of the measurement.
pub struct Region {
    /// Head of the department.
    pub head: Person,
    /// Its specialist.
    pub officer: Person,
    /// The department's municipality.
    pub municipality_id: String,
    /// Ids of the schools.
    pub school_ids: Vec<String>,
    /// The planned monitoring, as a path.
    pub monitoring: String,
    /// Heads of the first schools, as many as the load has connections.
    pub principals: Vec<Person>,
}

/// An item of a report, by its measure.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its measure.
    pub measure_id: String,
    /// Its version when it was read.
    pub version: u64,
}

/// A school with its report, for writing.
#[derive(Debug, Clone)]
pub struct School {
    /// Its municipality.
    pub municipality_id: String,
    /// Its report.
    pub report_id: String,
    /// The items of the report.
    pub items: Vec<Item>,
}

impl School {
    /// The item whose turn it is.
    pub fn item(&self, number: u64) -> &Item {
        let count = u64::try_from(self.items.len()).unwrap_or(1);
        let place = usize::try_from(number % count).unwrap_or_default();
        self.items.get(place).unwrap_or_else(|| unreachable!("a rest by the count is a place"))
    }
}

impl Region {
    /// Everything up to the planned monitoring, through the API.
    pub async fn plan(
        database: &Database,
        address: SocketAddr,
        (first, today, last): (NaiveDate, NaiveDate, NaiveDate),
    ) -> anyhow::Result<Self> {
        let one_time = service::create_administrator(database, "admin")?;
        let admin = Person::settle(address, "admin", &one_time).await?;
        let place = json!({
            "name": "Большой округ", "kind": "municipal_district", "region_code": "57",
            "authority_name": "Управление образования", "place": "г. Орёл"
        });
        let municipality_id = text(&admin.post("/api/v1/municipalities", &place).await?, "id")?;
        let people = |role: &str| json!({"role": role, "municipality_id": municipality_id});
        let head = admin.introduce(address, "head", people("municipal_head")).await?;
        let officer = admin.introduce(address, "officer", people("municipal_officer")).await?;

        let mut school_ids = Vec::with_capacity(SCHOOLS);
        for number in 0..SCHOOLS {
            school_ids.push(text(&officer.post("/api/v1/schools", &school(number)).await?, "id")?);
        }
        let mut principals = Vec::with_capacity(CONNECTIONS);
        for (number, id) in school_ids.iter().take(CONNECTIONS).enumerate() {
            let account = json!({"role": "school_head", "municipality_id": municipality_id, "school_id": id});
            principals.push(admin.introduce(address, &format!("school-{number}"), account).await?);
        }
        let order_id = order(&officer, &head, today).await?;
        let list_id = list(&officer, &head, &order_id, first, &school_ids).await?;
        let road_map_id = road_map(&officer, &head, &order_id, (first, today, last)).await?;
        let plan = json!({
            "road_map_id": road_map_id, "order_id": order_id, "support_list_ids": [list_id],
            "period_start": first, "period_end": last, "report_deadline": today
        });
        let planned = officer.post("/api/v1/monitorings", &plan).await?;
        let monitoring = format!("/api/v1/monitorings/{}", text(&planned, "id")?);
        Ok(Self { head, officer, municipality_id, school_ids, monitoring, principals })
    }

    /// The reports of the first schools with their items, as they are now.
    pub async fn reports(&self) -> anyhow::Result<Vec<School>> {
        let mut found = Vec::with_capacity(self.principals.len());
        for principal in &self.principals {
            let page = principal.get("/api/v1/reports").await?;
            let report_id = text(items(&page).first().context("no report")?, "id")?;
            let listed = principal.get(&format!("/api/v1/reports/{report_id}/items")).await?;
            let item = |item: &Value| {
                let version = item.get("version").and_then(Value::as_u64).context("no version")?;
                Ok(Item { measure_id: text(item, "measure_id")?, version })
            };
            let items = items(&listed).iter().map(item).collect::<anyhow::Result<_>>()?;
            found.push(School { municipality_id: self.municipality_id.clone(), report_id, items });
        }
        Ok(found)
    }
}

/// A school with codes whose check digits hold.
pub fn school(number: usize) -> Value {
    let (inn, ogrn) = (format!("57{:07}", number + 1), format!("10257{:07}", number + 1));
    let digits = |text: &str| text.bytes().map(|byte| u64::from(byte - b'0')).collect::<Vec<_>>();
    let weights = [2, 4, 10, 3, 5, 9, 4, 6, 8];
    let sum: u64 = digits(&inn).iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    let value = digits(&ogrn).iter().fold(0, |value, digit| value * 10 + digit);
    json!({
        "full_name": format!("Муниципальное бюджетное общеобразовательное учреждение «Школа № {}»", number + 1),
        "short_name": format!("МБОУ «Школа № {}»", number + 1), "legal_form": "mbou", "school_kind": "sosh",
        "education_levels": ["primary", "basic", "secondary"],
        "inn": format!("{inn}{}", sum % 11 % 10), "ogrn": format!("{ogrn}{}", value % 11 % 10),
        "address": "Орловская область, село, ул. Школьная, д. 1", "email": "school@example.org",
        "head_position": "директор"
    })
}

async fn order(officer: &Person, head: &Person, date: NaiveDate) -> anyhow::Result<String> {
    let body = json!({
        "issuer": "Управление образования", "issuer_level": "municipal", "number": "1", "date": date,
        "title": "О дорожной карте поддержки школ", "kind": "road_map"
    });
    let id = text(&officer.post("/api/v1/orders", &body).await?, "id")?;
    head.step(&format!("/api/v1/orders/{id}"), "register", None).await?;
    Ok(id)
}

async fn list(
    officer: &Person,
    head: &Person,
    order_id: &str,
    valid_from: NaiveDate,
    school_ids: &[String],
) -> anyhow::Result<String> {
    let body = json!({
        "level": "municipal", "category": "low_results", "results_year": 2022, "order_id": order_id,
        "valid_from": valid_from
    });
    let id = text(&officer.post("/api/v1/support-lists", &body).await?, "id")?;
    let path = format!("/api/v1/support-lists/{id}");
    let entries: Vec<Value> = school_ids.iter().map(|school| json!({"school_id": school})).collect();
    officer.post(&format!("{path}/entries"), &json!(entries)).await?;
    head.step(&path, "approve", None).await?;
    Ok(id)
}

async fn road_map(
    officer: &Person,
    head: &Person,
    order_id: &str,
    (first, today, last): (NaiveDate, NaiveDate, NaiveDate),
) -> anyhow::Result<String> {
    let body = json!({
        "title": "Дорожная карта поддержки школ", "period_start": first, "period_end": last,
        "order_id": order_id
    });
    let id = text(&officer.post("/api/v1/road-maps", &body).await?, "id")?;
    let templates = officer.get("/api/v1/conclusion-templates").await?;
    let template = items(&templates).first().context("no template")?;
    let measures: Vec<Value> = [("school", SCHOOL_MEASURES), ("municipal", MUNICIPAL_MEASURES)]
        .into_iter()
        .flat_map(|(level, count)| {
            let criteria = criteria(template, level).into_iter().cycle();
            criteria.take(count).enumerate().map(move |(number, criterion)| {
                json!({
                    "code": format!("{}{number}", level.to_uppercase()), "section": "Мероприятия",
                    "level": level, "title": format!("Мероприятие {number} дорожной карты"),
                    "deadline": {"kind": "date", "text": "в срок", "due_date": today},
                    "responsible": ["директор школы"], "criteria": [criterion]
                })
            })
        })
        .collect();
    let path = format!("/api/v1/road-maps/{id}");
    officer.post(&format!("{path}/measures"), &json!(measures)).await?;
    head.step(&path, "approve", Some(&json!({}))).await?;
    Ok(id)
}

/// Codes of the criteria of the conclusions at a level.
fn criteria(template: &Value, level: &str) -> Vec<String> {
    let conclusions = template.pointer("/content/conclusions").and_then(Value::as_array);
    conclusions
        .into_iter()
        .flatten()
        .filter(|conclusion| conclusion.get("level").and_then(Value::as_str) == Some(level))
        .flat_map(|conclusion| conclusion.get("criteria").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|criterion| Some(criterion.get("code")?.as_str()?.to_owned()))
        .collect()
}
