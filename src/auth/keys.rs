//! Signing keys of access tokens: Ed25519, made on first start, kept in the data folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Name of the newest key's file; a rotated one is `signing-key.previous.der`.
const NEWEST: &str = "signing-key.der";
const PREVIOUS: &str = "signing-key.previous.der";

/// The key that signs, and every key whose tokens are still good.
pub struct Keys {
    signing: EncodingKey,
    newest: PublicKey,
    previous: Option<PublicKey>,
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
        let newest = file.map_or_else(|| folder.join(NEWEST), PathBuf::from);
        if file.is_none() && !newest.exists() {
            make(folder, &newest)?;
        }
        let (signing, public) = read(&newest)?;
        let previous = folder.join(PREVIOUS);
        Ok(Self {
            signing,
            newest: public,
            previous: if previous.exists() { Some(read(&previous)?.1) } else { None },
        })
    }

    /// `kid` of the key that signs.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.newest.kid
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    /// The key with this `kid`, while its tokens are good.
    #[must_use]
    pub fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.public().find(|key| key.kid == kid).map(|key| &key.verify)
    }

    /// The public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self
            .public()
            .map(|key| json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": key.x}))
            .collect();
        json!({ "keys": keys })
    }

    fn public(&self) -> impl Iterator<Item = &PublicKey> {
        std::iter::once(&self.newest).chain(&self.previous)
    }
}

fn make(folder: &Path, path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let random = aws_lc_rs::rand::SystemRandom::new();
    let document = Ed25519KeyPair::generate_pkcs8(&random).context("cannot make a signing key")?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(path);
    // Another instance may have been first: then its key is the key.
    if opened.as_ref().is_err_and(|cause| cause.kind() == std::io::ErrorKind::AlreadyExists) {
        return Ok(());
    }
    let mut file = opened.with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(document.as_ref())?;
    file.sync_all()?;
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<(EncodingKey, PublicKey)> {
    let der = fs::read(path).with_context(|| format!("cannot read the signing key {}", path.display()))?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions());
        if mode & 0o077 != 0 {
            bail!("the signing key {} can be read by others: chmod 600 it", path.display());
        }
    }
    let pair = Ed25519KeyPair::from_pkcs8(&der)
        .with_context(|| format!("{} is not an Ed25519 key in PKCS #8 DER", path.display()))?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    let public = PublicKey {
        kid: URL_SAFE_NO_PAD.encode(thumbprint),
        verify: DecodingKey::from_ed_components(&x)?,
        x,
    };
    Ok((EncodingKey::from_ed_der(&der), public))
}
