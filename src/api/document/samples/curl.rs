//! A request by curl, for a POSIX shell.

use serde_json::Value;

use super::call::{Answer, Call, Piece, Sent};
use super::shown::{Notation, Shown};

/// JSON in a here-document whose variables the shell fills in.
const VARYING: Notation = Notation {
    indent: 2,
    ends_with_comma: false,
    variable: |name| format!("\"${name}\""),
    plain: |value| value.to_string().replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`"),
};
/// JSON in a here-document that stands as it is.
const FIXED: Notation = Notation { plain: Value::to_string, ..VARYING };

/// The command.
pub(super) fn text(call: &Call) -> String {
    let mut first = "curl -sS".to_owned();
    let implied = if call.body == Sent::Nothing { "GET" } else { "POST" };
    if call.method != implied {
        first.push_str(&format!(" -X {}", call.method));
    }
    let target: String = call
        .target
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(name) => format!("${name}"),
        })
        .collect();
    let mut lines = vec![format!("{first} \"$BASE{target}\"")];
    if call.is_signed_in {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    if call.names_version {
        lines.push("-H \"If-Match: $ETAG\"".to_owned());
    }
    let mut document = String::new();
    match &call.body {
        Sent::Nothing => {}
        Sent::Json(body) => {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            let (mark, notation) = if body.varies() { ("JSON", &VARYING) } else { ("'JSON'", &FIXED) };
            lines.push(format!("--data-binary @- <<{mark}"));
            document = format!("\n{}\nJSON", body.written(notation, 0));
        }
        Sent::Form(fields) => {
            lines.extend(fields.iter().map(|field| format!("--data-urlencode {}", pair(field))));
        }
        Sent::Parts(file, fields) => {
            lines.push(format!("-F \"{file}=@$FILE\""));
            lines.extend(fields.iter().map(|field| format!("-F {}", pair(field))));
        }
    }
    if let Answer::File(name) = &call.answer {
        lines.push(format!("-o {name}"));
    }
    // The here-document is read from the line after the one that names it.
    format!("{}{document}\n", lines.join(" \\\n  "))
}

/// `name=value` as one word of the shell.
fn pair((name, value): &(String, Shown)) -> String {
    match value {
        Shown::Variable(variable) => format!("\"{name}=${variable}\""),
        Shown::Plain(Value::String(text)) => word(&format!("{name}={text}")),
        other => word(&format!("{name}={}", other.written(&FIXED, 0))),
    }
}

/// A text as one word of the shell.
fn word(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"=_-./:,".contains(&b)) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(body: Sent) -> Call {
        Call {
            method: "POST".to_owned(),
            target: vec![Piece::Text("/a/".to_owned()), Piece::Variable("A_ID".to_owned())],
            is_signed_in: true,
            names_version: false,
            body,
            answer: Answer::Json,
        }
    }

    #[test]
    fn the_shell_leaves_texts_as_they_are() {
        let id = "0192f0c1-2a3b-7c4d-8e5f-0123456789ab";
        let body = json!({"b_id": id, "text": "«5 $» `x` \\ \"y\" 'z'"});
        assert_eq!(
            text(&call(Sent::Json(Shown::of(&body)))),
            "curl -sS \"$BASE/a/$A_ID\" \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  \
             -H \"Content-Type: application/json\" \\\n  --data-binary @- <<JSON\n{\n  \"b_id\": \"$B_ID\",\n  \
             \"text\": \"«5 \\$» \\`x\\` \\\\\\\\ \\\\\"y\\\\\" 'z'\"\n}\nJSON\n"
        );
        let fixed = text(&call(Sent::Json(Shown::of(&json!({"text": "$ \\"})))));
        assert!(fixed.contains("<<'JSON'\n{\"text\": \"$ \\\\\"}\nJSON\n"), "{fixed}");
        assert_eq!(word("kind=order"), "kind=order");
        assert_eq!(word("title=О «наставниках» и 'прочем'"), "'title=О «наставниках» и '\\''прочем'\\'''");
    }
}
