//! Files that people send: received into a folder of their own, looked at, kept in a store.
//!
//! The store is a local folder or an S3 bucket, which instances of the service may share. What
//! arrives is never held in memory whole; a file that does not arrive whole leaves nothing.

mod archive;
mod incoming;
mod kind;
mod photo;
mod store;

pub use self::archive::unpacks_within;
pub use self::incoming::{Incoming, Received};
pub use self::kind::{FileFault, FileKind};
pub use self::store::{Files, StoreUrl, Stored};

/// A file that a row names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Its key in the store.
    pub key: String,
    /// SHA-256 of what is kept, hex.
    pub sha256: String,
}

/// Why a file could not be received, kept or read; never the client's fault.
#[derive(Debug, thiserror::Error)]
pub enum FileFailure {
    /// No space is left for it.
    #[error("no space left for files")]
    Full,
    /// The store has no such file though the database names it.
    #[error("a file is missing in the store: {0}")]
    Missing(String),
    /// What the store has under this key is not what was kept.
    #[error("a file was changed in the store: {0}")]
    Damaged(String),
    /// The store or the folder does not work.
    #[error("the store of files: {0}")]
    Broken(String),
}

impl From<std::io::Error> for FileFailure {
    fn from(cause: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match cause.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full,
            _ => Self::Broken(cause.to_string()),
        }
    }
}

impl From<object_store::Error> for FileFailure {
    fn from(cause: object_store::Error) -> Self {
        if let object_store::Error::NotFound { path, .. } = &cause {
            return Self::Missing(path.clone());
        }
        let mut inner: Option<&(dyn std::error::Error + 'static)> = Some(&cause);
        while let Some(error) = inner {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && matches!(Self::from(std::io::Error::from(io.kind())), Self::Full)
            {
                return Self::Full;
            }
            inner = error.source();
        }
        Self::Broken(cause.to_string())
    }
}
