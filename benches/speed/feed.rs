//! The change feed and the export: how fast they are read, how soon a change is told, and what the
//! order of the feed costs those who write. Alone: `cargo bench -- feed`.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use diesel::connection::SimpleConnection;
use school_roadmap::db::feed;
use serde_json::{Value, json};

use crate::api::{Person, text};
use crate::database::Database;
use crate::hooks::{self, Receiver};
use crate::load;
use crate::round::compare;
use crate::service::{self, Service};
use crate::table::{Limit, Table};

/// The argument by which only this is measured.
pub const ARGUMENT: &str = "feed";

/// Rows of the export, and changes of the feed besides.
const ROWS: i64 = 50_000;
/// How often a change is waited for.
const WAITS: usize = 40;
/// Who write at once.
const WRITERS: usize = 16;
/// Each pair is measured so often, one after the other, and the middle one is shown: what the disk does
/// meanwhile makes single ones differ by a tenth and more.
const ROUNDS: usize = 9;

/// Fills a database of its own and measures.
pub async fn measure(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let receiver = Receiver::start()?;
    let service = Service::start_telling(database, &receiver.target)?;
    let one_time = service::create_administrator(database, "admin")?;
    let admin = Person::settle(service.address, "admin", &one_time).await?;
    let place = json!({
        "name": "Большой округ", "kind": "municipal_district", "region_code": "57",
        "authority_name": "Управление образования", "place": "г. Орёл"
    });
    let municipality = text(&admin.post("/api/v1/municipalities", &place).await?, "id")?;
    let own = json!({"role": "municipal_head", "municipality_id": municipality});
    let head = admin.introduce(service.address, "head", own).await?;
    let regional = json!({"role": "regional_viewer", "region_code": "57"});
    let region = admin.introduce(service.address, "region", regional).await?;
    fill(database, &municipality)?;

    let after = read_feed(database, &region, table).await?;
    export(database, &service, &region, table).await?;
    lag(database, (&head, &region), after, table).await?;
    // The schools' changes are the first ones; orders, which the webhooks are not told of, follow.
    let base = format!("http://{}", service.address);
    hooks::measure(database, &admin, &base, &receiver, after, table).await?;
    if database.name == "PostgreSQL" {
        order(database, &municipality, table)?;
    }
    Ok(())
}

/// Schools and their changes, past the service: through it they would take minutes.
fn fill(database: &Database, municipality: &str) -> anyhow::Result<()> {
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) ");
    let mut conn = database.connect()?;
    conn.batch_execute("BEGIN")?;
    conn.batch_execute(&format!(
        "{numbers} INSERT INTO schools (id, municipality_id, short_name, short_name_folded, search_text, \
         legal_form, school_kind, education_levels, inn, ogrn, status, version, created_at, updated_at) \
         SELECT 'school-' || CAST(1000000 + i AS TEXT), '{municipality}', 'МБОУ «Школа № ' || CAST(i AS TEXT) || '»', \
         'мбоу «школа № ' || CAST(i AS TEXT) || '»', 'школа', 'mbou', 'sosh', '[\"primary\",\"basic\"]', \
         CAST(i AS TEXT), CAST(i AS TEXT), 'active', 1, '2023-03-01 09:00:00', '2023-03-01 09:00:00' FROM n"
    ))?;
    conn.batch_execute(&format!(
        "{numbers} INSERT INTO changes (op, resource, resource_id, version, key, municipality_id, region_code, \
         visible_before, visible_after, actor_role, request_id, occurred_at, action) \
         SELECT 'created', 'schools', 'school-' || CAST(1000000 + i AS TEXT), 1, CAST(i AS TEXT), '{municipality}', \
         '57', FALSE, TRUE, 'municipal_officer', 'speed', '2023-03-01 09:00:00', 'create' FROM n"
    ))?;
    conn.batch_execute("COMMIT")?;
    Ok(conn.batch_execute("ANALYZE")?)
}

/// Reads the feed page by page; answers the number that it has reached.
async fn read_feed(database: &Database, region: &Person, table: &mut Table) -> anyhow::Result<i64> {
    let (mut after, mut pages) = (0, Vec::new());
    let since = Instant::now();
    loop {
        let page = region.get_bytes(&format!("/api/v1/changes?after={after}&limit=1000")).await?;
        let (next, has_more) = end_of(&page)?;
        pages.push(page);
        after = next;
        if !has_more {
            break;
        }
    }
    let seconds = since.elapsed().as_secs_f64();
    let mut changes = 0;
    for page in pages {
        changes += serde_json::from_slice::<Value>(&page)?
            .get("items")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
    }
    ensure!(changes >= usize::try_from(ROWS)?, "the feed tells of {changes} changes only");
    let rate = f64::from(u32::try_from(changes)?) / seconds;
    table.add(
        database.name,
        "Changes of the feed per second, 1 000 a page",
        Limit::AtLeast(20_000.0),
        rate,
        "",
    );
    Ok(after)
}

/// `next_after` and `has_more` of a page, without the time that reading all of it would take.
fn end_of(page: &[u8]) -> anyhow::Result<(i64, bool)> {
    let tail = page.len().saturating_sub(400);
    let text = String::from_utf8_lossy(page.get(tail..).unwrap_or_default());
    let (_, end) = text.split_once("\"page\":").context("no page")?;
    let end: Value = serde_json::from_str(end.strip_suffix('}').context("no end")?)?;
    let next = end.get("next_after").and_then(Value::as_i64).context("no next_after")?;
    Ok((next, end.get("has_more") == Some(&json!(true))))
}

async fn export(
    database: &Database,
    service: &Service,
    region: &Person,
    table: &mut Table,
) -> anyhow::Result<()> {
    service.forget_peak()?;
    let before = service.resident()?;
    let since = Instant::now();
    let lines = region.get_bytes("/api/v1/export?resource=schools").await?;
    let seconds = since.elapsed().as_secs_f64();
    let count = lines.iter().filter(|byte| **byte == b'\n').count().saturating_sub(2);
    ensure!(count == usize::try_from(ROWS)?, "the export has {count} rows");
    let rate = f64::from(u32::try_from(count)?) / seconds;
    table.add(database.name, "Rows of the export per second", Limit::AtLeast(50_000.0), rate, "");
    let grown = (service.peak()? - before).max(0.0);
    table.add(database.name, "Memory while exporting 50 000 rows, more", Limit::UnderMib(16.0), grown, "");
    Ok(())
}

/// From the answer to a write to the answer of who waits for it; 95 of 100 are sooner.
async fn lag(
    database: &Database,
    (head, region): (&Person, &Person),
    mut after: i64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut lags = Vec::with_capacity(WAITS);
    for number in 0..WAITS {
        let order = json!({
            "issuer": "Управление образования", "issuer_level": "municipal", "number": number.to_string(),
            "date": "2023-03-01", "title": "О дорожной карте поддержки школ", "kind": "road_map"
        });
        let order = text(&head.post("/api/v1/orders", &order).await?, "id")?;
        let path = format!("/api/v1/changes?after={after}&wait=20");
        let waiting = async {
            let page = region.get(&path).await?;
            Ok::<_, anyhow::Error>((page, Instant::now()))
        };
        let writing = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            head.step(&format!("/api/v1/orders/{order}"), "register", None).await?;
            Ok::<_, anyhow::Error>(Instant::now())
        };
        let (waited, written) = futures_util::future::join(waiting, writing).await;
        let ((page, told), written) = (waited?, written?);
        ensure!(page.pointer("/items/0").is_some(), "nothing was told");
        after = page.pointer("/page/next_after").and_then(Value::as_i64).context("no next_after")?;
        lags.push(told.saturating_duration_since(written).as_secs_f64());
    }
    lags.sort_by(f64::total_cmp);
    let lag = lags.get(WAITS * 95 / 100).copied().context("nothing was measured")?;
    table.add(
        database.name,
        "A change told to who waits, after its commit",
        Limit::UnderMillis(50.0),
        lag,
        "",
    );
    Ok(())
}

/// The same writes with what keeps the feed in order, and without it.
fn order(database: &Database, municipality: &str, table: &mut Table) -> anyhow::Result<()> {
    let commits = |enter: &str| -> anyhow::Result<f64> {
        let mut writers = Vec::with_capacity(WRITERS);
        for writer in 0..WRITERS {
            let mut conn = database.connect()?;
            let statements = write_of(municipality, writer, enter);
            writers.push(move |_: u64| Ok(conn.batch_execute(&statements)?));
        }
        load::per_second_of(writers)
    };
    let mut pairs = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        pairs.push((commits(&format!("{};", feed::ENTER))?, commits("")?));
    }
    let name = "16 writers with the order of the feed, of those without";
    compare(database, table, name, Limit::AtLeastPercent(85.0), "/s", &mut pairs);
    Ok(())
}

/// A row changed, with its audit and its change, in one transaction.
fn write_of(municipality: &str, writer: usize, enter: &str) -> String {
    let school = format!("school-{}", 1_000_001 + writer);
    format!(
        "BEGIN; UPDATE schools SET version = version + 1 WHERE id = '{school}'; \
         INSERT INTO audit_events (at, actor_role, action, resource, resource_id, request_id) \
         VALUES (now() AT TIME ZONE 'UTC', 'municipal_officer', 'update', 'schools', '{school}', 'speed'); {enter} \
         INSERT INTO changes (op, resource, resource_id, version, key, municipality_id, region_code, \
         visible_before, visible_after, actor_role, request_id, occurred_at, action) \
         VALUES ('updated', 'schools', '{school}', 2, '1', '{municipality}', '57', TRUE, TRUE, \
         'municipal_officer', 'speed', now() AT TIME ZONE 'UTC', 'update'); COMMIT"
    )
}
