//! In which form a document is asked for: `?format=`, else `Accept`.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use crate::error::Error;
use crate::problems;

/// A form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Data.
    Json,
    /// A page.
    Html,
    /// Text.
    Markdown,
    /// A picture that scales.
    Svg,
    /// A document of an office suite.
    Docx,
    /// A workbook of an office suite.
    Xlsx,
    /// A table as text.
    Csv,
}

impl Format {
    /// The name in `?format=` and of the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Svg => "svg",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Svg => "image/svg+xml; charset=utf-8",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// Whether it is saved as a file, not shown.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, Self::Docx | Self::Xlsx | Self::Csv)
    }

    /// The one of the `offered` forms that a request asks for: by the `named` one of its query,
    /// else by `Accept`, else the first.
    ///
    /// # Errors
    ///
    /// 406 when it asks for none of them.
    pub fn chosen(req: &HttpRequest, named: Option<&str>, offered: &[Self]) -> Result<Self, Error> {
        let accept = req.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
        let format = match (named, accept) {
            (Some(name), _) => offered.iter().find(|format| format.name() == name).copied(),
            (None, Some(accept)) => accepted(accept, offered),
            (None, None) => offered.first().copied(),
        };
        format.ok_or_else(|| Error::refuse(&problems::NOT_ACCEPTABLE))
    }

    fn fits(self, range: &str) -> bool {
        let own = self.content_type().split(';').next().unwrap_or_default();
        match range.strip_suffix("/*") {
            Some("*") => true,
            Some(kind) => own.split('/').next() == Some(kind),
            None => own == range,
        }
    }
}

/// The form by an `Accept` header (RFC 9110, section 12.5.1): the heaviest range that fits one
/// of the `offered`, the first in the header and in the offer among equals; `None`: no range fits.
fn accepted(header: &str, offered: &[Format]) -> Option<Format> {
    let mut best: Option<(Format, f32)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
        let fits = offered.iter().copied().find(|format| format.fits(&kind));
        if let Some(format) = fits.filter(|_| weight > best.map_or(0.0, |(_, heaviest)| heaviest)) {
            best = Some((format, weight));
        }
    }
    best.map(|(format, _)| format)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [Format; 4] = [Format::Json, Format::Html, Format::Markdown, Format::Docx];

    #[test]
    fn the_heaviest_range_that_fits_wins() {
        let accepted = |header| accepted(header, &OFFERED);
        assert_eq!(accepted("*/*"), Some(Format::Json));
        assert_eq!(accepted("text/*"), Some(Format::Html));
        assert_eq!(accepted("text/markdown"), Some(Format::Markdown));
        assert_eq!(accepted("text/html,application/xml;q=0.9,*/*;q=0.8"), Some(Format::Html));
        assert_eq!(accepted("text/html;q=0.4, application/json;q=0.5"), Some(Format::Json));
        assert_eq!(accepted(Format::Docx.content_type()), Some(Format::Docx));
        assert_eq!(accepted("image/png, text/html;q=0"), None);
        assert_eq!(accepted("text/csv"), None, "it is not offered here");
    }

    #[test]
    fn a_name_goes_before_the_header() {
        let req =
            actix_web::test::TestRequest::default().insert_header((ACCEPT, "text/html")).to_http_request();
        assert_eq!(Format::chosen(&req, Some("md"), &OFFERED).unwrap(), Format::Markdown);
        assert_eq!(Format::chosen(&req, None, &OFFERED).unwrap(), Format::Html);
        assert!(Format::chosen(&req, Some("pdf"), &OFFERED).is_err());
        let plain = actix_web::test::TestRequest::default().to_http_request();
        assert_eq!(Format::chosen(&plain, None, &OFFERED).unwrap(), Format::Json);
    }
}
