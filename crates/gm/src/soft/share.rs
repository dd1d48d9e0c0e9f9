//! Threshold shares of a private key: Shamir over the field of n elements, by `vsss-rs`.
//!
//! Custodians are numbered from 1. Fewer shares than the threshold are consistent with every
//! possible key, so nothing but the public key can tell whether a restored key is the right one.

use std::convert::Infallible;

use ::sm2::{Scalar, elliptic_curve::PrimeField};
use rand_core::{TryCryptoRng, TryRng};
use vsss_rs::{
    DefaultShare, IdentifierPrimeField, Polynomial, ReadableShareSet, Share as _,
    shamir::create_shares_from_polynomial_in_place,
};
use zeroize::Zeroizing;

use crate::{DeviceError, KeyShare, PublicKey, Random, RefusedReason, sm2::PrivateKey};

type Element = IdentifierPrimeField<Scalar>;
type Share = DefaultShare<Element, Element>;

/// Splits; 2 ≤ threshold ≤ shares, else `BadInput`.
pub(super) fn split(
    key: &PrivateKey,
    threshold: u8,
    shares: u8,
    random: &mut dyn Random,
) -> Result<Vec<KeyShare>, DeviceError> {
    if threshold < 2 || shares < threshold {
        return Err(RefusedReason::BadInput.into());
    }
    let degree = usize::from(threshold);
    let mut source = Recording { random, failure: None };
    let mut polynomial = Zeroizing::new(<Vec<Share> as Polynomial<Share>>::create(degree));
    let secret = scalar(&key.to_bytes()).ok_or(RefusedReason::BadInput)?;
    let secret = Zeroizing::new(IdentifierPrimeField(secret));
    polynomial.fill(&secret, &mut source, degree).map_err(broken)?;
    if let Some(failure) = source.failure {
        return Err(failure);
    }
    let mut parts = Zeroizing::new(vec![Share::default(); shares.into()]);
    let custodians = (1..=u64::from(shares)).map(|number| IdentifierPrimeField(number.into()));
    create_shares_from_polynomial_in_place(&*polynomial, degree, custodians, &mut parts)
        .map_err(broken)?;
    (1..=shares)
        .zip(parts.iter())
        .map(|(index, part)| {
            let value = Zeroizing::new(part.value().0.to_repr().into());
            KeyShare::new(index, threshold, value)
        })
        .collect()
}

/// Restores the private half of `expect`, else `BadInput`.
pub(super) fn combine(shares: &[KeyShare], expect: &PublicKey) -> Result<PrivateKey, DeviceError> {
    let threshold = shares.first().map_or(0, KeyShare::threshold);
    let alike = shares.iter().all(|share| share.threshold() == threshold);
    if !alike || shares.len() < usize::from(threshold) {
        return Err(RefusedReason::BadInput.into());
    }
    let parts = shares.iter().map(part).collect::<Option<Vec<Share>>>();
    let parts = Zeroizing::new(parts.ok_or(RefusedReason::BadInput)?);
    // Doubled custodians and impossible numbers are refused inside.
    let secret = parts.combine().map_err(|_| RefusedReason::BadInput)?;
    let secret: Zeroizing<[u8; 32]> = Zeroizing::new(secret.0.to_repr().into());
    PrivateKey::from_bytes(&secret)
        .ok()
        .filter(|key| key.public_key() == expect)
        .ok_or_else(|| RefusedReason::BadInput.into())
}

/// None if the value is not below n.
fn part(share: &KeyShare) -> Option<Share> {
    let value = scalar(share.value())?;
    let index = Scalar::from(u64::from(share.index()));
    Some(Share::with_identifier_and_value(IdentifierPrimeField(index), IdentifierPrimeField(value)))
}

/// None for n and above.
fn scalar(octets: &[u8; 32]) -> Option<Scalar> {
    Scalar::from_repr((*octets).into()).into_option()
}

fn broken(cause: vsss_rs::Error) -> DeviceError {
    DeviceError::Broken(format!("门限分割：{cause}"))
}

/// Our fallible source for a library that knows only infallible ones: a failure is kept and
/// must be looked at before the result is used.
struct Recording<'a> {
    random: &'a mut dyn Random,
    failure: Option<DeviceError>,
}

impl TryRng for Recording<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets)?;
        Ok(u32::from_be_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets)?;
        Ok(u64::from_be_bytes(octets))
    }

    fn try_fill_bytes(&mut self, buf: &mut [u8]) -> Result<(), Infallible> {
        if let Err(failure) = self.random.fill(buf) {
            self.failure.get_or_insert(failure);
            // Not zero: a sampler that rejects zero must come to its end.
            buf.fill(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for Recording<'_> {}
