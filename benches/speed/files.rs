//! Evidence files: sent and fetched, against a handler that only writes and reads them.

use anyhow::Context;

use crate::api::text;
use crate::bare;
use crate::database::Database;
use crate::load;
use crate::region::Region;
use crate::round::compare;
use crate::service::Service;
use crate::table::{Limit, Table};

/// Bytes of a file.
const SIZE: usize = 20 * 1024 * 1024;
/// Each pair is measured so often.
const ROUNDS: usize = 5;
/// Files on their way at once.
const AT_ONCE: usize = 10;

/// Measures on the report of the first school.
pub async fn measure(
    database: &Database,
    service: &Service,
    region: &Region,
    table: &mut Table,
) -> anyhow::Result<()> {
    let bare = Service::start_bare(database)?;
    let school = region.reports().await?.into_iter().next().context("no report")?;
    let principal = region.principals.first().context("no school")?;
    let measure = &school.item(0).measure_id;
    let path = format!("/api/v1/reports/{}/items/{measure}/evidence", school.report_id);
    let form = form();
    let head = upload_head(&path, &principal.token, form.len());
    let up = || load::once(service.address, &head, &form);
    let name = &school.report_id;
    let bare_head =
        format!("PUT /files/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SIZE}\r\n\r\n");
    let file = document();
    let bare_up = || load::once(bare.address, &bare_head, &file);
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        pairs.push((per_second(up()?), per_second(bare_up()?)));
    }
    let limit = Limit::AtLeastPercent(60.0);
    compare(database, table, "Upload of 20 MiB, of writing it", limit, "MiB/s", &mut pairs);

    let item = principal.get(&path.replace("/evidence", "")).await?;
    let evidence = item.pointer("/evidence/0").context("no evidence")?;
    let content = format!("/api/v1/evidence/{}/content", text(evidence, "id")?);
    let head_down = String::from_utf8(load::get(&content, Some(&principal.token)))?;
    let bare_down = String::from_utf8(load::get(&format!("/files/{name}"), None))?;
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let ours = per_second(load::once(service.address, &head_down, &[])?);
        pairs.push((ours, per_second(load::once(bare.address, &bare_down, &[])?)));
    }
    compare(database, table, "Download of 20 MiB, of sending it", limit, "MiB/s", &mut pairs);

    for (name, head, body) in [
        ("Memory for ten uploads at once", &head, form.as_slice()),
        ("Memory for ten downloads at once", &head_down, &[]),
    ] {
        let before = service.resident()?;
        service.forget_peak()?;
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..AT_ONCE)
                .map(|_| scope.spawn(|| load::once(service.address, head, body).map(|_| ())))
                .collect();
            running.into_iter().try_for_each(|thread| {
                thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a connection panicked")))
            })
        })?;
        table.add(database.name, name, Limit::UnderMib(8.0), service.peak()? - before, "");
    }
    std::fs::remove_file(bare::place(name))?;
    Ok(())
}

/// MiB per second.
fn per_second(seconds: f64) -> f64 {
    20.0 / seconds
}

/// A PDF document by its first bytes.
fn document() -> Vec<u8> {
    b"%PDF-1.7\n".iter().copied().chain((0..=250_u8).cycle()).take(SIZE).collect()
}

const BOUNDARY: &str = "----school-roadmap-speed";

fn form() -> Vec<u8> {
    let fields = [("kind", "plan"), ("title", "План")].map(|(name, value)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let file = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"plan.pdf\"\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [fields.concat().as_bytes(), file.as_bytes(), &document(), end.as_bytes()].concat()
}

fn upload_head(path: &str, token: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
    )
}
