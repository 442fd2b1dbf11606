//! Takes place, author and every other note out of a photo while it passes by.
//!
//! Only what is needed to show the picture goes on: of a JPEG file (ITU-T T.81, JFIF, Exif) the
//! frame, tables and scans, of its notes the colour profile and which side is up; of a PNG file
//! (W3C PNG, third edition) the critical chunks and those of colour, size and animation. What
//! follows the end of the image is cut off.

use exif::{In, Reader, Tag};

/// The image is not what its first bytes promise.
#[derive(Debug, PartialEq, Eq)]
pub struct Damaged;

/// Notes of one segment or chunk that are read at most: an Exif segment is never longer.
const NOTES: usize = 65_536;

/// PNG chunks beside the critical ones that only tell how to show the image.
const SHOWN: [&[u8; 4]; 16] = [
    b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST", b"tRNS",
    b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

/// An image on its way.
#[derive(Debug)]
pub struct Photo {
    state: State,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Jpeg,
    Png,
}

#[derive(Debug)]
enum State {
    /// These bytes must come, and are collected until they are this many.
    Head(Vec<u8>, usize),
    /// So many bytes go on or are left out; then the next head, or the scan.
    Body { left: usize, keep: bool, then: Then },
    /// A segment whose content decides about it.
    Notes(Vec<u8>, usize, u8),
    /// Coded picture data of a JPEG file, up to a marker; true after 0xFF.
    Scan(bool),
    /// The image has ended.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Head,
    Scan,
    Over,
}

impl Photo {
    /// A JPEG file from its first byte.
    pub fn jpeg() -> Self {
        Self { state: State::Body { left: 2, keep: true, then: Then::Head }, form: Form::Jpeg }
    }

    /// A PNG file from its first byte.
    pub fn png() -> Self {
        Self { state: State::Body { left: 8, keep: true, then: Then::Head }, form: Form::Png }
    }

    /// Takes the next bytes and gives on what is kept of them.
    ///
    /// # Errors
    ///
    /// [`Damaged`] when they are no such image.
    pub fn pass(&mut self, mut bytes: &[u8], on: &mut Vec<u8>) -> Result<(), Damaged> {
        while let Some(first) = bytes.first() {
            let state = std::mem::replace(&mut self.state, State::Over);
            match state {
                State::Over => return Ok(()),
                State::Body { left, keep, then } => {
                    let (now, rest) = bytes.split_at(left.min(bytes.len()));
                    if keep {
                        on.extend_from_slice(now);
                    }
                    bytes = rest;
                    let left = left - now.len();
                    self.state = if left == 0 { self.after(then) } else { State::Body { left, keep, then } };
                }
                State::Head(mut head, length) => {
                    let (now, rest) = bytes.split_at((length - head.len()).min(bytes.len()));
                    head.extend_from_slice(now);
                    bytes = rest;
                    self.state = match self.form {
                        _ if head.len() < length => State::Head(head, length),
                        Form::Jpeg => jpeg_head(&head, on)?,
                        Form::Png => png_head(&head, on)?,
                    };
                }
                State::Notes(mut notes, length, code) => {
                    let (now, rest) = bytes.split_at((length - notes.len()).min(bytes.len()));
                    notes.extend_from_slice(now);
                    bytes = rest;
                    self.state = if notes.len() < length {
                        State::Notes(notes, length, code)
                    } else {
                        keep_notes(code, &notes, on);
                        self.after(Then::Head)
                    };
                }
                State::Scan(true) => {
                    let code = *first;
                    bytes = bytes.get(1..).unwrap_or_default();
                    self.state = match code {
                        // A byte of the picture, or a restart within it.
                        0x00 | 0xD0..=0xD7 => {
                            on.extend_from_slice(&[0xFF, code]);
                            State::Scan(false)
                        }
                        0xFF => State::Scan(true),
                        _ => jpeg_marker(code, on)?,
                    };
                }
                State::Scan(false) => {
                    let end = bytes.iter().position(|byte| *byte == 0xFF);
                    let (now, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
                    on.extend_from_slice(now);
                    bytes = rest.get(1..).unwrap_or_default();
                    self.state = State::Scan(end.is_some());
                }
            }
        }
        Ok(())
    }

    /// Whether the image came whole.
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Over)
    }

    fn after(&self, then: Then) -> State {
        match (then, self.form) {
            (Then::Head, Form::Jpeg) => State::Head(Vec::new(), 2),
            (Then::Head, Form::Png) => State::Head(Vec::new(), 8),
            (Then::Scan, _) => State::Scan(false),
            (Then::Over, _) => State::Over,
        }
    }
}

/// Two bytes of a marker, or four with the length of its segment.
fn jpeg_head(head: &[u8], on: &mut Vec<u8>) -> Result<State, Damaged> {
    match head {
        // Fill bytes may stand before a marker.
        [0xFF, 0xFF] => Ok(State::Head(vec![0xFF], 2)),
        [0xFF, code] => jpeg_marker(*code, on),
        [0xFF, code, high, low] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let left = length.checked_sub(2).ok_or(Damaged)?;
            if matches!(code, 0xE1 | 0xE2) && left > 0 {
                return Ok(State::Notes(Vec::with_capacity(left.min(NOTES)), left, *code));
            }
            // JFIF and Adobe's transform belong to the picture; other notes and comments do not.
            let keep = matches!(code, 0xE0 | 0xEE) || !matches!(code, 0xE1..=0xEF | 0xFE);
            if keep {
                on.extend_from_slice(head);
            }
            let then = if *code == 0xDA { Then::Scan } else { Then::Head };
            Ok(if left > 0 {
                State::Body { left, keep, then }
            } else if *code == 0xDA {
                State::Scan(false)
            } else {
                State::Head(Vec::new(), 2)
            })
        }
        _ => Err(Damaged),
    }
}

fn jpeg_marker(code: u8, on: &mut Vec<u8>) -> Result<State, Damaged> {
    match code {
        0xD9 => {
            on.extend_from_slice(&[0xFF, 0xD9]);
            Ok(State::Over)
        }
        0x00 | 0xD0..=0xD8 => Err(Damaged),
        _ => Ok(State::Head(vec![0xFF, code], 4)),
    }
}

/// Of the notes of a JPEG file the colour profile goes on, and of Exif which side is up.
fn keep_notes(code: u8, notes: &[u8], on: &mut Vec<u8>) {
    if code == 0xE2 && notes.starts_with(b"ICC_PROFILE\0") {
        let length = u16::try_from(notes.len() + 2).unwrap_or(u16::MAX);
        on.extend_from_slice(&[0xFF, 0xE2]);
        on.extend_from_slice(&length.to_be_bytes());
        on.extend_from_slice(notes);
    }
    if let Some(side) = notes.strip_prefix(b"Exif\0\0").and_then(side_up) {
        // One directory with one entry: tag 0x0112, type SHORT, count 1.
        on.extend_from_slice(b"\xFF\xE1\x00\x22Exif\0\0MM\x00\x2A\x00\x00\x00\x08\x00\x01");
        on.extend_from_slice(b"\x01\x12\x00\x03\x00\x00\x00\x01\x00");
        on.extend_from_slice(&[side, 0, 0, 0, 0, 0, 0]);
    }
}

/// Orientation 2 to 8 of Exif; 1 is how a picture without it is shown.
fn side_up(tiff: &[u8]) -> Option<u8> {
    let notes = Reader::new().read_raw(tiff.to_vec()).ok()?;
    let side = notes.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(side).ok().filter(|side| (2..=8).contains(side))
}

/// Length and type of a chunk; its checksum goes the way of its data.
fn png_head(head: &[u8], on: &mut Vec<u8>) -> Result<State, Damaged> {
    let [a, b, c, d, kind @ ..] = head else { return Err(Damaged) };
    let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).map_err(|_too_long| Damaged)?;
    if kind.len() != 4 || !kind.iter().all(u8::is_ascii_alphabetic) || length > 0x7FFF_FFFF {
        return Err(Damaged);
    }
    let critical = kind.first().is_some_and(u8::is_ascii_uppercase);
    let keep = critical || SHOWN.iter().any(|shown| shown[..] == *kind);
    if keep {
        on.extend_from_slice(head);
    }
    let then = if kind == b"IEND" { Then::Over } else { Then::Head };
    Ok(State::Body { left: length + 4, keep, then })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes the image in pieces of this many bytes.
    fn passed(mut photo: Photo, bytes: &[u8], piece: usize) -> Result<(Vec<u8>, bool), Damaged> {
        let mut on = Vec::new();
        for part in bytes.chunks(piece) {
            photo.pass(part, &mut on)?;
        }
        Ok((on, photo.is_whole()))
    }

    fn segment(code: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, code], &length[..], body].concat()
    }

    fn exif(side: u8, rest: &[u8]) -> Vec<u8> {
        let tiff = [
            &b"Exif\0\0MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"[..],
            &[side, 0, 0, 0, 0, 0, 0],
            rest,
        ];
        segment(0xE1, &tiff.concat())
    }

    fn jpeg(notes: &[Vec<u8>]) -> Vec<u8> {
        let scan = [&segment(0xDA, b"\x01\x01\x00")[..], b"pic\xFF\x00ture\xFF\xD0more"].concat();
        let tables = segment(0xDB, &[7; 65]);
        [&[0xFF, 0xD8][..], &notes.concat(), &tables, &scan, &segment(0xC4, b"next"), &scan, b"\xFF\xD9"]
            .concat()
    }

    #[test]
    fn a_photo_loses_place_and_author_and_keeps_the_picture() {
        let jfif = segment(0xE0, b"JFIF\0");
        let profile = segment(0xE2, b"ICC_PROFILE\0colours");
        let noted = jpeg(&[
            jfif.clone(),
            exif(6, b"GPS 52.96 36.07 author"),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0author"),
            profile.clone(),
            segment(0xE2, b"MPF\0"),
            segment(0xED, b"Photoshop author"),
            segment(0xFE, b"comment"),
        ]);
        let bare = jpeg(&[jfif, exif(6, b""), profile]);
        let trailing = [&noted[..], b"\xFF\xD8 a second picture with GPS"].concat();
        for piece in [1, 2, 3, 7, 4096] {
            let (on, whole) = passed(Photo::jpeg(), &trailing, piece).unwrap();
            assert_eq!((on.len(), whole), (bare.len(), true), "in pieces of {piece}");
            assert_eq!(on, bare);
        }
        let upright = jpeg(&[exif(1, b"GPS")]);
        assert_eq!(passed(Photo::jpeg(), &upright, 64).unwrap().0, jpeg(&[]));
    }

    #[test]
    fn a_cut_or_false_image_is_noticed() {
        let whole = jpeg(&[]);
        assert!(!passed(Photo::jpeg(), &whole[..whole.len() - 1], 5).unwrap().1);
        assert_eq!(passed(Photo::jpeg(), b"\xFF\xD8<html>", 5), Err(Damaged));
        assert_eq!(passed(Photo::jpeg(), b"\xFF\xD8\xFF\xE0\x00\x01", 5), Err(Damaged));
        let png = b"\x89PNG\r\n\x1a\n<script>";
        assert_eq!(passed(Photo::png(), png, 5), Err(Damaged));
    }

    fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[..], kind, body, b"crc!"].concat()
    }

    #[test]
    fn an_image_keeps_what_shows_it_alone() {
        let image = |notes: &[Vec<u8>]| {
            [
                &b"\x89PNG\r\n\x1a\n"[..],
                &chunk(b"IHDR", &[0; 13]),
                &notes.concat(),
                &chunk(b"IDAT", b"pixels"),
                &chunk(b"IEND", b""),
            ]
            .concat()
        };
        let noted = image(&[
            chunk(b"gAMA", b"4567"),
            chunk(b"tEXt", b"Author\0me"),
            chunk(b"eXIf", b"GPS"),
            chunk(b"iTXt", b"xmp"),
            chunk(b"tIME", b"2023123"),
            chunk(b"prVt", b"anything"),
        ]);
        let trailing = [&noted[..], b"PK\x03\x04 an archive"].concat();
        for piece in [1, 3, 4096] {
            let (on, whole) = passed(Photo::png(), &trailing, piece).unwrap();
            assert_eq!((on, whole), (image(&[chunk(b"gAMA", b"4567")]), true));
        }
        assert!(!passed(Photo::png(), &noted[..noted.len() - 4], 9).unwrap().1);
    }
}
