//! Ten thousand schools from one file, all or none.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::api::text;
use crate::database::Database;
use crate::region::{Region, SCHOOLS, school};
use crate::service::Service;
use crate::table::{Limit, Table};

/// Rows of the file.
const ROWS: usize = 10_000;
/// How often the job is asked how far it is.
const ASKED: Duration = Duration::from_millis(20);
/// How long the allocator takes to give back what is not used any more.
const CALM: Duration = Duration::from_secs(12);

/// Imports new schools, then the same ones with another phone.
pub async fn measure(
    database: &Database,
    service: &Service,
    region: &Region,
    table: &mut Table,
) -> anyhow::Result<()> {
    std::thread::sleep(CALM);
    service.forget_peak()?;
    let before = service.resident()?;
    let seconds = import(service, region, "2-10-31", "created").await?;
    let name = "Import of 10 000 schools, all or none";
    table.add(database.name, name, Limit::UnderSeconds(3.0), seconds, "");
    let grown = service.peak()? - before;
    table.add(database.name, "Memory for that import", Limit::UnderMib(100.0), grown, "");
    let seconds = import(service, region, "2-10-32", "updated").await?;
    table.add(database.name, "— the same with another phone", Limit::None, seconds, "");
    Ok(())
}

/// Seconds from the request to the end of the job.
async fn import(service: &Service, region: &Region, phone: &str, became: &str) -> anyhow::Result<f64> {
    let file = file(phone)?;
    let part = reqwest::multipart::Part::bytes(file).file_name("schools.csv");
    let form = reqwest::multipart::Form::new().text("kind", "schools").part("file", part);
    let url = format!("http://{}/api/v1/imports", service.address);
    let started = Instant::now();
    let sent =
        reqwest::Client::new().post(url).bearer_auth(&region.officer.token).multipart(form).send().await?;
    ensure!(sent.status() == 202, "the import was answered with {}", sent.status());
    let job: Value = sent.json().await?;
    let path = format!("/api/v1/jobs/{}", text(&job, "id")?);
    loop {
        let job = region.officer.get(&path).await?;
        match job.get("status").and_then(Value::as_str) {
            Some("done") => {
                let counted = job.pointer(&format!("/counters/{became}")).and_then(Value::as_u64);
                ensure!(counted == u64::try_from(ROWS).ok(), "not all rows were {became}: {job}");
                return Ok(started.elapsed().as_secs_f64());
            }
            Some("failed") => anyhow::bail!("the import failed: {job}"),
            _ => std::thread::sleep(ASKED),
        }
    }
}

fn file(phone: &str) -> anyhow::Result<Vec<u8>> {
    let names = [
        "ogrn",
        "inn",
        "short_name",
        "full_name",
        "legal_form",
        "school_kind",
        "education_levels",
        "address",
        "email",
        "head_position",
    ];
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(names.iter().chain(["phone"].iter()))?;
    for number in SCHOOLS..SCHOOLS + ROWS {
        let school = school(number);
        let cell = |name: &&str| match school.get(*name) {
            Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        let cells: Vec<String> = names.iter().map(cell).chain([phone.to_owned()]).collect();
        writer.write_record(&cells)?;
    }
    writer.into_inner().ok().context("the file could not be made")
}
