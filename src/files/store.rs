//! Where files are kept: a local folder, or an S3 bucket.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, WriteMultipart};
use tempfile::NamedTempFile;
use url::Url;

use super::incoming::{Incoming, Received, hex, run};
use super::{FileFailure, FileKind};

/// Folder within the store where files arrive.
const INCOMING: &str = "incoming";
/// Bytes that are read from a folder at once.
const PIECE: usize = 128 * 1024;
/// Bytes of a part sent to a bucket: S3 takes no smaller ones.
const PART: usize = 5 * 1024 * 1024;
/// What arrived longer ago than this and was not kept belongs to a process that is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// What was kept longer ago than this has its row, unless it never gets one. Long, so that a
/// database restored from a backup by mistake costs no files.
const SETTLED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Address of a store: `file:///path` or `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A local folder, which instances on one machine may share.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Url),
}

impl std::str::FromStr for StoreUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "the address of a store starts with file:/// or s3://".to_owned();
        let url = Url::parse(text).map_err(|_unreadable| wrong())?;
        match url.scheme() {
            "file" => url.to_file_path().map(Self::Folder).map_err(|()| wrong()),
            "s3" if url.has_host() => Ok(Self::Bucket(url)),
            _ => Err(wrong()),
        }
    }
}

/// The store of files. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    incoming: PathBuf,
    is_folder: bool,
}

/// A file, or a part of it, to be sent on.
pub struct Stored {
    /// Bytes of the whole file.
    pub size: u64,
    /// The bytes asked for.
    pub bytes: BoxStream<'static, Result<Bytes, FileFailure>>,
}

impl Files {
    /// Opens the store and removes what an earlier process left half received.
    ///
    /// `options` are settings of a bucket by their names, e.g. `AWS_REGION`; `spool` is the local
    /// folder through which files go to a bucket.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or the options do not fit.
    pub fn open(url: &StoreUrl, options: &[(&'static str, String)], spool: PathBuf) -> anyhow::Result<Self> {
        let files = match url {
            StoreUrl::Folder(root) => {
                let incoming = root.join(INCOMING);
                std::fs::create_dir_all(&incoming)?;
                let store = LocalFileSystem::new_with_prefix(root)?.with_fsync(true);
                let store = store.with_automatic_cleanup(true);
                Self { store: Arc::new(store), incoming, is_folder: true }
            }
            StoreUrl::Bucket(url) => {
                std::fs::create_dir_all(&spool)?;
                let options = options.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
                let (store, prefix) = object_store::parse_url_opts(url, options)?;
                Self { store: Arc::new(PrefixStore::new(store, prefix)), incoming: spool, is_folder: false }
            }
        };
        files.remove_abandoned()?;
        Ok(files)
    }

    fn remove_abandoned(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(&self.incoming)? {
            let entry = entry?;
            let Some(found) = gone_is_well(entry.metadata())? else { continue };
            let age = found.modified()?.elapsed().unwrap_or_default();
            if age > ABANDONED {
                gone_is_well(std::fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }

    /// Begins to receive a file.
    ///
    /// # Errors
    ///
    /// The folder takes no file.
    pub fn begin(&self, kind: FileKind) -> Result<Incoming, FileFailure> {
        Incoming::begin(&self.incoming, kind)
    }

    /// Keeps a received file under `key`; it survives a loss of power once this has returned.
    ///
    /// # Errors
    ///
    /// The store does not take it; nothing is kept then.
    pub async fn keep(&self, key: &str, received: &Received) -> Result<(), FileFailure> {
        self.keep_file(key, &received.file).await
    }

    /// Puts a file under `key` as it is, when its SHA-256 is this one; whether it is. For what was looked
    /// at when it first came, as the files of a backup were. Reads `from` on the calling thread.
    ///
    /// # Errors
    ///
    /// `from` cannot be read, or the store does not take it; nothing is kept then.
    pub async fn put(&self, key: &str, sha256: &str, mut from: impl Read) -> Result<bool, FileFailure> {
        let mut file = NamedTempFile::new_in(&self.incoming)?;
        let mut hash = Context::new(&SHA256);
        let mut piece = vec![0; PIECE];
        loop {
            let length = from.read(&mut piece)?;
            let Some(bytes) = piece.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
            hash.update(bytes);
            file.write_all(bytes)?;
        }
        if hex(hash) != sha256 {
            return Ok(false);
        }
        self.keep_file(key, &file).await?;
        Ok(true)
    }

    async fn keep_file(&self, key: &str, from: &NamedTempFile) -> Result<(), FileFailure> {
        let mut file = from.reopen()?;
        let to = Path::parse(key).map_err(object_store::Error::from)?;
        if self.is_folder {
            run(move || Ok(file.sync_all()?)).await?;
            let name = from.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let from = Path::from_iter([INCOMING, name]);
            return Ok(self.store.rename(&from, &to).await?);
        }
        let mut upload = WriteMultipart::new_with_chunk_size(self.store.put_multipart(&to).await?, PART);
        loop {
            let (bytes, rest) = run(move || {
                let mut bytes = Vec::with_capacity(PIECE);
                let read = (&mut file).take(u64::try_from(PIECE).unwrap_or(u64::MAX));
                { read }.read_to_end(&mut bytes)?;
                Ok((bytes, file))
            })
            .await?;
            file = rest;
            if bytes.is_empty() {
                break;
            }
            if let Err(cause) = upload.wait_for_capacity(1).await {
                // The parts sent so far would stay in the bucket and be paid for.
                upload.abort().await?;
                return Err(cause.into());
            }
            upload.put(bytes.into());
        }
        upload.finish().await?;
        Ok(())
    }

    /// Reads a file, or the bytes from `range` of it.
    ///
    /// # Errors
    ///
    /// [`FileFailure::Missing`], or the store does not work.
    pub async fn read(&self, key: &str, range: Option<std::ops::Range<u64>>) -> Result<Stored, FileFailure> {
        let path = Path::parse(key).map_err(object_store::Error::from)?;
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.store.get_opts(&path, options).await?;
        let size = found.meta.size;
        let bytes = match found.payload {
            GetResultPayload::File(file, _) => pieces(file, found.range),
            GetResultPayload::Stream(bytes) => bytes.map(|piece| Ok(piece?)).boxed(),
        };
        Ok(Stored { size, bytes })
    }

    /// As [`read`](Self::read), after a look whether the file still is what was kept: its size, and in
    /// a folder its SHA-256. A bucket guards its objects by itself.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`FileFailure::Damaged`].
    pub async fn read_sound(
        &self,
        key: &str,
        (size, sha256): (u64, &str),
        range: Option<std::ops::Range<u64>>,
    ) -> Result<Stored, FileFailure> {
        let damaged = || FileFailure::Damaged(key.to_owned());
        if self.is_folder {
            let mut hash = Context::new(&SHA256);
            let mut whole = self.read(key, None).await?;
            while let Some(piece) = whole.bytes.next().await {
                hash.update(&piece?);
            }
            if hex(hash) != sha256 {
                return Err(damaged());
            }
        }
        let stored = self.read(key, range).await?;
        if stored.size == size { Ok(stored) } else { Err(damaged()) }
    }

    /// Reads a file whole: for one that is small.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn read_whole(&self, key: &str) -> Result<Vec<u8>, FileFailure> {
        let mut stored = self.read(key, None).await?;
        let mut bytes = Vec::with_capacity(usize::try_from(stored.size).unwrap_or_default());
        while let Some(piece) = stored.bytes.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(bytes)
    }

    /// Removes a file; one that is not there is no failure.
    ///
    /// # Errors
    ///
    /// The store does not work.
    pub async fn remove(&self, key: &str) -> Result<(), FileFailure> {
        let path = Path::parse(key).map_err(object_store::Error::from)?;
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// The keys under `folder` that were kept more than 30 days ago.
    ///
    /// # Errors
    ///
    /// The store does not work.
    pub async fn settled(&self, folder: &str) -> Result<Vec<String>, FileFailure> {
        let folder = Path::parse(folder).map_err(object_store::Error::from)?;
        let mut found = Vec::new();
        let mut list = self.store.list(Some(&folder));
        while let Some(object) = list.next().await {
            let object = object?;
            let kept = std::time::SystemTime::from(object.last_modified);
            if kept.elapsed().is_ok_and(|age| age > SETTLED) {
                found.push(object.location.to_string());
            }
        }
        Ok(found)
    }
}

/// A file that another instance has removed meanwhile is nobody's failure.
fn gone_is_well<T>(outcome: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match outcome {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// The bytes of a local file, piece by piece, read outside the async workers.
fn pieces(
    file: std::fs::File,
    range: std::ops::Range<u64>,
) -> BoxStream<'static, Result<Bytes, FileFailure>> {
    let next = |(file, at, end): (Option<std::fs::File>, u64, u64)| async move {
        let mut file = file.filter(|_| at < end)?;
        let length = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
        let read = run(move || {
            let mut piece = Vec::with_capacity(length);
            file.seek(SeekFrom::Start(at))?;
            let read = (&mut file).take(u64::try_from(length).unwrap_or(u64::MAX));
            if { read }.read_to_end(&mut piece)? < length {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            Ok((Bytes::from(piece), file))
        });
        Some(match read.await {
            Ok((piece, file)) => {
                let on = at + u64::try_from(piece.len()).unwrap_or(u64::MAX);
                (Ok(piece), (Some(file), on, end))
            }
            Err(cause) => (Err(cause), (None, at, end)),
        })
    };
    stream::unfold((Some(file), range.start, range.end), next).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_file_is_kept_read_in_parts_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let url = StoreUrl::Folder(root.path().to_owned());
        let files = Files::open(&url, &[], PathBuf::new()).unwrap();
        let mut incoming = files.begin(FileKind::Pdf).unwrap();
        let sent: Vec<u8> = b"%PDF-1.7 ".iter().copied().chain((0..=250_u8).cycle().take(400_000)).collect();
        for piece in sent.chunks(70_000) {
            incoming.push(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        let received = incoming.finish().await.unwrap().unwrap();
        assert_eq!(received.size, 400_009);
        files.keep("sha256/ab/one", &received).await.unwrap();
        drop(received);
        assert_eq!(std::fs::read_dir(root.path().join(INCOMING)).unwrap().count(), 0);

        let gathered = |stored: Stored| stored.bytes.map(|piece| piece.unwrap().to_vec()).concat();
        let whole = files.read("sha256/ab/one", None).await.unwrap();
        assert_eq!(whole.size, 400_009);
        assert!(gathered(whole).await == sent);
        let part = files.read("sha256/ab/one", Some(100..200_100)).await.unwrap();
        assert!(gathered(part).await == sent[100..200_100]);
        assert!(files.settled("sha256").await.unwrap().is_empty(), "kept today");
        files.remove("sha256/ab/one").await.unwrap();
        files.remove("sha256/ab/one").await.unwrap();
        assert!(matches!(files.read("sha256/ab/one", None).await, Err(FileFailure::Missing(_))));
    }

    #[actix_web::test]
    async fn what_is_not_what_it_says_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let url = StoreUrl::Folder(root.path().to_owned());
        let files = Files::open(&url, &[], PathBuf::new()).unwrap();
        for (kind, bytes) in [
            (FileKind::Pdf, &b"MZ exe"[..]),
            (FileKind::Jpeg, b"<html>"),
            (FileKind::Docx, b"PK\x03\x04"),
            (FileKind::Png, b""),
        ] {
            let mut incoming = files.begin(kind).unwrap();
            incoming.push(Bytes::copy_from_slice(bytes)).await.unwrap();
            assert!(incoming.finish().await.unwrap().is_err(), "{kind:?}");
        }
        assert_eq!(std::fs::read_dir(root.path().join(INCOMING)).unwrap().count(), 0);
    }

    #[test]
    fn an_address_is_a_folder_or_a_bucket() {
        assert_eq!("file:///var/files".parse(), Ok(StoreUrl::Folder("/var/files".into())));
        assert!(matches!("s3://bucket/evidence".parse(), Ok(StoreUrl::Bucket(_))));
        for wrong in ["files", "http://host/x", "s3://", ""] {
            assert!(wrong.parse::<StoreUrl>().is_err(), "{wrong}");
        }
    }
}
