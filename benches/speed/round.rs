//! Everything that is measured on one database.

use std::time::{Duration, Instant};

use chrono::{Datelike, NaiveDate};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use school_roadmap::db::schema::{report_items, reports};
use school_roadmap::kit::clock::Clock;
use serde_json::json;

use crate::api::{Person, text};
use crate::database::Database;
use crate::deadlines;
use crate::files;
use crate::import;
use crate::load::{self, CONNECTIONS, Requests};
use crate::next_year;
use crate::raw;
use crate::region::{Region, SCHOOLS, School};
use crate::service::Service;
use crate::sheets;
use crate::table::{Limit, Table};

/// Each pair is measured so often, one after the other, and the middle one is shown.
const ROUNDS: usize = 3;
/// Every so many schools did not carry out a measure, so that sentences have names to list.
const MISSING_EVERY: usize = 10;

/// How long after its start the service is called idle.
const IDLE: Duration = Duration::from_secs(2);

/// Fills the database and measures.
pub async fn measure(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let service = Service::start(database)?;
    std::thread::sleep(IDLE);
    let idle = service.resident()?;
    table.add(database.name, "Idle memory", Limit::UnderMib(40.0), idle, "");

    let (first, today, last) = year()?;
    let region = Region::plan(database, service.address, (first, today, last)).await?;
    service.forget_peak()?;
    let started = Instant::now();
    region.officer.step(&region.monitoring, "open", None).await?;
    let name = "Opening a monitoring of 1 000 schools × 40 measures";
    table.add(database.name, name, Limit::UnderSeconds(2.0), started.elapsed().as_secs_f64(), "");
    table.add(database.name, "Memory while opening it", Limit::UnderMib(150.0), service.peak()?, "");

    reads(database, &service, &region, table)?;
    writes(database, &service, &region, table).await?;
    files::measure(database, &service, &region, table).await?;
    sheets::measure(database, table)?;
    deadlines::obligations(database, &region, (first, last), table).await?;
    conclusions(database, &region, table).await?;
    next_year::measure(database, &service, &region, table).await?;
    import::measure(database, &service, &region, table).await
}

/// First day of the year, today in Moscow, last day of the year.
pub fn year() -> anyhow::Result<(NaiveDate, NaiveDate, NaiveDate)> {
    let today = Clock::system().today();
    let day = |month, day| NaiveDate::from_ymd_opt(today.year(), month, day);
    day(1, 1).zip(day(12, 31)).map(|(first, last)| (first, today, last)).ok_or(anyhow::anyhow!("no such day"))
}

fn reads(database: &Database, service: &Service, region: &Region, table: &mut Table) -> anyhow::Result<()> {
    let bare = Service::start_bare(database)?;
    let municipality = &region.municipality_id;
    for (name, path, bare_path) in [
        ("School by id, of a bare handler", "/api/v1/schools/{id}", "/schools/{id}".to_owned()),
        (
            "Page of 50 schools, of a bare handler",
            "/api/v1/schools?limit=50",
            format!("/municipalities/{municipality}/schools"),
        ),
    ] {
        let ours = || load::per_second(service.address, readers(region, path, Some(&region.officer.token)));
        let theirs = || load::per_second(bare.address, readers(region, &bare_path, None));
        compare(database, table, name, Limit::AtLeastPercent(60.0), "req/s", &mut rounds(ours, theirs)?);
    }
    Ok(())
}

/// Each connection asks for another school each time.
fn readers(region: &Region, path: &str, token: Option<&str>) -> Vec<Requests> {
    let requests: Vec<Vec<u8>> =
        region.school_ids.iter().map(|id| load::get(&path.replace("{id}", id), token)).collect();
    (0..CONNECTIONS)
        .map(|connection| {
            let mut turn = requests.clone().into_iter().cycle().skip(connection * SCHOOLS / CONNECTIONS);
            let next: Requests = Box::new(move |_| turn.next().unwrap_or_default());
            next
        })
        .collect()
}

async fn writes(
    database: &Database,
    service: &Service,
    region: &Region,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let schools = region.reports().await?;
        let writers = schools.iter().zip(&region.principals).map(|(school, head)| writer(school, head));
        let ours = load::per_second(service.address, writers.collect())?;
        pairs.push((ours, raw::commits_per_second(database, &schools)?));
    }
    let name = "PUT of a report item, of the raw commit of its rows";
    compare(database, table, name, Limit::AtLeastPercent(40.0), "/s", &mut pairs);
    Ok(())
}

/// Writes the items of one report in turn, each with another text.
fn writer(school: &School, head: &Person) -> Requests {
    let (school, token, today) = (school.clone(), head.token.clone(), Clock::system().today());
    let count = u64::try_from(school.items.len()).unwrap_or(1);
    Box::new(move |number| {
        let item = school.item(number);
        let path = format!("/api/v1/reports/{}/items/{}", school.report_id, item.measure_id);
        let stamp = item.version + number / count;
        let result = format!("Проведено, запись {stamp}-{number}");
        let body = json!({"status": "done", "actual_date": today, "result": result});
        load::put(&path, &token, stamp, &body.to_string())
    })
}

async fn conclusions(database: &Database, region: &Region, table: &mut Table) -> anyhow::Result<()> {
    accept_everything(database, region)?;
    deadlines::progress(database, region, table).await?;
    let (path, officer) = (&region.monitoring, &region.officer);
    officer.step(path, "close-collection", None).await?;
    officer.step(path, "analyse", None).await?;
    let whole = Instant::now();
    let lap = |table: &mut Table, name: &str, since: Instant| {
        table.add(database.name, name, Limit::None, since.elapsed().as_secs_f64(), "");
    };
    let since = Instant::now();
    officer.get(&format!("{path}/conclusions")).await?;
    lap(table, "— all conclusions with their explanations", since);
    let since = Instant::now();
    let body = json!({
        "title": "об исполнении дорожной карты", "date": Clock::system().today(), "place": "г. Орёл",
        "signer_position": "Начальник управления", "signer_name": "И. И. Начальников"
    });
    let note = text(&officer.post(&format!("{path}/note"), &body).await?, "id")?;
    let note = format!("/api/v1/notes/{note}");
    officer.step(&note, "submit", None).await?;
    lap(table, "— the note drafted and submitted", since);
    let since = Instant::now();
    region.head.step(&note, "sign", None).await?;
    lap(table, "— signed: everything frozen and hashed", since);
    let since = Instant::now();
    officer.get_bytes(&format!("{note}/content?format=html")).await?;
    lap(table, "— read as HTML", since);
    let name = "Conclusions and the note for 1 000 schools";
    table.add(database.name, name, Limit::UnderSeconds(1.0), whole.elapsed().as_secs_f64(), "");
    let since = Instant::now();
    officer.get_bytes(&format!("{note}/content?format=docx")).await?;
    lap(table, "The note as DOCX", since);
    Ok(())
}

/// As if every school had reported and every report had been accepted: 1 001 reports
/// through the API would measure the patience of the reader.
fn accept_everything(database: &Database, region: &Region) -> anyhow::Result<()> {
    let mut conn = database.connect()?;
    let (now, today) = (Clock::system().now().naive_utc(), Clock::system().today());
    conn.batch_execute("BEGIN")?;
    diesel::update(report_items::table)
        .set((
            report_items::status.eq("done"),
            report_items::actual_date.eq(today),
            report_items::result.eq("Проведено"),
        ))
        .execute(&mut conn)?;
    let missing: Vec<&String> = region.school_ids.iter().step_by(MISSING_EVERY).collect();
    let behind = reports::table.filter(reports::school_id.eq_any(missing)).select(reports::id);
    let behind: Vec<String> = behind.load(&mut conn)?;
    diesel::update(report_items::table.filter(report_items::report_id.eq_any(&behind)))
        .filter(report_items::position.le(3))
        .set((report_items::status.eq("partly"), report_items::reason.eq("Не хватило времени")))
        .execute(&mut conn)?;
    diesel::update(reports::table)
        .set((
            reports::status.eq("accepted"),
            reports::submission.eq(1),
            reports::submitted_at.eq(now),
            reports::accepted_at.eq(now),
            reports::version.eq(reports::version + 1),
        ))
        .execute(&mut conn)?;
    Ok(conn.batch_execute("COMMIT")?)
}

/// Measures both sides in turn, so that both meet the same machine.
fn rounds(
    ours: impl Fn() -> anyhow::Result<f64>,
    theirs: impl Fn() -> anyhow::Result<f64>,
) -> anyhow::Result<Vec<(f64, f64)>> {
    (0..ROUNDS).map(|_| Ok((ours()?, theirs()?))).collect()
}

/// Shows the middle one of the pairs, ours as a part of theirs.
pub fn compare(
    database: &Database,
    table: &mut Table,
    name: &str,
    limit: Limit,
    unit: &str,
    pairs: &mut [(f64, f64)],
) {
    pairs.sort_by(|left, right| (left.0 / left.1).total_cmp(&(right.0 / right.1)));
    if let Some((ours, theirs)) = pairs.get(pairs.len() / 2) {
        let told = format!("{ours:.0} against {theirs:.0} {unit}");
        table.add(database.name, name, limit, 100.0 * ours / theirs, &told);
    }
}
