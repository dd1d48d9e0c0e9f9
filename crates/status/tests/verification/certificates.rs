//! The table of chains (RFC 5280 §6), each a named case of certificates of other institutions, with
//! what the report says of it.

use jiff::Timestamp;
use pki::crl::{Crl, Reason};
use pki::ext::{
    BasicConstraints, ExtendedKeyUsage, Extension, GeneralName, KeyUsage, NameConstraints,
    TypedExtension,
};
use pki::ocsp::{CertStatus, Reply};
use pki::{Name, Oid, oid};
use status::verification::{
    CertificateQuestion, CertificateReport, Evidence, Outcome, Purpose, Trust, Verifier,
};

use crate::family::{Made, answer, ca, instant, key, list, name, user};
use crate::world::World;

const SILVER: Oid = Oid::new("2.25.148926349512345678901234567890123456789.1");
const GOLD: Oid = Oid::new("2.25.148926349512345678901234567890123456789.2");
/// An answer that is in force in the second of every story.
const FRESH: (&str, &str) = ("2026-11-22T03:00:00Z", "2026-11-22T05:00:00Z");
const STALE: (&str, &str) = ("2026-11-20T03:00:00Z", "2026-11-20T05:00:00Z");

/// A question, and what is to come of it.
struct Case {
    name: &'static str,
    leaf: Made,
    evidence: Evidence,
    anchors: Vec<Made>,
    at: Option<Timestamp>,
    purpose: Purpose,
    policies: Vec<Oid>,
    expected: (Outcome, &'static str),
}

fn case(name: &'static str, leaf: Made) -> Case {
    Case {
        name,
        leaf,
        evidence: Evidence::default(),
        anchors: vec![root()],
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
        expected: (Outcome::Passed, "status.list-good"),
    }
}

impl Case {
    fn via(mut self, between: &[&Made]) -> Self {
        self.evidence.certificates.extend(between.iter().map(|made| made.certificate.clone()));
        self
    }

    fn lists(mut self, lists: &[Crl]) -> Self {
        self.evidence.lists.extend(lists.iter().cloned());
        self
    }

    /// Lists in force of both authorities, without entries.
    fn clean(self) -> Self {
        self.lists(&[list(&root()).made(), list(&issuing()).made()])
    }

    fn answer(mut self, der: &[u8]) -> Self {
        let Ok(Reply::Answered(answer)) = Reply::from_der(der) else { panic!("no answer") };
        self.evidence.answers.push(*answer);
        self
    }

    fn trusts(mut self, anchors: &[&Made]) -> Self {
        self.anchors = anchors.iter().map(|made| (*made).clone()).collect();
        self
    }

    fn at(mut self, at: &str) -> Self {
        self.at = Some(instant(at));
        self
    }

    fn serves(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    fn under(mut self, policy: Oid) -> Self {
        self.policies.push(policy);
        self
    }

    fn passes(mut self, code: &'static str) -> Self {
        self.expected = (Outcome::Passed, code);
        self
    }

    fn fails(mut self, code: &'static str) -> Self {
        self.expected = (Outcome::Failed, code);
        self
    }

    fn stays_open(mut self, code: &'static str) -> Self {
        self.expected = (Outcome::Unknown, code);
        self
    }

    async fn ask(&self, verifier: &Verifier) -> CertificateReport {
        let anchors = self.anchors.iter().map(|made| made.certificate.clone());
        let trust = std::sync::Arc::new(Trust::of(anchors).unwrap());
        let question = CertificateQuestion {
            der: self.leaf.certificate.der().to_vec(),
            evidence: self.evidence.clone(),
            at: self.at,
            purpose: self.purpose,
            policies: self.policies.clone(),
        };
        verifier.verify_certificate(trust, question).await.unwrap()
    }
}

fn root() -> Made {
    ca("他根").self_signed()
}

fn issuing() -> Made {
    ca("他签发").by(&root())
}

fn leaf() -> Made {
    user("甲").by(&issuing())
}

/// A chain of three with lists in force.
fn sound(name: &'static str, leaf: Made) -> Case {
    case(name, leaf).via(&[&issuing()]).clean()
}

fn bounds() -> Vec<Case> {
    let old = user("甲").valid("2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z").by(&issuing());
    let early = user("甲").valid("2026-12-01T00:00:00Z", "2027-12-01T00:00:00Z").by(&issuing());
    let then = ("2026-09-30T00:00:00Z", "2026-10-02T00:00:00Z");
    let lists = [
        list(&root()).window(then.0, then.1).made(),
        list(&issuing()).window(then.0, then.1).made(),
    ];
    vec![
        sound("sound", leaf()),
        sound("expired", old.clone()).fails("validity.expired"),
        sound("not_yet_valid", early).fails("validity.not-yet"),
        case("was_valid_then", old).via(&[&issuing()]).lists(&lists).at("2026-10-01T00:00:00Z"),
    ]
}

fn usages() -> Vec<Case> {
    let encrypts = || user("甲").usage(KeyUsage::ENCRYPTION).by(&issuing());
    let mails = ExtendedKeyUsage(vec![oid::EMAIL_PROTECTION]).to_extension(false);
    let mails = || user("甲").with(mails.clone()).by(&issuing());
    let strange = Extension { oid: GOLD, critical: true, value: vec![5, 0] };
    let quiet = ca("他签发").usage(KeyUsage::CRL_SIGN).by(&root());
    let signer = user("乙").by(&root());
    vec![
        sound("wrong_usage", encrypts()).fails("key-usage.wrong"),
        sound("right_usage", encrypts()).serves(Purpose::Encryption),
        sound("usage_not_asked", encrypts()).serves(Purpose::Any),
        sound("wrong_purpose", mails()).serves(Purpose::Server).fails("purpose.failed"),
        sound("right_purpose", mails()).serves(Purpose::Email),
        sound("unknown_critical_extension", user("甲").with(strange).by(&issuing()))
            .fails("critical-extensions.failed"),
        case("authority_without_cert_sign", user("甲").by(&quiet))
            .via(&[&quiet])
            .clean()
            .fails("key-usage.failed"),
        case("issuer_is_no_authority", user("甲").by(&signer))
            .via(&[&signer])
            .fails("basic-constraints.failed"),
    ]
}

fn limits() -> Vec<Case> {
    let elsewhere = Name::from_attributes([
        (oid::COUNTRY, pki::strict::Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, pki::strict::Tag::UTF8_STRING, "别处"),
    ]);
    let permitted = vec![GeneralName::Directory(elsewhere)];
    let bound = NameConstraints { permitted, excluded: Vec::new() }.to_extension(true);
    let narrow = ca("他签发").with(bound).by(&root());
    let short = BasicConstraints { ca: true, path_len: Some(0) }.to_extension(true);
    let short = ca("短根").with(short).self_signed();
    let below = ca("他签发").by(&short);
    let silver = ca("他签发").policy(SILVER).by(&root());
    let under = || user("甲").policy(SILVER).by(&silver);
    vec![
        case("outside_of_name_constraints", user("甲").by(&narrow))
            .via(&[&narrow])
            .clean()
            .fails("name-constraints.failed"),
        case("path_length_exceeded", user("甲").by(&below))
            .via(&[&below])
            .trusts(&[&short])
            .fails("path-length.failed"),
        case("policy_that_was_asked_for", under()).via(&[&silver]).clean().under(SILVER),
        case("policy_of_another", under())
            .via(&[&silver])
            .clean()
            .under(GOLD)
            .fails("policies.failed"),
    ]
}

fn paths() -> Vec<Case> {
    let evil_leaf = user("甲").issue(&name("他签发"), &key("恶意"));
    let stranger = ca("生根").self_signed();
    let (one, two) = (ca("环一"), ca("环二"));
    let one_by_two = one.issue(&name("环二"), &key("环二"));
    let two_by_one = two.issue(&name("环一"), &key("环一"));
    let in_loop = user("甲").issue(&name("环一"), &key("环一"));
    let mut long = vec![root()];
    for at in 0..50 {
        let next = ca(&format!("第{at}级")).by(long.last().unwrap());
        long.push(next);
    }
    let deep = user("甲").by(long.last().unwrap());
    let between: Vec<&Made> = long.iter().skip(1).collect();
    vec![
        case("issuer_not_given", leaf()).clean().stays_open("path.unknown"),
        case("root_that_nobody_trusts", user("甲").by(&stranger))
            .via(&[&stranger])
            .fails("path.failed"),
        // T-15: the name of the issuer, and another key.
        case("wrong_key_under_the_right_name", evil_leaf)
            .via(&[&issuing()])
            .clean()
            .fails("signature.failed"),
        case("loop_of_cross_certificates", in_loop)
            .via(&[&one_by_two, &two_by_one])
            .stays_open("path.unknown"),
        case("fifty_authorities", deep).via(&between).fails("path.failed"),
    ]
}

fn lists() -> Vec<Case> {
    let good = || case("", leaf()).via(&[&issuing()]).lists(&[list(&root()).made()]);
    let named = |name, case: Case| Case { name, ..case };
    let revoking = |reason, at| list(&issuing()).revokes(&leaf(), reason, at);
    let past = "2026-11-20T00:00:00Z";
    let stale = list(&issuing()).window("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z");
    let stale_revoking = stale.clone().revokes(&leaf(), 1, "2026-11-17T00:00:00Z");
    vec![
        named("revoked", good().lists(&[revoking(1, past).made()]).fails("status.list-revoked")),
        named("suspended", good().lists(&[revoking(6, past).made()]).fails("status.list-revoked")),
        named(
            "revoked_after_the_instant",
            good()
                .lists(&[revoking(4, past).made()])
                .at("2026-11-15T00:00:00Z")
                .stays_open("status.list-silent"),
        ),
        named("list_out_of_date", good().lists(&[stale.made()]).stays_open("status.list-silent")),
        named(
            "revoked_in_a_list_out_of_date",
            good().lists(&[stale_revoking.made()]).fails("status.list-revoked"),
        ),
        // T-15: a list under the issuer's name by another key.
        named(
            "list_by_another_key",
            good()
                .lists(&[list(&issuing()).signed_by("恶意").made()])
                .stays_open("status.list-silent"),
        ),
        named("no_list", good().stays_open("status.no-source")),
        named(
            "issuing_authority_revoked",
            case("", leaf())
                .via(&[&issuing()])
                .lists(&[
                    list(&root()).revokes(&issuing(), 2, past).made(),
                    list(&issuing()).made(),
                ])
                .fails("status.list-revoked"),
        ),
    ]
}

fn answers() -> Vec<Case> {
    let good = |name| case(name, leaf()).via(&[&issuing()]).lists(&[list(&root()).made()]);
    let says = |status, window, signer| answer((&leaf(), &issuing()), status, window, signer);
    let revoked = |reason| CertStatus::Revoked { at: instant("2026-11-19T00:00:00Z"), reason };
    let own = "他签发";
    vec![
        good("answer_good")
            .answer(&says(CertStatus::Good, FRESH, own))
            .passes("status.answer-good"),
        good("answer_out_of_date")
            .answer(&says(CertStatus::Good, STALE, own))
            .stays_open("status.answer-stale"),
        good("answer_revoked")
            .answer(&says(revoked(Reason::KeyCompromise), FRESH, own))
            .fails("status.revoked"),
        good("answer_out_of_date_revoked")
            .answer(&says(revoked(Reason::KeyCompromise), STALE, own))
            .fails("status.revoked"),
        // It may have been released since.
        good("answer_out_of_date_suspended")
            .answer(&says(revoked(Reason::CertificateHold), STALE, own))
            .stays_open("status.answer-stale"),
        good("answer_of_long_ago_with_a_far_end")
            .answer(&says(CertStatus::Good, ("2023-11-22T03:00:00Z", "2040-01-01T00:00:00Z"), own))
            .stays_open("status.answer-stale"),
        good("answer_of_ten_days_ago")
            .answer(&says(CertStatus::Good, ("2026-11-12T04:00:00Z", "2040-01-01T00:00:00Z"), own))
            .passes("status.answer-good"),
        good("answer_of_long_ago_revoked")
            .answer(&says(
                revoked(Reason::KeyCompromise),
                ("2023-11-22T03:00:00Z", "2040-01-01T00:00:00Z"),
                own,
            ))
            .fails("status.revoked"),
        good("answer_unknown")
            .answer(&says(CertStatus::Unknown, FRESH, own))
            .stays_open("status.answer-unknown"),
        good("answer_by_another_key")
            .answer(&says(CertStatus::Good, FRESH, "恶意"))
            .stays_open("status.answer-silent"),
        good("list_good_and_answer_revoked")
            .lists(&[list(&issuing()).made()])
            .answer(&says(revoked(Reason::KeyCompromise), FRESH, own))
            .fails("status.revoked"),
    ]
}

/// T-15: revoking one of two cross-certificates leaves the chains over the other.
fn crosses() -> Vec<Case> {
    let other = ca("另根").self_signed();
    let (first, second) = (issuing(), ca("他签发").serial(77).by(&other));
    let past = "2026-11-20T00:00:00Z";
    let lists =
        [list(&root()).revokes(&first, 4, past).made(), list(&other).made(), list(&first).made()];
    let both = |name| case(name, leaf()).via(&[&first, &second]).trusts(&[&root(), &other]);
    vec![
        both("one_cross_certificate_revoked").lists(&lists),
        both("both_cross_certificates_revoked")
            .lists(&[
                lists[0].clone(),
                list(&other).revokes(&second, 4, past).made(),
                lists[2].clone(),
            ])
            .fails("status.list-revoked"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_table_comes_out_as_the_standards_have_it() {
    let world = World::new().await;
    let verifier = Verifier::new(world.store.clone());
    let mut wrong = Vec::new();
    let cases = [bounds(), usages(), limits(), paths(), lists(), answers(), crosses()];
    let cases: Vec<Case> = cases.into_iter().flatten().collect();
    assert!(cases.len() >= 35, "{}", cases.len());
    for case in &cases {
        let judged = case.ask(&verifier).await.judged;
        let (verdict, code) = case.expected;
        let found = judged.checks.iter().any(|check| check.code == code);
        if judged.verdict != verdict || !found {
            wrong.push(format!("{}: {:?} {:#?}", case.name, judged.verdict, judged.checks));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_cites_its_anchors_and_what_each_status_was_judged_by() {
    use status::verification::Basis;
    let world = World::new().await;
    let verifier = Verifier::new(world.store.clone());
    let report = sound("", leaf()).ask(&verifier).await;
    let snapshot = gm::sm3::hash(&gm::sm3::hash(root().certificate.der()).0).to_hex();
    assert_eq!((report.snapshot.as_str(), report.anchors), (snapshot.as_str(), 1));
    let path = report.judged.checks.iter().find(|check| check.check == "path").unwrap();
    assert_eq!(path.basis, Some(Basis::Anchors { snapshot }));
    let statuses = report.judged.checks.iter().filter(|check| check.check == "status");
    let statuses: Vec<_> =
        statuses.map(|check| (check.about.clone(), check.basis.clone())).collect();
    let basis = |issuer: &Made| {
        Some(Basis::List {
            issuer: issuer.certificate.subject().to_string(),
            number: Some("1a".to_owned()),
            this_update: instant("2026-11-21T00:00:00Z"),
            next_update: Some(instant("2026-11-23T00:00:00Z")),
        })
    };
    let serial = |made: &Made| Some(made.certificate.serial().to_hex());
    assert_eq!(
        statuses,
        [(serial(&leaf()), basis(&issuing())), (serial(&issuing()), basis(&root()))]
    );
}

#[test]
fn a_snapshot_names_the_set_of_anchors_and_nothing_else() {
    let (one, two) = (root().certificate, ca("另根").self_signed().certificate);
    let name = |anchors: &[&pki::Certificate]| {
        let anchors = anchors.iter().map(|anchor| (*anchor).clone());
        Trust::of(anchors).map(|trust| trust.snapshot().to_owned())
    };
    assert_eq!(name(&[&one, &two]), name(&[&two, &one, &two]));
    assert_ne!(name(&[&one, &two]), name(&[&one]));
    assert_eq!(name(&[]), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_certificate_fails_its_format_or_is_no_question() {
    let world = World::new().await;
    let verifier = Verifier::new(world.store.clone());
    let trust = std::sync::Arc::new(Trust::of([root().certificate]).unwrap());
    let ask = async |der: &[u8]| {
        let question = CertificateQuestion {
            der: der.to_vec(),
            evidence: Evidence::default(),
            at: None,
            purpose: Purpose::Any,
            policies: Vec::new(),
        };
        verifier.verify_certificate(trust.clone(), question).await
    };
    let whole = leaf().certificate.der().to_vec();
    for der in [&whole[..whole.len() - 1], &[0x30, 0][..], &[whole.clone(), vec![0]].concat()] {
        let judged = ask(der).await.unwrap().judged;
        assert_eq!(judged.verdict, Outcome::Failed);
        assert!(judged.checks[0].code.starts_with("format."), "{:?}", judged.checks);
    }
    for der in [&[][..], b"x", &whole[1..]] {
        assert_eq!(ask(der).await.unwrap_err().code(), "verify.certificate");
    }
}
