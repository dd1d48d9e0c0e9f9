//! Writes the seeds that need keys and signatures, and the small world of the targets:
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`, from the repository's root.
//! Run it when a format changes; a run changes only what its formats changed, since keys and
//! serial numbers are counted out.

use std::fs;
use std::io::Cursor;

use access::signature::{Outgoing, sign};
use gm::sm2::{self, PrivateKey};
use gm::{DeviceError, Digest, EnvelopedKey, Random, Signature, UserId, sm3, sm4};
use jiff::Timestamp;
use pki::crl::{CrlWriter, Kind as CrlKind, Params, Reason, RevokedEntry};
use pki::ident::{CreditCode, IdNumber};
use pki::km;
use pki::lint::Context;
use pki::message::{EnvelopedData, SignedAndEnvelopedData, SignedData, Signing};
use pki::ocsp::{CertId, CertStatus, Draft, Failure, HashAlgorithm, Nonce, Request, Single};
use pki::profile::{Kind, Profile, ProfileSet};
use pki::response::{CsrResponse, Encryption};
use pki::spki::AlgorithmIdentifier;
use pki::{Certificate, Identifier, Issuer, Order, Serial, Spki, SubjectInput, Urls};
use pki::{csr, envelope, oid, pem, plan, skf};
use tlog::note::{self, NoteKey};
use tlog::tile::{self, Tile};
use tlog::{Checkpoint, Hash};
use yinxin_fuzz::{key, now, subscriber_key};

fn main() {
    let world = World::new();
    world.write_world();
    forms();
    certificates(&world);
    requests();
    lists(&world);
    status(&world);
    keys(&world);
    messages(&world);
    key_centre(&world);
    texts();
    log();
    signed_requests();
}

// --- writing ---------------------------------------------------------------------------------

fn put(target: &str, name: &str, octets: &[u8]) {
    let folder = format!("fuzz/corpus/{target}");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(format!("{folder}/{name}"), octets).expect("a file");
}

/// The structure, and three ways in which it is wrong.
fn put_bent(target: &str, name: &str, der: &[u8]) {
    put(target, name, der);
    put(target, &format!("{name}-cut"), &der[..der.len() * 2 / 3]);
    put(target, &format!("{name}-long"), &[der, &[0, 0]].concat());
    let mut changed = der.to_vec();
    changed[der.len() / 2] ^= 0x10;
    put(target, &format!("{name}-changed"), &changed);
}

/// Octets that are counted, so that a second run writes the same.
struct Counted(u32);

impl Random for Counted {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        for part in buf.chunks_mut(32) {
            self.0 += 1;
            part.copy_from_slice(&sm3::hash(&self.0.to_be_bytes()).0[..part.len()]);
        }
        Ok(())
    }
}

fn key_of(octet: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[octet; 32]).expect("a scalar")
}

fn sign_by(key: &PrivateKey) -> impl FnOnce(&Digest) -> Result<Signature, pki::Error> {
    |digest| Ok(key.sign_digest(digest))
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

// --- the world -------------------------------------------------------------------------------

/// A root, an issuing CA with the key of the targets, and one certificate of each profile.
struct World {
    profiles: ProfileSet,
    root: Certificate,
    ca: Certificate,
}

fn subject(profile: &Profile) -> SubjectInput {
    let organization = Some("某市大数据管理局".to_owned());
    let credit = CreditCode::parse("91110000600037341L").expect("a code");
    let number = IdNumber::parse("11010519491231002X").expect("a number");
    match profile.kind() {
        Kind::Person => SubjectInput {
            identifiers: vec![Identifier::IdNumber(number)],
            ..SubjectInput::named("张三")
        },
        Kind::Staff => SubjectInput {
            organization,
            units: vec!["信息中心".into(), "一处".into()],
            ..SubjectInput::named("李四")
        },
        Kind::Unit => SubjectInput {
            organization,
            identifiers: vec![Identifier::CreditCode(credit)],
            ..SubjectInput::named("某市大数据管理局")
        },
        Kind::Server => SubjectInput {
            organization,
            dns_names: vec!["zwfw.example.gov.cn".into()],
            ..SubjectInput::named("zwfw.example.gov.cn")
        },
        _ => SubjectInput { organization, ..SubjectInput::named(profile.title()) },
    }
}

fn urls() -> Urls {
    Urls {
        crl: vec!["http://crl.example.gov.cn/ca.crl".into()],
        freshest_crl: vec!["http://crl.example.gov.cn/delta.crl".into()],
        ocsp: vec!["http://ocsp.example.gov.cn/".into()],
        ca_issuers: vec!["http://ca.example.gov.cn/ca.cer".into()],
        cps: Some("http://ca.example.gov.cn/cps".into()),
    }
}

/// Plans, lints, signs and finishes. `number` makes key and serial.
fn issue(
    profile: &Profile,
    issuer: Option<(&Certificate, &PrivateKey)>,
    (holder, number): (&PrivateKey, u8),
) -> Certificate {
    let by = issuer.map_or(Issuer::self_signed(), |(certificate, _)| {
        Issuer::certificate(certificate).expect("a CA")
    });
    let serial = sm3::hash(&[number]).0[..16].try_into().expect("16 octets");
    let order = Order {
        subject: &subject(profile),
        key: holder.public_key(),
        serial: Serial::from_random(serial).expect("a serial"),
        not_before: now(),
        not_after: None,
    };
    let planned = plan(profile, &by, &order, &urls()).expect("a plan");
    let certificate = issuer.map(|(certificate, _)| certificate);
    let context = Context { issuer: certificate, ..Context::new(profile.lint_role()) };
    let linted = planned.lint(&context.at(now())).expect("no finding");
    let (signer, id) = (issuer.map_or(holder, |(_, key)| key), UserId::default());
    let signature = signer.sign_digest(&linted.digest(signer.public_key(), &id));
    linted.finish(&signature, signer.public_key(), &id).expect("a certificate")
}

impl World {
    fn new() -> Self {
        let profiles = ProfileSet::embedded().expect("profiles");
        let root_key = key_of(0x33);
        let root = issue(profiles.by_name("root").expect("root"), None, (&root_key, 1));
        let by = Some((&root, &root_key));
        let ca = issue(profiles.by_name("subca").expect("subca"), by, (key(), 2));
        Self { profiles, root, ca }
    }

    fn leaf(&self, profile: &str, number: u8) -> (Certificate, PrivateKey) {
        let profile = self.profiles.by_name(profile).expect("a profile");
        let holder = key_of(number);
        (issue(profile, Some((&self.ca, key())), (&holder, number)), holder)
    }

    fn write_world(&self) {
        let put = |name: &str, octets: &[u8]| {
            fs::write(format!("fuzz/world/{name}"), octets).expect("a file");
        };
        put("root.der", self.root.der());
        put("ca.der", self.ca.der());
        put("root.crl", &list(&self.root, &key_of(0x33), CrlKind::Full, 0));
        put("ca.crl", &list(&self.ca, key(), CrlKind::Full, 3));
    }
}

/// A list with this many entries.
fn list(issuer: &Certificate, by: &PrivateKey, kind: CrlKind, entries: u8) -> Vec<u8> {
    let params = Params {
        issuer: issuer.subject(),
        authority_key: &issuer.spki().key_identifier(),
        this_update: now(),
        next_update: instant("2036-11-22T08:00:00Z"),
        number: 7,
        kind,
        scope: None,
        freshest: Vec::new(),
        algorithm: AlgorithmIdentifier::bare(oid::SM2_WITH_SM3),
    };
    let mut writer = CrlWriter::new(&params, Cursor::new(Vec::new())).expect("a list");
    let reasons = [Reason::KeyCompromise, Reason::CertificateHold, Reason::Superseded];
    for (number, reason) in (0..entries).zip(reasons.into_iter().cycle()) {
        let serial = Serial::from_magnitude(&[0x40 + number, 1]).expect("a serial");
        let (at, invalid_since) = (now(), (number % 2 == 0).then(now));
        writer.push(&RevokedEntry { serial, at, reason, invalid_since }).expect("an entry");
    }
    let mut unsigned = writer.finish(by.public_key(), &UserId::default()).expect("a list");
    let signature = by.sign_digest(unsigned.digest());
    let mut out = Vec::new();
    unsigned.assemble(&signature, &mut out).expect("a list");
    out
}

// --- the seeds, parser by parser -------------------------------------------------------------

fn forms() {
    let signature = key().sign(&UserId::default(), b"message");
    let ciphertext = sm2::encrypt(key().public_key(), &[7; 16], &mut Counted(0)).expect("cipher");
    put_bent("gm_forms", "signature", &signature.to_der());
    put_bent("gm_forms", "ciphertext", &ciphertext.to_der());
    put("gm_forms", "ciphertext-raw", &ciphertext.to_raw());
    put_bent("gm_forms", "point", &key().public_key().to_sec1());
    put_bent("gm_forms", "pkcs8", &key().to_pkcs8_der().expect("a key"));
    put("gm_forms", "sec1", &key().to_sec1_der().expect("a key"));
}

fn certificates(world: &World) {
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
    put_bent("pki_certificate", "staff-sign", world.leaf("staff-sign", 15).0.der());
    put_bent("pki_lint", "device-enc", world.leaf("device-enc", 16).0.der());
    put("pki_lint", "tbs", world.leaf("unit-sign", 17).0.tbs_der());
    put("pki_name", "key", world.ca.spki().der());
    let armoured = world.root.to_pem().expect("armour");
    put("pki_text", "certificate.pem", armoured.as_bytes());
    put("pki_text", "half.pem", &armoured.as_bytes()[..armoured.len() / 2]);
}

fn requests() {
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
    put("pki_csr", "armoured", pem::encode(pem::REQUEST, &request).expect("armour").as_bytes());
}

fn lists(world: &World) {
    put_bent("pki_crl", "full", &list(&world.ca, key(), CrlKind::Full, 5));
    put("pki_crl", "empty", &list(&world.ca, key(), CrlKind::Full, 0));
    put("pki_crl", "delta", &list(&world.ca, key(), CrlKind::Delta { base: 3 }, 2));
}

fn status(world: &World) {
    let (name, spki) = (world.ca.subject(), world.ca.spki());
    let id = |hash| CertId::of(hash, name, spki, Serial::from_hex("1234").expect("a serial"));
    let ids: Vec<_> = HashAlgorithm::KNOWN.into_iter().filter_map(id).collect();
    let nonce = Nonce::new([5; 16]).expect("a nonce");
    let many = Request::new(ids.clone(), Some(nonce.clone())).expect("a question");
    put_bent("pki_ocsp_request", "many", many.der());
    let one = Request::new(ids[..1].to_vec(), None).expect("a question");
    put("pki_ocsp_request", "one", one.der());

    let (responder, responder_key) = world.leaf("ocsp", 13);
    let held = CertStatus::Revoked { at: now(), reason: Reason::CertificateHold };
    for (file, status) in [("good", CertStatus::Good), ("held", held)] {
        let next_update = instant("2026-11-23T08:00:00Z");
        let certificate = &ids[0];
        let singles = [Single { certificate, status, this_update: now(), next_update }];
        let nonce = Some(&nonce);
        let responder_name = responder.subject();
        let draft =
            Draft { responder: responder_name, produced_at: now(), singles: &singles, nonce };
        let unsigned = draft.encode().expect("an answer");
        let (public, id) = (responder_key.public_key(), UserId::default());
        let signature = responder_key.sign_digest(&unsigned.digest(public, &id));
        let answer = unsigned.assemble(public, &id, &signature, responder.der());
        put_bent("pki_ocsp_reply", file, &answer.expect("an answer"));
    }
    put("pki_ocsp_reply", "try-later", &Failure::ALL[0].der());
}

/// An encryption key under way to the subscriber.
fn enveloped(number: u8) -> EnvelopedKey {
    let pair = key_of(number);
    let encrypted = sm4::ecb_encrypt(&[9; 16], &*pair.to_bytes()).expect("blocks");
    EnvelopedKey {
        key_cipher: sm2::encrypt(subscriber_key().public_key(), &[9; 16], &mut Counted(100)).expect("cipher"),
        public_key: *pair.public_key(),
        encrypted_private_key: encrypted.try_into().expect("32 octets"),
    }
}

fn keys(world: &World) {
    let (enc, _) = world.leaf("person-enc", 21);
    put_bent("pki_envelope", "gmt0009", &envelope::encode(&enveloped(21)));
    put_bent("pki_envelope", "skf", &skf::encode(&enveloped(21)));
    let profile = world.profiles.by_name("person-sign").expect("a profile");
    let own = issue(profile, Some((&world.ca, key())), (subscriber_key(), 22));
    let single = CsrResponse { sign_certificates: vec![own.clone()], encryption: None };
    put("pki_response", "single", &single.encode());
    let encryption = Some(Encryption { certificates: vec![enc], key: enveloped(21) });
    let double = CsrResponse { sign_certificates: vec![own], encryption };
    put_bent("pki_response", "double", &double.encode());
}

fn messages(world: &World) {
    let (sender, sender_key) = world.leaf("staff-sign", 15);
    let id = UserId::default();
    let recipients = [&world.ca];
    for (name, at) in [("plain", None), ("timed", Some(now()))] {
        let signing = Signing { certificate: &sender, id: &id, at };
        let signed = SignedData::sign(b"content", &signing, sign_by(&sender_key));
        put("pki_message", &format!("signed-{name}"), &signed.expect("a message"));
        let random = &mut Counted(200);
        let by = sign_by(&sender_key);
        let both = SignedAndEnvelopedData::seal(b"content", &signing, &recipients, random, by);
        put("pki_message", &format!("both-{name}"), &both.expect("a message"));
    }
    let signing = Signing { certificate: &sender, id: &id, at: None };
    let apart = SignedData::sign_detached(b"elsewhere", &signing, sign_by(&sender_key));
    put_bent("pki_message", "detached", &apart.expect("a message"));
    let sealed = EnvelopedData::seal(b"content", &recipients, &mut Counted(300));
    put_bent("pki_message", "enveloped", &sealed.expect("a message"));
}

fn key_centre(world: &World) {
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
    let restore =
        km::Request::Restore(km::RestoreKey { reply, cert_serial: serial, signing_key: signing_key() });
    let revoke = km::Request::Revoke(km::RevokeKey { cert_serial: serial });
    let requests = vec![apply, restore, revoke];
    let body = km::KsRequest { ca: entity(), requests, time: now(), task: task() };
    let sign = |der: &[u8]| Ok::<_, pki::Error>(key().sign(&UserId::default(), der));
    let request = km::CaRequest::sign(body, sign).expect("a message");
    put_bent("pki_km", "request", &request.to_der());

    let holder = |octet| {
        let serial = Serial::from_magnitude(&[octet]).expect("a serial");
        km::Holder { issuer: world.ca.subject().der().to_vec(), serial }
    };
    let unsigned = km::UnsignedEnvelope::new(&enveloped(31), &holder(2));
    let signature = key().sign(&UserId::default(), unsigned.signed_bytes());
    let private_key = unsigned.finish(&holder(3), &signature);
    put_bent("pki_km", "private-key", &private_key);
    let public_key = Spki::of(&enveloped(31).public_key);
    let given = km::RetKey { cert_serial: serial, public_key, private_key };
    let error = km::ErrorPackage { number: 11, text: Some("序列号重复".to_owned()) };
    let responds = vec![
        km::Respond::Apply(given),
        km::Respond::Revoke(serial),
        km::Respond::Error(error),
    ];
    let body = km::KsRespond { km: entity(), responds, time: now(), task: task() };
    let respond = km::KmRespond::sign(body, sign).expect("a message");
    put_bent("pki_km", "respond", &respond.to_der());
}

fn texts() {
    put("pki_text", "id-number", b"11010519491231002X");
    put("pki_text", "id-number-wrong", b"110105194912310021");
    put("pki_text", "credit-code", b"91110000600037341L");
    put("pki_text", "officer", "军字第12345号".as_bytes());
    put("pki_text", "oid", b"1.2.156.10260.4.1.1");
    put("pki_text", "serial", b"00ff1234567890abcdef");
    for name in ["person-sign", "subca", "ocsp"] {
        let text = fs::read(format!("profiles/{name}.toml")).expect("a profile");
        put("pki_profile", name, &text);
    }
}

fn log() {
    let (origin, size, root) = ("ca.example/journal".to_owned(), 7, Hash::leaf(b"leaf"));
    let checkpoint = Checkpoint { origin, size, root, extensions: vec!["2026-11-22".to_owned()] };
    let text = checkpoint.to_text().expect("a text");
    put("tlog_text", "checkpoint", text.as_bytes());
    put("tlog_text", "checkpoint-cut", &text.as_bytes()[..text.len() - 1]);
    let name = NoteKey::new("ca.example/journal", &key().public_key().to_sec1()).expect("a key");
    let by = |text: &[u8]| Ok::<_, tlog::Error>(key().sign(&UserId::default(), text).to_raw());
    put("tlog_text", "note", note::sign(&text, &name, by).expect("a note").as_bytes());
    let tile = Tile::new(0, 1_234_067, 200).expect("a tile");
    put("tlog_text", "tile", tile.to_string().as_bytes());
    put("tlog_text", "entries", tile.entries_path().as_bytes());
    put("tlog_text", "hashes", &tile::to_bytes(&[root; 3]));
    let bundle = tile::bundle([&b"one"[..], b"", b"three"]).expect("a bundle");
    put("tlog_text", "bundle", &bundle);
    put("tlog_proof", "right", &[11, 5, 9]);
    put("tlog_proof", "short", &[64, 63, 2]);
    put("tlog_proof", "other", &[&[40, 33, 1][..], &root.0].concat());
    put("tlog_proof", "empty", &[0, 0, 0]);
}

fn signed_requests() {
    let client = "11111111111111111111111111111111".parse().expect("a client");
    let bodies: [(&str, &str, Option<&str>, &[u8]); 2] = [
        ("post", "/api/v1/requests", None, b"{\"kind\":\"person\"}"),
        ("get", "/api/v1/certificates", Some("page=2&status=good"), b""),
    ];
    for (name, path, query, body) in bodies {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let outgoing = Outgoing { method, path, query, body };
        let mut random = Counted(400);
        let headers = sign(&outgoing, &client, key(), (now(), &mut random)).expect("headers");
        let digest = headers.content_digest.unwrap_or_default();
        let (input, signature) = (headers.signature_input, headers.signature);
        let head = [method, path, query.unwrap_or(""), &digest, &input, &signature].join("\n");
        put("access_request", name, &[head.as_bytes(), b"\n", body].concat());
    }
    put("access_request", "unsigned", b"GET\n/api/v1/certificates\n\n\n\n\n");
}
