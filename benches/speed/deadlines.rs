//! What people open each morning: the progress of the monitoring, and what they have to do.

use std::time::Instant;

use anyhow::ensure;
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::api::{Person, items, text};
use crate::database::Database;
use crate::region::Region;
use crate::table::{Limit, Table};

/// Each answer is asked for so often, and the middle one is shown.
const ROUNDS: usize = 5;

/// The lists of obligations, with drafts of all reports.
pub async fn obligations(
    database: &Database,
    region: &Region,
    (first, last): (NaiveDate, NaiveDate),
    table: &mut Table,
) -> anyhow::Result<()> {
    let [principal, ..] = region.principals.as_slice() else { return Ok(()) };
    three_road_maps(region, principal, first, last).await?;
    let path = "/api/v1/me/obligations?limit=1000";
    let found = principal.get(path).await?;
    let has =
        |kind: &str| items(&found).iter().any(|one| one.get("kind").and_then(Value::as_str) == Some(kind));
    ensure!(has("submit_report") && has("occurrence") && has("carry_out_measure"), "{found}");
    let name = "Obligations of a school in three road maps, among 1 000 schools";
    table.add(database.name, name, Limit::UnderMillis(150.0), middle(principal, path).await?, "");
    let name = "Obligations of the department";
    table.add(database.name, name, Limit::UnderMillis(150.0), middle(&region.officer, path).await?, "");
    Ok(())
}

/// The progress, with all reports accepted.
pub async fn progress(database: &Database, region: &Region, table: &mut Table) -> anyhow::Result<()> {
    for (form, limit) in [
        ("json", Limit::UnderMillis(150.0)),
        ("svg", Limit::UnderMillis(300.0)),
        ("html", Limit::None),
        ("xlsx", Limit::None),
    ] {
        let path = format!("{}/progress?format={form}", region.monitoring);
        let bytes = region.officer.get_bytes(&path).await?.len();
        let name = format!("Progress of 1 000 schools × 40 measures as {}", form.to_uppercase());
        let told = format!("{} KiB", bytes / 1024);
        table.add(database.name, &name, limit, middle(&region.officer, &path).await?, &told);
    }
    Ok(())
}

/// Seconds of the middle one of some answers.
async fn middle(person: &Person, path: &str) -> anyhow::Result<f64> {
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        person.get_bytes(path).await?;
        took.push(started.elapsed().as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    Ok(took.get(ROUNDS / 2).copied().unwrap_or_default())
}

/// Beside the map of the monitoring: another one of the municipality, and the school's own.
async fn three_road_maps(
    region: &Region,
    principal: &Person,
    first: NaiveDate,
    last: NaiveDate,
) -> anyhow::Result<()> {
    let order = json!({
        "issuer": "Управление образования", "issuer_level": "municipal", "number": "2", "date": first,
        "title": "О второй дорожной карте", "kind": "road_map"
    });
    let order = text(&region.officer.post("/api/v1/orders", &order).await?, "id")?;
    region.head.step(&format!("/api/v1/orders/{order}"), "register", None).await?;
    let map = json!({"title": "Вторая карта", "period_start": first, "period_end": last, "order_id": order});
    let map = text(&region.officer.post("/api/v1/road-maps", &map).await?, "id")?;
    let path = format!("/api/v1/road-maps/{map}");
    let monthly = json!({
        "kind": "recurring", "text": "ежемесячно", "start_date": first, "end_date": last, "recurrence": "monthly"
    });
    region.officer.post(&format!("{path}/measures"), &measures(40, &monthly)).await?;
    region.head.step(&path, "approve", Some(&json!({}))).await?;

    let own = json!({"title": "Карта школы", "period_start": first, "period_end": last, "parent_id": map});
    let own = text(&principal.post("/api/v1/road-maps", &own).await?, "id")?;
    let path = format!("/api/v1/road-maps/{own}");
    let by_the_end = json!({"kind": "date", "text": "до конца года", "due_date": last});
    principal.post(&format!("{path}/measures"), &measures(40, &by_the_end)).await?;
    let approval = json!({"approval": {"number": "1", "date": first}});
    principal.step(&path, "approve", Some(&approval)).await?;
    Ok(())
}

fn measures(count: usize, deadline: &Value) -> Value {
    let measure = |number: usize| {
        json!({
            "code": format!("A{number}"), "section": "Мероприятия", "level": "school",
            "title": format!("Мероприятие {number}"), "deadline": deadline, "responsible": ["директор школы"]
        })
    };
    (0..count).map(measure).collect()
}
