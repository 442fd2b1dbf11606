//! Strict JSON: duplicate members refused, texts in one normal form.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;

/// Members whose value is kept as typed: spaces may be part of a password.
const VERBATIM: &[&str] = &["password", "new_password", "current_password"];

/// What strict reading found besides the value.
#[derive(Default)]
struct Findings {
    duplicates: Vec<String>,
    forbidden: Vec<String>,
}

impl Findings {
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
    let seed = Strict { pointer: String::new(), verbatim: false, findings: &mut findings };
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
/// One violation when it is not JSON, no object, or `rows` no array.
pub fn read_rows(bytes: &[u8], each: &mut dyn FnMut(Document)) -> Result<(Document, bool), Violation> {
    let mut findings = Findings::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let around = Around { findings: &mut findings, each };
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
    each: &'e mut dyn FnMut(Document),
}

impl<'de> Visitor<'de> for Around<'_, '_> {
    type Value = (Map<String, Value>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with rows")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { findings, each } = self;
        let (mut members, mut had_rows) = (Map::new(), false);
        while let Some(name) = map.next_key::<String>()? {
            let mut root = Strict { pointer: String::new(), verbatim: false, findings: &mut *findings };
            let seed = root.under(&name);
            let pointer = seed.pointer.clone();
            let again = if name == ROWS {
                map.next_value_seed(Elements { each: &mut *each })?;
                std::mem::replace(&mut had_rows, true)
            } else {
                let value = map.next_value_seed(seed)?;
                members.insert(name, value).is_some()
            };
            if again {
                findings.duplicates.push(pointer);
            }
        }
        Ok((members, had_rows))
    }
}

/// The rows themselves.
struct Elements<'e> {
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
        loop {
            let mut findings = Findings::default();
            let seed = Strict { pointer: String::new(), verbatim: false, findings: &mut findings };
            let Some(value) = seq.next_element_seed(seed)? else { return Ok(()) };
            (self.each)(findings.about(value));
        }
    }
}

struct Strict<'f> {
    pointer: String,
    verbatim: bool,
    findings: &'f mut Findings,
}

impl Strict<'_> {
    fn under(&mut self, name: &str) -> Strict<'_> {
        Strict {
            pointer: format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1")),
            verbatim: VERBATIM.contains(&name),
            findings: self.findings,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
            self.findings.forbidden.push(self.pointer);
        }
        Ok(Value::String(if self.verbatim { value.to_owned() } else { text::normal(value) }))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self.under(&values.len().to_string()))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let seed = self.under(&name);
            let pointer = seed.pointer.clone();
            let value = map.next_value_seed(seed)?;
            if members.insert(name, value).is_some() {
                self.findings.duplicates.push(pointer);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{read, read_rows};

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
        let (around, had_rows) = read_rows(body.as_bytes(), &mut |row| rows.push(row)).unwrap();
        assert!(had_rows);
        assert_eq!(around.value, serde_json::json!({"kind": "schools", "mode": "row"}));
        assert_eq!((rows.len(), rows[1].malformed[0].pointer.as_str()), (3, "/a"));
        let twice = read_rows(br#"{"rows": [], "rows": []}"#, &mut |_| ()).unwrap().0;
        assert_eq!(twice.malformed[0].pointer, "/rows");
        for broken in [&br#"{"rows": [{}"#[..], br#"{"rows": {}}"#, b"[]", b"{} x"] {
            assert_eq!(read_rows(broken, &mut |_| ()).err().unwrap().code, "not-json");
        }
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
