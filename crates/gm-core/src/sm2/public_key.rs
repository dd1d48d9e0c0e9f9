//! Public keys: points of the curve other than infinity, with their octets.

use std::fmt;

use crate::point::{Affine, Jacobian};
use crate::{Error, declassify::declassify, sm3};

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

/// A point of the curve other than infinity. The cofactor is 1: each has order n.
#[derive(Clone, Copy, PartialEq)]
pub struct PublicKey {
    point: Affine,
    x: [u8; 32],
    y: [u8; 32],
}

impl PublicKey {
    /// Reads `04 ‖ X ‖ Y`. Other forms, coordinates of p and above, points off the curve and
    /// infinity are refused.
    pub fn from_sec1(octets: &[u8]) -> Result<Self, Error> {
        let Ok([4, coordinates @ ..]) = <[u8; 65]>::try_from(octets) else {
            return Err(Error::PointForm);
        };
        let [x, y] = coordinates.as_chunks::<32>().0 else {
            return Err(Error::PointForm);
        };
        Self::from_coordinates(x, y)
    }

    /// From big-endian coordinates, with the same refusals.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, Error> {
        let point = Affine::from_be(x, y).ok_or(Error::OffCurve)?;
        Ok(Self { point, x: *x, y: *y })
    }

    /// `04 ‖ X ‖ Y`.
    pub fn to_sec1(&self) -> [u8; 65] {
        let mut octets = [4; 65];
        let coordinates = self.x.iter().chain(&self.y);
        octets.iter_mut().skip(1).zip(coordinates).for_each(|(to, octet)| *to = *octet);
        octets
    }

    /// X, big-endian.
    pub fn x(&self) -> &[u8; 32] {
        &self.x
    }

    /// Y, big-endian.
    pub fn y(&self) -> &[u8; 32] {
        &self.y
    }

    /// Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ Gx ‖ Gy ‖ X ‖ Y) (GB/T 32918.2 §5.5). `Length` if the ID
    /// has more than 8191 octets: its length in bits is told in 16.
    pub fn z(&self, id: &[u8]) -> Result<[u8; 32], Error> {
        let bits = id.len().checked_mul(8).and_then(|bits| u16::try_from(bits).ok());
        let entl = bits.ok_or(Error::Length)?.to_be_bytes();
        Ok(sm3::hash_parts(&[&entl, id, CURVE, &self.x, &self.y]))
    }

    pub(crate) fn point(&self) -> &Affine {
        &self.point
    }

    pub(crate) fn from_affine(point: Affine) -> Self {
        Self { point, x: point.x.to_be(), y: point.y.to_be() }
    }

    /// None for infinity, and that it is infinity may be known.
    pub(crate) fn from_jacobian(point: &Jacobian) -> Option<Self> {
        (!declassify(point.is_infinity())).then(|| Self::from_affine(point.to_affine()))
    }
}

/// e = SM3(Z ‖ M), the value that is signed (GB/T 32918.2 §6.1).
pub fn digest(z: &[u8; 32], message: &[u8]) -> [u8; 32] {
    sm3::hash_parts(&[z, message])
}

impl Eq for PublicKey {}

impl std::hash::Hash for PublicKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.x, self.y).hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(04")?;
        self.x.iter().chain(&self.y).try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}
