//! What becomes of the service when five times as much is asked of it as it can do, for a
//! minute: `cargo bench -- overload`.
//!
//! The service has the first core, which pins it by `taskset`; this process, which makes the
//! load, has the second. PostgreSQL's own processes run where the system puts them.

use std::cell::RefCell;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::database::Database;
use crate::load;
use crate::paced::{self, Caller, Tally, percentile};
use crate::region::{Item, Region, SCHOOLS};
use crate::round::year;
use crate::service::Service;
use crate::table::{Limit, Table};

/// The argument that asks for these measurements alone.
pub const ARGUMENT: &str = "overload";

/// Connections: more than the service lets wait, so that there is somebody to refuse.
const CONNECTIONS: usize = 640;
/// Every so many of them write; the others read.
const WRITERS_EVERY: usize = 10;
/// How long a pace is kept while the peak is sought.
const TRIED: Duration = Duration::from_secs(4);
/// How much faster the next pace is.
const FASTER: f64 = 1.25;
/// How many times the peak is asked for.
const TIMES: f64 = 5.0;
/// How long; `OVERLOAD_SECONDS` says otherwise.
const LASTING: u64 = 60;
/// How soon all must be well again.
const RECOVERY: u64 = 10;
/// The idle memory is taken so long after the start.
const IDLE: Duration = Duration::from_secs(2);
/// Bytes of a MiB.
const MIB: f64 = 1024.0 * 1024.0;
/// Starts of which the middle one counts.
const STARTS: usize = 5;

/// Somebody who reads pages of schools and single ones, or writes one item of a report.
enum Asker {
    Reads { requests: Vec<Vec<u8>>, next: usize },
    Writes { path: String, token: String, item: Item, today: String },
}

impl Caller for Asker {
    fn request(&mut self) -> Vec<u8> {
        match self {
            Self::Reads { requests, next } => {
                *next += 1;
                requests.get(*next % requests.len()).cloned().unwrap_or_default()
            }
            Self::Writes { path, token, item, today } => {
                let result = format!("Проведено, запись {}", item.version);
                let body = json!({"status": "done", "actual_date": today, "result": result});
                load::put(path, token, item.version, &body.to_string())
            }
        }
    }

    fn told(&mut self, done: bool) {
        if let Self::Writes { item, .. } = self
            && done
        {
            item.version += 1;
        }
    }
}

type Askers = Vec<Rc<RefCell<Asker>>>;

/// Starts, fills, finds the peak, asks for five times as much, and looks how it recovers.
pub async fn measure(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    pin_this_process()?;
    let service = Service::start_on_first_core(database)?;
    std::thread::sleep(IDLE);
    let idle = service.resident()?;
    let year = year()?;
    let region = Region::plan(database, service.address, year).await?;
    let planned = database.size()?;
    region.officer.step(&region.monitoring, "open", None).await?;
    let opened = database.size()?;
    let schools = paced::count(SCHOOLS);
    let told = format!("{:.1} MiB in all", opened / MIB);
    let name = "Database for a school and one year of 40 measures";
    table.add(database.name, name, Limit::Kib, (opened - planned) / schools / 1024.0, &told);
    let askers = askers(&region, &year.1.to_string()).await?;

    let (peak, calm) = peak(&service, &askers).await?;
    let told = format!("{:.0} ms at half of it", calm * 1000.0);
    table.add(database.name, "Peak on one core, 9 reads to 1 write, a second", Limit::Count, peak, &told);

    service.forget_peak()?;
    let lasting = Duration::from_secs(seconds()?);
    let mut over = paced::load(service.address, &askers, TIMES * peak, lasting).await?;
    let memory = service.peak()?;
    let times = over.offered() / peak;
    let told = format!("{:.0}/s; asked for {times:.1} times the peak for {} s", over.goodput(), over.took);
    let share = 100.0 * over.goodput() / peak;
    table.add(database.name, "Done under overload, of the peak", Limit::AtLeastPercent(80.0), share, &told);
    let (refused, failed) = (over.refused.len(), over.failed.len());
    let p99 = percentile(&mut over.refused, 99);
    let told = format!("{refused} refused");
    table.add(database.name, "Refusals under overload, p99", Limit::UnderMillis(50.0), p99, &told);
    let limit = Limit::UnderMib(2.0 * idle + 256.0);
    let told = format!("idle {idle:.0} MiB");
    table.add(database.name, "Memory under overload", limit, memory, &told);
    let kinds = kinds(&over);
    table.add(
        database.name,
        "Neither done nor refused under overload",
        Limit::Under(1.0),
        paced::count(failed),
        &kinds,
    );

    let well = recovered(&service, &askers, peak / 2.0, calm).await?;
    let limit = Limit::UnderSeconds(paced::count(usize::try_from(RECOVERY)?));
    table.add(database.name, "As before after overload", limit, well, "");
    drop(service);
    starts(database, table)
}

/// The failures by kind, a few of them.
fn kinds(tally: &Tally) -> String {
    let mut kinds: Vec<&str> = tally.failed.iter().map(String::as_str).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.truncate(3);
    kinds.join(", ")
}

fn seconds() -> anyhow::Result<u64> {
    #[expect(clippy::disallowed_methods, reason = "a measurement reads its own environment")]
    let given = std::env::var("OVERLOAD_SECONDS");
    given.map_or(Ok(LASTING), |text| text.parse().context("OVERLOAD_SECONDS"))
}

/// This process keeps off the core of the service.
fn pin_this_process() -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-a", "-p", "-c", "1", &own]).output()?;
    ensure!(pinned.status.success(), "taskset: {}", String::from_utf8_lossy(&pinned.stderr));
    Ok(())
}

/// How long the program takes to serve, on a database that is there.
fn starts(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let started = Instant::now();
        let service = Service::start_on_first_core(database)?;
        times.push(started.elapsed().as_secs_f64());
        drop(service);
    }
    let middle = percentile(&mut times, 50);
    table.add(database.name, "Start on a database with 1 000 schools", Limit::UnderMillis(300.0), middle, "");
    Ok(())
}

/// The people of the load: a writer has an item to himself.
async fn askers(region: &Region, today: &str) -> anyhow::Result<Askers> {
    let token = Some(region.officer.token.as_str());
    let page = load::get("/api/v1/schools?limit=50", token);
    let schools = region.school_ids.iter().map(|id| load::get(&format!("/api/v1/schools/{id}"), token));
    let reads: Vec<Vec<u8>> = schools.flat_map(|one| [page.clone(), one]).collect();
    let reports = region.reports().await?;
    let mut items = reports.iter().zip(&region.principals).flat_map(|(school, head)| {
        school.items.iter().map(move |item| Asker::Writes {
            path: format!("/api/v1/reports/{}/items/{}", school.report_id, item.measure_id),
            token: head.token.clone(),
            item: item.clone(),
            today: today.to_owned(),
        })
    });
    let asker = |number: usize| match number % WRITERS_EVERY {
        0 => items.next().context("there are fewer items than writers"),
        _ => Ok(Asker::Reads { requests: reads.clone(), next: number }),
    };
    (0..CONNECTIONS).map(asker).map(|asker| Ok(Rc::new(RefCell::new(asker?)))).collect()
}

/// The most that is done in a second, and the p99 of answers at half of it.
async fn peak(service: &Service, askers: &Askers) -> anyhow::Result<(f64, f64)> {
    let (mut pace, mut peak) = (200.0, 0.0);
    loop {
        let tally = paced::load(service.address, askers, pace, TRIED).await?;
        ensure!(tally.failed.is_empty(), "at {pace:.0}/s: {}", kinds(&tally));
        peak = f64::max(peak, tally.goodput());
        if tally.goodput() < 0.9 * pace {
            break;
        }
        pace *= FASTER;
    }
    let mut calm = paced::load(service.address, askers, peak / 2.0, TRIED).await?;
    Ok((peak, percentile(&mut calm.good, 99)))
}

/// Seconds after which a second passes in which nobody is refused and answers are as quick as before,
/// but for 5 ms.
async fn recovered(service: &Service, askers: &Askers, pace: f64, calm: f64) -> anyhow::Result<f64> {
    let since = Instant::now();
    for _ in 0..3 * RECOVERY {
        let begun = since.elapsed().as_secs_f64();
        let mut tally = paced::load(service.address, askers, pace, Duration::from_secs(1)).await?;
        let is_quick = percentile(&mut tally.good, 99) < 2.0 * calm + 0.005;
        if is_quick && tally.refused.is_empty() && tally.failed.is_empty() {
            return Ok(begun);
        }
    }
    Ok(f64::INFINITY)
}
