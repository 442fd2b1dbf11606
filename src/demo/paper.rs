//! The papers that the case's schools send as files, made when they are sent.

use anyhow::Context;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::player::text;
use crate::print::docx::{Paper, Properties, body, bold, centred, packed, paper, plain};

/// The form of a piece of evidence that the case gives as a file: an order of a few lines.
///
/// # Errors
///
/// The evidence lacks a member, or the document cannot be made.
pub(super) fn form(evidence: &Value, school: &str, date: &str) -> anyhow::Result<Form> {
    let (title, requisites) = (text(evidence, "title")?, text(evidence, "requisites")?);
    let docx = paper(Paper::Upright, None)
        .add_paragraph(centred(bold(school), 0, 240))
        .add_paragraph(centred(bold("ПРИКАЗ"), 0, 120))
        .add_paragraph(centred(plain(&requisites), 0, 240))
        .add_paragraph(centred(bold(&title), 0, 240))
        .add_paragraph(body("Документ составлен для демонстрации службы."));
    let properties = Properties { title: title.clone(), creator: school.to_owned(), date: date.parse()? };
    let personal =
        evidence.get("contains_personal_data").and_then(Value::as_bool).context("personal data")?;
    let file = Part::bytes(packed(docx, &properties)?).file_name(text(evidence, "file")?);
    Ok(Form::new()
        .text("kind", text(evidence, "kind")?)
        .text("title", title)
        .text("requisites", requisites)
        .text("contains_personal_data", personal.to_string())
        .part("file", file))
}
