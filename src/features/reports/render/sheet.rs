//! The report as a table, one row per measure.
//!
//! The sheet of a workbook is read by itself: whose report it is and how far it has got stand
//! above the table, the texts about the whole below it as on paper, for they are too long to stay
//! in sight. The text table stays a table, to be put together with those of other schools: each
//! row says whose it is, in columns after its own; texts about the whole belong to no row, and
//! are left out.

use chrono::{DateTime, Utc};

use super::RenderError;
use super::document::{DocumentRow, ReportDocument};
use super::number::DocumentNumber;
use crate::print::sheet::{self, Around, Cell, Column};
use crate::print::text::line;

/// The report as CSV.
///
/// # Errors
///
/// [`RenderError::Sheet`], which no input is known to cause.
pub(super) fn csv(document: &ReportDocument) -> Result<Vec<u8>, RenderError> {
    let own = [
        Column::new("Организация", 40),
        Column::new("Начало периода", 12),
        Column::new("Конец периода", 12),
        Column::new("Версия отчета", 8),
        Column::new("Состояние", 12),
    ];
    let columns: Vec<Column> = columns().into_iter().chain(own).collect();
    let own = || {
        [
            Cell::Text(line(&document.subject)),
            Cell::Date(document.period_start),
            Cell::Date(document.period_end),
            document.number.map_or(Cell::Empty, Cell::Number),
            Cell::Text(document.draft_mark().unwrap_or("принят").to_owned()),
        ]
    };
    let rows = rows(document).map(|row| row.into_iter().chain(own()).collect());
    Ok(sheet::csv(&columns, rows)?)
}

/// The report as a workbook.
///
/// # Errors
///
/// [`RenderError::Sheet`]: no temporary file can be written.
pub(super) fn xlsx(document: &ReportDocument, made_at: DateTime<Utc>) -> Result<Vec<u8>, RenderError> {
    let title = format!("Отчет {}", document.title());
    let above = document.draft_mark().map(str::to_owned).into_iter();
    let texts = document.texts().into_iter().map(|(title, lines)| (title.to_owned(), lines));
    let around = Around {
        above: above.chain([line(&document.subject), title, document.state()]).collect(),
        below: texts.collect(),
    };
    Ok(sheet::xlsx_with(&around, "Отчет", made_at, &columns(), rows(document))?)
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
        Column::new("Показатели", 40),
        Column::new("Подтверждение", 40),
    ]
}

fn rows(document: &ReportDocument) -> impl Iterator<Item = Vec<Cell>> {
    document.rows().map(|(section, row)| cells(section, row))
}

fn cells(section: &str, row: &DocumentRow) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let yes = |is: bool| if is { text("да") } else { Cell::Empty };
    let numbers: Vec<String> = row.numbers.iter().map(DocumentNumber::line).collect();
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
        Cell::text(Some(numbers.join("\n")).filter(|text| !text.is_empty()).as_deref()),
        Cell::text(Some(evidence.join("\n")).filter(|text| !text.is_empty()).as_deref()),
    ]
}
