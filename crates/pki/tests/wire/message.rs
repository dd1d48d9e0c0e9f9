//! GM/T 0010 messages.

use gm::{Digest, OsRandom, Signature, UserId};
use pki::message::{EnvelopedData, Holder, SignedAndEnvelopedData, SignedData, Signing};
use pki::strict::Writer;
use pki::{Error, oid};
use zeroize::Zeroizing;

use crate::openssl::{Desk, run};
use crate::world::{self, Person, now};

const TEXT: &[u8] = "请于三个工作日内补正材料。".as_bytes();

struct Case {
    sender: Person,
    recipient: Person,
    id: UserId,
}

impl Case {
    fn new() -> Self {
        let authority = world::authority("颁发者");
        let sender = world::person(&authority, "发送者", 5, &[]);
        let recipient = world::person(&authority, "接收者", 6, &[]);
        Self { sender, recipient, id: UserId::default() }
    }

    fn signing(&self, at: Option<jiff::Timestamp>) -> Signing<'_> {
        Signing { certificate: &self.sender.certificate, id: &self.id, at }
    }

    fn sign(&self, e: &Digest) -> Result<Signature, Error> {
        Ok(self.sender.key.sign_digest(e))
    }

    fn signed(&self, at: Option<jiff::Timestamp>) -> Vec<u8> {
        SignedData::sign(TEXT, &self.signing(at), |e| self.sign(e)).unwrap()
    }

    fn decrypt(person: &Person, cipher: &gm::Ciphertext) -> Result<Zeroizing<Vec<u8>>, Error> {
        person.key.decrypt(cipher).map_err(|_| Error::Internal("解密"))
    }
}

#[test]
fn signed_content_verifies_with_and_without_attributes() {
    let case = Case::new();
    for at in [None, Some(now())] {
        let message = SignedData::from_der(&case.signed(at)).unwrap();
        assert_eq!(message.content(), Some(TEXT));
        assert_eq!(message.signers()[0].at(), at);
        let signers = message.verify(None, &case.id).unwrap();
        assert_eq!(signers, std::slice::from_ref(&case.sender.certificate));
    }
}

#[test]
fn content_kept_elsewhere_is_handed_in_for_verification() {
    let case = Case::new();
    for at in [None, Some(now())] {
        let der = SignedData::sign_detached(TEXT, &case.signing(at), |e| case.sign(e)).unwrap();
        let message = SignedData::from_der(&der).unwrap();
        assert_eq!(message.content(), None);
        assert!(message.verify(Some(TEXT), &case.id).is_ok());
        assert!(message.verify(Some(b"something else"), &case.id).is_err());
        assert!(message.verify(None, &case.id).is_err());
    }
}

#[test]
fn changed_content_changed_time_and_other_user_ids_do_not_verify() {
    let case = Case::new();
    let der = case.signed(Some(now()));
    let changed = |from: &[u8], to: &[u8]| {
        let at = der.windows(from.len()).position(|window| window == from).unwrap();
        [&der[..at], to, &der[at + from.len()..]].concat()
    };
    let verdict = |der: &[u8]| SignedData::from_der(der)?.verify(None, &case.id).map(|_| ());
    assert_eq!(verdict(&der), Ok(()));
    let content = changed("三个".as_bytes(), "两个".as_bytes());
    assert!(matches!(verdict(&content), Err(Error::Signature { .. })));
    let time = changed(b"261122040000Z", b"261122040001Z");
    assert!(matches!(verdict(&time), Err(Error::Signature { .. })));
    let id = UserId::new(*b"someone").unwrap();
    assert!(SignedData::from_der(&der).unwrap().verify(None, &id).is_err());
}

#[test]
fn a_signature_by_the_wrong_key_is_not_put_into_a_message() {
    let case = Case::new();
    let wrong = |e: &Digest| Ok::<_, Error>(case.recipient.key.sign_digest(e));
    let result = SignedData::sign(TEXT, &case.signing(None), wrong);
    assert!(matches!(result, Err(Error::Signature { .. })));
}

/// Deployed signers differ from the text of the standard; both ways are read.
#[test]
fn raw_signature_values_and_the_combined_algorithm_are_read() {
    let case = Case::new();
    let der = case.signed(None);
    let message = SignedData::from_der(&der).unwrap();
    let raw = {
        let e = gm::sm2::digest(case.sender.public(), &case.id, TEXT);
        case.sender.key.sign_digest(&e).to_raw()
    };
    for algorithm in [oid::SM2_SIGN, oid::SM2_WITH_SM3, oid::SM2] {
        let foreign = foreign_signed(&case, &algorithm, &raw);
        let read = SignedData::from_der(&foreign).unwrap();
        assert_eq!(read.signers(), message.signers());
        assert!(read.verify(None, &case.id).is_ok());
    }
    assert!(SignedData::from_der(&foreign_signed(&case, &oid::RSA, &raw)).is_err());
}

fn foreign_signed(case: &Case, algorithm: &pki::Oid, signature: &[u8]) -> Vec<u8> {
    let certificate = &case.sender.certificate;
    let alg = |w: &mut Writer, id: &pki::Oid| w.sequence(|w| w.oid(id));
    let signer = Writer::build(|w| {
        w.sequence(|w| {
            w.uint(1);
            w.sequence(|w| {
                w.raw(certificate.issuer().der());
                w.unsigned(certificate.serial().as_bytes());
            });
            alg(w, &oid::SM3);
            alg(w, algorithm);
            w.octet_string(signature);
        });
    });
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(&oid::GM_SIGNED_DATA);
            w.explicit(0, |w| {
                w.sequence(|w| {
                    w.uint(1);
                    w.set_of(vec![Writer::build(|w| alg(w, &oid::SM3))]);
                    w.sequence(|w| {
                        w.oid(&oid::GM_DATA);
                        w.explicit(0, |w| w.octet_string(TEXT));
                    });
                    w.explicit(0, |w| w.raw(certificate.der()));
                    w.set_of(vec![signer]);
                });
            });
        });
    })
}

#[test]
fn every_recipient_opens_an_envelope_and_nobody_else() {
    let case = Case::new();
    let recipients = [&case.sender.certificate, &case.recipient.certificate];
    for content in [&b""[..], b"x", TEXT, &[7; 5000]] {
        let der = EnvelopedData::seal(content, &recipients, &mut OsRandom).unwrap();
        let message = EnvelopedData::from_der(&der).unwrap();
        assert_eq!(message.recipients().count(), 2);
        for person in [&case.sender, &case.recipient] {
            let holder = Holder::of(&person.certificate);
            let opened = message.open(&holder, |key| Case::decrypt(person, key)).unwrap();
            assert_eq!(opened.as_slice(), content);
        }
        let stranger = world::authority("旁人");
        let holder = Holder::of(&stranger.certificate);
        assert!(message.open(&holder, |key| Case::decrypt(&stranger, key)).is_err());
    }
    assert!(EnvelopedData::seal(TEXT, &[], &mut OsRandom).is_err());
}

#[test]
fn a_signed_envelope_yields_content_and_signer_together() {
    let case = Case::new();
    for at in [None, Some(now())] {
        let recipients = [&case.recipient.certificate];
        let sign = |e: &Digest| case.sign(e);
        let der =
            SignedAndEnvelopedData::seal(TEXT, &case.signing(at), &recipients, &mut OsRandom, sign)
                .unwrap();
        let message = SignedAndEnvelopedData::from_der(&der).unwrap();
        let holder = Holder::of(&case.recipient.certificate);
        let decrypt = |key: &gm::Ciphertext| Case::decrypt(&case.recipient, key);
        let (content, signers) = message.open(&holder, &[], &case.id, decrypt).unwrap();
        assert_eq!(content.as_slice(), TEXT);
        assert_eq!(signers, std::slice::from_ref(&case.sender.certificate));
    }
}

#[test]
fn openssl_takes_every_message_apart() {
    let case = Case::new();
    let desk = Desk::new();
    let recipients = [&case.recipient.certificate];
    let enveloped = EnvelopedData::seal(TEXT, &recipients, &mut OsRandom).unwrap();
    for der in [case.signed(None), case.signed(Some(now())), enveloped] {
        let text = run(&["asn1parse", "-inform", "DER", "-in"], &desk.put("message.der", &der));
        assert!(text.contains("1.2.156.10197.6.1.4.2."), "{text}");
    }
}

#[test]
fn openssl_verifies_the_signature_over_the_attributes() {
    let case = Case::new();
    let der = SignedData::sign(TEXT, &case.signing(Some(now())), |e| case.sign(e)).unwrap();
    // The attributes as they are signed: the SET tag instead of [0].
    let attributes = der
        .windows(2)
        .position(|window| window == [0xa0, 0x6a])
        .map(|at| [&[0x31][..], &der[at + 1..at + 2 + 0x6a]].concat());
    let attributes = attributes.expect("attributes of 106 octets");
    let signature = &der[der.len() - signature_octets(&der)..];
    let desk = Desk::new();
    assert!(desk.judge_signature(case.sender.public(), &attributes, signature));
}

/// The message ends with the OCTET STRING of the signature, 70 to 72 octets.
fn signature_octets(der: &[u8]) -> usize {
    let found = (68..=72).find(|octets| {
        let header = der.len() - octets - 2;
        der[header] == 4 && usize::from(der[header + 1]) == *octets
    });
    found.expect("a signature at the end")
}
