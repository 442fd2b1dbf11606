//! Office documents are ZIP archives. Their list of contents is read, nothing is unpacked.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::kind::{FileFault, FileKind};

/// Files inside a document at most.
const ENTRIES: u16 = 5_000;
/// Bytes to which they may unpack, as the archive itself declares.
const UNPACKED: u64 = 512 * 1024 * 1024;
/// Bytes of the end record of an archive, and of the longest comment after it.
const END_RECORD: u64 = 22;
const COMMENT: u64 = 65_535;
/// Bytes of the locator of the 64-bit end record, which stands just before the end record.
const LOCATOR: usize = 20;

/// Refuses an archive that is not a document of `kind`, or would do harm when unpacked.
pub(super) fn examine<R: Read + Seek>(kind: FileKind, mut file: R) -> Result<(), FileFault> {
    // The library reads the whole list; how long it is is asked first, so that a list of
    // hundreds of thousands takes no memory.
    if entries_declared(&mut file).is_none_or(|entries| entries > ENTRIES) {
        return Err(FileFault::Archive);
    }
    let mut archive = ZipArchive::new(file).map_err(|_unreadable| FileFault::Content)?;
    let mut unpacked = 0_u64;
    for number in 0..archive.len() {
        let entry = archive.by_index_raw(number).map_err(|_unreadable| FileFault::Content)?;
        unpacked = unpacked.saturating_add(entry.size());
        let absolute = entry.name().is_ok_and(|name| name.starts_with(['/', '\\']));
        if absolute || entry.enclosed_name().is_none() || entry.is_symlink() || unpacked > UNPACKED {
            return Err(FileFault::Archive);
        }
        if entry.name().is_ok_and(|name| name.ends_with("vbaProject.bin")) {
            return Err(FileFault::Macros);
        }
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let fits = match kind {
        FileKind::Docx => has("[Content_Types].xml") && has("word/document.xml"),
        FileKind::Xlsx => has("[Content_Types].xml") && has("xl/workbook.xml"),
        FileKind::Odt => has("content.xml") && says_odt(&mut archive),
        FileKind::Pdf | FileKind::Jpeg | FileKind::Png | FileKind::Csv | FileKind::Json => false,
    };
    if fits { Ok(()) } else { Err(FileFault::Content) }
}

/// Refuses an archive whose files really unpack to more than `whole` bytes together, or one of them
/// to more than `each`: what the archive declares need not be true. Nothing is kept.
///
/// # Errors
///
/// [`FileFault::Archive`] for too much, [`FileFault::Content`] for what cannot be unpacked.
pub fn unpacks_within<R: Read + Seek>(file: R, each: u64, whole: u64) -> Result<(), FileFault> {
    let mut archive = ZipArchive::new(file).map_err(|_unreadable| FileFault::Content)?;
    let mut left = whole;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(|_unreadable| FileFault::Content)?;
        let most = left.min(each);
        let unpacked = std::io::copy(&mut entry.take(most + 1), &mut std::io::sink());
        let unpacked = unpacked.map_err(|_broken| FileFault::Content)?;
        if unpacked > most {
            return Err(FileFault::Archive);
        }
        left -= unpacked;
    }
    Ok(())
}

/// Number of entries by the end record; `None` when there is none, or the archive is of the
/// 64-bit form that no document of this size needs.
fn entries_declared<R: Read + Seek>(file: &mut R) -> Option<u16> {
    let size = file.seek(SeekFrom::End(0)).ok()?;
    let from = size.saturating_sub(END_RECORD + COMMENT);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut tail = Vec::new();
    file.take(END_RECORD + COMMENT).read_to_end(&mut tail).ok()?;
    let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let locator = at.checked_sub(LOCATOR).and_then(|start| tail.get(start..start + 4));
    if locator == Some(b"PK\x06\x07") {
        return None;
    }
    let count: [u8; 2] = tail.get(at + 10..at + 12)?.try_into().ok()?;
    Some(u16::from_le_bytes(count)).filter(|count| *count != u16::MAX)
}

/// An OpenDocument file begins with its media type, stored as it is.
fn says_odt<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let wanted = FileKind::Odt.media_type().as_bytes();
    let Ok(entry) = archive.by_index_raw(0) else { return false };
    let mut found = Vec::new();
    let length = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    let is_first = entry.name().is_ok_and(|name| name == "mimetype");
    is_first && entry.take(length + 1).read_to_end(&mut found).is_ok() && found == wanted
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, content) in entries {
            writer.start_file(*name, plain).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn examined(kind: FileKind, bytes: &[u8]) -> Result<(), FileFault> {
        examine(kind, Cursor::new(bytes))
    }

    const TYPES: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");

    #[test]
    fn a_document_is_known_by_what_stands_in_it() {
        let docx = archive(&[TYPES, ("word/document.xml", b"<w/>")]);
        let xlsx = archive(&[TYPES, ("xl/workbook.xml", b"<x/>")]);
        let odt = archive(&[("mimetype", FileKind::Odt.media_type().as_bytes()), ("content.xml", b"<o/>")]);
        assert_eq!(examined(FileKind::Docx, &docx), Ok(()));
        assert_eq!(examined(FileKind::Xlsx, &xlsx), Ok(()));
        assert_eq!(examined(FileKind::Odt, &odt), Ok(()));
        assert_eq!(examined(FileKind::Xlsx, &docx), Err(FileFault::Content));
        assert_eq!(examined(FileKind::Docx, &archive(&[("a.txt", b"a")])), Err(FileFault::Content));
        assert_eq!(examined(FileKind::Odt, &docx), Err(FileFault::Content));
    }

    #[test]
    fn what_is_no_archive_or_is_cut_is_refused() {
        let docx = archive(&[TYPES, ("word/document.xml", b"<w/>")]);
        let half = docx.len() / 2;
        assert!(examined(FileKind::Docx, &docx[..half]).is_err());
        assert!(examined(FileKind::Docx, b"PK\x03\x04").is_err());
        assert!(examined(FileKind::Docx, b"").is_err());
    }

    #[test]
    fn names_that_lead_out_and_macros_are_refused() {
        for name in ["../../etc/passwd", "/etc/passwd", "word/../../x"] {
            let bytes = archive(&[TYPES, ("word/document.xml", b"<w/>"), (name, b"x")]);
            assert_eq!(examined(FileKind::Docx, &bytes), Err(FileFault::Archive), "{name}");
        }
        let bytes = archive(&[TYPES, ("word/document.xml", b"<w/>"), ("word/vbaProject.bin", b"x")]);
        assert_eq!(examined(FileKind::Docx, &bytes), Err(FileFault::Macros));
    }

    /// The size of the only entry, in the list of contents, says 10 GiB in two entries of 4 GiB.
    #[test]
    fn an_archive_that_declares_too_much_is_refused_before_unpacking() {
        let mut bytes = archive(&[TYPES, ("word/document.xml", b"<w/>")]);
        let at = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
        bytes[at + 24..at + 28].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
        assert_eq!(examined(FileKind::Docx, &bytes), Err(FileFault::Archive));
        let small = archive(&[TYPES, ("xl/workbook.xml", &[b' '; 500])]);
        assert_eq!(unpacks_within(Cursor::new(&small), 500, 508), Ok(()));
        assert_eq!(unpacks_within(Cursor::new(&small), 499, 1_000), Err(FileFault::Archive));
        assert_eq!(unpacks_within(Cursor::new(&small), 500, 507), Err(FileFault::Archive));
        let names: Vec<String> = (0..=ENTRIES).map(|number| format!("word/{number}.xml")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(examined(FileKind::Docx, &archive(&many)), Err(FileFault::Archive));
    }
}
