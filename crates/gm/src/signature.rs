//! SM2 signatures in their two forms: DER in certificates, 64 octets in devices.

use std::fmt;

use gm_core::sm2 as core;

use crate::{FormatError, der};

/// `SM2Signature ::= SEQUENCE { R INTEGER, S INTEGER }` (GM/T 0009 §7.3), with r and s in 1..=n-1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(core::Signature);

impl Signature {
    /// Reads strict DER: shortest form, positive, in range, nothing after it.
    pub fn from_der(octets: &[u8]) -> Result<Self, FormatError> {
        let mut content = der::Reader::sequence(octets)?;
        let (r, s) = (content.integer()?, content.integer()?);
        content.end()?;
        let mut raw = [0; 64];
        let parts = r.iter().chain(&s);
        raw.iter_mut().zip(parts).for_each(|(to, octet)| *to = *octet);
        Self::from_raw(&raw)
    }

    /// The form in certificates, CRLs and OCSP answers.
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_der()
    }

    /// Reads `r ‖ s`, the form of GM/T 0018 devices without their padding.
    pub fn from_raw(octets: &[u8; 64]) -> Result<Self, FormatError> {
        core::Signature::from_raw(octets).map(Self).map_err(|_| FormatError::Range)
    }

    /// `r ‖ s`.
    pub fn to_raw(&self) -> [u8; 64] {
        self.0.to_raw()
    }

    pub(crate) fn from_core(signature: core::Signature) -> Self {
        Self(signature)
    }

    pub(crate) fn core(&self) -> &core::Signature {
        &self.0
    }
}

impl std::hash::Hash for Signature {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.to_raw().hash(state);
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(self.to_raw()))
    }
}
