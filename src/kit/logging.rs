//! How the log is written: as text, or as one JSON object a line for a collector.

use std::io::Write;
use std::str::FromStr;

use log::kv::{Error, Key, Value, VisitSource};
use serde_json::{Map, json};

/// The form of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Time, level, place, text.
    #[default]
    Text,
    /// A JSON object: `time` (UTC), `level`, `target`, `message`, and the fields of the line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("text or json"),
        }
    }
}

/// Begins to log; `RUST_LOG` sets the levels, `info` unless it says otherwise.
pub fn start(format: LogFormat) {
    let mut builder = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info"));
    if format == LogFormat::Json {
        builder.format(|out, record| {
            let time = out.timestamp_millis().to_string();
            writeln!(out, "{}", object(&time, record))
        });
    }
    builder.init();
}

fn object(time: &str, record: &log::Record) -> serde_json::Value {
    let mut fields = Fields(Map::new());
    fields.0.insert("time".to_owned(), json!(time));
    fields.0.insert("level".to_owned(), json!(record.level().as_str()));
    fields.0.insert("target".to_owned(), json!(record.target()));
    fields.0.insert("message".to_owned(), json!(record.args().to_string()));
    // A field that cannot be read is left out: the message has it.
    record.key_values().visit(&mut fields).ok();
    serde_json::Value::Object(fields.0)
}

struct Fields(Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = match value.to_u64() {
            Some(number) => json!(number),
            None => json!(value.to_string()),
        };
        self.0.insert(key.to_string(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_has_its_fields_and_stays_one_line() {
        let fields = [("status", Value::from(200_u16)), ("actor", Value::from("a\nb"))];
        let record = log::Record::builder()
            .level(log::Level::Info)
            .target("access")
            .args(format_args!("one\ntwo"))
            .key_values(&fields)
            .build();
        let line = object("2023-03-01T09:00:00.000Z", &record).to_string();
        assert_eq!(
            line,
            r#"{"time":"2023-03-01T09:00:00.000Z","level":"INFO","target":"access","message":"one\ntwo","status":200,"actor":"a\nb"}"#
        );
    }

    #[test]
    fn the_form_is_named() {
        assert_eq!("json".parse(), Ok(LogFormat::Json));
        assert_eq!("text".parse(), Ok(LogFormat::Text));
        assert!("yaml".parse::<LogFormat>().is_err());
    }
}
