//! Seeds of the parsers of `pki`.

use gm::{EnvelopedKey, UserId, sm2, sm4};
use pki::crl::{Kind as CrlKind, Reason};
use pki::km;
use pki::message::{EnvelopedData, SignedAndEnvelopedData, SignedData, Signing};
use pki::ocsp::{CertId, CertStatus, Draft, Failure, HashAlgorithm, Nonce, Request, Single};
use pki::response::{CsrResponse, Encryption};
use pki::{Serial, Spki, csr, envelope, oid, pem, skf};
use yinxin_fuzz::{key, now, subscriber_key};

use crate::world::{World, issue, list};
use crate::write::{Counted, instant, key_of, put, put_bent, sign_by};

pub fn certificates(world: &World) {
    let specimens = [
        ("root", world.root.clone()),
        ("subca", world.ca.clone()),
        ("person-sign", world.leaf("person-sign", 10).0),
        ("unit-enc", world.leaf("unit-enc", 11).0),
        ("server-sign", world.leaf("server-sign", 12).0),
        ("ocsp", world.leaf("ocsp", 13).0),
        ("tsa", world.leaf("tsa", 14).0),
    ];
    for (name, certificate) in specimens {
        put("pki_certificate", name, certificate.der());
        put("pki_lint", name, certificate.der());
        put("pki_path", name, certificate.tbs_der());
        put("pki_name", name, certificate.subject().der());
        for extension in certificate.extensions() {
            let whole = pki::strict::Writer::build(|w| extension.write(w));
            put("pki_name", &format!("extension-{}", extension.oid), &whole);
        }
    }
    put_bent(
        "pki_certificate",
        "staff-sign",
        world.leaf("staff-sign", 15).0.der(),
    );
    put_bent(
        "pki_lint",
        "device-enc",
        world.leaf("device-enc", 16).0.der(),
    );
    put("pki_lint", "tbs", world.leaf("unit-sign", 17).0.tbs_der());
    put("pki_name", "key", world.ca.spki().der());
    let armoured = world.root.to_pem().expect("armour");
    put("pki_text", "certificate.pem", armoured.as_bytes());
    put(
        "pki_text",
        "half.pem",
        &armoured.as_bytes()[..armoured.len() / 2],
    );
}

pub fn requests() {
    let holder = subscriber_key();
    let name = pki::Name::from_attributes([
        (oid::COUNTRY, pki::strict::Tag::PRINTABLE_STRING, "CN"),
        (oid::COMMON_NAME, pki::strict::Tag::UTF8_STRING, "张三"),
    ]);
    let info = csr::request_info(&name, holder.public_key());
    let request = csr::signed_request(&info, &holder.sign(&UserId::default(), &info));
    put_bent("pki_csr", "good", &request);
    let wrong = csr::signed_request(&info, &key().sign(&UserId::default(), &info));
    put("pki_csr", "signed-by-another", &wrong);
    put(
        "pki_csr",
        "armoured",
        pem::encode(pem::REQUEST, &request)
            .expect("armour")
            .as_bytes(),
    );
}

pub fn lists(world: &World) {
    put_bent("pki_crl", "full", &list(&world.ca, key(), CrlKind::Full, 5));
    put(
        "pki_crl",
        "empty",
        &list(&world.ca, key(), CrlKind::Full, 0),
    );
    put(
        "pki_crl",
        "delta",
        &list(&world.ca, key(), CrlKind::Delta { base: 3 }, 2),
    );
}

pub fn status(world: &World) {
    let (name, spki) = (world.ca.subject(), world.ca.spki());
    let id = |hash| {
        CertId::of(
            hash,
            name,
            spki,
            Serial::from_hex("1234").expect("a serial"),
        )
    };
    let ids: Vec<_> = HashAlgorithm::KNOWN.into_iter().filter_map(id).collect();
    let nonce = Nonce::new([5; 16]).expect("a nonce");
    let many = Request::new(ids.clone(), Some(nonce.clone())).expect("a question");
    put_bent("pki_ocsp_request", "many", many.der());
    let one = Request::new(ids[..1].to_vec(), None).expect("a question");
    put("pki_ocsp_request", "one", one.der());

    let (responder, responder_key) = world.leaf("ocsp", 13);
    let held = CertStatus::Revoked {
        at: now(),
        reason: Reason::CertificateHold,
    };
    for (file, status) in [("good", CertStatus::Good), ("held", held)] {
        let next_update = instant("2026-11-23T08:00:00Z");
        let certificate = &ids[0];
        let singles = [Single {
            certificate,
            status,
            this_update: now(),
            next_update,
            archive_cutoff: Some(now()),
        }];
        let nonce = Some(&nonce);
        let responder_name = responder.subject();
        let draft = Draft {
            responder: responder_name,
            produced_at: now(),
            singles: &singles,
            nonce,
            extended_revoke: true,
        };
        let unsigned = draft.encode().expect("an answer");
        let (public, id) = (responder_key.public_key(), UserId::default());
        let signature = responder_key.sign_digest(&unsigned.digest(public, &id));
        let answer = unsigned.assemble(public, &id, &signature, responder.der());
        put_bent("pki_ocsp_reply", file, &answer.expect("an answer"));
    }
    put("pki_ocsp_reply", "try-later", &Failure::ALL[0].der());
}

/// An encryption key under way to the subscriber.
pub fn enveloped(number: u8) -> EnvelopedKey {
    let pair = key_of(number);
    let encrypted = sm4::ecb_encrypt(&[9; 16], &*pair.to_bytes()).expect("blocks");
    EnvelopedKey {
        key_cipher: sm2::encrypt(subscriber_key().public_key(), &[9; 16], &mut Counted(100))
            .expect("cipher"),
        public_key: *pair.public_key(),
        encrypted_private_key: encrypted.try_into().expect("32 octets"),
    }
}

pub fn keys(world: &World) {
    let (enc, _) = world.leaf("person-enc", 21);
    put_bent("pki_envelope", "gmt0009", &envelope::encode(&enveloped(21)));
    put_bent("pki_envelope", "skf", &skf::encode(&enveloped(21)));
    let profile = world.profiles.by_name("person-sign").expect("a profile");
    let own = issue(profile, Some((&world.ca, key())), (subscriber_key(), 22));
    let single = CsrResponse {
        sign_certificates: vec![own.clone()],
        encryption: None,
    };
    put("pki_response", "single", &single.encode());
    let encryption = Some(Encryption {
        certificates: vec![enc],
        key: enveloped(21),
    });
    let double = CsrResponse {
        sign_certificates: vec![own],
        encryption,
    };
    put_bent("pki_response", "double", &double.encode());
}

pub fn messages(world: &World) {
    let (sender, sender_key) = world.leaf("staff-sign", 15);
    let id = UserId::default();
    let recipients = [&world.ca];
    for (name, at) in [("plain", None), ("timed", Some(now()))] {
        let signing = Signing {
            certificate: &sender,
            id: &id,
            at,
        };
        let signed = SignedData::sign(b"content", &signing, sign_by(&sender_key));
        put(
            "pki_message",
            &format!("signed-{name}"),
            &signed.expect("a message"),
        );
        let random = &mut Counted(200);
        let by = sign_by(&sender_key);
        let both = SignedAndEnvelopedData::seal(b"content", &signing, &recipients, random, by);
        put(
            "pki_message",
            &format!("both-{name}"),
            &both.expect("a message"),
        );
    }
    let signing = Signing {
        certificate: &sender,
        id: &id,
        at: None,
    };
    let apart = SignedData::sign_detached(b"elsewhere", &signing, sign_by(&sender_key));
    put_bent("pki_message", "detached", &apart.expect("a message"));
    let sealed = EnvelopedData::seal(b"content", &recipients, &mut Counted(300));
    put_bent("pki_message", "enveloped", &sealed.expect("a message"));
}

pub fn key_centre(world: &World) {
    let serial = Serial::from_hex("1234").expect("a serial");
    let entity = || km::EntityName::new(world.ca.subject().der(), key().public_key(), serial);
    let task = || km::TaskNumber::from_magnitude(&[1, 2]).expect("a number");
    let signing_key = || Spki::of(key().public_key());
    let apply = km::Request::Apply(km::ApplyKey::sm2(km::ApplyUser {
        cert_serial: serial,
        signing_key: signing_key(),
        not_before: now(),
        not_after: instant("2027-11-22T08:00:00Z"),
        user_name: Some("张三".as_bytes().to_vec()),
        ds_code: Some(b"110000".to_vec()),
        extend_info: None,
    }));
    let reply = km::ReplyAlgorithms::SM;
    let restore = km::Request::Restore(km::RestoreKey {
        reply,
        cert_serial: serial,
        signing_key: signing_key(),
    });
    let revoke = km::Request::Revoke(km::RevokeKey {
        cert_serial: serial,
    });
    let requests = vec![apply, restore, revoke];
    let body = km::KsRequest {
        ca: entity(),
        requests,
        time: now(),
        task: task(),
    };
    let sign = |der: &[u8]| Ok::<_, pki::Error>(key().sign(&UserId::default(), der));
    let request = km::CaRequest::sign(body, sign).expect("a message");
    put_bent("pki_km", "request", &request.to_der());

    let holder = |octet| {
        let serial = Serial::from_magnitude(&[octet]).expect("a serial");
        km::Holder {
            issuer: world.ca.subject().der().to_vec(),
            serial,
        }
    };
    let unsigned = km::UnsignedEnvelope::new(&enveloped(31), &holder(2));
    let signature = key().sign(&UserId::default(), unsigned.signed_bytes());
    let private_key = unsigned.finish(&holder(3), &signature);
    put_bent("pki_km", "private-key", &private_key);
    let public_key = Spki::of(&enveloped(31).public_key);
    let given = km::RetKey {
        cert_serial: serial,
        public_key,
        private_key,
    };
    let error = km::ErrorPackage {
        number: 11,
        text: Some("序列号重复".to_owned()),
    };
    let responds = vec![
        km::Respond::Apply(given),
        km::Respond::Revoke(serial),
        km::Respond::Error(error),
    ];
    let body = km::KsRespond {
        km: entity(),
        responds,
        time: now(),
        task: task(),
    };
    let respond = km::KmRespond::sign(body, sign).expect("a message");
    put_bent("pki_km", "respond", &respond.to_der());
}
