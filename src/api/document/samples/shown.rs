//! What a sample sends: values as they stand, and variables where the reader has his own.

use serde_json::Value;
use uuid::Uuid;

/// Columns of a line at most, where a list or an object may stand in one.
const WIDTH: usize = 88;

/// A value with variables in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    /// The value of a variable, by its name.
    Variable(String),
    /// A number, a text, true, false or null.
    Plain(Value),
    /// A list.
    List(Vec<Shown>),
    /// Members by name.
    Members(Vec<(String, Shown)>),
}

/// How a language writes values.
pub(super) struct Notation {
    /// Spaces of one level.
    pub(super) indent: usize,
    /// Whether a comma stands after the last one of several lines.
    pub(super) ends_with_comma: bool,
    /// A variable as a value.
    pub(super) variable: fn(&str) -> String,
    /// A value without parts.
    pub(super) plain: fn(&Value) -> String,
}

impl Shown {
    /// An example with its ids and secrets turned into variables.
    ///
    /// An id is named after its member; another id of the same name gets a number.
    pub(super) fn of(example: &Value) -> Self {
        Self::read("", example, example.get("password").is_some(), &mut Vec::new())
    }

    fn read(name: &str, value: &Value, signs_in: bool, known: &mut Vec<(String, String)>) -> Self {
        match value {
            Value::Array(items) => {
                let singular = name.strip_suffix('s').unwrap_or(name);
                Self::List(items.iter().map(|item| Self::read(singular, item, signs_in, known)).collect())
            }
            Value::Object(members) => Self::Members(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::read(name, value, signs_in, known)))
                    .collect(),
            ),
            Value::String(text) if is_own(name, signs_in) => Self::Variable(numbered(name, text, known)),
            Value::String(text) if Uuid::try_parse(text).is_ok() => {
                Self::Variable(numbered(name, text, known))
            }
            plain => Self::Plain(plain.clone()),
        }
    }

    /// Whether there is a variable in it.
    pub(super) fn varies(&self) -> bool {
        match self {
            Self::Variable(_) => true,
            Self::Plain(_) => false,
            Self::List(items) => items.iter().any(Self::varies),
            Self::Members(members) => members.iter().any(|(_, value)| value.varies()),
        }
    }

    /// Writes it; what follows the first line is moved in by `depth` levels.
    pub(super) fn written(&self, notation: &Notation, depth: usize) -> String {
        let (open, close, parts) = match self {
            Self::Variable(name) => return (notation.variable)(name),
            Self::Plain(value) => return (notation.plain)(value),
            Self::List(items) => {
                let parts: Vec<String> = items.iter().map(|item| item.written(notation, depth + 1)).collect();
                ('[', ']', parts)
            }
            Self::Members(members) => {
                let member = |(name, value): &(String, Self)| {
                    let name = (notation.plain)(&Value::from(name.as_str()));
                    format!("{name}: {}", value.written(notation, depth + 1))
                };
                ('{', '}', members.iter().map(member).collect())
            }
        };
        let length: usize = parts.iter().map(|part| part.chars().count() + 2).sum();
        let fits = depth * notation.indent + length <= WIDTH && !parts.iter().any(|part| part.contains('\n'));
        if parts.is_empty() || (fits && (depth > 0 || parts.len() == 1)) {
            return format!("{open}{}{close}", parts.join(", "));
        }
        let (inner, outer) = (" ".repeat((depth + 1) * notation.indent), " ".repeat(depth * notation.indent));
        let comma = if notation.ends_with_comma { "," } else { "" };
        format!("{open}\n{inner}{}{comma}\n{outer}{close}", parts.join(&format!(",\n{inner}")))
    }
}

/// Whether the member of this name is what each caller has his own of.
fn is_own(name: &str, signs_in: bool) -> bool {
    let ends = |end: &str| name == end || name.ends_with(&format!("_{end}"));
    ends("password") || ends("secret") || ends("token") || (signs_in && name == "login")
}

/// The variable for `value` of a member: its name in capitals, with a number from the second value on.
fn numbered(name: &str, value: &str, known: &mut Vec<(String, String)>) -> String {
    let capitals = name.to_ascii_uppercase();
    let same = |(of, _): &&(String, String)| *of == capitals;
    let number = match known.iter().filter(same).position(|(_, other)| other == value) {
        Some(at) => at + 1,
        None => {
            known.push((capitals.clone(), value.to_owned()));
            known.iter().filter(same).count()
        }
    };
    if number == 1 { capitals } else { format!("{capitals}_{number}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOTATION: Notation = Notation {
        indent: 2,
        ends_with_comma: false,
        variable: |name| format!("${name}"),
        plain: Value::to_string,
    };

    #[test]
    fn ids_and_secrets_are_variables_each_with_its_own() {
        let example = json!([
            {"school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "login": "a"},
            {"school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac"},
            {"school_ids": ["0192f0c1-2a3b-7c4d-8e5f-0123456789ab"], "new_password": "b", "title": "«Школа»"}
        ]);
        assert_eq!(
            Shown::of(&example).written(&NOTATION, 0),
            "[\n  {\"school_id\": $SCHOOL_ID, \"login\": \"a\"},\n  {\"school_id\": $SCHOOL_ID_2},\n  \
             {\"school_ids\": [$SCHOOL_ID], \"new_password\": $NEW_PASSWORD, \"title\": \"«Школа»\"}\n]"
        );
        let credentials = Shown::of(&json!({"login": "a", "password": "b"}));
        assert_eq!(
            credentials.written(&NOTATION, 0),
            "{\n  \"login\": $LOGIN,\n  \"password\": $PASSWORD\n}"
        );
        assert!(credentials.varies() && !Shown::of(&json!({"login": "a"})).varies());
    }

    #[test]
    fn what_does_not_fit_a_line_takes_several() {
        let short = Shown::of(&json!({"a": [1, null, true]}));
        assert_eq!(short.written(&NOTATION, 0), "{\"a\": [1, null, true]}");
        let long = Shown::of(&json!({"a": ["x".repeat(50), "y".repeat(50)], "b": {}}));
        let lines: Vec<usize> = long.written(&NOTATION, 0).lines().map(|line| line.chars().count()).collect();
        assert_eq!(lines, [1, 8, 57, 56, 4, 9, 1]);
    }
}
