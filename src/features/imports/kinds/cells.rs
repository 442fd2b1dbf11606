//! What a cell of a table becomes in the body of its row.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::codes::{Codes, LEVEL};
use super::columns::{Column, Form};
use crate::kit::lang::Bi;
use crate::kit::text;

/// Characters that make an office suite take a text for a formula; exports put an apostrophe before them.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Digits of an OGRN.
const OGRN: usize = 13;

/// What is wrong with a cell.
pub struct CellFault {
    /// Its code.
    pub code: &'static str,
    /// What to do about it.
    pub detail: Bi,
}

/// Writes a cell into the body of its row.
///
/// # Errors
///
/// Characters that no text may hold, or a value that is not of the column's form.
pub fn write(body: &mut Map<String, Value>, column: &Column, cell: &str) -> Result<(), CellFault> {
    let plain = cell.replace("\r\n", "\n").replace('\r', "\n");
    let plain = text::normal(undefused(&plain));
    if plain.chars().any(text::is_forbidden) {
        let detail = Bi::fixed("Недопустимые управляющие символы", "Control characters are not allowed");
        return Err(CellFault { code: "forbidden-character", detail });
    }
    let [first, rest @ ..] = column.path else { return Ok(()) };
    let value = match value_of(column.form, &plain)? {
        // A part of something larger that is not said is left out of it.
        Some(Value::Null) if !rest.is_empty() => return Ok(()),
        Some(Value::Array(parts)) if !rest.is_empty() && parts.is_empty() => return Ok(()),
        Some(value) => value,
        None => return Ok(()),
    };
    match rest {
        [inner, ..] => {
            let object = body.entry(*first).or_insert_with(|| Value::Object(Map::new()));
            if let Some(members) = object.as_object_mut() {
                members.insert((*inner).to_owned(), value);
            }
        }
        [] => {
            body.insert((*first).to_owned(), value);
        }
    }
    Ok(())
}

/// The text without the apostrophe that an export has put before what looks like a formula.
fn undefused(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA_STARTS) => rest,
        _ => cell,
    }
}

/// The value of a cell; `None` for an empty one that says nothing.
fn value_of(form: Form, cell: &str) -> Result<Option<Value>, CellFault> {
    let empty = cell.is_empty();
    Ok(match form {
        Form::Text | Form::Number | Form::Date if empty => Some(Value::Null),
        Form::Code(_) if empty => Some(Value::Null),
        Form::Flag | Form::AcademicYear | Form::Schools if empty => None,
        Form::Text => Some(Value::String(cell.to_owned())),
        Form::Number => Some(number(cell)?),
        Form::Date => Some(Value::String(date(cell)?)),
        Form::Flag => Some(Value::Bool(flag(cell)?)),
        Form::AcademicYear => Some(academic_year(cell)?),
        Form::Code(codes) => Some(Value::from(code(codes, cell)?)),
        Form::CodeList(codes) => {
            let parts = parts(cell, &[';', ',', '\n']);
            Some(Value::from(parts.iter().map(|part| code(codes, part)).collect::<Result<Vec<_>, _>>()?))
        }
        Form::TextList => Some(Value::from(parts(cell, &[';', '\n']))),
        Form::NumberList => {
            let parts = parts(cell, &[';', ',', '\n']);
            Some(Value::from(parts.iter().map(|part| number(part)).collect::<Result<Vec<_>, _>>()?))
        }
        Form::Schools => Some(schools(cell)?),
    })
}

fn parts(cell: &str, marks: &[char]) -> Vec<String> {
    cell.split(marks).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn number(cell: &str) -> Result<Value, CellFault> {
    let digits: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
    digits.parse::<i64>().map(Value::from).map_err(|_no_number| CellFault {
        code: "not-a-number",
        detail: Bi::fixed("Нужно целое число", "A whole number is needed"),
    })
}

fn flag(cell: &str) -> Result<bool, CellFault> {
    match text::folded(cell).as_str() {
        "да" | "true" | "1" | "yes" | "+" => Ok(true),
        "нет" | "false" | "0" | "no" | "-" => Ok(false),
        _ => Err(CellFault {
            code: "not-a-flag",
            detail: Bi::fixed("Допустимы «да» и «нет»", "Yes and no are allowed"),
        }),
    }
}

/// A date as `2023-12-29` or `29.12.2023`; what is neither is left to the rules of the body.
fn date(cell: &str) -> Result<String, CellFault> {
    let day = ["%Y-%m-%d", "%d.%m.%Y"].iter().find_map(|form| NaiveDate::parse_from_str(cell, form).ok());
    day.map(|day| day.to_string()).ok_or_else(|| CellFault {
        code: "impossible-date",
        detail: Bi::fixed(
            "Такой даты нет; формат ДД.ММ.ГГГГ или ГГГГ-ММ-ДД",
            "No such date; DD.MM.YYYY or YYYY-MM-DD",
        ),
    })
}

fn academic_year(cell: &str) -> Result<Value, CellFault> {
    let wrong = || CellFault {
        code: "not-an-academic-year",
        detail: Bi::fixed(
            "Учебный год указывают как 2023/2024 или 2023",
            "An academic year is 2023/2024 or 2023",
        ),
    };
    let (first, second) = cell.split_once(['/', '-', '–']).map_or((cell, None), |(a, b)| (a, Some(b.trim())));
    let start: i64 = first.trim().parse().map_err(|_no_number| wrong())?;
    let next = start + 1;
    let fits =
        second.is_none_or(|second| second == next.to_string() || second == format!("{:02}", next % 100));
    if fits { Ok(Value::from(start)) } else { Err(wrong()) }
}

fn code(codes: &Codes, cell: &str) -> Result<&'static str, CellFault> {
    codes.code(cell).ok_or_else(|| {
        let labels = (codes.labels)();
        let detail = Bi::of(format!("Допустимые значения: {labels}"), format!("Allowed values: {labels}"));
        CellFault { code: "unknown-code", detail }
    })
}

/// «Все», levels of education, or schools by OGRN.
fn schools(cell: &str) -> Result<Value, CellFault> {
    if matches!(text::folded(cell).as_str(), "все" | "all" | "все школы") {
        return Ok(json!({"kind": "all"}));
    }
    let parts = parts(cell, &[';', ',', '\n']);
    if parts.iter().all(|part| part.len() == OGRN && part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(json!({"kind": "schools", "ogrns": parts}));
    }
    let levels = parts.iter().map(|part| LEVEL.code(part)).collect::<Option<Vec<_>>>();
    levels.map(|levels| json!({"kind": "education_levels", "education_levels": levels})).ok_or_else(|| {
        CellFault {
            code: "unknown-schools",
            detail: Bi::fixed(
                "Укажите «все», уровни образования или ОГРН школ через запятую",
                "Name all, levels of education, or OGRNs parted by commas",
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::columns::columns_of;
    use super::*;
    use crate::features::imports::domain::ImportKind;

    fn written(kind: ImportKind, name: &str, cell: &str) -> Result<Value, &'static str> {
        let column = columns_of(kind).iter().find(|column| column.name == name).unwrap();
        let mut body = Map::new();
        write(&mut body, column, cell).map_err(|fault| fault.code)?;
        Ok(Value::Object(body))
    }

    #[test]
    fn a_cell_becomes_a_member() {
        use ImportKind::{RoadMap, Schools, Stats};
        assert_eq!(written(Schools, "phone", "'+7 48642 2-10-31"), Ok(json!({"phone": "+7 48642 2-10-31"})));
        assert_eq!(written(Schools, "short_name", "'Луч' СОШ"), Ok(json!({"short_name": "'Луч' СОШ"})));
        assert_eq!(written(Schools, "phone", " "), Ok(json!({"phone": null})));
        assert_eq!(
            written(Schools, "education_levels", "НОО, ООО"),
            Ok(json!({"education_levels": ["primary", "basic"]}))
        );
        assert_eq!(written(Schools, "legal_form", "ООО"), Err("unknown-code"));
        assert_eq!(written(Schools, "address", "a\u{202E}b"), Err("forbidden-character"));
        assert_eq!(
            written(Schools, "address", "пгт Хотынец,\r\nул. Ленина"),
            Ok(json!({"address": "пгт Хотынец,\nул. Ленина"}))
        );
        assert_eq!(written(Stats, "pupils_total", "1\u{A0}200"), Ok(json!({"pupils_total": 1200})));
        assert_eq!(written(Stats, "pupils_total", "12,5"), Err("not-a-number"));
        for year in ["2023/2024", "2023-2024", "2023/24", "2023"] {
            assert_eq!(written(Stats, "academic_year", year), Ok(json!({"academic_year": 2023})), "{year}");
        }
        assert_eq!(written(Stats, "academic_year", "2023/2025"), Err("not-an-academic-year"));
        assert_eq!(
            written(RoadMap, "due_date", "30.09.2023"),
            Ok(json!({"deadline": {"due_date": "2023-09-30"}}))
        );
        assert_eq!(written(RoadMap, "due_date", "31.09.2023"), Err("impossible-date"));
        assert_eq!(written(RoadMap, "due_date", ""), Ok(json!({})));
        assert_eq!(written(RoadMap, "evidence_required", "Да"), Ok(json!({"evidence_required": true})));
        assert_eq!(written(RoadMap, "evidence_required", "может быть"), Err("not-a-flag"));
        assert_eq!(written(RoadMap, "months", "4; 8,12"), Ok(json!({"deadline": {"months": [4, 8, 12]}})));
        assert_eq!(written(RoadMap, "criteria", ""), Ok(json!({"criteria": []})));
        assert_eq!(written(RoadMap, "applies_to", "Все школы"), Ok(json!({"applies_to": {"kind": "all"}})));
        assert_eq!(
            written(RoadMap, "applies_to", "1025799000017"),
            Ok(json!({"applies_to": {"kind": "schools", "ogrns": ["1025799000017"]}}))
        );
        assert_eq!(written(RoadMap, "applies_to", "кроме первой"), Err("unknown-schools"));
    }
}
