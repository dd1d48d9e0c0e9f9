//! What can go wrong, told in a word: the caller knows the circumstances.

use std::fmt;

/// Why a value was not read or an operation not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A scalar outside of its range.
    Scalar,
    /// Octets that are no uncompressed point.
    PointForm,
    /// Coordinates of p and above, or a point off the curve.
    OffCurve,
    /// Not the one DER encoding of what was expected.
    Encoding,
    /// A length that the scheme does not have.
    Length,
    /// The signature is not valid.
    Signature,
    /// The ciphertext does not open.
    Decrypt,
    /// The other side's values lead to infinity.
    Agreement,
    /// A signature just made is not valid: the machine computed wrongly.
    Fault,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar out of range",
            Self::PointForm => "not an uncompressed point",
            Self::OffCurve => "not a point of the curve",
            Self::Encoding => "not DER of the expected form",
            Self::Length => "length out of range",
            Self::Signature => "signature not valid",
            Self::Decrypt => "ciphertext does not open",
            Self::Agreement => "no key can be agreed with these values",
            Self::Fault => "a computation went wrong",
        })
    }
}

impl std::error::Error for Error {}
