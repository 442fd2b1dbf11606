//! Which files are taken: by extension and by content alike.

use super::photo::Photo;
use crate::kit::lang::Bi;

/// A kind of file that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A PDF document.
    Pdf,
    /// A text document of Office Open XML.
    Docx,
    /// A workbook of Office Open XML.
    Xlsx,
    /// A text document of OpenDocument.
    Odt,
    /// A photo.
    Jpeg,
    /// An image.
    Png,
    /// A table as text; its content says nothing of its kind.
    Csv,
    /// Rows as JSON; its content says nothing of its kind.
    Json,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// Its extension is none of those taken.
    Extension,
    /// Its content is not what its extension says.
    Content,
    /// It is an archive that would unpack to more than documents do, or has odd names in it.
    Archive,
    /// It holds macros.
    Macros,
    /// It has no bytes.
    Empty,
}

impl FileKind {
    /// The kinds that are taken as evidence.
    pub const EVIDENCE: [Self; 6] = [Self::Pdf, Self::Docx, Self::Xlsx, Self::Odt, Self::Jpeg, Self::Png];
    /// The kinds whose rows are imported.
    pub const IMPORTS: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Json];

    /// The kind that the extension of a file name says, in any case of letters.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "pdf" => Self::Pdf,
            "docx" => Self::Docx,
            "xlsx" => Self::Xlsx,
            "odt" => Self::Odt,
            "jpg" | "jpeg" => Self::Jpeg,
            "png" => Self::Png,
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ => return None,
        })
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
        }
    }

    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Docx => "DOCX",
            Self::Xlsx => "XLSX",
            Self::Odt => "ODT",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }

    /// The extension under which it is given out, with the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => ".pdf",
            Self::Docx => ".docx",
            Self::Xlsx => ".xlsx",
            Self::Odt => ".odt",
            Self::Jpeg => ".jpg",
            Self::Png => ".png",
            Self::Csv => ".csv",
            Self::Json => ".json",
        }
    }

    /// Whether content that begins so can be of this kind.
    pub(super) fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::Pdf => head.starts_with(b"%PDF-"),
            Self::Docx | Self::Xlsx | Self::Odt => head.starts_with(b"PK\x03\x04"),
            Self::Jpeg => head.starts_with(&[0xFF, 0xD8, 0xFF]),
            Self::Png => head.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Csv | Self::Json => true,
        }
    }

    /// What takes the metadata out of it on its way; `None` for what is kept as it comes.
    pub(super) fn photo(self) -> Option<Photo> {
        match self {
            Self::Jpeg => Some(Photo::jpeg()),
            Self::Png => Some(Photo::png()),
            _ => None,
        }
    }
}

impl FileFault {
    /// Stable machine code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Extension => "file-extension",
            Self::Content => "file-content",
            Self::Archive => "file-archive",
            Self::Macros => "file-macros",
            Self::Empty => "file-empty",
        }
    }

    /// What to tell about it where files of these kinds are taken.
    #[must_use]
    pub fn detail(&self, taken: &[FileKind]) -> Bi {
        match self {
            Self::Extension => {
                let names: Vec<&str> = taken.iter().map(|kind| kind.name()).collect();
                let (last, first) = names.split_last().unwrap_or((&"", &[]));
                let first = first.join(", ");
                Bi::of(
                    format!("Принимаются файлы {first} и {last}"),
                    format!("{first} and {last} files are taken"),
                )
            }
            Self::Content => Bi::fixed(
                "Содержимое файла не соответствует его расширению или повреждено",
                "The content of the file is not what its extension says, or it is damaged",
            ),
            Self::Archive => Bi::fixed(
                "Внутри документа слишком много файлов, слишком большой объём или недопустимые имена",
                "Inside, the document has too many files, too large a size, or names that are not allowed",
            ),
            Self::Macros => Bi::fixed(
                "Документы с макросами не принимаются: сохраните файл без макросов",
                "Documents with macros are not taken: save the file without them",
            ),
            Self::Empty => Bi::fixed("Файл пуст", "The file is empty"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FileKind;

    #[test]
    fn the_last_extension_says_the_kind() {
        assert_eq!(FileKind::of_name("Приказ № 31.PDF"), Some(FileKind::Pdf));
        assert_eq!(FileKind::of_name("фото.jpeg"), Some(FileKind::Jpeg));
        for name in ["a.jpg.php", "a", "", ".", "a.exe", "a.pdf ", "a.docm", "a.svg", "a.html", "a.zip"] {
            assert_eq!(FileKind::of_name(name), None, "{name}");
        }
    }
}
