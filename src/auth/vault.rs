//! Secrets that the service itself must read again, sealed with a key of the data folder.
//!
//! AES-256-GCM with a random nonce; what is sealed for one place opens at that place only. Who
//! has the database without the data folder has no secret.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::keys::{check_private, write_once};

/// Name of the key's file.
const FILE: &str = "secrets-key.bin";
/// Bytes of the key.
const KEY: usize = 32;

/// Seals and opens.
pub struct Vault {
    key: RandomizedNonceKey,
}

impl Vault {
    /// Reads the key of `folder`; makes it on first start.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, is no key, or can be read by others than its owner.
    pub fn load(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        if !path.exists() {
            make(folder, &path)?;
        }
        check_private(&path)?;
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if bytes.len() != KEY {
            bail!("{} is no key of {KEY} bytes", path.display());
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).context("the key cannot be used")?;
        Ok(Self { key })
    }

    /// Seals `text` for `place`.
    ///
    /// # Errors
    ///
    /// The system gives no randomness.
    pub fn seal(&self, place: &str, text: &str) -> anyhow::Result<String> {
        let mut sealed = text.as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed)
            .context("a secret cannot be sealed")?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(URL_SAFE_NO_PAD.encode(whole))
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    ///
    /// It was sealed with another key, for another place, or altered since.
    pub fn open(&self, place: &str, sealed: &str) -> anyhow::Result<String> {
        let fault =
            || anyhow!("a secret was sealed with another key: is this the data folder of the database?");
        let whole = URL_SAFE_NO_PAD.decode(sealed).context("a sealed secret is broken")?;
        let (nonce, rest) = whole.split_at_checked(aws_lc_rs::aead::NONCE_LEN).ok_or_else(fault)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_length| fault())?;
        let mut text = rest.to_vec();
        let text = self
            .key
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut text)
            .map_err(|_unopened| fault())?;
        Ok(String::from_utf8(text.to_vec())?)
    }
}

fn make(folder: &Path, path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut bytes = [0_u8; KEY];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no randomness")?;
    write_once(folder, path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_at_its_place_and_with_its_key_only() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let vault = Vault::load(ours.path()).unwrap();
        let sealed = vault.seal("webhook-1", "whsec_тайна").unwrap();
        assert_ne!(sealed, vault.seal("webhook-1", "whsec_тайна").unwrap(), "the nonce is random");
        assert_eq!(Vault::load(ours.path()).unwrap().open("webhook-1", &sealed).unwrap(), "whsec_тайна");
        assert!(vault.open("webhook-2", &sealed).is_err());
        assert!(Vault::load(theirs.path()).unwrap().open("webhook-1", &sealed).is_err());
        assert!(vault.open("webhook-1", &sealed[..10]).is_err());
    }
}
