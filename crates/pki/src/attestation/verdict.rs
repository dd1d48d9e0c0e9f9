//! What came of an attestation.

use gm::{Digest, Product};
use serde::{Deserialize, Serialize};

use super::Attestation;

/// Whether it is proven that a key is in a certified device. An attestation that proves nothing is an error
/// ([`crate::Error::Attestation`]) and leads to no verdict. As JSON it stands in our tables; records of the journal have
/// its [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Verified(Verified),
    /// The institution made the key in its own device, which held this product certificate then.
    Own {
        /// The product, with its certificate as it was.
        product: Product,
    },
    /// Nothing was handed in.
    Absent,
}

/// A proven attestation; made by [`super::Products::judge`] alone, and read back from our own tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    product: Product,
    device: String,
    sm3: String,
}

impl Verified {
    pub(super) fn new(product: Product, number: &str, sm3: &Digest) -> Self {
        Self { product, device: number.to_owned(), sm3: sm3.to_hex() }
    }

    /// The product, with its certificate as registered at that time.
    #[must_use]
    pub const fn product(&self) -> &Product {
        &self.product
    }

    /// The number of the device.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// SM3 of the attestation, in hexadecimal.
    #[must_use]
    pub fn sm3(&self) -> &str {
        &self.sm3
    }
}

/// What a record of the journal says of a verdict: no number of a device, which may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry<'v> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'v Product>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sm3: Option<&'v str>,
}

impl Verdict {
    /// For the record of the act that it was judged in.
    #[must_use]
    pub fn entry(&self) -> Entry<'_> {
        match self {
            Self::Verified(Verified { product, sm3, .. }) => {
                Entry { verdict: "verified", product: Some(product), sm3: Some(sm3) }
            }
            Self::Own { product } => Entry { verdict: "own", product: Some(product), sm3: None },
            Self::Absent => Entry { verdict: "absent", product: None, sm3: None },
        }
    }

    /// The words for people.
    #[must_use]
    pub const fn chinese(&self) -> &'static str {
        match self {
            Self::Verified(_) => "已验证设备证明",
            Self::Own { .. } => "在本机构的密码设备中生成",
            Self::Absent => "未提供设备证明",
        }
    }

    /// What was proven.
    #[must_use]
    pub const fn verified(&self) -> Option<&Verified> {
        match self {
            Self::Verified(verified) => Some(verified),
            Self::Own { .. } | Self::Absent => None,
        }
    }

    /// The product that the key is in, where that is known.
    #[must_use]
    pub const fn product(&self) -> Option<&Product> {
        match self {
            Self::Verified(Verified { product, .. }) | Self::Own { product } => Some(product),
            Self::Absent => None,
        }
    }
}

/// A verdict with its evidence: the attestation, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    verdict: Verdict,
    evidence: Option<String>,
}

impl Judged {
    pub(super) fn verified(verified: Verified, attestation: &Attestation) -> Self {
        let evidence = Some(attestation.pem().to_owned());
        Self { verdict: Verdict::Verified(verified), evidence }
    }

    pub(super) const fn own(product: Product) -> Self {
        Self { verdict: Verdict::Own { product }, evidence: None }
    }

    pub(super) const fn absent() -> Self {
        Self { verdict: Verdict::Absent, evidence: None }
    }

    /// As it was kept.
    #[must_use]
    pub const fn kept(verdict: Verdict, evidence: Option<String>) -> Self {
        Self { verdict, evidence }
    }

    /// Whether it was this attestation, or none, that was judged.
    #[must_use]
    pub fn is_of(&self, attestation: Option<&[u8]>) -> bool {
        match (self.evidence(), attestation) {
            (None, None) => true,
            (Some(kept), Some(octets)) => {
                Attestation::parse(octets).is_ok_and(|attestation| attestation.pem() == kept)
            }
            _ => false,
        }
    }

    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The attestation in PEM.
    #[must_use]
    pub fn evidence(&self) -> Option<&str> {
        self.evidence.as_deref()
    }
}
