//! SM2 public keys: points of the curve of GB/T 32918.5, never anything else.

use std::fmt;

use ::sm2::{
    AffinePoint, ProjectivePoint,
    elliptic_curve::{point::AffineCoordinates, sec1::ToSec1Point},
};

use crate::{Digest, KeyError, UserId, sm3};

/// a, b, Gx, Gy of GB/T 32918.5, as they enter Z.
const CURVE: [u8; 128] = curve();

/// A point on the SM2 curve other than infinity. The cofactor is 1, so every such point
/// has order n.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    sec1: [u8; 65],
    point: AffinePoint,
}

impl PublicKey {
    /// Reads `04 ‖ X ‖ Y`. Compressed forms, coordinates not below p, points off the curve and
    /// infinity are refused (GM/T 0009 §6.2).
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
        sm3::hash_parts(&[&id.entl(), id.as_bytes(), &CURVE, coordinates])
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

const fn curve() -> [u8; 128] {
    let digits = b"FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC\
        28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93\
        32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7\
        BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0";
    let mut out = [0; 128];
    let mut at = 0;
    while at < out.len() {
        out[at] = nibble(digits[2 * at]) << 4 | nibble(digits[2 * at + 1]);
        at += 1;
    }
    out
}

const fn nibble(digit: u8) -> u8 {
    if digit.is_ascii_digit() {
        digit - b'0'
    } else {
        digit - b'A' + 10
    }
}
