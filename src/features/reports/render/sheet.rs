//! The report as a table, one row per measure.

use chrono::{DateTime, Utc};

use super::RenderError;
use super::document::{DocumentRow, ReportDocument};
use crate::print::sheet::{self, Cell, Column};

/// The report as CSV.
///
/// # Errors
///
/// [`RenderError::Sheet`], which no input is known to cause.
pub(super) fn csv(document: &ReportDocument) -> Result<Vec<u8>, RenderError> {
    Ok(sheet::csv(&columns(), rows(document))?)
}

/// The report as a workbook.
///
/// # Errors
///
/// [`RenderError::Sheet`]: no temporary file can be written.
pub(super) fn xlsx(document: &ReportDocument, made_at: DateTime<Utc>) -> Result<Vec<u8>, RenderError> {
    Ok(sheet::xlsx("Отчет", made_at, &columns(), rows(document))?)
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("Код", 8),
        Column::new("Раздел", 22),
        Column::new("Мероприятие", 40),
        Column::new("Срок", 18),
        Column::new("Дата срока", 12),
        Column::new("Отметка об исполнении", 18),
        Column::new("Дата исполнения", 12),
        Column::new("С нарушением срока", 12),
        Column::new("Перенесено и не подтверждено", 14),
        Column::new("Результат", 40),
        Column::new("Причина", 30),
        Column::new("Подтверждение", 40),
    ]
}

fn rows(document: &ReportDocument) -> impl Iterator<Item = Vec<Cell>> {
    document.rows().map(|(section, row)| cells(section, row))
}

fn cells(section: &str, row: &DocumentRow) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let yes = |is: bool| if is { text("да") } else { Cell::Empty };
    let evidence: Vec<String> = row.evidence.iter().map(|one| one.reference()).collect();
    vec![
        text(&row.code),
        text(section),
        text(&row.title),
        text(&row.deadline),
        Cell::date(row.due_date),
        text(row.status_label),
        Cell::date(row.actual_date),
        yes(row.late),
        yes(row.carried_over),
        Cell::text(row.result.as_deref()),
        Cell::text(row.reason.as_deref()),
        Cell::text(Some(evidence.join("\n")).filter(|text| !text.is_empty()).as_deref()),
    ]
}
