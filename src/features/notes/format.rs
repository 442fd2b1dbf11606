//! In which form the content of a note is asked for.

/// A form of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The snapshot.
    Json,
    /// A page.
    Html,
    /// Text.
    Markdown,
    /// A document of an office suite.
    Docx,
}

impl Format {
    const ALL: [Self; 4] = [Self::Json, Self::Html, Self::Markdown, Self::Docx];

    /// The name in `?format=` and of the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Docx => "docx",
        }
    }

    /// `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// The form by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The form by an `Accept` header (RFC 9110, section 12.5.1): the heaviest range that
    /// fits one, the first in the header and in this list among equals; `None`: no range fits.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            let fits = Self::ALL.into_iter().find(|format| format.fits(&kind));
            if let Some(format) = fits.filter(|_| weight > best.map_or(0.0, |(_, heaviest)| heaviest)) {
                best = Some((format, weight));
            }
        }
        best.map(|(format, _)| format)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_range_that_fits_wins() {
        assert_eq!(Format::accepted("*/*"), Some(Format::Json));
        assert_eq!(Format::accepted("text/*"), Some(Format::Html));
        assert_eq!(Format::accepted("text/markdown"), Some(Format::Markdown));
        assert_eq!(Format::accepted("text/html,application/xml;q=0.9,*/*;q=0.8"), Some(Format::Html));
        assert_eq!(Format::accepted("text/html;q=0.4, application/json;q=0.5"), Some(Format::Json));
        let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(Format::accepted(docx), Some(Format::Docx));
        assert_eq!(Format::accepted("image/png, text/html;q=0"), None);
    }

    #[test]
    fn a_form_is_known_by_its_name() {
        assert_eq!(Format::named("md"), Some(Format::Markdown));
        assert_eq!(Format::named("pdf"), None);
    }
}
