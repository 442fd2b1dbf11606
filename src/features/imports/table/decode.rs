//! Which encoding a text file has. Office suites in Russian save CSV as Windows-1251.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1251};

use crate::kit::text;

/// Letters that are looked at to tell an encoding.
const LOOKED_AT: usize = 200_000;

/// The text is in none of the encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownEncoding;

/// The text of a file: by its byte order mark, else UTF-8 where it is valid, else Windows-1251.
///
/// # Errors
///
/// The bytes are no text, or a text in another encoding.
pub fn decode(bytes: Vec<u8>) -> Result<String, UnknownEncoding> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return String::from_utf8(rest.to_vec()).map_err(|_broken| UnknownEncoding).and_then(as_text);
    }
    for (mark, encoding) in [(b"\xFF\xFE", UTF_16LE), (b"\xFE\xFF", UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(rest);
            return decoded.map(|text| text.into_owned()).ok_or(UnknownEncoding).and_then(as_text);
        }
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(broken) => {
            let (text, _) = WINDOWS_1251.decode_without_bom_handling(broken.as_bytes());
            let text = text.into_owned();
            if !looks_russian(&text) {
                return Err(UnknownEncoding);
            }
            text
        }
    };
    as_text(text)
}

/// A text holds no NUL: UTF-16 without a mark and binary files do.
fn as_text(text: String) -> Result<String, UnknownEncoding> {
    if text.contains('\0') { Err(UnknownEncoding) } else { Ok(text) }
}

/// Whether a decoded text can be Russian. Any bytes are Windows-1251: KOI8-R read so has its capitals
/// inside words, the code pages of DOS and of the Macintosh have signs in place of letters.
fn looks_russian(text: &str) -> bool {
    let (mut letters, mut signs, mut inside, mut begins) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut before = ' ';
    for c in text.chars().take(LOOKED_AT) {
        if text::is_forbidden(c) && c != '\r' {
            return false;
        }
        match c {
            'А'..='я' | 'Ё' | 'ё' => letters += 1,
            '«' | '»' | '№' | '–' | '—' | '“' | '”' | '„' | '…' | '\u{A0}' | '’' | '°' | '§' | '•' =>
                {}
            c if !c.is_ascii() => signs += 1,
            _ => {}
        }
        if before.is_lowercase() && c.is_uppercase() {
            inside += 1;
        } else if before.is_uppercase() && c.is_lowercase() {
            begins += 1;
        }
        before = c;
    }
    signs * 10 <= letters && inside <= begins.max(2)
}

#[cfg(test)]
mod tests {
    use encoding_rs::{IBM866, KOI8_R, MACINTOSH};

    use super::*;

    const TEXT: &str =
        "Краткое наименование;ИНН\r\nМБОУ-Хотынецкая СОШ им. С. Г. Поматилова № 1;5799000019\r\n";

    #[test]
    fn utf_8_and_windows_1251_are_told_apart_by_their_bytes() {
        assert_eq!(decode(TEXT.into()).unwrap(), TEXT);
        assert_eq!(decode([b"\xEF\xBB\xBF", TEXT.as_bytes()].concat()).unwrap(), TEXT);
        let (old, _, lossy) = WINDOWS_1251.encode(TEXT);
        assert!(!lossy && old.len() < TEXT.len());
        assert_eq!(decode(old.into_owned()).unwrap(), TEXT);
        assert_eq!(decode(b"ogrn,inn\n1,2\n".to_vec()).unwrap(), "ogrn,inn\n1,2\n");
    }

    #[test]
    fn utf_16_is_read_with_its_mark_only() {
        let units: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode([b"\xFF\xFE", units.as_slice()].concat()).unwrap(), TEXT);
        let turned: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode([b"\xFE\xFF", turned.as_slice()].concat()).unwrap(), TEXT);
        assert_eq!(decode(units), Err(UnknownEncoding));
        assert_eq!(decode(b"\xFF\xFE\x00\xD8".to_vec()), Err(UnknownEncoding), "half a letter");
    }

    #[test]
    fn other_encodings_and_binary_files_are_refused() {
        for other in [IBM866, KOI8_R] {
            assert_eq!(decode(other.encode(TEXT).0.into_owned()), Err(UnknownEncoding), "{}", other.name());
        }
        let accents = MACINTOSH.encode("nom;école élémentaire à côté\n").0.into_owned();
        assert_eq!(decode(accents), Err(UnknownEncoding));
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n\0\0\0".to_vec()), Err(UnknownEncoding));
        assert_eq!(decode(b"\xEF\xBB\xBF\xFF".to_vec()), Err(UnknownEncoding));
        assert_eq!(decode(vec![0x98; 40]), Err(UnknownEncoding));
    }
}
