//! SM2 public keys: points of the curve of GB/T 32918.5, never anything else.

use std::fmt;

use gm_core::sm2 as core;

use crate::{Digest, KeyError, UserId, sm3};

/// a, b, Gx, Gy of GB/T 32918.5, as they enter Z.
const CURVE: &[u8; 128] = b"\
    \xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfc\
    \x28\xe9\xfa\x9e\x9d\x9f\x5e\x34\x4d\x5a\x9e\x4b\xcf\x65\x09\xa7\
    \xf3\x97\x89\xf5\x15\xab\x8f\x92\xdd\xbc\xbd\x41\x4d\x94\x0e\x93\
    \x32\xc4\xae\x2c\x1f\x19\x81\x19\x5f\x99\x04\x46\x6a\x39\xc9\x94\
    \x8f\xe3\x0b\xbf\xf2\x66\x0b\xe1\x71\x5a\x45\x89\x33\x4c\x74\xc7\
    \xbc\x37\x36\xa2\xf4\xf6\x77\x9c\x59\xbd\xce\xe3\x6b\x69\x21\x53\
    \xd0\xa9\x87\x7c\xc6\x2a\x47\x40\x02\xdf\x32\xe5\x21\x39\xf0\xa0\
    ";

/// A point on the SM2 curve other than infinity. The cofactor is 1, so every such point
/// has order n.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(core::PublicKey);

impl PublicKey {
    /// Reads `04 ‖ X ‖ Y`. Compressed forms, coordinates not below p, points off the curve and
    /// infinity are refused (GM/T 0009 §5.2, §7.1).
    pub fn from_sec1(octets: &[u8]) -> Result<Self, KeyError> {
        let key = core::PublicKey::from_sec1(octets).map_err(|cause| match cause {
            gm_core::Error::OffCurve => KeyError::OffCurve,
            _ => KeyError::PointForm,
        })?;
        Ok(Self(key))
    }

    /// `04 ‖ X ‖ Y`.
    pub fn to_sec1(&self) -> [u8; 65] {
        self.0.to_sec1()
    }

    /// Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ Gx ‖ Gy ‖ X ‖ Y) (GB/T 32918.2 §5.5).
    pub fn z(&self, id: &UserId) -> Digest {
        sm3::hash_parts(&[&id.entl(), id.as_bytes(), CURVE, self.0.x(), self.0.y()])
    }

    /// SM3 of the uncompressed point in lower-case hexadecimal: a name for people and indexes.
    pub fn fingerprint(&self) -> String {
        sm3::hash(&self.to_sec1()).to_hex()
    }

    pub(crate) fn from_core(key: core::PublicKey) -> Self {
        Self(key)
    }

    pub(crate) fn core(&self) -> &core::PublicKey {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.to_sec1()))
    }
}
