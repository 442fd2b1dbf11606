//! Russian dates, numbers and punctuation of printed documents.

use chrono::{Datelike, NaiveDate};

use crate::kit::text::is_forbidden;

/// A space at which a line is not broken.
const NBSP: char = '\u{A0}';

/// «29 декабря 2023 года».
#[must_use]
pub fn long_date(date: NaiveDate) -> String {
    format!("{} {}{NBSP}года", day_and_month(date), date.year())
}

/// «29.12.2023».
#[must_use]
pub fn short_date(date: NaiveDate) -> String {
    date.format("%d.%m.%Y").to_string()
}

/// «с 1 января по 31 декабря 2023 года»; both years when they differ.
#[must_use]
pub fn period(start: NaiveDate, end: NaiveDate) -> String {
    let first = if start.year() == end.year() { day_and_month(start) } else { long_date(start) };
    format!("с{NBSP}{first} по{NBSP}{}", long_date(end))
}

/// «№ 515».
#[must_use]
pub fn number(number: &str) -> String {
    format!("№{NBSP}{}", line(number))
}

/// «от 08.12.2023 № 515», or «от 08.12.2023» without a number.
#[must_use]
pub fn requisites(date: NaiveDate, no: Option<&str>) -> String {
    let date = format!("от{NBSP}{}", short_date(date));
    match no {
        Some(no) => format!("{date} {}", number(no)),
        None => date,
    }
}

/// One line of a typed text: no characters that XML or a reader cannot bear, single spaces.
#[must_use]
pub fn line(text: &str) -> String {
    let bearable: String = text
        .chars()
        .map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c })
        .filter(|&c| !is_forbidden(c) && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        .collect();
    let words: Vec<&str> = bearable.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// A title in quotation marks: «…», and what stands in quotation marks within it in „…“. A title
/// that is quoted as a whole already keeps its marks.
#[must_use]
pub fn quoted(title: &str) -> String {
    let title = line(title);
    let mut inner = String::with_capacity(title.len());
    for c in unquoted(&title).chars() {
        let opens =
            inner.chars().next_back().is_none_or(|before| matches!(before, ' ' | NBSP | '(' | '[' | '„'));
        inner.push(match c {
            '«' => '„',
            '»' => '“',
            '"' if opens => '„',
            '"' => '“',
            _ => c,
        });
    }
    format!("«{inner}»")
}

/// A title without the pair of quotation marks that encloses the whole of it.
fn unquoted(title: &str) -> &str {
    let straight = title.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let angled = title.strip_prefix('«').and_then(|rest| rest.strip_suffix('»'));
    let is_whole = |inner: &&str| {
        let mut depth = 0_i32;
        !inner.contains('"')
            && inner.chars().all(|c| {
                depth += i32::from(c == '«') - i32::from(c == '»');
                depth >= 0
            })
            && depth == 0
    };
    straight.or(angled).filter(is_whole).unwrap_or(title)
}

/// The paragraphs of a typed text: its lines, without empty ones.
#[must_use]
pub fn paragraphs(text: &str) -> Vec<String> {
    text.lines().map(line).filter(|text| !text.is_empty()).collect()
}

/// «1, 3–5»: rising numbers, with neighbours drawn together.
#[must_use]
pub fn ranges(numbers: &[u32]) -> String {
    let neighbours = |one: &u32, next: &u32| one.checked_add(1) == Some(*next);
    let runs = numbers.chunk_by(neighbours).map(|run| match run {
        [first, .., last] if run.len() > 2 => format!("{first}–{last}"),
        some => some.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// Ends every item with a semicolon, and the last one with a full stop.
#[must_use]
pub fn enumerated(items: Vec<String>) -> Vec<String> {
    let last = items.len();
    items
        .into_iter()
        .zip(1..)
        .map(|(item, i)| match (i == last, item.ends_with('.')) {
            (true, true) => item,
            (true, false) => format!("{item}."),
            (false, _) => format!("{item};"),
        })
        .collect()
}

/// The text with a full stop, unless it ends in a mark of its own.
#[must_use]
pub fn sentence(text: String) -> String {
    if text.ends_with(['.', '!', '?', ':', ';', '…']) { text } else { format!("{text}.") }
}

fn day_and_month(date: NaiveDate) -> String {
    let month = match date.month() {
        1 => "января",
        2 => "февраля",
        3 => "марта",
        4 => "апреля",
        5 => "мая",
        6 => "июня",
        7 => "июля",
        8 => "августа",
        9 => "сентября",
        10 => "октября",
        11 => "ноября",
        _ => "декабря",
    };
    format!("{}{NBSP}{month}", date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn dates_are_written_as_in_documents() {
        assert_eq!(long_date(day("2023-12-29")), "29\u{A0}декабря 2023\u{A0}года");
        assert_eq!(
            period(day("2023-01-01"), day("2023-12-31")),
            "с\u{A0}1\u{A0}января по\u{A0}31\u{A0}декабря 2023\u{A0}года"
        );
        assert_eq!(
            period(day("2023-09-01"), day("2024-05-31")).replace('\u{A0}', " "),
            "с 1 сентября 2023 года по 31 мая 2024 года"
        );
        assert_eq!(requisites(day("2023-12-08"), Some("515")), "от\u{A0}08.12.2023 №\u{A0}515");
        assert_eq!(requisites(day("2023-12-08"), None), "от\u{A0}08.12.2023");
    }

    #[test]
    fn a_line_bears_no_controls() {
        assert_eq!(line(" а\u{0}б\u{202E}\n\tв  г\u{FFFF} "), "аб в г");
        assert_eq!(line("8\u{A0}школ"), "8\u{A0}школ");
        assert_eq!(paragraphs("а\r\n\n б "), ["а", "б"]);
    }

    #[test]
    fn a_title_in_quotes_has_its_own_quotes_nested() {
        for (title, printed) in [
            ("Дорожная карта", "«Дорожная карта»"),
            ("План («дорожная карта») на 2023 год", "«План („дорожная карта“) на 2023 год»"),
            ("План (\"дорожная карта\") на 2023 год", "«План („дорожная карта“) на 2023 год»"),
            ("О «Школе наставников»", "«О „Школе наставников“»"),
            ("«Школа» и «Дом»", "«„Школа“ и „Дом“»"),
            ("\"Школа\" и \"Дом\"", "«„Школа“ и „Дом“»"),
            ("«Школа»", "«Школа»"),
            ("\"Школа\"", "«Школа»"),
            ("«План «Успех» на год»", "«План „Успех“ на год»"),
            ("\"", "«„»"),
            ("", "«»"),
        ] {
            assert_eq!(quoted(title), printed);
        }
    }

    #[test]
    fn neighbouring_numbers_are_drawn_together() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[1]), "1");
        assert_eq!(ranges(&[1, 2]), "1, 2");
        assert_eq!(ranges(&[2, 3, 4, 6, 8, 9]), "2–4, 6, 8, 9");
    }

    #[test]
    fn items_end_as_in_a_sentence() {
        let items = enumerated(vec!["а".into(), "б и т. д.".into(), "в".into()]);
        assert_eq!(items, ["а;", "б и т. д.;", "в."]);
        assert_eq!(sentence("Да".into()), "Да.");
        assert_eq!(sentence("Да.".into()), "Да.");
    }
}
