//! A file on its way in: hashed, cleaned and written piece by piece.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::task::JoinHandle;

use super::photo::Photo;
use super::{FileFailure, FileFault, FileKind, archive};

/// Bytes gathered before they are written; while they are, the next ones arrive.
const GATHERED: usize = 128 * 1024;
/// Bytes after which what is written goes to the disk, while the next ones arrive: at the end there is
/// little left to wait for.
const SETTLED: usize = 4 * 1024 * 1024;
/// Bytes by which a kind of file is known.
const HEAD: usize = 8;

/// A file that arrives.
pub struct Incoming {
    gathered: Vec<Bytes>,
    length: usize,
    state: State,
    file: Arc<File>,
    unsettled: usize,
    settling: Option<JoinHandle<io::Result<()>>>,
}

impl Received {
    /// Its bytes, in memory: for a file that is small enough to be looked at whole.
    ///
    /// # Errors
    ///
    /// The folder does not give them.
    pub async fn bytes(&self) -> Result<Vec<u8>, FileFailure> {
        let mut file = self.file.reopen()?;
        run(move || {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        })
        .await
    }
}

enum State {
    /// Nothing is being written.
    Ready(Box<Work>),
    /// Gathered bytes are being hashed and written.
    Writing(JoinHandle<Result<Box<Work>, FileFailure>>),
    /// A failure has ended it.
    Ended,
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

struct Work {
    file: NamedTempFile,
    kind: FileKind,
    head: Vec<u8>,
    photo: Option<Photo>,
    original: Context,
    stored: Context,
    sent: u64,
    size: u64,
    fault: Option<FileFault>,
}

impl Incoming {
    pub(super) fn begin(folder: &Path, kind: FileKind) -> Result<Self, FileFailure> {
        let file = NamedTempFile::new_in(folder)?;
        let handle = Arc::new(file.as_file().try_clone()?);
        let work = Work {
            file,
            kind,
            head: Vec::with_capacity(HEAD),
            photo: kind.photo(),
            original: Context::new(&SHA256),
            stored: Context::new(&SHA256),
            sent: 0,
            size: 0,
            fault: None,
        };
        Ok(Self {
            gathered: Vec::new(),
            length: 0,
            state: State::Ready(Box::new(work)),
            file: handle,
            unsettled: 0,
            settling: None,
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// The folder does not take them.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), FileFailure> {
        self.length += bytes.len();
        self.gathered.push(bytes);
        if self.length < GATHERED {
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
        let work = self.written().await?;
        self.settled().await?;
        run(move || work.finish()).await
    }

    /// Hands the gathered bytes to be written, once the ones before are.
    async fn write(&mut self) -> Result<(), FileFailure> {
        let mut work = self.written().await?;
        self.settle().await?;
        let gathered = std::mem::take(&mut self.gathered);
        self.unsettled += self.length;
        self.length = 0;
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            gathered.iter().try_for_each(|bytes| work.take(bytes))?;
            Ok(work)
        }));
        Ok(())
    }

    /// Sends what is written to the disk, unless that is going on, or hardly anything is.
    async fn settle(&mut self) -> Result<(), FileFailure> {
        let busy = self.settling.as_ref().is_some_and(|running| !running.is_finished());
        if busy || self.unsettled < SETTLED {
            return Ok(());
        }
        self.settled().await?;
        self.unsettled = 0;
        let file = Arc::clone(&self.file);
        self.settling = Some(tokio::task::spawn_blocking(move || file.sync_data()));
        Ok(())
    }

    /// Waits until nothing is on its way to the disk: a failure there is said once only.
    async fn settled(&mut self) -> Result<(), FileFailure> {
        let Some(running) = self.settling.take() else { return Ok(()) };
        Ok(running.await.map_err(|cause| FileFailure::Broken(cause.to_string()))??)
    }

    /// Waits until nothing is being written.
    async fn written(&mut self) -> Result<Box<Work>, FileFailure> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Ready(work) => Ok(work),
            State::Writing(running) => {
                running.await.map_err(|cause| FileFailure::Broken(cause.to_string()))?
            }
            State::Ended => Err(FileFailure::Broken("the file has ended with a failure".to_owned())),
        }
    }
}

/// Runs file work outside the async workers.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileFailure> + Send + 'static,
) -> Result<T, FileFailure> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| FileFailure::Broken(cause.to_string()))?
}

/// The digest in lower-case hex.
pub(super) fn hex(digest: Context) -> String {
    digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Work {
    fn take(&mut self, bytes: &[u8]) -> Result<(), FileFailure> {
        self.head.extend(bytes.iter().take(HEAD.saturating_sub(self.head.len())));
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
        if !self.kind.begins(&self.head) {
            self.fault.get_or_insert(FileFault::Content);
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
        let original_sha256 = hex(self.original);
        let stored_sha256 = match self.photo {
            Some(_) => hex(self.stored),
            None => original_sha256.clone(),
        };
        Ok(Ok(Received { file: self.file, kind: self.kind, size: self.size, original_sha256, stored_sha256 }))
    }
}
