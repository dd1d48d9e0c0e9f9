//! SM2 public keys: points of the curve of GB/T 32918.5, never anything else.

use std::fmt;

use ::sm2::{
    AffinePoint, ProjectivePoint,
    elliptic_curve::{point::AffineCoordinates, sec1::ToSec1Point},
};

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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    sec1: [u8; 65],
    point: AffinePoint,
}

impl PublicKey {
    /// Reads `04 ‖ X ‖ Y`. Compressed forms, coordinates not below p, points off the curve and
    /// infinity are refused (GM/T 0009 §5.2, §7.1).
    pub fn from_sec1(octets: &[u8]) -> Result<Self, KeyError> {
        let sec1: [u8; 65] = octets.try_into().map_err(|_| KeyError::PointForm)?;
        let [4, coordinates @ ..] = sec1 else {
            return Err(KeyError::PointForm);
        };
        let (x, y) = coordinates.split_at(32);
        let x: [u8; 32] = x.try_into().map_err(|_| KeyError::PointForm)?;
        let y: [u8; 32] = y.try_into().map_err(|_| KeyError::PointForm)?;
        let point = Option::from(AffinePoint::from_coordinates(&x.into(), &y.into()))
            .ok_or(KeyError::OffCurve)?;
        Ok(Self { sec1, point })
    }

    /// `04 ‖ X ‖ Y`.
    pub fn to_sec1(&self) -> [u8; 65] {
        self.sec1
    }

    /// Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ Gx ‖ Gy ‖ X ‖ Y) (GB/T 32918.2 §5.5).
    pub fn z(&self, id: &UserId) -> Digest {
        let (_, coordinates) = self.sec1.split_at(1);
        sm3::hash_parts(&[&id.entl(), id.as_bytes(), CURVE, coordinates])
    }

    /// SM3 of the uncompressed point in lower-case hexadecimal: a name for people and indexes.
    pub fn fingerprint(&self) -> String {
        sm3::hash(&self.sec1).to_hex()
    }

    /// None for infinity.
    pub(crate) fn from_point(point: &ProjectivePoint) -> Option<Self> {
        let point = point.to_affine();
        let sec1: [u8; 65] = point.to_sec1_point(false).as_bytes().try_into().ok()?;
        Some(Self { sec1, point })
    }

    pub(crate) fn point(&self) -> &AffinePoint {
        &self.point
    }
}

impl std::hash::Hash for PublicKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.sec1.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.sec1))
    }
}
