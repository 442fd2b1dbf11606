//! Code samples: every operation as a request by curl and by Python, made from the document.
//!
//! A sample runs as it stands once its variables are set: `BASE`, the address of the service; `TOKEN`,
//! an access token; `ETAG`, the tag of the row that is changed; `FILE`, the path of a file; and ids and
//! secrets by their names, e.g. `SCHOOL_ID`. Writes are rehearsed where the operation can be.
//! `tests/it/code_samples.rs` runs them all.

mod call;
mod curl;
mod python;
mod shown;

use serde_json::{Value, json};

use self::call::Call;

/// Adds `x-codeSamples` to every operation of the document.
pub(super) fn add(document: &mut Value) {
    let read = document.clone();
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let samples: Vec<Value> = Call::all(&read, path, method, operation).iter().flat_map(of).collect();
            if let Some(members) = operation.as_object_mut() {
                members.insert("x-codeSamples".to_owned(), samples.into());
            }
        }
    }
}

fn of(call: &Call) -> [Value; 2] {
    let label = |language: &str| match call.body.is_form_with_file() {
        true => format!("{language}, a file"),
        false => language.to_owned(),
    };
    [
        json!({"lang": "Shell", "label": label("curl"), "source": curl::text(call)}),
        json!({"lang": "Python", "label": label("Python"), "source": python::text(call)}),
    ]
}
