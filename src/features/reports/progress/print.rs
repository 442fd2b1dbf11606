//! The table of schools by measures as a picture, a page, a workbook and a text table.

use std::fmt::Write;

use askama::Template;
use chrono::{DateTime, Utc};

use super::super::content::ContentShown;
use super::super::domain::ItemStatus;
use super::grid::{Grid, Line};
use super::mark::Mark;
use crate::error::Error;
use crate::features::road_maps::Measure;
use crate::kit::code::Code;
use crate::kit::lang::Lang;
use crate::kit::plural;
use crate::print::sheet::{self, Cell, Column};
use crate::print::text;
use crate::web::format::Format;

/// Side of a cell of the picture, in its units.
const CELL: usize = 18;
/// Room around the table.
const MARGIN: usize = 16;
/// Rows after which the codes of the measures stand again, so that nobody loses his column.
const ROWS_OF_A_BAND: usize = 40;
/// Characters of a line of a name, and of a code, that the picture shows.
const NAME_MAX: usize = 44;
const CODE_MAX: usize = 12;
/// Height of a line of a name.
const LINE: usize = 14;
/// Marks of the legend side by side, and the room of each.
const LEGEND_COLUMNS: usize = 2;
const LEGEND_WIDTH: usize = 240;
/// Units of a character, on the average, of names and of codes.
const NAME_CHAR: usize = 7;
const CODE_CHAR: usize = 8;
/// Base line of the first line of the road map's title, and the distance of its lines.
const TITLE_AT: usize = 46;
const TITLE_LINE: usize = 16;
/// Room for the state of a report.
const STATE_WIDTH: usize = 170;

/// The table in a form for people.
///
/// # Errors
///
/// The form cannot be made: a fault of the service.
pub fn printed(grid: &Grid, format: Format, made_at: DateTime<Utc>) -> Result<Vec<u8>, Error> {
    let fault = |cause: anyhow::Error| Error::Internal(cause);
    let view = View::of(grid);
    match format {
        Format::Svg => Ok(Picture::of(&view).render().map_err(|cause| fault(cause.into()))?.into_bytes()),
        Format::Html => Ok(Page { view: &view }.render().map_err(|cause| fault(cause.into()))?.into_bytes()),
        Format::Csv => {
            sheet::csv(&view.sheet_columns(), view.sheet_rows()).map_err(|cause| fault(cause.into()))
        }
        _ => sheet::xlsx("Ход мониторинга", made_at, &view.sheet_columns(), view.sheet_rows())
            .map_err(|cause| fault(cause.into())),
    }
}

/// The table in words and marks.
struct View<'a> {
    title: String,
    period: String,
    as_of: String,
    schools: String,
    columns: &'a [Measure],
    rows: Vec<Row<'a>>,
    /// The marks that stand in the table, each with what it means and how often it stands there.
    legend: Vec<(Mark, usize)>,
}

/// A row: a school.
struct Row<'a> {
    name: &'a str,
    state: &'static str,
    line: &'a Line,
    marks: Vec<Mark>,
}

impl<'a> View<'a> {
    fn of(grid: &'a Grid) -> Self {
        let row = |line: &'a Line| Row {
            name: line.report.school_name.as_deref().unwrap_or_default(),
            state: line.report.status.label(Lang::Ru),
            line,
            marks: line.cells.iter().map(|cell| mark(line, *cell)).collect(),
        };
        let rows: Vec<Row<'_>> = grid.rows().map(row).collect();
        let count = |mark: &Mark| rows.iter().flat_map(|row| &row.marks).filter(|one| *one == mark).count();
        let legend = Mark::ALL.into_iter().map(|mark| (mark, count(&mark)));
        Self {
            title: text::line(&grid.title),
            period: text::period(grid.monitoring.period_start, grid.monitoring.period_end),
            as_of: text::long_date(grid.today),
            schools: plural::counted(rows.len(), ["школа", "школы", "школ"]),
            columns: &grid.columns,
            legend: legend.filter(|(_, count)| *count > 0).collect(),
            rows,
        }
    }

    /// What a reader hears instead of seeing the picture.
    fn description(&self) -> String {
        let counts: Vec<String> =
            self.legend.iter().map(|(mark, count)| format!("{} – {count}", mark.label())).collect();
        format!("{}, мероприятий: {}. {}.", self.schools, self.columns.len(), counts.join("; "))
    }

    fn sheet_columns(&self) -> Vec<Column> {
        let first = [Column::new("Школа", 40), Column::new("Отчет", 22), Column::new("Срок отчета", 12)];
        let measures = self.columns.iter().map(|measure| Column::new(&measure.code, 12));
        first.into_iter().chain(measures).collect()
    }

    fn sheet_rows(&self) -> impl Iterator<Item = Vec<Cell>> {
        self.rows.iter().map(|row| {
            let first = [
                Cell::Text(row.name.to_owned()),
                Cell::Text(row.state.to_owned()),
                Cell::Date(row.line.deadline),
            ];
            first
                .into_iter()
                .chain(row.marks.iter().map(|mark| Cell::Text(mark.label().to_owned())))
                .collect()
        })
    }
}

/// What a cell shows to this reader.
fn mark(line: &Line, cell: Option<ItemStatus>) -> Mark {
    match (cell, line.shown) {
        (Some(status), _) => Mark::Status(status),
        (None, ContentShown::Hidden) => Mark::Hidden,
        (None, ContentShown::Current | ContentShown::LastSubmitted) => Mark::Outside,
    }
}

/// The page of the note's annex; askama escapes every text.
#[derive(Template)]
#[template(path = "reports/progress/page.html")]
struct Page<'a> {
    view: &'a View<'a>,
}

/// The picture; askama escapes every text.
#[derive(Template)]
#[template(path = "reports/progress/picture.svg")]
struct Picture<'a> {
    view: &'a View<'a>,
    width: usize,
    height: usize,
    /// The road map's title, line by line: base line and text.
    titles: Vec<(usize, String)>,
    /// Base line of the line under it.
    about: usize,
    /// Where names end, left of the table.
    left: usize,
    /// Where states begin, right of it.
    right: usize,
    bands: Vec<Band<'a>>,
    paths: Vec<(Mark, String, String)>,
    /// Place, mark and how often it stands in the table.
    legend: Vec<(usize, usize, Mark, usize)>,
}

/// Some rows under their heading.
struct Band<'a> {
    /// The base line of the heading.
    y: usize,
    /// The codes, each with the middle of its column.
    codes: Vec<(usize, String, &'a str)>,
    /// Names, line by line: base line and text.
    names: Vec<(usize, String)>,
    /// States of the reports: base line and text.
    states: Vec<(usize, &'static str)>,
}

impl<'a> Picture<'a> {
    fn of(view: &'a View<'a>) -> Self {
        let names: Vec<Vec<String>> = view.rows.iter().map(|row| wrapped(row.name, NAME_MAX)).collect();
        let longest = names.iter().flatten().map(|line| line.chars().count()).max().unwrap_or_default();
        let codes = view.columns.iter().map(|measure| measure.code.chars().count()).max().unwrap_or_default();
        let left = MARGIN + longest * NAME_CHAR + 12;
        let right = left + view.columns.len() * CELL;
        let heading = codes.min(CODE_MAX) * CODE_CHAR + 12;

        let width = (right + STATE_WIDTH + MARGIN).max(MARGIN * 2 + LEGEND_COLUMNS * LEGEND_WIDTH);
        let titles = wrapped(&view.title, (width - MARGIN * 2) / NAME_CHAR);
        let about = TITLE_AT + titles.len() * TITLE_LINE;
        let titles = titles.into_iter().enumerate().map(|(n, line)| (TITLE_AT + n * TITLE_LINE, line));

        let top = about + 12;
        let mut drawing = Drawing::of(view);
        let legend = drawing.legend(view, top);
        let mut y = top + view.legend.len().div_ceil(LEGEND_COLUMNS) * (CELL + 4);
        let rows: Vec<(&Row<'_>, Vec<String>)> = view.rows.iter().zip(names).collect();
        let mut bands = Vec::new();
        for some in rows.chunks(ROWS_OF_A_BAND) {
            y += heading;
            let mut band = Band { y: y - 6, codes: heads(view, left), names: Vec::new(), states: Vec::new() };
            for (row, lines) in some {
                let height = CELL.max(lines.len() * LINE + 4);
                let middle = y + height / 2;
                let first = middle + 4 - (lines.len().saturating_sub(1)) * LINE / 2;
                band.names.extend(lines.iter().enumerate().map(|(n, line)| (first + n * LINE, line.clone())));
                band.states.push((middle + 4, row.state));
                for (column, mark) in row.marks.iter().enumerate() {
                    drawing.draw(*mark, left + column * CELL, middle - CELL / 2);
                }
                y += height;
            }
            bands.push(band);
        }
        Self {
            view,
            width,
            height: y + MARGIN,
            titles: titles.collect(),
            about,
            left: left - 8,
            right: right + 10,
            bands,
            paths: drawing.paths,
            legend,
        }
    }
}

/// The codes over the columns, each with the middle of its column.
fn heads<'a>(view: &View<'a>, left: usize) -> Vec<(usize, String, &'a str)> {
    let head = |(column, measure): (usize, &'a Measure)| {
        (left + column * CELL + CELL / 2 + 4, cut(&measure.code, CODE_MAX), measure.title.as_str())
    };
    view.columns.iter().enumerate().map(head).collect()
}

/// All squares and all strokes of each mark, as one path each: thousands of cells stay few elements.
struct Drawing {
    paths: Vec<(Mark, String, String)>,
}

impl Drawing {
    fn of(view: &View<'_>) -> Self {
        Self { paths: view.legend.iter().map(|(mark, _)| (*mark, String::new(), String::new())).collect() }
    }

    /// Draws a cell with its upper left corner there.
    fn draw(&mut self, mark: Mark, x: usize, y: usize) {
        if let Some((_, squares, strokes)) = self.paths.iter_mut().find(|(known, ..)| *known == mark) {
            // Writing to a text cannot fail.
            let _ = write!(squares, "M{x} {y}h{CELL}v{CELL}h-{CELL}z");
            if !mark.strokes().is_empty() {
                let _ = write!(strokes, "M{x} {y}{}", mark.strokes());
            }
        }
    }

    /// Draws the cells of the legend; gives its words with their places.
    fn legend(&mut self, view: &View<'_>, top: usize) -> Vec<(usize, usize, Mark, usize)> {
        let mut words = Vec::new();
        for (place, (mark, count)) in view.legend.iter().enumerate() {
            let x = MARGIN + place % LEGEND_COLUMNS * LEGEND_WIDTH;
            let y = top + place / LEGEND_COLUMNS * (CELL + 4);
            self.draw(*mark, x, y);
            words.push((x + CELL + 8, y + 13, *mark, *count));
        }
        words
    }
}

/// The beginning of a text.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{}…", start.trim_end())
}

/// A text in lines of at most so many characters, broken between words; a longer word stays whole.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= most) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
