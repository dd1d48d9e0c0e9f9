//! crossCertificatePair (RFC 4523 §2.5; X.509 §11.2.3): the two certificates by which two CAs recognise each other, as
//! one value of a directory. We write such values and read none.

use crate::certificate::Certificate;
use crate::strict::Writer;

/// The value for what others issued to this CA and what this CA issued to others; `None` without either.
///
/// ```text
/// CertificatePair ::= SEQUENCE {
///     issuedToThisCA [0] Certificate OPTIONAL,
///     issuedByThisCA [1] Certificate OPTIONAL }   -- explicit tags
/// ```
#[must_use]
pub fn encode(to_this: Option<&Certificate>, by_this: Option<&Certificate>) -> Option<Vec<u8>> {
    to_this.or(by_this)?;
    Some(Writer::build(|w| {
        w.sequence(|w| {
            for (number, half) in [(0, to_this), (1, by_this)] {
                if let Some(half) = half {
                    w.explicit(number, |w| w.raw(half.der()));
                }
            }
        });
    }))
}

/// Whether the two may stand in one value of a CA's entry: each names the other's holder as its issuer, and the key in
/// the one made the other (X.509 §11.2.3). `maker` is the fingerprint of the key that made `to_this`; that `to_this` is of
/// this CA's key and `by_this` was made by it is known to whoever asks.
#[must_use]
pub fn belong_together((to_this, maker): (&Certificate, &str), by_this: &Certificate) -> bool {
    let names =
        to_this.issuer().matches(by_this.subject()) && to_this.subject().matches(by_this.issuer());
    names && by_this.public_key().is_ok_and(|key| key.fingerprint() == maker)
}
