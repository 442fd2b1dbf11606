//! Speed and memory beside their limits, in one run, on both databases: `cargo bench`.
//!
//! The service runs as its own process, as an operator would run it. It is filled through
//! the API with 1 000 schools and a road map of 40 measures for schools. What it is
//! compared with runs in the same minute on the same machine: a bare actix handler with
//! the same query and no authentication, the raw commit of the same rows, and a bare
//! handler that writes a body to the disk or sends a file. Load comes from this process, so it takes its share of the cores from both sides alike.
//!
//! PostgreSQL is taken from `TEST_DATABASE_URL`, else from the usual local one; a
//! database of its own is made there and dropped again.

mod api;
mod bare;
mod database;
mod deadlines;
mod feed;
mod files;
mod hooks;
mod import;
mod load;
mod next_year;
mod overload;
mod paced;
mod raw;
mod region;
mod round;
mod service;
mod sheets;
mod table;

use database::Database;
use table::Table;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, url, port] = arguments.as_slice()
        && first == bare::ARGUMENT
    {
        return bare::serve(url, port.parse()?).await;
    }
    let mut table = Table::default();
    let asked = |name: &str| arguments.iter().any(|argument| argument == name);
    if asked(overload::ARGUMENT) {
        for database in [Database::sqlite()?, Database::postgres()?] {
            overload::measure(&database, &mut table).await?;
        }
        return table.print();
    }
    for database in [Database::sqlite()?, Database::postgres()?] {
        if !asked(feed::ARGUMENT) {
            round::measure(&database, &mut table).await?;
        }
    }
    for database in [Database::sqlite()?, Database::postgres()?] {
        feed::measure(&database, &mut table).await?;
    }
    table.print()
}
