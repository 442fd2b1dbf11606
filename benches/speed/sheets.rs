//! A long table as a workbook, as the service writes it.

use std::time::Instant;

use school_roadmap::kit::clock::Clock;
use school_roadmap::print::sheet::{self, Cell, Column};

use crate::database::Database;
use crate::service::status_of;
use crate::table::{Limit, Table};

/// As many as 1 000 schools have items of 40 measures.
const ROWS: i32 = 40_000;

/// Writes the table in this process, whose own growth is taken.
pub fn measure(database: &Database, table: &mut Table) -> anyhow::Result<()> {
    let titles = ["№", "Школа", "Мероприятие", "Срок", "Состояние", "Результат", "Дата"];
    let columns = titles.map(|title| Column::new(title, 20));
    let today = Clock::system().today();
    let row = |n: i32| {
        vec![
            Cell::Number(n),
            Cell::Text(format!("МБОУ-Школа № {}", n / 40)),
            Cell::Text("Входной контроль по русскому языку и математике".to_owned()),
            Cell::Text("15-30.09".to_owned()),
            Cell::Text("исполнено".to_owned()),
            Cell::Text(format!("Проведён, справка № {n}; составлен план работы с группой риска")),
            Cell::Date(today),
        ]
    };
    let process = std::process::id();
    let before = status_of(process, "VmRSS:")?;
    std::fs::write(format!("/proc/{process}/clear_refs"), "5")?;
    let started = Instant::now();
    let bytes = sheet::xlsx("Отчеты", Clock::system().now(), &columns, (1..=ROWS).map(row))?;
    let (seconds, told) = (started.elapsed().as_secs_f64(), format!("{} KiB", bytes.len() / 1024));
    table.add(database.name, "XLSX of 40 000 rows", Limit::UnderSeconds(2.0), seconds, &told);
    let growth = status_of(process, "VmHWM:")? - before;
    table.add(database.name, "Memory for it", Limit::UnderMib(100.0), growth, "");
    Ok(())
}
