//! A request by Python, with nothing but its own library.

use serde_json::Value;

use super::call::{Answer, Call, Piece, Sent};
use super::shown::{Notation, Shown};

/// Values as Python writes them.
const PYTHON: Notation = Notation {
    indent: 4,
    ends_with_comma: true,
    variable: str::to_owned,
    plain: |value| match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        // Escapes of JSON are escapes of Python.
        other => other.to_string(),
    },
};

/// Sends a form with a file: urllib has nothing of its own for it.
const PARTS: &str = r#"boundary = uuid.uuid4().hex
parts = []
for name, value in fields.items():
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    parts.append(f"{head}{value}\r\n".encode())
with open(FILE, "rb") as file:
    name = os.path.basename(FILE)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="FIELD"; filename="{name}"\r\n\r\n'
    parts.append(head.encode() + file.read() + b"\r\n")
parts.append(f"--{boundary}--\r\n".encode())
"#;

/// The program.
pub(super) fn text(call: &Call) -> String {
    let mut imports = vec!["from urllib.request import Request, urlopen"];
    let mut headers = Vec::new();
    if call.is_signed_in {
        headers.push("\"Authorization\": f\"Bearer {TOKEN}\"".to_owned());
    }
    if call.names_version {
        headers.push("\"If-Match\": ETAG".to_owned());
    }
    let (mut before, mut data) = (String::new(), None);
    match &call.body {
        Sent::Nothing => {}
        Sent::Json(body) => {
            imports.push("import json");
            headers.push("\"Content-Type\": \"application/json\"".to_owned());
            before = format!("body = {}\n", body.written(&PYTHON, 0));
            data = Some("json.dumps(body).encode()");
        }
        Sent::Form(fields) => {
            imports.push("from urllib.parse import urlencode");
            before = format!("fields = {}\n", Shown::Members(fields.clone()).written(&PYTHON, 0));
            data = Some("urlencode(fields).encode()");
        }
        Sent::Parts(file, fields) => {
            imports.extend(["import os", "import uuid"]);
            headers.push("\"Content-Type\": f\"multipart/form-data; boundary={boundary}\"".to_owned());
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), part(value))).collect();
            before = format!(
                "fields = {}\n{}",
                Shown::Members(fields).written(&PYTHON, 0),
                PARTS.replace("FIELD", file)
            );
            data = Some("b\"\".join(parts)");
        }
    }
    let answer = match &call.answer {
        Answer::Json => {
            imports.push("import json");
            "with urlopen(request) as response:\n    print(json.load(response))\n".to_owned()
        }
        Answer::Lines => {
            imports.push("import json");
            "with urlopen(request) as response:\n    for line in response:\n        print(json.loads(line))\n"
                .to_owned()
        }
        Answer::File(name) => format!(
            "with urlopen(request) as response, open(\"{name}\", \"wb\") as file:\n    \
             file.write(response.read())\n"
        ),
        Answer::Nothing => "with urlopen(request) as response:\n    print(response.status)\n".to_owned(),
    };
    imports.sort_unstable_by_key(|line| (line.starts_with("from"), *line));
    imports.dedup();
    format!("{}\n\n{before}{}{answer}", imports.join("\n"), request(call, &headers, data))
}

fn request(call: &Call, headers: &[String], data: Option<&str>) -> String {
    let target: String = call
        .target
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(name) => format!("{{{name}}}"),
        })
        .collect();
    let mut arguments = vec![format!("f\"{{BASE}}{target}\"")];
    if call.method != "GET" {
        arguments.push(format!("method=\"{}\"", call.method));
    }
    match headers {
        [] => {}
        [one] => arguments.push(format!("headers={{{one}}}")),
        several => {
            let lines: String = several.iter().map(|line| format!("        {line},\n")).collect();
            arguments.push(format!("headers={{\n{lines}    }}"));
        }
    }
    if let Some(data) = data {
        arguments.push(format!("data={data}"));
    }
    match arguments.as_slice() {
        [address] => format!("request = Request({address})\n"),
        several => {
            let lines: String = several.iter().map(|line| format!("    {line},\n")).collect();
            format!("request = Request(\n{lines})\n")
        }
    }
}

/// The value of a part: a text as it stands, everything else as JSON writes it.
fn part(value: &Shown) -> Shown {
    match value {
        Shown::Plain(plain) if !plain.is_string() => Shown::Plain(Value::from(plain.to_string())),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_program_reads_like_one_written_by_hand() {
        let call = Call {
            method: "PATCH".to_owned(),
            target: vec![Piece::Text("/a/".to_owned()), Piece::Variable("A_ID".to_owned())],
            is_signed_in: true,
            names_version: true,
            body: Sent::Json(Shown::of(&json!({"title": "«Школа»", "note": null, "public": true}))),
            answer: Answer::Json,
        };
        let expected = r#"import json
from urllib.request import Request, urlopen

body = {
    "title": "«Школа»",
    "note": None,
    "public": True,
}
request = Request(
    f"{BASE}/a/{A_ID}",
    method="PATCH",
    headers={
        "Authorization": f"Bearer {TOKEN}",
        "If-Match": ETAG,
        "Content-Type": "application/json",
    },
    data=json.dumps(body).encode(),
)
with urlopen(request) as response:
    print(json.load(response))
"#;
        assert_eq!(text(&call), expected);
    }
}
