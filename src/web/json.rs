//! Strict JSON: duplicate members refused, texts in one normal form.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;

/// Members whose value is kept as typed: spaces may be part of a password.
const VERBATIM: &[&str] = &["password", "new_password", "current_password"];

/// Values of one row, and of what stands around rows, at most.
const MOST_VALUES: usize = 1_000;
/// Faults of one kind that are told of a document; the first ones are enough to find the others.
const MOST_FAULTS: usize = 20;

/// Characters of a member's name that a pointer shows: it is as long as whoever sent it likes.
const SHOWN_OF_NAME: usize = 100;

/// What strict reading found besides the value.
struct Findings {
    duplicates: Vec<String>,
    forbidden: Vec<String>,
    /// How many more values there may be.
    left: usize,
}

impl Default for Findings {
    fn default() -> Self {
        Self { duplicates: Vec::new(), forbidden: Vec::new(), left: usize::MAX }
    }
}

/// Where a value stands; written out only where something is wrong with it.
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Element(&'p Place<'p>, usize),
}

impl Place<'_> {
    /// RFC 6901, with long names cut.
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                let shown: String = name.chars().take(SHOWN_OF_NAME).collect();
                format!("{}/{}", parent.pointer(), shown.replace('~', "~0").replace('/', "~1"))
            }
            Self::Element(parent, at) => format!("{}/{at}", parent.pointer()),
        }
    }
}

/// Marks of the errors by which reading of rows ends; serde carries texts only.
const TOO_MANY_VALUES: &str = "too many values";
const TOO_MANY_ROWS: &str = "too many rows";

impl Findings {
    fn of_rows() -> Self {
        Self { left: MOST_VALUES, ..Self::default() }
    }

    fn duplicate(&mut self, at: &Place<'_>) {
        if self.duplicates.len() < MOST_FAULTS {
            self.duplicates.push(at.pointer());
        }
    }

    fn forbidden(&mut self, at: &Place<'_>) {
        if self.forbidden.len() < MOST_FAULTS {
            self.forbidden.push(at.pointer());
        }
    }

    /// The document with what was found about it.
    fn about(self, value: Value) -> Document {
        let twice = |pointer| {
            let detail = Bi::fixed("Поле указано дважды", "The member stands twice");
            Violation::new(pointer, "duplicate-member", detail)
        };
        let forbidden = |pointer| {
            let detail = Bi::fixed("Недопустимые управляющие символы", "Control characters are not allowed");
            Violation::new(pointer, "forbidden-character", detail)
        };
        Document {
            value,
            malformed: self.duplicates.into_iter().map(twice).collect(),
            invalid: self.forbidden.into_iter().map(forbidden).collect(),
        }
    }
}

fn not_json(cause: &serde_json::Error) -> Violation {
    let (line, column) = (cause.line(), cause.column());
    let text = cause.to_string();
    if text.starts_with(TOO_MANY_VALUES) {
        let detail = Bi::of(
            format!(
                "Строка {line}, позиция {column}: больше {MOST_VALUES} значений в одной записи или вне записей"
            ),
            format!(
                "Line {line}, column {column}: more than {MOST_VALUES} values in one row, or around the rows"
            ),
        );
        return Violation::new("", "row-too-large", detail);
    }
    if text.starts_with(TOO_MANY_ROWS) {
        let detail = Bi::fixed("Слишком много строк; разделите файл", "Too many rows; split the file");
        return Violation::new("", "too-many-rows", detail);
    }
    let detail = Bi::of(
        format!("Тело запроса не является корректным JSON: строка {line}, позиция {column}"),
        format!("The body is not valid JSON: line {line}, column {column}"),
    );
    Violation::new("", "not-json", detail)
}

/// A JSON document as read.
pub struct Document {
    /// The value, its texts in NFC and trimmed.
    pub value: Value,
    /// Members that stand twice.
    pub malformed: Vec<Violation>,
    /// Texts with characters that no text may hold.
    pub invalid: Vec<Violation>,
}

/// Reads a JSON document; nesting is bounded by `serde_json` (128).
///
/// # Errors
///
/// One violation when it is not JSON.
pub fn read(bytes: &[u8]) -> Result<Document, Violation> {
    let mut findings = Findings::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { place: &Place::Root, verbatim: false, findings: &mut findings };
    let value = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|cause| not_json(&cause))?;
    Ok(findings.about(value))
}

/// Reads a JSON object whose member `rows` is a long array: each of its elements goes to `each` by
/// itself, so that they never lie in memory together. Answers with the object without that member,
/// and whether it had it.
///
/// # Errors
///
/// One violation when it is not JSON, no object, `rows` no array, when there are more than `most` rows, or
/// one has more values than any may have.
pub fn read_rows(
    bytes: &[u8],
    most: usize,
    each: &mut dyn FnMut(Document),
) -> Result<(Document, bool), Violation> {
    let mut findings = Findings::of_rows();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let around = Around { findings: &mut findings, most, each };
    let (value, had_rows) = reader
        .deserialize_map(around)
        .and_then(|read| reader.end().map(|()| read))
        .map_err(|cause| not_json(&cause))?;
    Ok((findings.about(Value::Object(value)), had_rows))
}

/// Name of the member whose elements are read one by one.
const ROWS: &str = "rows";

/// The object around rows.
struct Around<'f, 'e> {
    findings: &'f mut Findings,
    most: usize,
    each: &'e mut dyn FnMut(Document),
}

impl<'de> Visitor<'de> for Around<'_, '_> {
    type Value = (Map<String, Value>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with rows")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { findings, most, each } = self;
        let (mut members, mut had_rows) = (Map::new(), false);
        while let Some(name) = map.next_key::<String>()? {
            let place = Place::Member(&Place::Root, &name);
            let again = if name == ROWS {
                map.next_value_seed(Elements { most, each: &mut *each })?;
                std::mem::replace(&mut had_rows, true)
            } else {
                members.contains_key(&name)
            };
            if again {
                findings.duplicate(&place);
            }
            if name != ROWS {
                let verbatim = VERBATIM.contains(&name.as_str());
                let value =
                    map.next_value_seed(Strict { place: &place, verbatim, findings: &mut *findings })?;
                members.insert(name, value);
            }
        }
        Ok((members, had_rows))
    }
}

/// The rows themselves.
struct Elements<'e> {
    most: usize,
    each: &'e mut dyn FnMut(Document),
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut rows = 0;
        loop {
            let mut findings = Findings::of_rows();
            let seed = Strict { place: &Place::Root, verbatim: false, findings: &mut findings };
            let Some(value) = seq.next_element_seed(seed)? else { return Ok(()) };
            rows += 1;
            if rows > self.most {
                return Err(A::Error::custom(TOO_MANY_ROWS));
            }
            (self.each)(findings.about(value));
        }
    }
}

struct Strict<'f, 'p> {
    place: &'p Place<'p>,
    verbatim: bool,
    findings: &'f mut Findings,
}

impl<'de> DeserializeSeed<'de> for Strict<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.findings.left.checked_sub(1);
        self.findings.left = left.ok_or_else(|| D::Error::custom(TOO_MANY_VALUES))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        if value.chars().any(text::is_forbidden) {
            self.findings.forbidden(self.place);
        }
        Ok(Value::String(if self.verbatim { value.to_owned() } else { text::normal(value) }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Self { place, verbatim: _, findings } = self;
        let mut values = Vec::new();
        loop {
            let place = Place::Element(place, values.len());
            let seed = Strict { place: &place, verbatim: false, findings: &mut *findings };
            let Some(value) = seq.next_element_seed(seed)? else { return Ok(Value::Array(values)) };
            values.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Self { place, verbatim: _, findings } = self;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let place = Place::Member(place, &name);
            if members.contains_key(&name) {
                findings.duplicate(&place);
            }
            let verbatim = VERBATIM.contains(&name.as_str());
            let value = map.next_value_seed(Strict { place: &place, verbatim, findings: &mut *findings })?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_FAULTS, MOST_VALUES, read, read_rows};

    #[test]
    fn duplicates_are_found_at_any_depth_and_texts_are_normal() {
        let document =
            read(r#"{"a": {"b": 1, "b": 2}, "t": " Йод ", "password": " x "}"#.as_bytes()).unwrap();
        assert_eq!(document.malformed[0].pointer, "/a/b");
        assert_eq!(document.value["t"], "Йод");
        assert_eq!(document.value["password"], " x ");
    }

    #[test]
    fn rows_are_read_one_by_one_and_the_rest_stays() {
        let mut rows = Vec::new();
        let body = r#"{"kind": "schools", "rows": [{"a": 1}, {"a": 1, "a": 2}, 3], "mode": "row"}"#;
        let (around, had_rows) = read_rows(body.as_bytes(), 3, &mut |row| rows.push(row)).unwrap();
        assert!(had_rows);
        assert_eq!(around.value, serde_json::json!({"kind": "schools", "mode": "row"}));
        assert_eq!((rows.len(), rows[1].malformed[0].pointer.as_str()), (3, "/a"));
        let twice = read_rows(br#"{"rows": [], "rows": []}"#, 3, &mut |_| ()).unwrap().0;
        assert_eq!(twice.malformed[0].pointer, "/rows");
        for broken in [&br#"{"rows": [{}"#[..], br#"{"rows": {}}"#, b"[]", b"{} x"] {
            assert_eq!(read_rows(broken, 3, &mut |_| ()).err().unwrap().code, "not-json");
        }
    }

    #[test]
    fn rows_are_bounded_in_number_and_size() {
        let code = |body: &str| read_rows(body.as_bytes(), 2, &mut |_| ()).err().map(|fault| fault.code);
        let values = |count: usize| vec!["1"; count].join(",");
        assert_eq!(code(r#"{"rows": [1, 2]}"#), None);
        assert_eq!(code(r#"{"rows": [1, 2, 3]}"#), Some("too-many-rows"));
        let most = MOST_VALUES - 1;
        assert_eq!(code(&format!(r#"{{"rows": [[{}], [{}]]}}"#, values(most), values(most))), None);
        assert_eq!(code(&format!(r#"{{"rows": [[{}]]}}"#, values(most + 1))), Some("row-too-large"));
        assert_eq!(code(&format!(r#"{{"x": [{}]}}"#, values(most + 1))), Some("row-too-large"));
        // A pointer is written for what is wrong alone, and never longer than somebody can read.
        let long = format!(r#"{{"{}": [{}, "\u0000"]}}"#, "я".repeat(200_000), values(200_000));
        let found = read(long.as_bytes()).unwrap().invalid;
        assert_eq!(found[0].pointer, format!("/{}/200000", "я".repeat(100)));
        let mut told = 0;
        let same = vec![r#""a": 1"#; 100].join(",");
        read_rows(format!(r#"{{"rows": [{{{same}}}]}}"#).as_bytes(), 1, &mut |row| {
            told = row.malformed.len()
        })
        .unwrap();
        assert_eq!(told, MOST_FAULTS);
    }

    #[test]
    fn what_is_not_json_is_one_error() {
        for bytes in [&b"{"[..], b"", b"{} x", b"NaN", b"\xEF\xBB\xBF{}", b"{\"a\": \"\xFF\"}", b"[1e400]"] {
            assert_eq!(read(bytes).err().unwrap().code, "not-json");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(deep.as_bytes()).err().unwrap().code, "not-json");
    }

    #[test]
    fn controls_are_refused_where_they_stand() {
        let document = read(br#"{"a": ["x", "y\u0000"]}"#).unwrap();
        assert_eq!(document.invalid[0].pointer, "/a/1");
    }
}
