//! Passphrases: Argon2id (RFC 9106), then HMAC-SM3 by a key of the device, so that who has only
//! the database cannot guess at all.

use crate::people::Passphrase;
use crate::service::same;
use crate::{Access, Error};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

/// How hard guessing is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Stretch {
    /// RFC 9106 §4, second recommended option, with one lane: the lanes would run one after
    /// the other here.
    const NOW: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 1 };

    fn run(self, passphrase: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let wrong = || Error::Stored("口令参数");
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let mut out = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| wrong())?)
            .hash_password_into(passphrase.as_bytes(), salt, &mut out[..])
            .map_err(|_| wrong())?;
        Ok(out)
    }
}

impl Access {
    /// What is stored of a new passphrase: parameters, salt, verifier.
    pub(crate) async fn stretched(
        &self,
        passphrase: &Zeroizing<String>,
    ) -> Result<(Stretch, String, String), Error> {
        let salt = hex::encode(self.random::<16>()?);
        let verifier = self.verifier(passphrase, Stretch::NOW, &salt).await?;
        Ok((Stretch::NOW, salt, verifier))
    }

    /// Whether a passphrase is the one that was set. Without one to compare with, the work is
    /// the same and the answer no.
    pub(crate) async fn is_passphrase(
        &self,
        passphrase: &Zeroizing<String>,
        stored: Option<&Passphrase>,
    ) -> Result<bool, Error> {
        let nobody = (Stretch::NOW, "00000000000000000000000000000000", "");
        let (stretch, salt, verifier) =
            stored.map_or(nobody, |set| (set.stretch, &set.salt, &set.verifier));
        let found = self.verifier(passphrase, stretch, salt).await?;
        Ok(same(found.as_bytes(), verifier.as_bytes()))
    }

    /// Two at a time: each takes 64 MiB, and a flood of attempts must not take them all.
    async fn verifier(
        &self,
        passphrase: &Zeroizing<String>,
        stretch: Stretch,
        salt: &str,
    ) -> Result<String, Error> {
        let salt = hex::decode(salt).map_err(|_| Error::Stored("口令参数"))?;
        let passphrase = passphrase.clone();
        let turn = self.hashing().clone().acquire_owned();
        let turn = turn.await.map_err(|_| store::Error::Closed)?;
        // The turn ends with the work, whether or not somebody still waits for it.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            stretch.run(&passphrase, &salt)
        });
        let stretched = work.await.map_err(|_| store::Error::UnitPanicked)??;
        self.mac("passphrase", &*stretched)
    }
}
