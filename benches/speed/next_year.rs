//! The year after: its reports start with what those of the first year told.

use std::time::{Duration, Instant};

use anyhow::Context;
use diesel::prelude::*;
use school_roadmap::db::schema::{measures, report_items, road_maps};
use serde_json::json;

use crate::api::text;
use crate::database::Database;
use crate::region::Region;
use crate::service::Service;
use crate::table::{Limit, Table};

/// What a school tells of a measure, repeated to some 300 characters.
const TOLD: &str = "Проведён входной контроль, составлен план работы с обучающимися группы риска. ";

/// How long the allocator takes to give back what is not used any more.
const CALM: Duration = Duration::from_secs(12);

/// Opens a monitoring of the year after, with every item carried over from an accepted report.
pub async fn measure(
    database: &Database,
    service: &Service,
    region: &Region,
    table: &mut Table,
) -> anyhow::Result<()> {
    let next = plan(database, region).await?;
    // What was allocated for the notes before goes back to the system first.
    std::thread::sleep(CALM);
    service.forget_peak()?;
    let started = Instant::now();
    region.officer.step(&next, "open", None).await?;
    let seconds = started.elapsed().as_secs_f64();
    let name = "Opening the year after, 40 000 items carried over";
    table.add(database.name, name, Limit::UnderSeconds(2.0), seconds, "");
    table.add(
        database.name,
        "Memory while opening the year after",
        Limit::UnderMib(150.0),
        service.peak()?,
        "",
    );
    Ok(())
}

/// Copies the road map and plans the monitoring; the review of 50 measures is left out.
async fn plan(database: &Database, region: &Region) -> anyhow::Result<String> {
    let officer = &region.officer;
    let last = officer.get(&region.monitoring).await?;
    let map = format!("/api/v1/road-maps/{}", text(&last, "road_map_id")?);
    let copy = text(&officer.step(&map, "copy", Some(&json!({}))).await?, "id")?;
    let (order_id, lists) = (text(&last, "order_id")?, last.get("support_list_ids").context("no lists")?);
    let mut conn = database.connect()?;
    diesel::update(report_items::table).set(report_items::result.eq(TOLD.repeat(4))).execute(&mut conn)?;
    diesel::update(measures::table).set(measures::needs_review.eq(false)).execute(&mut conn)?;
    diesel::update(road_maps::table.filter(road_maps::id.eq(&copy)))
        .set(road_maps::order_id.eq(&order_id))
        .execute(&mut conn)?;
    drop(conn);
    let map = format!("/api/v1/road-maps/{copy}");
    region.head.step(&map, "approve", Some(&json!({}))).await?;
    let copied = officer.get(&map).await?;
    let (first, end) = (text(&copied, "period_start")?, text(&copied, "period_end")?);
    let plan = json!({
        "road_map_id": copy, "order_id": order_id, "support_list_ids": lists,
        "period_start": first, "period_end": end, "report_deadline": end
    });
    let planned = officer.post("/api/v1/monitorings", &plan).await?;
    Ok(format!("/api/v1/monitorings/{}", text(&planned, "id")?))
}
