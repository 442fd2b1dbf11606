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
fn a_table_has_a_row_per_measure_and_no_formula() {
    let table = text(&accepted(), Format::Csv);
    assert!(table.contains("\"'=HYPERLINK(\"\"http://x\"\";\"\"<b>\"\")\nВторая строка\""), "{table}");
    assert!(table.contains(";'+7 педагогов прошли обучение позже;"));
    assert!(table.contains("2023-04-20;да;;"));
    assert!(table.contains(";да;'@Сопровождение;"), "carried over");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(table.as_bytes());
    assert_eq!(reader.records().map(Result::unwrap).count(), 3);
    let workbook = printed(&accepted(), Format::Xlsx);
    assert_eq!(workbook, printed(&accepted(), Format::Xlsx));
    let sheet = part(workbook, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "{sheet}");
    assert_eq!(sheet.matches("<row ").count(), 4);
}
