//! What every form of a report must show, and must not do.

use std::io::Cursor;

use super::sample::accepted;
use super::{Format, ReportDocument, print};

fn printed(document: &ReportDocument, format: Format) -> Vec<u8> {
    print(document, format, "2023-12-22T10:00:00Z".parse().unwrap()).unwrap()
}

fn text(document: &ReportDocument, format: Format) -> String {
    String::from_utf8(printed(document, format)).unwrap()
}

fn part(bytes: Vec<u8>, name: &str) -> String {
    let mut package = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    std::io::read_to_string(package.by_name(name).unwrap()).unwrap()
}

#[test]
fn the_page_shows_all_and_lets_no_text_become_markup() {
    let page = text(&accepted(), Format::Html);
    for shown in [
        "об исполнении дорожной карты «Дорожная карта поддержки»",
        "I. Анализ",
        "с нарушением срока",
        "20.04.2023",
        "Причина: +7 педагогов",
        "перенесено из прошлого отчета, не подтверждено",
        "приказ «О наставниках» от 10.04.2023 № 31",
        "Версия отчета 2, представлен 20.12.2023, принят 22.12.2023",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("<контроль>") && !page.contains("<b>"), "texts are escaped");
    assert!(!page.contains("ПРОЕКТ") && !page.contains("Проблемы"));
}

#[test]
fn what_is_not_accepted_says_so() {
    let mut document = accepted();
    document.is_accepted = false;
    document.accepted_on = None;
    assert!(text(&document, Format::Html).contains("ПРОЕКТ"));
    assert!(text(&document, Format::Html).contains("представлен 20.12.2023, не принят"));
    let docx = part(printed(&document, Format::Docx), "word/document.xml");
    assert!(docx.contains("ПРОЕКТ"));
    document.number = None;
    assert!(text(&document, Format::Html).contains("в этом виде отчет на проверку не представлен"));
}

#[test]
fn the_document_has_a_table_per_section_and_the_same_bytes_each_time() {
    let document = accepted();
    let bytes = printed(&document, Format::Docx);
    assert_eq!(bytes, printed(&document, Format::Docx));
    let xml = part(bytes, "word/document.xml");
    assert_eq!(xml.matches("<w:tblHeader />").count(), 2, "the heading of each stands on every page");
    for shown in ["S1.1", "Вторая строка", "https://school.example.org/31?a=1&amp;b=2", "Директор"]
    {
        assert!(xml.contains(shown), "{shown}");
    }
}

#[test]
fn no_two_tables_of_the_document_touch() {
    let mut document = accepted();
    document.summary = None;
    let xml = part(printed(&document, Format::Docx), "word/document.xml");
    assert_eq!(xml.matches("<w:tbl>").count(), 3, "two sections and the signature");
    assert!(!xml.contains("</w:tbl><w:tbl>"), "{xml}");
}

#[test]
fn quotation_marks_within_a_title_are_nested() {
    let mut document = accepted();
    document.road_map_title = "План («дорожная карта») на 2023 год".into();
    if let Some(row) = document.sections.first_mut().and_then(|section| section.rows.first_mut()) {
        row.evidence.iter_mut().for_each(|one| one.title = "О «Школе наставников»".into());
    }
    let docx = part(printed(&document, Format::Docx), "word/document.xml");
    for text in [text(&document, Format::Html), docx] {
        assert!(text.contains("дорожной карты «План („дорожная карта“) на 2023 год» за период"), "{text}");
        assert!(text.contains("приказ «О „Школе наставников“» от 10.04.2023"), "{text}");
    }
}

#[test]
fn a_table_has_a_row_per_measure_and_no_formula() {
    let table = text(&accepted(), Format::Csv);
    assert!(table.contains("\"'=HYPERLINK(\"\"http://x\"\";\"\"<b>\"\")\nВторая строка\""), "{table}");
    assert!(table.contains(";'+7 педагогов прошли обучение позже;"));
    assert!(table.contains("2023-04-20;да;;"));
    assert!(table.contains(";да;'@Сопровождение;"), "carried over");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(table.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    for row in &rows {
        let own: Vec<&str> = row.iter().skip(13).collect();
        assert_eq!(own, ["МБОУ «Школа № 1»", "2023-01-01", "2023-12-31", "2", "принят"]);
    }
    let workbook = printed(&accepted(), Format::Xlsx);
    assert_eq!(workbook, printed(&accepted(), Format::Xlsx));
    let sheet = part(workbook, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "{sheet}");
    assert_eq!(sheet.matches("<row ").count(), 9, "whose it is, the heading, the measures, the summary");
}

#[test]
fn a_sheet_says_whose_it_is_how_far_it_is_and_what_is_told_of_the_whole() {
    let mut document = accepted();
    document.problems = Some("Нет учителя физики.".into());
    let sheet = |document: &ReportDocument| {
        let sheet = part(printed(document, Format::Xlsx), "xl/worksheets/sheet1.xml");
        sheet.replace('\u{A0}', " ")
    };
    let shown = [
        "МБОУ «Школа № 1»",
        "Отчет об исполнении дорожной карты «Дорожная карта поддержки» за период с 1 января по 31 декабря 2023 года",
        "Версия отчета 2, представлен 20.12.2023, принят 22.12.2023",
        ">Код<",
        ">S2.1<",
        ">Итоги<",
        "Мероприятия исполнены.",
        ">Проблемы<",
        "Нет учителя физики.",
    ];
    let found = sheet(&document);
    let places: Vec<Option<usize>> = shown.iter().map(|text| found.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {found}");
    assert!(!found.contains("ПРОЕКТ"));
    document.is_accepted = false;
    assert!(sheet(&document).contains("ПРОЕКТ"));
    assert!(text(&document, Format::Csv).contains(";2;ПРОЕКТ\r\n"));
}

#[test]
fn a_link_can_be_read_on_paper_and_the_end_is_not_torn() {
    let page = text(&accepted(), Format::Html);
    assert!(page.contains("width=device-width"));
    let (_, on_paper) = page.split_once("@media print").unwrap();
    assert!(on_paper.contains("a[href]::after { content: \": \" attr(href)"), "{on_paper}");
    let end = |page: &str| page.split_once("<div class=\"end\">").map(|(_, end)| end.to_owned()).unwrap();
    assert!(
        end(&page).contains("class=\"signature\"") && end(&page).contains("<footer>"),
        "they stay together"
    );
    assert!(!page.contains("class=\"last\""), "the summary stands between table and signature");
    let mut document = accepted();
    document.summary = None;
    let page = text(&document, Format::Html);
    let (_, last) = page.split_once("<tbody class=\"last\">").unwrap();
    assert!(last.contains("S2.1") && !last.contains("S1.2"), "the last measure goes with the signature");
    assert!(end(last).contains("</tbody>") && page.matches("class=\"signature\"").count() == 1, "{page}");
}
