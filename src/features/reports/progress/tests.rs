//! The table drawn: every state told by shape and word, names whole, a thousand schools.

use std::collections::HashSet;

use super::super::content::ContentShown;
use super::super::domain::tests::{between, by, day};
use super::super::domain::{ItemStatus, ReportStatus};
use super::super::submission::{Completeness, Timeliness};
use super::mark::Mark;
use super::store::ReportBrief;
use super::{Grid, Line, printed};
use crate::features::monitorings::{MonitoringRow, MonitoringStatus};
use crate::features::road_maps::Measure;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, MonitoringId, MunicipalityId, OrderId, ReportId, RoadMapId, SchoolId};
use crate::web::format::Format;

fn monitoring() -> MonitoringRow {
    MonitoringRow {
        id: MonitoringId("m".into()),
        municipality_id: MunicipalityId("mu".into()),
        road_map_id: RoadMapId("r".into()),
        conclusion_template_id: None,
        order_id: OrderId("o".into()),
        support_list_ids: "[]".into(),
        period_start: day("2023-01-01"),
        period_end: day("2023-12-31"),
        report_deadline: day("2023-12-22"),
        status: MonitoringStatus::Open,
        opened_at: None,
        opened_on: None,
        frozen_at: None,
        cancel_reason: None,
        version: 1,
        created_at: day("2023-12-08").and_time(chrono::NaiveTime::MIN),
        updated_at: day("2023-12-08").and_time(chrono::NaiveTime::MIN),
    }
}

fn column(number: usize) -> Measure {
    let mut measure =
        if number.is_multiple_of(2) { by("2023-04-14") } else { between("2023-10-01", "2023-12-31") };
    measure.id = MeasureId(format!("measure-{number}"));
    measure.code = format!("S{}.{}", number / 10 + 1, number % 10 + 1);
    measure.title = format!("Мероприятие <{number}> & «школа»");
    measure
}

fn line(name: &str, shown: ContentShown, cells: Vec<Option<ItemStatus>>) -> Line {
    Line {
        report: ReportBrief {
            id: ReportId(format!("report of {name}")),
            municipality_id: MunicipalityId("mu".into()),
            school_id: Some(SchoolId(name.into())),
            status: ReportStatus::Submitted,
            submission: 1,
            first_submitted_at: None,
            extension_until: None,
            school_name: Some(name.into()),
        },
        deadline: day("2023-12-22"),
        overdue: false,
        late: false,
        completeness: Completeness { filled: 0, total: 0 },
        timeliness: Timeliness::default(),
        late_items: 0,
        overdue_items: 0,
        shown,
        cells,
    }
}

fn grid(lines: Vec<Line>, columns: usize) -> Grid {
    Grid {
        monitoring: monitoring(),
        title: "План мероприятий («дорожная карта») по сопровождению школ с низкими образовательными результатами на <2023> год"
            .into(),
        columns: (0..columns).map(column).collect(),
        lines,
        today: day("2023-12-25"),
    }
}

fn text(grid: &Grid, format: Format) -> String {
    String::from_utf8(printed(grid, format, "2023-12-25T09:00:00Z".parse().unwrap()).unwrap()).unwrap()
}

/// A table in which every mark stands once.
fn every_mark() -> Grid {
    let cells = ItemStatus::ALL.iter().copied().map(Some).chain([None]).collect();
    let name = "МБОУ «Средняя общеобразовательная школа № 1 имени Героя Советского Союза <П. И. Бровичева>»";
    grid(
        vec![
            line(name, ContentShown::Current, cells),
            line("Школа № 2", ContentShown::Hidden, vec![None; 7]),
        ],
        7,
    )
}

#[test]
fn every_mark_has_a_shape_a_sign_and_a_word_of_its_own() {
    let distinct = |of: fn(Mark) -> &'static str| Mark::ALL.map(of).into_iter().collect::<HashSet<_>>().len();
    assert_eq!(
        (distinct(Mark::class), distinct(Mark::sign), distinct(Mark::strokes), distinct(Mark::label)),
        (8, 8, 8, 8)
    );
    assert_eq!(Mark::ALL.len(), ItemStatus::ALL.len() + 2);
}

#[test]
fn the_picture_stands_alone_and_says_what_it_shows() {
    let svg = text(&every_mark(), Format::Svg);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby="));
    for said in [
        "Ход исполнения мероприятий: План мероприятий («дорожная карта») по сопровождению школ с низкими образовательными результатами на &#60;2023&#62; год</title>",
        ">результатами на &#60;2023&#62; год</text>",
        "2 школы, мероприятий: 7.",
        "исполнено – 1",
        "отчет не представлен – 7",
        "не относится к школе: 1",
        ">имени Героя Советского Союза &#60;П. И.</text>",
        ">Бровичева&#62;»</text>",
        "Мероприятие &#60;3&#62; &#38; «школа»",
    ] {
        assert!(svg.contains(said), "{said} is not in {svg}");
    }
    for outside in ["http:", "https:", "<script", "<image", "href", "url("] {
        assert_eq!(svg.matches(outside).count(), usize::from(outside == "http:"), "{outside}");
    }
    let tags = |tag: &str| svg.matches(tag).count();
    assert_eq!(tags("<path"), 15, "squares and strokes for each mark; what is outside has no strokes");
    assert_eq!((tags("<text"), tags("<title")), (tags("</text>"), tags("</title>")));
}

#[test]
fn the_page_is_a_table_with_headings_for_rows_and_columns() {
    let html = text(&every_mark(), Format::Html);
    assert_eq!(html.matches("<th scope=\"row\">").count(), 2);
    assert_eq!(html.matches("<th scope=\"col\"").count(), 2 + 7);
    assert!(
        html.contains("size: A4 landscape") && html.contains("<td class=\"n\" title=\"не исполнено\">✕</td>")
    );
    assert!(html.contains("<dt>S1.1</dt><dd>Мероприятие &#60;0&#62; &#38; «школа» (x)</dd>"));
    assert!(!html.contains("<script") && !html.contains("http"));
}

#[test]
fn the_tables_for_office_suites_say_it_in_words() {
    let mut formula = every_mark();
    formula.lines[1].report.school_name = Some("=HYPERLINK(\"x\")".into());
    let csv = text(&formula, Format::Csv);
    let lines: Vec<&str> = csv.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(lines[0], "Школа;Отчет;Срок отчета;S1.1;S1.2;S1.3;S1.4;S1.5;S1.6;S1.7");
    assert!(lines[1].ends_with(";представлен;2023-12-22;не начато;исполняется;исполнено;исполнено частично;не исполнено;не требуется;не относится к школе"), "{csv}");
    assert!(lines[2].starts_with("\"'=HYPERLINK"), "{csv}");
    let xlsx = printed(&formula, Format::Xlsx, "2023-12-25T09:00:00Z".parse().unwrap()).unwrap();
    assert!(xlsx.starts_with(b"PK"));
}

#[test]
fn a_thousand_schools_are_few_elements_and_long_names_go_on_in_another_line() {
    let cells = |row: usize| -> Vec<Option<ItemStatus>> {
        (0..40).map(|column| ItemStatus::ALL.get((row + column) % 6).copied()).collect()
    };
    let lines = (0..1000).map(|row| {
        line(
            &format!("МБОУ «Школа с очень длинным названием для проверки № {row}»"),
            ContentShown::Current,
            cells(row),
        )
    });
    let svg = text(&grid(lines.collect(), 40), Format::Svg);
    assert_eq!(svg.matches("<path").count(), 12);
    assert_eq!(svg.matches('M').count(), 2 * (40_000 + 6), "a square and strokes for each cell");
    assert!(
        svg.contains(">МБОУ «Школа с очень длинным названием для</text>")
            && svg.contains(">проверки № 999»</text>")
    );
    assert!(svg.len() < 4 * 1024 * 1024, "{}", svg.len());
    let empty = text(&grid(Vec::new(), 0), Format::Svg);
    assert!(empty.contains("0 школ, мероприятий: 0."));
}
