//! Trust anchors, as one snapshot that reports cite.

use gm::sm3;
use pki::Certificate;

/// The anchors of one moment. There is none without anchors: nothing would pass, and nobody could say
/// why (fail closed).
#[derive(Debug, Clone)]
pub struct Trust {
    anchors: Vec<Certificate>,
    snapshot: String,
}

impl Trust {
    /// The snapshot of these anchors; the same certificate counts once. `None` when there is none.
    pub fn of(anchors: impl IntoIterator<Item = Certificate>) -> Option<Self> {
        let mut hashed: Vec<_> =
            anchors.into_iter().map(|anchor| (sm3::hash(anchor.der()).0, anchor)).collect();
        hashed.sort_by_key(|(hash, _)| *hash);
        hashed.dedup_by_key(|(hash, _)| *hash);
        let hashes: Vec<&[u8]> = hashed.iter().map(|(hash, _)| &hash[..]).collect();
        let snapshot = sm3::hash_parts(&hashes).to_hex();
        let anchors: Vec<_> = hashed.into_iter().map(|(_, anchor)| anchor).collect();
        if anchors.is_empty() { None } else { Some(Self { anchors, snapshot }) }
    }

    /// The anchors, by the SM3 of their DER.
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors
    }

    /// SM3 over the SM3 digests of the anchors' DER, in ascending order: whoever has the same anchors
    /// computes the same.
    pub fn snapshot(&self) -> &str {
        &self.snapshot
    }
}
