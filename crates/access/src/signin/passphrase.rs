//! Passphrases: Argon2id (RFC 9106), then HMAC-SM3 by a key of the device, so that who has only
//! the database cannot guess at all.

use crate::people::Passphrase;
use crate::service::same;
use crate::{Access, Error};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;
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
        let work = move || stretch.run(&passphrase, &salt);
        let stretched = in_turn(self.hashing(), work).await??;
        self.mac("passphrase", &*stretched)
    }
}

/// Work on a thread of its own, of which only so many go on at a time. The turn ends with the work, whether or not
/// somebody still waits for it.
async fn in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let turn = turns.clone().acquire_owned().await.map_err(|_| store::Error::Closed)?;
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    Ok(work.await.map_err(|_| store::Error::UnitPanicked)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::HASHING;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use tokio::task::JoinHandle;

    /// Somebody who signs in, and whose passphrase is stretched until the gate opens.
    fn asking(
        turns: &Arc<Semaphore>,
        inside: &Sender<()>,
    ) -> (JoinHandle<Result<(), Error>>, Sender<()>) {
        let (open, gate): (_, Receiver<()>) = channel();
        let (turns, inside) = (turns.clone(), inside.clone());
        let work = move || {
            inside.send(()).unwrap();
            // Until it is opened, or the test is over.
            let _ = gate.recv();
        };
        (tokio::spawn(async move { in_turn(&turns, work).await }), open)
    }

    /// Whoever hangs up and asks again would otherwise have as many stretched at once as they like, of 64 MiB each.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_turn_is_not_free_because_whoever_asked_hung_up() {
        let turns = Arc::new(Semaphore::new(HASHING));
        let (inside, came) = channel();
        let (asked, gates): (Vec<_>, Vec<_>) =
            (0..HASHING).map(|_| asking(&turns, &inside)).unzip();
        for _ in 0..HASHING {
            came.recv().unwrap();
        }
        for one in asked {
            one.abort();
            assert!(one.await.unwrap_err().is_cancelled());
        }
        assert_eq!(turns.available_permits(), 0, "the work goes on");
        let (next, open) = asking(&turns, &inside);
        // As long as it takes that those who may go on do so.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(came.try_recv().is_err(), "it waits for its turn");
        drop(gates);
        came.recv().unwrap();
        drop(open);
        next.await.unwrap().unwrap();
    }
}
