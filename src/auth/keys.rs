//! Signing keys of access tokens: Ed25519, made on first start, kept in the data folder.
//!
//! `school-roadmap keys rotate` makes a new key and keeps the one before until every token
//! that it signed has ended. A process that runs takes the new key up by itself: it looks at
//! the folder again every few seconds, and at once when it meets a key it does not know, as
//! when another instance already signs with the new one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::token::{LEEWAY_SECONDS, LIFETIME_SECONDS};

/// Name of the newest key's file.
const NEWEST: &str = "signing-key.der";
/// Name of the one before.
const PREVIOUS: &str = "signing-key.previous.der";
/// Name of the file that says until when tokens of the one before are good, RFC 3339.
const PREVIOUS_UNTIL: &str = "signing-key.previous.until";
/// How long what was read from the folder is believed.
const BELIEVED_SECONDS: u64 = 5;
/// Within which every running process signs with a new key.
const TAKEN_UP: chrono::Duration = chrono::Duration::seconds(10);

/// The key that signs, and every key whose tokens are still good.
pub struct Keys {
    folder: PathBuf,
    file: Option<PathBuf>,
    read: Mutex<(Instant, Arc<KeySet>)>,
}

/// A key that signs.
pub struct SigningKey {
    kid: String,
    encoding: EncodingKey,
}

impl SigningKey {
    /// Its id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key itself.
    #[must_use]
    pub fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }
}

struct KeySet {
    written: SystemTime,
    signing: Arc<SigningKey>,
    newest: PublicKey,
    previous: Option<(PublicKey, Option<DateTime<Utc>>)>,
}

struct PublicKey {
    kid: String,
    x: String,
    verify: DecodingKey,
}

impl Keys {
    /// Reads the keys of `folder`, or the one of `file`; makes the folder's key on first start.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or written, is no Ed25519 key (PKCS #8, DER), or can be
    /// read by others than its owner.
    pub fn load(folder: &Path, file: Option<&Path>) -> anyhow::Result<Self> {
        if file.is_none() && !folder.join(NEWEST).exists() {
            make(folder, NEWEST)?;
        }
        let set = KeySet::read(folder, file)?;
        Ok(Self {
            folder: folder.to_owned(),
            file: file.map(Path::to_owned),
            read: Mutex::new((Instant::now(), Arc::new(set))),
        })
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> Arc<SigningKey> {
        Arc::clone(&self.current(Look::Later).signing)
    }

    /// The key with this `kid`, while its tokens are good at `now`.
    #[must_use]
    pub fn verifying(&self, kid: &str, now: DateTime<Utc>) -> Option<DecodingKey> {
        if let Some(key) = self.current(Look::Later).verifying(kid, now) {
            return Some(key.verify.clone());
        }
        self.current(Look::Now).verifying(kid, now).map(|key| key.verify.clone())
    }

    /// The public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    #[must_use]
    pub fn jwks(&self, now: DateTime<Utc>) -> Value {
        let set = self.current(Look::Later);
        let keys: Vec<Value> = set
            .public(now)
            .map(|key| json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": key.x}))
            .collect();
        json!({ "keys": keys })
    }

    /// The keys as the folder has them, looked at now or when that is due.
    fn current(&self, look: Look) -> Arc<KeySet> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let due = read.0.elapsed() >= Duration::from_secs(BELIEVED_SECONDS);
        if due || look == Look::Now {
            read.0 = Instant::now();
            match self.read_if_new(read.1.written) {
                Ok(Some(set)) => read.1 = Arc::new(set),
                Ok(None) => {}
                // The keys in force still serve; the operator has to look at the folder.
                Err(cause) => log::error!("the signing keys cannot be read again: {cause:#}"),
            }
        }
        Arc::clone(&read.1)
    }

    fn read_if_new(&self, known: SystemTime) -> anyhow::Result<Option<KeySet>> {
        let newest = newest(&self.folder, self.file.as_deref());
        if fs::metadata(&newest)?.modified()? == known {
            return Ok(None);
        }
        KeySet::read(&self.folder, self.file.as_deref()).map(Some)
    }
}

/// When the folder is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Now,
    Later,
}

fn newest(folder: &Path, file: Option<&Path>) -> PathBuf {
    file.map_or_else(|| folder.join(NEWEST), PathBuf::from)
}

/// Makes a new signing key in `folder`; tokens of the one before stay good until they end.
///
/// Returns the ids of the new key and of the one before.
///
/// # Errors
///
/// There is no key yet, a rotation is less than the life of a token ago, or the folder cannot
/// be written.
pub fn rotate(folder: &Path, now: DateTime<Utc>) -> anyhow::Result<(String, String)> {
    let newest = folder.join(NEWEST);
    let (old, _) = read(&newest)?;
    if let Some(until) = previous_until(folder)?.filter(|until| *until > now) {
        bail!("the key before is still good until {}: rotate after that", until.to_rfc3339());
    }
    let next = folder.join("signing-key.next.der");
    match fs::remove_file(&next) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause.into()),
        _ => {}
    }
    make(folder, "signing-key.next.der")?;
    let (new, _) = read(&next)?;
    // In this order every moment leaves a folder that verifies what was signed before.
    let until = now + chrono::Duration::seconds(LIFETIME_SECONDS + LEEWAY_SECONDS) + TAKEN_UP;
    write_private(&folder.join(PREVIOUS_UNTIL), until.to_rfc3339().as_bytes())?;
    write_private(&folder.join(PREVIOUS), &fs::read(&newest)?)?;
    fs::rename(&next, &newest)?;
    fs::File::open(folder)?.sync_all()?;
    Ok((new.kid, old.kid))
}

impl KeySet {
    fn read(folder: &Path, file: Option<&Path>) -> anyhow::Result<Self> {
        let newest = newest(folder, file);
        let written = fs::metadata(&newest)?.modified()?;
        let (signing, newest) = read(&newest)?;
        let path = folder.join(PREVIOUS);
        let previous = if path.exists() { Some((read(&path)?.1, previous_until(folder)?)) } else { None };
        // A rotation that was cut off leaves the same key twice.
        let previous = previous.filter(|(key, _)| key.kid != newest.kid);
        Ok(Self { written, signing: Arc::new(signing), newest, previous })
    }

    fn verifying(&self, kid: &str, now: DateTime<Utc>) -> Option<&PublicKey> {
        self.public(now).find(|key| key.kid == kid)
    }

    fn public(&self, now: DateTime<Utc>) -> impl Iterator<Item = &PublicKey> {
        let good = move |until: &Option<DateTime<Utc>>| until.is_none_or(|until| now < until);
        let previous = self.previous.iter().filter(move |(_, until)| good(until)).map(|(key, _)| key);
        std::iter::once(&self.newest).chain(previous)
    }
}

fn previous_until(folder: &Path) -> anyhow::Result<Option<DateTime<Utc>>> {
    let path = folder.join(PREVIOUS_UNTIL);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let until = DateTime::parse_from_rfc3339(text.trim());
            Ok(Some(until.with_context(|| format!("{} holds no time", path.display()))?.to_utc()))
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn make(folder: &Path, name: &str) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let path = folder.join(name);
    let random = aws_lc_rs::rand::SystemRandom::new();
    let document = Ed25519KeyPair::generate_pkcs8(&random).context("cannot make a signing key")?;
    write_once(folder, &path, document.as_ref())
}

/// Writes a file that only its owner may read: whole, or not at all. One that is there already stays:
/// another instance may have been first, and then its key is the key.
pub(super) fn write_once(folder: &Path, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(failed)?;
    match file.persist_noclobber(path) {
        Ok(_file) => fs::File::open(folder)?.sync_all().with_context(failed),
        Err(cause) if cause.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(cause.error).with_context(failed),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let opened = private().create(true).truncate(true).open(&beside);
    let mut file = opened.with_context(|| format!("cannot write {}", beside.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

/// How a file that only its owner may read is made.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Refuses a key that others than its owner can read.
pub(super) fn check_private(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions());
        if mode & 0o077 != 0 {
            bail!("the key {} can be read by others: chmod 600 it", path.display());
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<(SigningKey, PublicKey)> {
    let der = fs::read(path).with_context(|| format!("cannot read the signing key {}", path.display()))?;
    check_private(path)?;
    let pair = Ed25519KeyPair::from_pkcs8(&der)
        .with_context(|| format!("{} is not an Ed25519 key in PKCS #8 DER", path.display()))?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    let kid = URL_SAFE_NO_PAD.encode(thumbprint);
    let public = PublicKey { kid: kid.clone(), verify: DecodingKey::from_ed_components(&x)?, x };
    Ok((SigningKey { kid, encoding: EncodingKey::from_ed_der(&der) }, public))
}
