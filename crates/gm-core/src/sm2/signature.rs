//! A signature (r, s), both in 1..=n−1.

use crate::scalar::Scalar;
use crate::{Error, der};

/// r and s of GB/T 32918.2, each in 1..=n−1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signature {
    r: Scalar,
    s: Scalar,
}

impl Eq for Signature {}

impl Signature {
    /// Reads SEQUENCE { r INTEGER, s INTEGER } (GM/T 0009 §7.3), DER only.
    pub fn from_der(octets: &[u8]) -> Result<Self, Error> {
        let mut reader = der::Reader::sequence(octets)?;
        let (r, s) = (reader.unsigned()?, reader.unsigned()?);
        reader.end()?;
        Self::from_parts(&r, &s)
    }

    /// SEQUENCE { r INTEGER, s INTEGER }.
    pub fn to_der(&self) -> Vec<u8> {
        der::sequence(&[&der::unsigned(&self.r.to_be()), &der::unsigned(&self.s.to_be())])
    }

    /// Reads r ‖ s.
    pub fn from_raw(octets: &[u8; 64]) -> Result<Self, Error> {
        match octets.as_chunks::<32>().0 {
            [r, s] => Self::from_parts(r, s),
            _ => Err(Error::Length),
        }
    }

    /// r ‖ s.
    pub fn to_raw(&self) -> [u8; 64] {
        let mut octets = [0; 64];
        let parts = [self.r.to_be(), self.s.to_be()];
        octets.iter_mut().zip(parts.as_flattened()).for_each(|(to, octet)| *to = *octet);
        octets
    }

    fn from_parts(r: &[u8; 32], s: &[u8; 32]) -> Result<Self, Error> {
        let part = |octets| Scalar::from_be(octets).ok_or(Error::Scalar);
        let (r, s) = (part(r)?, part(s)?);
        if r.is_zero_vartime() || s.is_zero_vartime() {
            return Err(Error::Scalar);
        }
        Ok(Self::of_nonzero(r, s))
    }

    /// Of parts that were found to be other than zero.
    pub(super) fn of_nonzero(r: Scalar, s: Scalar) -> Self {
        Self { r, s }
    }

    pub(crate) fn r(&self) -> &Scalar {
        &self.r
    }

    pub(crate) fn s(&self) -> &Scalar {
        &self.s
    }
}
