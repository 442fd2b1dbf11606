//! A form with a file (`multipart/form-data`, RFC 7578): the file goes to the store's folder piece
//! by piece, the other fields become a body.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout, timeout_at};
use utoipa::ToSchema;

use super::body::{Body, BodyDeadline};
use crate::error::{Error, Refusal};
use crate::files::{FileFault, FileKind, Files, Received};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// Name of the part that holds the file.
const FILE: &str = "file";
/// Bytes of a text field at most.
const FIELD: usize = 16 * 1024;
/// Parts of a form at most.
const PARTS: usize = 16;
/// Bytes that a form may have beside its file.
const AROUND: u64 = 64 * 1024;
/// Characters of a file's name that are kept.
const NAME: usize = 200;

/// What an upload may take.
#[derive(Debug, Clone, Copy)]
pub struct UploadLimits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of the files of one report together.
    pub report_bytes: u64,
    /// Within which a file must have arrived whole; each piece has the time of a body.
    pub whole: Duration,
}

/// A file that came with a form.
#[derive(Debug)]
pub struct FileIn {
    /// Its name, without a path and characters that would do harm.
    pub name: String,
    /// The file, or what is wrong with it.
    pub outcome: Result<Received, FileFault>,
}

/// Whether the request brings a form with a file.
#[must_use]
pub fn is_form(req: &HttpRequest) -> bool {
    let kind = req.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

/// What a form may hold.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The kinds of its file.
    pub kinds: &'a [FileKind],
    /// What the file may take.
    pub limits: UploadLimits,
    /// The fields that are true or false.
    pub flags: &'a [&'a str],
    /// The fields that are whole numbers.
    pub numbers: &'a [&'a str],
}

/// Receives a form with a file.
///
/// What is wrong with the file stands among the broken rules of the body, at `/file`.
///
/// # Errors
///
/// 400 for a form that is broken or does not arrive whole; 408 when it is too slow; 413
/// `file-too-large`; 507 and 503 when the file cannot be written.
pub async fn receive<T: DeserializeOwned + ToSchema + 'static>(
    req: &HttpRequest,
    payload: web::Payload,
    files: &Files,
    expected: Expected<'_>,
) -> Result<(Body<T>, Option<FileIn>), Error> {
    let Expected { kinds, limits, flags, numbers } = expected;
    let declared = req.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.file_bytes.saturating_add(AROUND)) {
        return Err(too_large(limits));
    }
    let piece = req.app_data::<BodyDeadline>().copied().unwrap_or_default().0;
    let form = Form { piece, limits, kinds, files };
    let slow = |_elapsed| Error::refuse(&problems::REQUEST_TIMEOUT);
    let multipart = Multipart::new(req.headers(), payload);
    let whole = Instant::now() + limits.whole;
    let (mut fields, file) = timeout_at(whole, form.read(multipart)).await.map_err(slow)??;
    for flag in flags {
        if let Some(value) = fields.get_mut(*flag) {
            match value.as_str() {
                Some("true") => *value = Value::Bool(true),
                Some("false") => *value = Value::Bool(false),
                _ => {}
            }
        }
    }
    for number in numbers {
        if let Some(value) = fields.get_mut(*number)
            && let Some(Ok(whole)) = value.as_str().map(str::parse::<i64>)
        {
            *value = whole.into();
        }
    }
    let fields = Value::Object(fields);
    let fault = match &file {
        None => Some(Violation::new("/file", "required", Bi::fixed("Приложите файл", "Attach a file"))),
        Some(FileIn { outcome: Err(fault), .. }) => {
            Some(Violation::new("/file", fault.code(), fault.detail(kinds)))
        }
        Some(FileIn { outcome: Ok(_), .. }) => None,
    };
    let mut hash = Sha256::new();
    hash.update(fields.to_string());
    if let Some(FileIn { name, outcome: Ok(received) }) = &file {
        hash.update(name);
        hash.update(&received.original_sha256);
    }
    let body = Body::of_form(&fields, format!("{:x}", hash.finalize()))?;
    Ok((body.with_faults(fault.into_iter().collect()), file))
}

struct Form<'a> {
    piece: Duration,
    limits: UploadLimits,
    kinds: &'a [FileKind],
    files: &'a Files,
}

impl Form<'_> {
    async fn read(&self, mut multipart: Multipart) -> Result<(Map<String, Value>, Option<FileIn>), Error> {
        let mut fields = Map::new();
        let mut file = None;
        let mut parts = 0;
        while let Some(part) = self.in_time(multipart.next()).await? {
            let mut field = part.map_err(|_broken| broken_form())?;
            parts += 1;
            let name = field.name().unwrap_or_default().to_owned();
            let twice = fields.contains_key(&name) || (name == FILE && file.is_some());
            if parts > PARTS {
                return Err(broken_form());
            }
            if twice {
                return Err(Error::malformed(vec![Violation::new(
                    format!("/{name}"),
                    "duplicate-member",
                    Bi::fixed("Часть формы указана дважды", "A part of the form stands twice"),
                )]));
            }
            if name == FILE {
                file = Some(self.file(field).await?);
            } else {
                let bytes = self.in_time(field.bytes(FIELD)).await?;
                let bytes = bytes.map_err(|_long| too_long(&name))?.map_err(|_broken| broken_form())?;
                let text = String::from_utf8(bytes.to_vec()).map_err(|_binary| broken_form())?;
                fields.insert(name, Value::String(text));
            }
        }
        Ok((fields, file))
    }

    async fn file(&self, mut field: Field) -> Result<FileIn, Error> {
        let given = field.content_disposition().and_then(|place| {
            let extended =
                place.get_filename_ext().and_then(|name| String::from_utf8(name.value.clone()).ok());
            extended.or_else(|| place.get_filename().map(str::to_owned))
        });
        let name = safe_name(&given.unwrap_or_default());
        let kind = FileKind::of_name(&name).filter(|kind| self.kinds.contains(kind));
        let mut incoming = kind.map(|kind| self.files.begin(kind)).transpose()?;
        let mut size = 0_u64;
        while let Some(chunk) = self.in_time(field.next()).await? {
            let chunk: Bytes = chunk.map_err(|_broken| broken_form())?;
            size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if size > self.limits.file_bytes {
                return Err(too_large(self.limits));
            }
            if let Some(incoming) = &mut incoming {
                incoming.push(chunk).await?;
            }
        }
        let outcome = match incoming {
            Some(incoming) => incoming.finish().await?,
            None => Err(FileFault::Extension),
        };
        Ok(FileIn { name, outcome })
    }

    async fn in_time<F: Future>(&self, next: F) -> Result<F::Output, Error> {
        timeout(self.piece, next).await.map_err(|_elapsed| Error::refuse(&problems::REQUEST_TIMEOUT))
    }
}

/// The last part of a path of any system, without control and direction characters, short.
fn safe_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let kept: String =
        text::normal(last).chars().filter(|c| !text::is_forbidden(*c) && !c.is_control()).collect();
    let kept = kept.trim().trim_start_matches('.');
    let (stem, extension) = kept.rsplit_once('.').unwrap_or((kept, ""));
    let room = NAME.saturating_sub(extension.chars().count() + 1);
    let stem: String = stem.trim().chars().take(room).collect();
    let stem = if stem.is_empty() { "file".to_owned() } else { stem };
    if extension.is_empty() {
        stem
    } else {
        format!("{stem}.{}", extension.chars().take(NAME / 2).collect::<String>())
    }
}

pub(super) fn too_large(limits: UploadLimits) -> Error {
    let mib = limits.file_bytes / (1024 * 1024);
    let detail = Bi::of(format!("Не больше {mib} МиБ"), format!("At most {mib} MiB"));
    Refusal { detail: Some(detail), ..Refusal::of(&problems::FILE_TOO_LARGE) }.into()
}

fn too_long(name: &str) -> Error {
    let detail = Bi::fixed("Поле формы слишком длинное", "The field of the form is too long");
    Error::malformed(vec![Violation::new(format!("/{name}"), "too-long", detail)])
}

fn broken_form() -> Error {
    let detail = Bi::fixed(
        "Форма составлена неверно или получена не полностью",
        "The form is malformed or did not arrive whole",
    );
    Error::malformed(vec![Violation::new("", "broken-form", detail)])
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn a_name_loses_its_path_and_what_does_harm() {
        for (given, kept) in [
            ("Приказ № 31.pdf", "Приказ № 31.pdf"),
            ("../../etc/passwd.pdf", "passwd.pdf"),
            (r"C:\Users\x\план.docx", "план.docx"),
            ("a\r\nSet-Cookie: x.pdf", "x.pdf"),
            ("фото\u{202E}gpj.jpg", "фотоgpj.jpg"),
            (".pdf", "pdf"),
            ("..", "file"),
            ("", "file"),
            ("\u{0}.png", "png"),
        ] {
            assert_eq!(safe_name(given), kept, "{given:?}");
        }
        let long = safe_name(&format!("{}.pdf", "я".repeat(300)));
        assert_eq!((long.chars().count(), long.ends_with("я.pdf")), (200, true));
    }
}
