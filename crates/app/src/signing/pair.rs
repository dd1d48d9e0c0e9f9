//! The certificates of a key: which there are, and which is in force.

use std::collections::HashMap;

use ca::{RevocationReason, Status, StoredCertificate};
use jiff::Timestamp;
use pki::Serial;
use status::rules::delegation;

use super::model::{Certified, PairState};
use super::sql::pair as sql;
use crate::error::Error;
use crate::institution::Institution;

/// A signing and an encryption certificate that belong together.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    /// From 1; each renewal makes the next.
    pub generation: i64,
    /// The signing certificate.
    pub sign: StoredCertificate,
    /// The encryption certificate.
    pub enc: StoredCertificate,
}

impl Issued {
    /// First and last second.
    pub(super) fn period(&self) -> (Timestamp, Timestamp) {
        (self.sign.record.not_before, self.sign.record.not_after)
    }

    /// Whether signatures may be made under it.
    fn is_usable(&self, now: Timestamp) -> bool {
        let (begin, end) = self.period();
        self.sign.record.status == Status::Good && (begin..=end).contains(&now)
    }

    /// Whether its key is not to be relied on under any certificate: somebody holds this one, or it was revoked
    /// because others have the key, or may have it.
    fn is_key_doubted(&self, now: Timestamp) -> bool {
        match &self.sign.record.status {
            Status::Suspended { .. } => now <= self.period().1,
            _ => self.is_compromised(),
        }
    }

    /// Whether it was revoked because others have the key, or may have it.
    fn is_compromised(&self) -> bool {
        let status = &self.sign.record.status;
        matches!(status, Status::Revoked { reason: RevocationReason::KeyCompromise, .. })
    }
}

/// Whether the key of these pairs is not to be relied on: they share it, so what is known of one counts for all
/// (ADR 12).
pub(super) fn is_key_doubted(pairs: &[Issued], now: Timestamp) -> bool {
    pairs.iter().any(|one| one.is_key_doubted(now))
}

/// Whether others have the key of these pairs, or may have it.
pub(super) fn is_compromised(pairs: &[Issued]) -> bool {
    pairs.iter().any(Issued::is_compromised)
}

/// The pair to sign under, of all pairs of a key: a new one rests for a day, so that clocks that are slow
/// believe it too. None while the key is doubted under any of them.
pub(super) fn in_force(pairs: &[Issued], now: Timestamp) -> Option<&Issued> {
    if is_key_doubted(pairs, now) {
        return None;
    }
    delegation::signer(pairs.iter().filter(|one| one.is_usable(now)), |one| one.period(), now)
}

impl Institution {
    /// The pairs of a key that were issued, oldest first.
    pub(super) async fn pairs_of(&self, number: i64) -> Result<Vec<Issued>, Error> {
        let pairs = sql::of_key(&mut *self.store().read().await?, number).await?;
        let mut named = Vec::new();
        for pair in pairs {
            if let PairState::Made(sign, enc) = pair.state {
                named.push((pair.generation, Serial::from_hex(&sign)?, Serial::from_hex(&enc)?));
            }
        }
        let serials: Vec<Serial> = named.iter().flat_map(|(_, sign, enc)| [*sign, *enc]).collect();
        let found = self.ca().find_all(&serials).await?;
        let mut found: HashMap<Serial, StoredCertificate> =
            found.into_iter().map(|one| (one.record.serial, one)).collect();
        let mut take =
            |serial: Serial| found.remove(&serial).ok_or(Error::Stored("签名密钥的证书"));
        let issued = named.into_iter().map(|(generation, sign, enc)| {
            Ok(Issued { generation, sign: take(sign)?, enc: take(enc)? })
        });
        issued.collect()
    }
}

/// Pairs for people, newest first.
pub(super) fn certified(pairs: Vec<Issued>, now: Timestamp) -> Vec<Certified> {
    let current = in_force(&pairs, now).map(|one| one.generation);
    let shown = pairs.into_iter().rev().map(|one| Certified {
        generation: one.generation,
        is_in_force: Some(one.generation) == current,
        sign: one.sign.record,
        enc: one.enc.record,
    });
    shown.collect()
}
