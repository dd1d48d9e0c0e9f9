//! A certificate of an issuer that nobody trusts: the key of the issuer is made for it and forgotten.

use gm::sm2::PrivateKey;
use gm::{OsRandom, PublicKey, Random, UserId};
use jiff::{SignedDuration, Timestamp};
use pki::ext::{AuthorityKeyIdentifier, KeyUsage, SubjectKeyIdentifier, TypedExtension};
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Spki, oid};

/// A certificate for a key, good for a year.
pub fn certificate(holder: &PublicKey, now: Timestamp) -> anyhow::Result<Certificate> {
    let issuer = PrivateKey::generate(&mut OsRandom)?;
    let start = Timestamp::from_second(now.as_second())?;
    let end = start.checked_add(SignedDuration::from_hours(365 * 24))?;
    let mut serial = [0; 16];
    OsRandom.fill(&mut serial)?;
    let extensions = [
        KeyUsage::SIGNING.to_extension(true),
        SubjectKeyIdentifier(Spki::of(holder).key_identifier().to_vec()).to_extension(false),
        AuthorityKeyIdentifier::of_key(Spki::of(issuer.public_key()).key_identifier().to_vec())
            .to_extension(false),
    ];
    let tbs = Writer::build(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| w.uint(2));
            w.unsigned(&serial);
            w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
            w.raw(name("沙箱之外的测试CA").der());
            w.sequence(|w| {
                w.time(start);
                w.time(end);
            });
            w.raw(name("沙箱陌生颁发者").der());
            w.raw(Spki::of(holder).der());
            w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|one| one.write(w))));
        });
    });
    let signature = issuer.sign(&UserId::default(), &tbs).to_der();
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.raw(&tbs);
            w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
            w.bit_string(&signature);
        });
    });
    Ok(Certificate::from_der(&der)?)
}

fn name(common: &str) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_read_and_is_nobodys() {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let made = certificate(key.public_key(), Timestamp::now()).unwrap();
        assert!(!made.subject().matches(made.issuer()) && !made.is_ca());
        assert_eq!(made.public_key().unwrap(), *key.public_key());
    }
}
