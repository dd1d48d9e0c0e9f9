//! SM2 signatures in their two forms: DER in certificates, 64 octets in devices.

use std::fmt;

use ::sm2::{Scalar, elliptic_curve::PrimeField};

use crate::{FormatError, der};

/// `SM2Signature ::= SEQUENCE { R INTEGER, S INTEGER }` (GM/T 0009 §7.3), with r and s in 1..=n-1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
}

impl Signature {
    /// Reads strict DER: shortest form, positive, in range, nothing after it.
    pub fn from_der(octets: &[u8]) -> Result<Self, FormatError> {
        let mut content = der::Reader::sequence(octets)?;
        let (r, s) = (content.integer()?, content.integer()?);
        content.end()?;
        Self::checked(r, s)
    }

    /// The form in certificates, CRLs and OCSP answers.
    pub fn to_der(&self) -> Vec<u8> {
        der::sequence(&[&der::integer(&self.r), &der::integer(&self.s)])
    }

    /// Reads `r ‖ s`, the form of GM/T 0018 devices without their padding.
    pub fn from_raw(octets: &[u8; 64]) -> Result<Self, FormatError> {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        let (left, right) = octets.split_at(32);
        r.copy_from_slice(left);
        s.copy_from_slice(right);
        Self::checked(r, s)
    }

    /// `r ‖ s`.
    pub fn to_raw(&self) -> [u8; 64] {
        let mut out = [0; 64];
        let (left, right) = out.split_at_mut(32);
        left.copy_from_slice(&self.r);
        right.copy_from_slice(&self.s);
        out
    }

    fn checked(r: [u8; 32], s: [u8; 32]) -> Result<Self, FormatError> {
        let signature = Self { r, s };
        signature.scalars().ok_or(FormatError::Range)?;
        Ok(signature)
    }

    pub(crate) fn from_scalars(r: &Scalar, s: &Scalar) -> Option<Self> {
        let signature = Self { r: r.to_repr().into(), s: s.to_repr().into() };
        signature.scalars().map(|_| signature)
    }

    /// r and s, both non-zero and below n. Public values: no need for constant time.
    pub(crate) fn scalars(&self) -> Option<(Scalar, Scalar)> {
        let read = |octets: [u8; 32]| {
            Scalar::from_repr(octets.into()).into_option().filter(|scalar| *scalar != Scalar::ZERO)
        };
        Some((read(self.r)?, read(self.s)?))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(self.to_raw()))
    }
}
