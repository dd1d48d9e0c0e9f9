//! Questions and answers about the status of certificates.

use gm::UserId;
use jiff::SignedDuration;
use pki::crl::Reason;
use pki::ocsp::{
    BasicResponse, CertId, CertStatus, Defect, Draft, Failure, HashAlgorithm, IssuerHashes,
    MAX_CERTIFICATES, Nonce, Reply, Request, Signer, Single,
};
use pki::strict::{Tag, Writer};
use pki::{Error, oid};

use crate::world::{self, Person, hours, now, serial};

pub fn cert_id(issuer: &Person, hash: HashAlgorithm, number: u64) -> CertId {
    let certificate = &issuer.certificate;
    CertId::of(hash, certificate.subject(), certificate.spki(), serial(number)).unwrap()
}

pub fn single(certificate: &CertId, status: CertStatus) -> Single<'_> {
    Single { certificate, status, this_update: now(), next_update: hours(1), archive_cutoff: None }
}

/// Signs an answer by `signer`, whose certificate goes along.
pub fn answer(signer: &Person, singles: &[Single<'_>], nonce: Option<&Nonce>) -> Vec<u8> {
    let draft = Draft {
        responder: signer.name(),
        produced_at: now(),
        singles,
        nonce,
        extended_revoke: false,
    };
    let unsigned = draft.encode().unwrap();
    let id = UserId::default();
    let signature = signer.key.sign_digest(&unsigned.digest(signer.public(), &id));
    let certificate = signer.certificate.der();
    unsigned.assemble(signer.public(), &id, &signature, certificate).unwrap()
}

pub fn read(der: &[u8]) -> Box<BasicResponse> {
    match Reply::from_der(der).unwrap() {
        Reply::Answered(response) => response,
        Reply::Failed(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn a_question_is_read_as_it_was_asked() {
    let issuer = world::authority("颁发者");
    let ids: Vec<_> = HashAlgorithm::KNOWN.map(|hash| cert_id(&issuer, hash, 5)).to_vec();
    for nonce in [None, Some(Nonce::new([7; 32]).unwrap())] {
        let asked = Request::new(ids.clone(), nonce).unwrap();
        let read = Request::from_der(asked.der()).unwrap();
        assert_eq!(read, asked);
    }
}

#[test]
fn an_issuer_is_known_by_name_and_key_under_every_digest() {
    let issuer = world::authority("颁发者");
    // T-15: another authority of the same name is another issuer.
    let namesake = world::authority("颁发者");
    let of = |person: &Person| IssuerHashes::of(person.name(), person.certificate.spki());
    for hash in HashAlgorithm::KNOWN {
        let id = cert_id(&issuer, hash, 5);
        assert!(of(&issuer).matches(&id));
        assert!(!of(&namesake).matches(&id));
    }
}

#[test]
fn nonces_have_one_to_128_octets() {
    let issuer = world::authority("颁发者");
    for (octets, allowed) in [(0, false), (1, true), (32, true), (128, true), (129, false)] {
        assert_eq!(Nonce::new(vec![1; octets]).is_ok(), allowed, "{octets}");
    }
    let nonce = Nonce::new(vec![0xab; 128]).unwrap();
    let ids = vec![cert_id(&issuer, HashAlgorithm::Sm3, 1)];
    let longer =
        replace_once(Request::new(ids, Some(nonce)).unwrap().der(), &[0xab; 128], &[0xab; 128]);
    assert!(Request::from_der(&longer).is_ok());
}

fn replace_once(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = der.windows(from.len()).position(|window| window == from).unwrap();
    [&der[..at], to, &der[at + from.len()..]].concat()
}

/// A question put together by hand: version, extra parts, extensions.
fn question(
    issuer: &Person,
    before: impl FnOnce(&mut Writer),
    extensions: Option<(&pki::Oid, bool, &[u8])>,
) -> Vec<u8> {
    let id = cert_id(issuer, HashAlgorithm::Sha1, 5);
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                before(w);
                w.sequence(|w| w.sequence(|w| w.raw(id.der())));
                if let Some((id, critical, value)) = extensions {
                    w.explicit(2, |w| {
                        w.sequence(|w| {
                            w.sequence(|w| {
                                w.oid(id);
                                if critical {
                                    w.boolean(true);
                                }
                                w.octet_string(value);
                            });
                        });
                    });
                }
            });
        });
    })
}

#[test]
fn questions_with_what_we_do_not_know_are_refused_only_when_it_is_critical() {
    let issuer = world::authority("颁发者");
    let unknown = pki::Oid::new("1.2.3.4");
    let ask = |critical| question(&issuer, |_| (), Some((&unknown, critical, &[5, 0])));
    assert!(Request::from_der(&ask(false)).is_ok());
    assert_eq!(Request::from_der(&ask(true)).unwrap_err(), Defect::CriticalExtension.into());
}

#[test]
fn malformed_questions_are_refused_with_their_reason() {
    let issuer = world::authority("颁发者");
    let version = question(&issuer, |w| w.explicit(0, |w| w.uint(0)), None);
    assert_eq!(Request::from_der(&version).unwrap_err(), Defect::Version.into());
    let empty = question(&issuer, |_| (), Some((&oid::OCSP_NONCE, false, &[4, 0])));
    assert_eq!(Request::from_der(&empty).unwrap_err(), Defect::Nonce.into());
    let long = [&[4, 0x81, 129][..], &[1; 129]].concat();
    let long = question(&issuer, |_| (), Some((&oid::OCSP_NONCE, false, &long)));
    assert_eq!(Request::from_der(&long).unwrap_err(), Defect::Nonce.into());
    let bare = question(&issuer, |_| (), Some((&oid::OCSP_NONCE, false, b"bare octets")));
    assert!(Request::from_der(&bare).is_err());
    let none = Writer::build(|w| w.sequence(|w| w.sequence(|w| w.sequence(|_| ()))));
    assert_eq!(Request::from_der(&none).unwrap_err(), Defect::NoCertificate.into());
    let many = vec![cert_id(&issuer, HashAlgorithm::Sha1, 5); MAX_CERTIFICATES + 1];
    assert_eq!(Request::new(many, None).unwrap_err(), Defect::TooManyCertificates.into());
    let mut trailing = question(&issuer, |_| (), None);
    trailing.push(0);
    assert!(Request::from_der(&trailing).is_err());
}

#[test]
fn a_signed_question_is_read_and_its_signature_left_alone() {
    let issuer = world::authority("颁发者");
    let id = cert_id(&issuer, HashAlgorithm::Sha1, 5);
    let plain = Request::new(vec![id], None).unwrap();
    let (_, tbs) = plain.der().split_at(2);
    let signed = Writer::build(|w| {
        w.sequence(|w| {
            w.raw(tbs);
            w.explicit(0, |w| {
                w.sequence(|w| {
                    world::sm2_with_sm3().write(w);
                    w.bit_string(&[1, 2, 3]);
                });
            });
        });
    });
    let read = Request::from_der(&signed).unwrap();
    assert!(read.is_signed());
    assert_eq!(read.certificates(), plain.certificates());
}

#[test]
fn serials_that_no_certificate_can_have_are_malformed() {
    let issuer = world::authority("颁发者");
    let good = question(&issuer, |_| (), None);
    for wrong in [[2, 1, 0], [2, 1, 0xff]] {
        assert!(Request::from_der(&replace_once(&good, &[2, 1, 5], &wrong)).is_err());
    }
}

#[test]
fn a_digest_we_do_not_compute_matches_no_issuer() {
    let issuer = world::authority("颁发者");
    let good = question(&issuer, |_| (), None);
    // SHA-1 1.3.14.3.2.26 becomes 1.3.14.3.2.27.
    let other = replace_once(&good, &[0x2b, 14, 3, 2, 26], &[0x2b, 14, 3, 2, 27]);
    let read = Request::from_der(&other).unwrap();
    let id = &read.certificates()[0];
    assert!(matches!(id.hash(), HashAlgorithm::Other(_)));
    assert!(!IssuerHashes::of(issuer.name(), issuer.certificate.spki()).matches(id));
}

#[test]
fn an_answer_says_what_was_drafted() {
    let issuer = world::authority("颁发者");
    let responder = world::responder(&issuer);
    let ids = HashAlgorithm::KNOWN.map(|hash| cert_id(&issuer, hash, 5));
    let held = CertStatus::Revoked { at: hours(-2), reason: Reason::CertificateHold };
    let plain = CertStatus::Revoked { at: hours(-3), reason: Reason::Unspecified };
    let singles =
        [single(&ids[0], held), single(&ids[1], CertStatus::Good), single(&ids[2], plain)];
    let nonce = Nonce::new([9; 32]).unwrap();
    let response = read(&answer(&responder, &singles, Some(&nonce)));
    assert_eq!(response.produced_at(), now());
    assert_eq!(response.nonce(), Some(&nonce));
    let statuses: Vec<_> = response.singles().iter().map(|single| single.status).collect();
    assert_eq!(statuses, [held, CertStatus::Good, plain]);
    let id = UserId::default();
    let signer = response.verify(&issuer.certificate, &id, now()).unwrap();
    assert!(matches!(signer, Signer::Delegated { unchecked: false, .. }));
    assert_eq!(response.find(&ids[1]).map(|single| single.status), Some(CertStatus::Good));
}

#[test]
fn an_issuer_may_answer_itself() {
    let issuer = world::authority("颁发者");
    let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
    let response = read(&answer(&issuer, &[single(&id, CertStatus::Unknown)], None));
    let signer = response.verify(&issuer.certificate, &UserId::default(), now()).unwrap();
    assert!(matches!(signer, Signer::Issuer));
}

#[test]
fn only_responders_that_the_issuer_itself_authorised_are_believed() {
    let issuer = world::authority("颁发者");
    let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
    let singles = [single(&id, CertStatus::Good)];
    let verdict = |signer: &Person, at| {
        let response = read(&answer(signer, &singles, None));
        response.verify(&issuer.certificate, &UserId::default(), at).map(|_| ())
    };
    let without_purpose = world::person(&issuer, "无用途", 10, &[]);
    assert_eq!(verdict(&without_purpose, now()), Err(Defect::NotDelegated.into()));
    let other_purpose = world::person(&issuer, "服务器", 11, &[oid::SERVER_AUTH]);
    assert_eq!(verdict(&other_purpose, now()), Err(Defect::NotDelegated.into()));
    let of_another = world::responder(&world::authority("别的机构"));
    assert_eq!(verdict(&of_another, now()), Err(Defect::Responder.into()));
    // A namesake of the issuer, so that only the signature tells.
    let of_a_namesake = world::responder(&world::authority("颁发者"));
    assert!(matches!(verdict(&of_a_namesake, now()), Err(Error::Signature { .. })));
    let expired = world::responder(&issuer);
    assert_eq!(verdict(&expired, hours(24 * 366)), Err(Defect::ResponderExpired.into()));
    assert_eq!(verdict(&world::responder(&issuer), now()), Ok(()));
}

#[test]
fn a_changed_answer_does_not_verify() {
    let issuer = world::authority("颁发者");
    let responder = world::responder(&issuer);
    let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
    let der = answer(&responder, &[single(&id, CertStatus::Unknown)], None);
    // unknown [2] becomes good [0], as an attacker would wish.
    let end = [2, 1, 5, 0x82, 0];
    let forged = read(&replace_once(&der, &end, &[2, 1, 5, 0x80, 0]));
    assert_eq!(forged.singles()[0].status, CertStatus::Good);
    let verdict = forged.verify(&issuer.certificate, &UserId::default(), now());
    assert!(matches!(verdict, Err(Error::Signature { .. })));
}

#[test]
fn an_answer_is_held_against_its_question() {
    let issuer = world::authority("颁发者");
    let responder = world::responder(&issuer);
    let (id, other) =
        (cert_id(&issuer, HashAlgorithm::Sm3, 5), cert_id(&issuer, HashAlgorithm::Sm3, 6));
    let nonce = Nonce::new([9; 16]).unwrap();
    let request = Request::new(vec![id.clone()], Some(nonce.clone())).unwrap();
    let skew = SignedDuration::from_secs(60);
    let check = |der: &[u8], at| read(der).answers(&request, at, skew);
    let singles = [single(&id, CertStatus::Good)];
    let right = answer(&responder, &singles, Some(&nonce));
    assert_eq!(check(&right, now()), Ok(()));
    assert_eq!(check(&right, hours(2)), Err(Defect::Stale.into()));
    assert_eq!(check(&right, hours(-1)), Err(Defect::Stale.into()));
    assert_eq!(
        check(&answer(&responder, &singles, None), now()),
        Err(Defect::NonceMismatch.into())
    );
    let elsewhere = answer(&responder, &[single(&other, CertStatus::Good)], Some(&nonce));
    assert_eq!(check(&elsewhere, now()), Err(Defect::NotAnswered.into()));
}

#[test]
fn failures_are_five_octets() {
    let expected = [(Failure::MalformedRequest, 1), (Failure::InternalError, 2)];
    for (failure, code) in expected {
        assert_eq!(failure.der(), [0x30, 3, 10, 1, code]);
    }
    for failure in Failure::ALL {
        let reply = Reply::from_der(&failure.der()).unwrap();
        assert!(matches!(reply, Reply::Failed(read) if read == failure));
    }
    // "successful" without an answer, and codes of nobody, are no answers.
    for code in [0, 4, 7] {
        assert!(Reply::from_der(&[0x30, 3, 10, 1, code]).is_err());
    }
}

#[test]
fn drafts_that_say_nothing_or_end_before_they_begin_are_refused() {
    let issuer = world::authority("颁发者");
    let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
    let draft = |singles| Draft {
        responder: issuer.name(),
        produced_at: now(),
        singles,
        nonce: None,
        extended_revoke: false,
    };
    assert_eq!(draft(&[]).encode().unwrap_err(), Defect::NoCertificate.into());
    let closed = Single { next_update: now(), ..single(&id, CertStatus::Good) };
    assert_eq!(draft(&[closed]).encode().unwrap_err(), Defect::Window.into());
}

/// The part that is signed, octet for octet.
#[test]
fn an_answer_has_the_expected_octets() {
    let issuer = world::authority("颁发者");
    let id = cert_id(&issuer, HashAlgorithm::Sha1, 5);
    let status = CertStatus::Revoked { at: hours(-1), reason: Reason::KeyCompromise };
    let singles = [single(&id, status)];
    let name = pki::Name::from_attributes([]);
    let draft = Draft {
        responder: &name,
        produced_at: now(),
        singles: &singles,
        nonce: None,
        extended_revoke: false,
    };
    let expected = Writer::build(|w| w.raw(id.der()));
    assert_eq!(
        hex::encode(draft.encode().unwrap().tbs_der()),
        [
            "308191",
            "a1023000",
            "180f32303236313132323034303030305a",
            "307a3078",
            hex::encode(expected).as_str(),
            "a116180f32303236313132323033303030305aa0030a0101",
            "180f32303236313132323034303030305a",
            "a011180f32303236313132323035303030305a",
        ]
        .concat()
    );
    assert_eq!(id.der().first(), Some(&Tag::SEQUENCE.octet()));
}

/// RFC 6960 §4.4.4 and §4.4.8.
#[test]
fn archive_cutoff_and_the_extended_meaning_of_revoked_come_out_as_they_went_in() {
    let issuer = world::authority("颁发者");
    let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
    let cutoff = Some(hours(-10 * 365 * 24));
    for (archive_cutoff, extended_revoke) in [(None, true), (cutoff, false), (cutoff, true)] {
        let singles = [Single { archive_cutoff, ..single(&id, CertStatus::NEVER_ISSUED) }];
        let nonce = Nonce::new([7; 32]).unwrap();
        let draft = Draft {
            responder: issuer.name(),
            produced_at: now(),
            singles: &singles,
            nonce: Some(&nonce),
            extended_revoke,
        };
        let unsigned = draft.encode().unwrap();
        let user = UserId::default();
        let signature = issuer.key.sign_digest(&unsigned.digest(issuer.public(), &user));
        let checked = unsigned.check(issuer.public(), &user, &signature).unwrap();
        let der = unsigned.assemble_checked(&checked, issuer.certificate.der());
        let response = read(&der);
        response.verify(&issuer.certificate, &user, now()).unwrap();
        assert_eq!(response.singles()[0].archive_cutoff, archive_cutoff);
        assert_eq!(response.is_extended_revoke(), extended_revoke);
        assert_eq!(response.singles()[0].status, CertStatus::NEVER_ISSUED);
        assert_eq!(response.nonce(), Some(&nonce));
    }
}
