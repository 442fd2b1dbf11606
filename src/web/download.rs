//! A file that goes out: its name, and the part of it that is asked for.

use std::ops::Range;

use actix_web::HttpRequest;
use actix_web::http::header::{
    Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, IF_RANGE, RANGE,
};

/// A file to be saved under `name`, with a plain name for old clients (RFC 6266).
#[must_use]
pub fn attachment(name: &str, plain: &str) -> ContentDisposition {
    let value = name.as_bytes().to_vec();
    let extended = ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(plain.to_owned()),
            DispositionParam::FilenameExt(extended),
        ],
    }
}

/// The one range of bytes that the request asks for (RFC 9110, section 14): a broken download
/// goes on where it stopped. `None`: the whole, also for what cannot be served.
#[must_use]
pub fn range_of(req: &HttpRequest, size: u64, etag: &str) -> Option<Range<u64>> {
    let text = |name| req.headers().get(name).and_then(|value| value.to_str().ok());
    if text(IF_RANGE).is_some_and(|known| known != etag) {
        return None;
    }
    read_range(text(RANGE)?, size)
}

fn read_range(text: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first.trim(), last.trim()) {
        ("", length) => size.saturating_sub(length.parse().ok()?)..size,
        (first, "") => first.parse().ok()?..size,
        (first, last) => first.parse().ok()?..last.parse::<u64>().ok()?.saturating_add(1).min(size),
    };
    (range.start < range.end).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::read_range;

    #[test]
    fn one_range_that_lies_within_is_served() {
        assert_eq!(read_range("bytes=0-99", 1000), Some(0..100));
        assert_eq!(read_range("bytes=900-", 1000), Some(900..1000));
        assert_eq!(read_range("bytes=900-5000", 1000), Some(900..1000));
        assert_eq!(read_range("bytes=-10", 1000), Some(990..1000));
        assert_eq!(read_range("bytes=-5000", 1000), Some(0..1000));
        for whole in ["bytes=1000-", "bytes=5-4", "bytes=-0", "bytes=0-1,3-4", "lines=0-1", "bytes=x-"] {
            assert_eq!(read_range(whole, 1000), None, "{whole}");
        }
    }
}
