//! The play of a case, act by act, each on its own date.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::case::Case;
use super::player::{Player, id, text};
use super::{paper, review, statistics};
use crate::db::DatabaseUrl;
use crate::features::accounts;
use crate::kit::clock::Clock;

/// Password of every account of the demonstration; nothing else in the program has a default one.
pub const PASSWORD: &str = "хотынец сто двадцать четыре";
/// Person who signs, as invented for the case.
const SIGNER: (&str, &str) = ("Начальник отдела образования", "Е. В. Начальникова");

/// What the play left behind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Played {
    /// The municipality.
    pub municipality_id: String,
    /// Ids of the schools by short name.
    pub schools: BTreeMap<String, String>,
    /// Ids of the orders by key.
    pub orders: BTreeMap<String, String>,
    /// Ids of the support lists.
    pub support_lists: Vec<String>,
    /// The road map.
    pub road_map_id: String,
    /// Ids of its measures by code.
    pub measures: BTreeMap<String, String>,
    /// The monitoring.
    pub monitoring_id: String,
    /// Ids of the reports by subject: a school's short name, or `municipality`.
    pub reports: BTreeMap<String, String>,
    /// Ids of the remarks on reports.
    pub remarks: Vec<String>,
    /// Ids of the recommendations.
    pub recommendations: Vec<String>,
    /// The note.
    pub note_id: String,
    /// Logins and roles.
    pub accounts: Vec<(String, String)>,
    /// The service client of the portal.
    #[serde(default)]
    pub client_id: String,
    /// Its secret.
    #[serde(default)]
    pub client_secret: String,
    /// The secret of its webhook; empty where none may be delivered.
    #[serde(default)]
    pub webhook_secret: String,
}

/// The first instant of the play: noon of the day on which the road map is approved.
#[must_use]
pub fn beginning() -> DateTime<Utc> {
    chrono::NaiveDate::from_ymd_opt(2023, 3, 17)
        .and_then(|day| day.and_hms_opt(9, 0, 0))
        .unwrap_or_default()
        .and_utc()
}

/// Plays a case from an empty database to the published note.
///
/// # Errors
///
/// The first refused request, with the refusal.
pub async fn whole(
    base: &str,
    clock: &Clock,
    database: &DatabaseUrl,
    case: &Case,
    announce: &(dyn Fn(&str) + Send + Sync),
) -> anyhow::Result<Played> {
    let mut player = Player::new(base, clock, announce);
    let mut played = Played::default();
    people_and_places(&mut player, clock, database, case, &mut played).await?;
    statistics::enter(&mut player, case, &played).await?;
    road_map(&mut player, case, &mut played).await?;
    statistics::aim(&mut player, case).await?;
    lists(&mut player, case, &mut played).await?;
    monitoring(&mut player, case, &mut played).await?;
    reports(&mut player, case, &mut played).await?;
    note(&mut player, case, &mut played).await?;
    Ok(played)
}

/// The administrator comes from the command line; he makes the rest.
async fn people_and_places(
    player: &mut Player<'_>,
    clock: &Clock,
    database: &DatabaseUrl,
    case: &Case,
    played: &mut Played,
) -> anyhow::Result<()> {
    player.say("accounts");
    let first = accounts::new_account("admin", "admin")?;
    let (_, one_time_password) = accounts::create_by_operator(&mut database.connect()?, clock, first)?;
    player.settle("admin", &one_time_password).await?;
    played.accounts.push(("admin".to_owned(), "admin".to_owned()));

    let place = case.data.get("municipality").cloned().unwrap_or_default();
    played.municipality_id = id(&player.create("admin", "/api/v1/municipalities", place).await?)?;
    let municipality = json!(played.municipality_id);
    for (login, role, extra) in [
        ("head", "municipal_head", json!({"municipality_id": municipality})),
        ("officer", "municipal_officer", json!({"municipality_id": municipality})),
        ("region", "regional_viewer", json!({"region_code": case.text("/municipality/region_code")})),
    ] {
        account(player, played, login, role, extra).await?;
    }
    for school in case.list("schools") {
        player.say("schools");
        let made = player.create("officer", "/api/v1/schools", school.clone()).await?;
        played.schools.insert(text(&made, "short_name")?, id(&made)?);
    }
    let heads: Vec<(usize, String)> = case
        .list("schools")
        .iter()
        .map(|s| text(s, "short_name"))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .enumerate()
        .collect();
    for (number, name) in heads {
        let extra = json!({"municipality_id": municipality, "school_id": played.schools.get(&name)});
        account(player, played, &format!("school-{}", number + 1), "school_head", extra).await?;
    }
    let first = case.text("/schools/0/short_name");
    let extra = json!({"municipality_id": municipality, "school_id": played.schools.get(first)});
    account(player, played, "operator", "school_operator", extra).await?;
    let assigned: Vec<&String> = played.schools.values().collect();
    let extra = json!({"municipality_id": municipality, "school_ids": assigned});
    account(player, played, "curator", "curator", extra).await
}

async fn account(
    player: &mut Player<'_>,
    played: &mut Played,
    login: &str,
    role: &str,
    extra: Value,
) -> anyhow::Result<()> {
    player.say("accounts");
    let mut body = json!({"login": login, "role": role, "full_name": format!("Демонстрация: {login}")});
    if let (Some(body), Value::Object(extra)) = (body.as_object_mut(), extra) {
        body.extend(extra);
    }
    let made = player.create("admin", "/api/v1/accounts", body).await?;
    player.settle(login, &text(&made, "one_time_password")?).await?;
    played.accounts.push((login.to_owned(), role.to_owned()));
    Ok(())
}

/// An order is drafted by the officer and registered by the head on its own date.
async fn order(player: &mut Player<'_>, case: &Case, played: &mut Played, key: &str) -> anyhow::Result<()> {
    let order = case
        .list("orders")
        .iter()
        .find(|order| order.get("key").and_then(Value::as_str) == Some(key))
        .with_context(|| format!("no order {key} in the case"))?;
    player.on(&text(order, "date")?)?;
    player.say("orders");
    let body = pick(order, &["issuer", "issuer_level", "number", "date", "kind", "title"]);
    let made = player.create("officer", "/api/v1/orders", body).await?;
    player.step("head", &format!("/api/v1/orders/{}", id(&made)?), "register", None).await?;
    played.orders.insert(key.to_owned(), id(&made)?);
    Ok(())
}

async fn road_map(player: &mut Player<'_>, case: &Case, played: &mut Played) -> anyhow::Result<()> {
    order(player, case, played, "road_map").await?;
    player.say("road map");
    let body = json!({
        "title": case.text("/road_map/title"),
        "period_start": case.text("/road_map/period_start"),
        "period_end": case.text("/road_map/period_end"),
        "order_id": played.orders.get("road_map"),
    });
    let made = player.create("officer", "/api/v1/road-maps", body).await?;
    played.road_map_id = id(&made)?;
    let path = format!("/api/v1/road-maps/{}", played.road_map_id);
    let measures = json!(case.list("road_map.measures"));
    let made = player.create("officer", &format!("{path}/measures"), measures).await?;
    for measure in made.get("items").and_then(Value::as_array).into_iter().flatten() {
        played.measures.insert(text(measure, "code")?, id(measure)?);
    }
    player.step("head", &path, "approve", None).await?;
    Ok(())
}

async fn lists(player: &mut Player<'_>, case: &Case, played: &mut Played) -> anyhow::Result<()> {
    order(player, case, played, "list").await?;
    for list in case.list("support_lists") {
        player.say("support lists");
        let body = json!({
            "level": list.get("level"), "category": list.get("category"), "results_year": list.get("results_year"),
            "order_id": played.orders.get("list"),
        });
        let made = player.create("officer", "/api/v1/support-lists", body).await?;
        let path = format!("/api/v1/support-lists/{}", id(&made)?);
        let entries: Vec<Value> =
            played.schools.values().map(|school| json!({"school_id": school})).collect();
        player.create("officer", &format!("{path}/entries"), json!(entries)).await?;
        player.step("head", &path, "approve", None).await?;
        played.support_lists.push(id(&made)?);
    }
    Ok(())
}

async fn monitoring(player: &mut Player<'_>, case: &Case, played: &mut Played) -> anyhow::Result<()> {
    order(player, case, played, "monitoring").await?;
    player.say("monitoring");
    let body = json!({
        "road_map_id": played.road_map_id,
        "order_id": played.orders.get("monitoring"),
        "support_list_ids": played.support_lists,
        "period_start": case.text("/monitoring/period_start"),
        "period_end": case.text("/monitoring/period_end"),
        "report_deadline": case.text("/monitoring/report_deadline"),
    });
    let made = player.create("officer", "/api/v1/monitorings", body).await?;
    played.monitoring_id = id(&made)?;
    player.step("officer", &format!("/api/v1/monitorings/{}", played.monitoring_id), "open", None).await?;
    let reports = player
        .get("officer", &format!("/api/v1/reports?monitoring_id={}&limit=1000", played.monitoring_id))
        .await?;
    for report in reports.get("items").and_then(Value::as_array).into_iter().flatten() {
        let school = report.get("school_id").and_then(Value::as_str);
        let subject =
            played.schools.iter().find(|(_, id)| Some(id.as_str()) == school).map(|(name, _)| name.clone());
        played.reports.insert(subject.unwrap_or_else(|| "municipality".to_owned()), id(report)?);
    }
    Ok(())
}

/// These members of an object, those that it has.
fn pick(object: &Value, members: &[&str]) -> Value {
    let found = members.iter().filter_map(|name| Some(((*name).to_owned(), object.get(name)?.clone())));
    Value::Object(found.collect())
}

/// Whoever answers for the report of a subject: fills and submits, and who accepts it.
pub(super) fn people_of(case: &Case, subject: &str) -> (String, &'static str) {
    let school = case
        .list("schools")
        .iter()
        .position(|s| s.get("short_name").and_then(Value::as_str) == Some(subject));
    match school {
        Some(number) => (format!("school-{}", number + 1), "officer"),
        None => ("officer".to_owned(), "head"),
    }
}

async fn reports(player: &mut Player<'_>, case: &Case, played: &mut Played) -> anyhow::Result<()> {
    let mut submitted = Vec::new();
    for report in case.list("reports") {
        let subject = text(report, "subject")?;
        let Ok(day) = text(report, "submitted_on") else { continue };
        player.on(&day)?;
        let path = format!("/api/v1/reports/{}", played.reports.get(&subject).context(subject.clone())?);
        let (author, reviewer) = people_of(case, &subject);
        for item in report.get("items").and_then(Value::as_array).into_iter().flatten() {
            player.say("reports");
            let measure = written(player, played, &path, &author, item).await?;
            evidence(player, &measure, &author, &subject, item).await?;
        }
        player.step(&author, &path, "submit", None).await?;
        submitted.push((path, reviewer));
    }
    for review in case.list("reviews") {
        let subject = text(review, "subject")?;
        let path = format!("/api/v1/reports/{}", played.reports.get(&subject).context(subject.clone())?);
        if submitted.iter().any(|(report, _)| *report == path) {
            player.say("review");
            played.remarks.push(review::correct(player, case, played, &path, review).await?);
        }
    }
    player.on("2023-12-25")?;
    for (path, reviewer) in submitted {
        player.say("review");
        player.step(reviewer, &path, "accept", None).await?;
    }
    let path = format!("/api/v1/monitorings/{}", played.monitoring_id);
    player.step("officer", &path, "close-collection", None).await?;
    player.step("officer", &path, "analyse", None).await?;
    Ok(())
}

/// Writes an item as the case has it; gives its path.
pub(super) async fn written(
    player: &mut Player<'_>,
    played: &Played,
    report: &str,
    author: &str,
    item: &Value,
) -> anyhow::Result<String> {
    let measure = played.measures.get(&text(item, "measure")?).context("an item of no measure")?;
    let path = format!("{report}/items/{measure}");
    let body = pick(item, &["status", "actual_date", "result", "reason", "numbers"]);
    player.change(author, Method::PUT, &path, body).await?;
    Ok(path)
}

async fn evidence(
    player: &mut Player<'_>,
    path: &str,
    author: &str,
    subject: &str,
    item: &Value,
) -> anyhow::Result<()> {
    let path = format!("{path}/evidence");
    for evidence in item.get("evidence").and_then(Value::as_array).into_iter().flatten() {
        if evidence.get("file").is_some() {
            let form = paper::form(evidence, subject, &text(item, "actual_date")?)?;
            player.upload(author, &path, form).await?;
        } else {
            player.create(author, &path, evidence.clone()).await?;
        }
    }
    Ok(())
}

async fn note(player: &mut Player<'_>, case: &Case, played: &mut Played) -> anyhow::Result<()> {
    player.on(case.text("/note/date"))?;
    for (position, advice) in case.list("expected.recommendations").iter().enumerate() {
        player.say("recommendations");
        let list_only = advice.get("addressee").and_then(Value::as_str) == Some("list schools");
        let body = json!({
            "monitoring_id": played.monitoring_id, "code": advice.get("code"), "text": advice.get("text"),
            "addressee": if list_only { "list_schools" } else { "all_schools" }, "position": position + 1,
        });
        played.recommendations.push(id(&player.create("officer", "/api/v1/recommendations", body).await?)?);
    }
    player.say("note");
    let missing: Vec<Value> = played
        .reports
        .iter()
        .filter(|(subject, _)| {
            !case.list("reports").iter().any(|r| {
                r.get("subject").and_then(Value::as_str) == Some(subject.as_str())
                    && r.get("submitted_on").is_some_and(Value::is_string)
            })
        })
        .map(|(_, report)| json!({"report_id": report, "reason": "Отчёт не представлен"}))
        .collect();
    let body = json!({
        "title": "об исполнении Плана мероприятий («дорожной карты») по сопровождению школ с низкими образовательными результатами на 2023 год",
        "date": case.text("/note/date"), "place": case.text("/note/place"),
        "signer_position": SIGNER.0, "signer_name": SIGNER.1, "missing_reports": missing,
    });
    let made =
        player.create("officer", &format!("/api/v1/monitorings/{}/note", played.monitoring_id), body).await?;
    played.note_id = id(&made)?;
    let path = format!("/api/v1/notes/{}", played.note_id);
    player.step("officer", &path, "submit", None).await?;
    player.step("head", &path, "sign", None).await?;
    player
        .step(
            "head",
            &path,
            "register",
            Some(json!({"number": case.data.pointer("/note/number"), "date": case.text("/note/date")})),
        )
        .await?;
    player.step("head", &path, "publish", None).await?;
    player
        .step("officer", &format!("/api/v1/monitorings/{}", played.monitoring_id), "complete", None)
        .await?;
    Ok(())
}
