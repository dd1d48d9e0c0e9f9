//! Whether an attestation proves that a key is in a certified device (Measures Art. 20 ¶2; check C20-1). Clock
//! and register are arguments.

use gm::{PublicKey, Term};
use jiff::Timestamp;

use super::chain::{Named, refused};
use super::products::{Listed, day_in_china};
use super::{Attestation, Demand, Judged, Products, Refusal, Use, Verified};
use crate::error::Error;
use crate::path::{Options, Outcome, Request, Revocation, Validity, validate};

/// What an attestation is to be about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The kind of certificate that is asked for: `person`, `unit`, …
    pub kind: &'a str,
    /// The key of the request.
    pub key: &'a PublicKey,
    /// The moment.
    pub at: Timestamp,
}

impl Products {
    /// The verdict about a key; no attestation where the register demands one is refused.
    ///
    /// # Errors
    /// [`Error::Attestation`]: the first thing that is wrong; [`Error::TooLarge`].
    pub fn judge(
        &self,
        subject: &Subject<'_>,
        attestation: Option<&[u8]>,
    ) -> Result<Judged, Error> {
        let Some(input) = attestation else {
            return match self.demand(subject.kind) {
                Demand::Required => Err(refused(Refusal::Missing)),
                Demand::Recorded => Ok(Judged::absent()),
            };
        };
        let attestation = Attestation::parse(input)?;
        is_of_key(&attestation, subject.key)?;
        let named = attestation.named()?;
        let listed = self.of_model(&named, &attestation, subject.at)?;
        let product = listed.product.clone();
        if self.is_blocked((named.maker, named.model), named.number) {
            return Err(at(Refusal::DeviceBlocked, format!("（设备编号 {}）", named.number)));
        }
        let verified = Verified::new(product, named.number, &attestation.sm3());
        Ok(Judged::verified(verified, &attestation))
    }

    /// Whether the device of an earlier verdict is trusted still: for one that was blocked after its key came in no
    /// certificate is made. The error goes on record, so it does not say which device it is.
    ///
    /// # Errors
    /// [`Error::Attestation`].
    pub fn still_trust(&self, verified: &Verified) -> Result<(), Error> {
        let product = verified.product();
        match self.is_blocked((&product.maker, &product.model), verified.device()) {
            true => Err(refused(Refusal::DeviceBlocked)),
            false => Ok(()),
        }
    }

    /// A product may have several certificates; a device that is blocked under one is blocked.
    fn is_blocked(&self, (maker, model): (&str, &str), number: &str) -> bool {
        let is_of = |one: &&Listed| one.product.maker == maker && one.product.model == model;
        self.iter().filter(is_of).any(|one| one.blocks(number))
    }

    /// The entry of this maker and model whose root the chain leads to and whose certificate is in force.
    fn of_model(
        &self,
        named: &Named<'_>,
        attestation: &Attestation,
        moment: Timestamp,
    ) -> Result<&Listed, Error> {
        let mut found =
            Err(at(Refusal::ModelUnknown, format!("（{} {}）", named.maker, named.model)));
        for listed in self.iter().filter(|one| is_named(one, named)) {
            let why = match leads(attestation, listed, moment) {
                Ok(()) => match in_force(listed, moment) {
                    Ok(()) => return Ok(listed),
                    Err(why) => why,
                },
                // What was found out about another entry says more than that this is another's root.
                Err(_) if is_of_term(&found) => continue,
                Err(why) => why,
            };
            found = Err(why);
        }
        found
    }
}

fn is_named(listed: &Listed, named: &Named<'_>) -> bool {
    listed.uses.contains(&Use::Subscriber) && is_of(listed, named)
}

/// Whether an entry is of this maker and model, whatever the product is used for here.
fn is_of(listed: &Listed, named: &Named<'_>) -> bool {
    listed.product.maker == named.maker && listed.product.model == named.model
}

fn is_of_term(found: &Result<&Listed, Error>) -> bool {
    use Refusal::{ProductNotYet, ProductOver};
    matches!(found, Err(Error::Attestation { refusal: ProductNotYet | ProductOver, .. }))
}

/// The first certificate is about this key, and about no authority.
fn is_of_key(attestation: &Attestation, key: &PublicKey) -> Result<(), Error> {
    let leaf = attestation.leaf();
    if leaf.is_ca() {
        return Err(refused(Refusal::NotALeaf));
    }
    match leaf.public_key() {
        Ok(found) if found == *key => Ok(()),
        _ => Err(refused(Refusal::KeyDiffers)),
    }
}

/// The chain holds, and it goes through the device that it names: the certificate that was read is the issuer
/// of the key's, not merely one that lies beside it.
fn leads(attestation: &Attestation, listed: &Listed, moment: Timestamp) -> Result<(), Error> {
    let options = Options { revocation: Revocation::NotAsked, ..Options::default() };
    let untrusted = attestation.untrusted();
    let request = Request {
        leaf: attestation.leaf(),
        untrusted: &untrusted,
        anchors: &listed.roots,
        crls: &[],
        at: moment,
        options: &options,
    };
    let verdict = validate(&request);
    if verdict.valid != Validity::Valid {
        let failed = verdict.checks.iter().filter(|row| row.outcome != Outcome::Passed);
        // The row of revocation is never asked here.
        let failed = failed.filter(|row| row.check != crate::path::Kind::Revocation);
        let failed: Vec<_> = failed.map(|row| format!("{}：{}", row.title, row.reason)).collect();
        return Err(at(Refusal::ChainInvalid, format!("（{}）", failed.join("；"))));
    }
    let through = verdict.path.get(1).map(|entry| entry.fingerprint.as_str());
    if through != Some(attestation.device().fingerprint().as_str()) {
        return Err(at(Refusal::ChainInvalid, "（第一张证书不是由第二张证书的设备签发的）".into()));
    }
    Ok(())
}

fn in_force(listed: &Listed, moment: Timestamp) -> Result<(), Error> {
    let product = &listed.product;
    let number = &product.certificate;
    match product.term_on(day_in_china(moment)) {
        Term::InForce(_) => Ok(()),
        Term::NotYet => {
            let text = format!("（{number}，自 {} 起有效）", product.valid_from);
            Err(at(Refusal::ProductNotYet, text))
        }
        Term::Over => {
            let text = format!("（{number}，有效期至 {}）", product.valid_until);
            Err(at(Refusal::ProductOver, text))
        }
    }
}

const fn at(refusal: Refusal, detail: String) -> Error {
    Error::Attestation { refusal, detail }
}
