//! Documents that go out: in the form asked for, with a tag of their own.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG, VARY};

use super::answer::short_hash;
use super::conventions::RequestInfo;
use super::download::attachment;
use super::format::Format;

/// A document brings its own styles and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
/// A picture may stand in a page of the portal.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// A document ready to be sent; documents are in Russian.
pub struct Printed {
    /// Its form.
    pub format: Format,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Version of what it shows, for its tag.
    pub version: Option<i32>,
    /// Name of the file, in Russian, without its ending.
    pub name: String,
    /// Name of the file for old clients, ASCII, without its ending.
    pub plain_name: &'static str,
}

impl Printed {
    /// Sends it: 304 when the client has it.
    #[must_use]
    pub fn read(self, info: &RequestInfo) -> HttpResponse {
        let hash = short_hash(&self.bytes);
        let etag = match self.version {
            Some(version) => format!("\"{version}.{hash}\""),
            None => format!("\"{hash}\""),
        };
        let known = info.has_tag(&etag);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((ETAG, etag))
            .insert_header((CACHE_CONTROL, "private, no-cache"))
            .insert_header((CONTENT_LANGUAGE, "ru"))
            .insert_header((VARY, "Accept, Accept-Language, Authorization"));
        if known {
            return response.finish();
        }
        match self.format {
            Format::Html => {
                response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
            }
            Format::Svg => {
                response.insert_header((CONTENT_SECURITY_POLICY, PICTURE_POLICY));
            }
            format if format.is_file() => {
                let ending = format.name();
                let name = format!("{}.{ending}", self.name);
                response.insert_header(attachment(&name, &format!("{}.{ending}", self.plain_name)));
            }
            _ => {}
        }
        response.content_type(self.format.content_type()).body(self.bytes)
    }
}
