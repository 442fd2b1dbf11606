//! A file on its way in: hashed, cleaned and written piece by piece.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::photo::Photo;
use super::{FileFailure, FileFault, FileKind, archive};

/// Bytes gathered before they are written: a small file is written once.
const GATHERED: usize = 256 * 1024;

/// A file that arrives.
#[derive(Debug)]
pub struct Incoming {
    gathered: Vec<u8>,
    work: Option<Work>,
}

/// A file that has arrived and is what it says; it is gone when this is dropped.
#[derive(Debug)]
pub struct Received {
    pub(super) file: NamedTempFile,
    /// Its kind.
    pub kind: FileKind,
    /// Bytes that are kept.
    pub size: u64,
    /// SHA-256 of what was sent, hex.
    pub original_sha256: String,
    /// SHA-256 of what is kept, hex; another one when metadata were taken out.
    pub stored_sha256: String,
}

#[derive(Debug)]
struct Work {
    file: NamedTempFile,
    kind: FileKind,
    photo: Option<Photo>,
    original: Sha256,
    stored: Sha256,
    sent: u64,
    size: u64,
    fault: Option<FileFault>,
}

impl Incoming {
    pub(super) fn begin(folder: &Path, kind: FileKind) -> Result<Self, FileFailure> {
        let work = Work {
            file: NamedTempFile::new_in(folder)?,
            kind,
            photo: kind.photo(),
            original: Sha256::new(),
            stored: Sha256::new(),
            sent: 0,
            size: 0,
            fault: None,
        };
        Ok(Self { gathered: Vec::new(), work: Some(work) })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// The folder does not take them.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), FileFailure> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < GATHERED {
            return Ok(());
        }
        self.write().await
    }

    /// Ends the file and looks at it as a whole.
    ///
    /// # Errors
    ///
    /// The folder does not work. What is wrong with the file itself is no error.
    pub async fn finish(mut self) -> Result<Result<Received, FileFault>, FileFailure> {
        self.write().await?;
        let work = self.work.take().ok_or_else(ended)?;
        run(move || work.finish()).await
    }

    async fn write(&mut self) -> Result<(), FileFailure> {
        let mut work = self.work.take().ok_or_else(ended)?;
        let bytes = std::mem::take(&mut self.gathered);
        let (work, bytes) = run(move || work.take(&bytes).map(|()| (work, bytes))).await?;
        self.work = Some(work);
        self.gathered = bytes;
        self.gathered.clear();
        Ok(())
    }
}

fn ended() -> FileFailure {
    FileFailure::Broken("the file has ended with a failure".to_owned())
}

/// Runs file work outside the async workers.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileFailure> + Send + 'static,
) -> Result<T, FileFailure> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| FileFailure::Broken(cause.to_string()))?
}

impl Work {
    fn take(&mut self, bytes: &[u8]) -> Result<(), FileFailure> {
        if self.sent == 0 && !bytes.is_empty() && !self.kind.begins(bytes) {
            self.fault = Some(FileFault::Content);
        }
        self.sent += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        // What is refused is read to its end all the same, so that the client hears why.
        if self.fault.is_some() {
            return Ok(());
        }
        self.original.update(bytes);
        let Some(photo) = &mut self.photo else { return self.keep(bytes) };
        let mut on = Vec::with_capacity(bytes.len());
        if photo.pass(bytes, &mut on).is_err() {
            self.fault = Some(FileFault::Content);
            return Ok(());
        }
        self.stored.update(&on);
        self.keep(&on)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), FileFailure> {
        self.size += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(self.file.write_all(bytes)?)
    }

    fn finish(mut self) -> Result<Result<Received, FileFault>, FileFailure> {
        self.file.flush()?;
        if self.sent == 0 {
            self.fault = Some(FileFault::Empty);
        }
        if self.photo.as_ref().is_some_and(|photo| !photo.is_whole()) {
            self.fault.get_or_insert(FileFault::Content);
        }
        if let Some(fault) = self.fault {
            return Ok(Err(fault));
        }
        if matches!(self.kind, FileKind::Docx | FileKind::Xlsx | FileKind::Odt) {
            self.file.seek(SeekFrom::Start(0))?;
            if let Err(fault) = archive::examine(self.kind, self.file.as_file()) {
                return Ok(Err(fault));
            }
        }
        let original_sha256 = format!("{:x}", self.original.finalize());
        let stored_sha256 = match self.photo {
            Some(_) => format!("{:x}", self.stored.finalize()),
            None => original_sha256.clone(),
        };
        Ok(Ok(Received { file: self.file, kind: self.kind, size: self.size, original_sha256, stored_sha256 }))
    }
}
