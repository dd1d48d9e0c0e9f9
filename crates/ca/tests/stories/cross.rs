//! Cross-certification: whom the root recognises and within which bounds, what strangers bring and is refused, the
//! withdrawal by two people, the other institution's half, and a ceremony that was cut off.

use std::path::Path;
use std::sync::Arc;

use ca::ceremony::{Ceremony, CrossPlan, CrossReport, Quorum, verify_protocol};
use ca::rules::account::Balance;
use ca::rules::cross::PeerFiles;
use ca::{Ca, CrlKind, Error, RevocationReason, Status};
use gm::{Device, DeviceError, KeyLabel, RefusedReason, UserId, sm3};
use jiff::Timestamp;
use pki::crl::Crl;
use pki::ext::{GeneralName, KeyUsage, PolicyMappings};
use pki::path::{self, Kind, Options, Outcome, Request, Revocation, Validity};
use pki::profile::ProfileSet;
use pki::strict::Tag;
use pki::{Certificate, CrossTerms, Name, Oid, csr, oid};
use store::{FixedClock, Store, Warrant};
use testkit::fault::{Counted, Fault};

use crate::family::{Made, ca, key, name, user};
use crate::succession::holders;
use crate::world::{Faulty, World, actor, plan, policy, shares};

mod evidence;
mod half;
mod kills;

crate::stories! {
    the_root_recognises_a_ca_within_bounds_and_signs_a_protocol
    what_a_stranger_brings_is_refused_before_anybody_meets
    terms_that_the_root_cannot_keep_are_refused
    two_people_withdraw_it_at_once_and_the_next_list_of_the_root_says_so
    a_key_that_was_recognised_is_recognised_again_and_a_withdrawn_one_is_not
    a_compromise_withdraws_every_one_for_the_key
    a_ceremony_that_was_cut_off_goes_on_by_its_plan_alone
    a_ceremony_that_was_given_up_leaves_the_key_to_another
}

const LONG: (&str, &str) = ("2020-01-01T00:00:00Z", "2049-12-31T23:59:59Z");
const OURS: &str = "1.2.156.10260.7.1";
const THEIRS: &str = "1.2.156.10261.7.1";

fn other_root() -> Made {
    ca("邻省根CA").valid(LONG.0, LONG.1).self_signed()
}

fn other_ca() -> Made {
    ca("邻省SM2 CA").valid(LONG.0, LONG.1).by(&other_root())
}

/// Names of ours.
fn our_names() -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "某省数字证书认证中心"),
    ])
}

/// Names of the other institution.
fn names() -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "示例机构"),
    ])
}

/// A subscriber of the neighbour under the policy that is recognised.
fn holder(common: &str) -> Made {
    user(common).policy(Oid::parse(THEIRS).unwrap()).valid(LONG.0, LONG.1).by(&other_ca())
}

fn request(of: &str) -> Vec<u8> {
    let info = csr::request_info(&name(of), key(of).public_key());
    csr::signed_request(&info, &key(of).sign(&UserId::default(), &info))
}

fn files(made: &Made) -> PeerFiles {
    PeerFiles {
        certificate: made.certificate.der().to_vec(),
        fingerprint: made.certificate.fingerprint(),
        issuer: Some(other_root().certificate.der().to_vec()),
        request: Some(request(&made.key)),
        challenge: None,
    }
}

fn terms() -> CrossTerms {
    let oid = |text: &str| Oid::parse(text).unwrap();
    CrossTerms {
        path_len: 0,
        permitted: vec![
            GeneralName::Directory(names()),
            GeneralName::Dns("neighbour.gov.cn".into()),
        ],
        policies: vec![oid(OURS)],
        mappings: vec![(oid(OURS), oid(THEIRS))],
    }
}

pub fn crossing(folder: &Path, name: &str) -> CrossPlan {
    let before = plan(folder, 0, policy());
    CrossPlan {
        name: name.into(),
        institution: before.institution,
        peer: files(&other_ca()),
        terms: terms(),
        until: "2030-12-31T15:59:59Z".parse().unwrap(),
        root_config: before.root_config,
        issuing_config: before.issuing_config,
        shares: shares(folder, &[1, 3, 5]),
        protocol: folder.join(name),
    }
}

pub async fn certify(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    plan: CrossPlan,
) -> Result<CrossReport, Error> {
    let profiles = Arc::new(ProfileSet::embedded().unwrap());
    let quorum = Quorum::of_holders(holders()).unwrap();
    let (store, device, clock) = (store.clone(), device.clone(), clock.clone());
    Ceremony::cross_certify(store, device, clock, profiles, (plan, quorum)).await
}

impl World {
    async fn cross(&self, plan: CrossPlan) -> Result<CrossReport, Error> {
        certify((&self.store, &self.device, &self.clock), plan).await
    }

    fn crossing(&self, name: &str) -> CrossPlan {
        crossing(self.folder.path(), name)
    }

    async fn root(&self) -> Ca {
        let (store, device, clock) = (self.store.clone(), self.device.clone(), self.clock.clone());
        let profiles = Arc::new(ProfileSet::embedded().unwrap());
        let config = plan(self.folder.path(), 0, policy()).root_config;
        Ca::open(store, device, clock, profiles, config).await.unwrap()
    }
}

fn validity(
    leaf: &Made,
    between: &[Certificate],
    root: &Certificate,
) -> (Validity, Option<Outcome>) {
    let options = Options { revocation: Revocation::NotAsked, ..Options::default() };
    let at = "2027-06-01T00:00:00Z".parse().unwrap();
    let verdict = path::validate(&Request {
        leaf: &leaf.certificate,
        untrusted: between,
        anchors: std::slice::from_ref(root),
        crls: &[],
        at,
        options: &options,
    });
    (verdict.valid, verdict.outcome(Kind::NameConstraints))
}

async fn the_root_recognises_a_ca_within_bounds_and_signs_a_protocol(world: World) {
    let report = world.cross(world.crossing("cross-1")).await.unwrap();
    let (made, root) = (&report.certificate, &world.report.root);
    made.verify_signature(&root.public_key().unwrap(), &UserId::default()).unwrap();
    let theirs = other_ca().certificate;
    assert_eq!((made.subject(), made.spki()), (theirs.subject(), theirs.spki()));
    assert_eq!(made.ski(), theirs.ski(), "its subscribers' certificates name this identifier");
    assert_eq!(made.aki().unwrap().key_id, root.ski().map(|ski| ski.0));
    assert_eq!(made.key_usage(), Some(KeyUsage::CA));
    assert_eq!(made.basic_constraints().unwrap().path_len, Some(0));
    assert_eq!(made.not_after(), "2030-12-31T15:59:59Z".parse::<Timestamp>().unwrap());
    let constraints = made.name_constraints().unwrap();
    assert_eq!(constraints.permitted, terms().permitted);
    assert_eq!(constraints.excluded.len(), 2, "all addresses of either kind");
    let mappings = made.typed::<PolicyMappings>().unwrap();
    assert_eq!(mappings.0, terms().mappings);
    for critical in [oid::NAME_CONSTRAINTS, oid::BASIC_CONSTRAINTS, oid::POLICY_MAPPINGS] {
        assert!(made.extension(&critical).unwrap().critical, "{critical}");
    }
    let text = String::from_utf8_lossy(made.der()).into_owned();
    assert!(text.contains("http://crl.test.cn/root.crl") && text.contains("/ca.cer"));
    // Within the names it leads to our root, beyond them nowhere.
    let within = holder("王五");
    let elsewhere = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "某省数字证书认证中心"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, "张三"),
    ]);
    let beyond = user("赵六")
        .policy(Oid::parse(THEIRS).unwrap())
        .subject(elsewhere)
        .valid(LONG.0, LONG.1)
        .by(&other_ca());
    let between = [made.clone()];
    assert_eq!(validity(&within, &between, root), (Validity::Valid, Some(Outcome::Passed)));
    assert_eq!(validity(&beyond, &between, root), (Validity::Invalid, Some(Outcome::Failed)));
    // Under the policies that are recognised, and no others.
    let under = |policy: Oid| user("钱八").policy(policy).valid(LONG.0, LONG.1).by(&other_ca());
    let plain = user("钱八").valid(LONG.0, LONG.1).by(&other_ca());
    let test = under(Oid::parse("1.2.156.10261.7.9").unwrap());
    for other in [plain, test, under(oid::ANY_POLICY)] {
        assert_eq!(validity(&other, &between, root).0, Validity::Invalid);
    }
    // Nobody below that CA may be a CA.
    let below = ca("邻省下级").valid(LONG.0, LONG.1).by(&other_ca());
    let deep = user("孙七").valid(LONG.0, LONG.1).by(&below);
    let between = [made.clone(), below.certificate.clone()];
    assert_eq!(validity(&deep, &between, root).0, Validity::Invalid);
    everything_is_on_record(&world, &report).await;
    // Held again, nothing changes.
    let size = world.store.size().await.unwrap();
    let again = world.cross(world.crossing("cross-1")).await.unwrap();
    assert_eq!((again.certificate.der(), world.store.size().await.unwrap()), (made.der(), size));
}

async fn everything_is_on_record(world: &World, report: &CrossReport) {
    let document = std::fs::read(&report.protocol.document).unwrap();
    let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
    verify_protocol(&document, &signature, &world.report.issuing).unwrap();
    let text = std::fs::read_to_string(&report.protocol.text).unwrap();
    let serial = report.certificate.serial().to_hex();
    for part in ["交叉认证记录", "保管人5", "邻省SM2 CA", OURS, THEIRS, serial.as_str()]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("口令"));
    let issued = ca::cross_issued(&world.store).await.unwrap();
    assert_eq!(issued.len(), 1);
    assert_eq!(issued[0].certificate, report.certificate);
    assert_eq!(issued[0].peer, other_ca().certificate.fingerprint());
    assert!(issued[0].is_in_force(world.now()));
    assert_eq!(world.records("certificate.intended").await, 3, "recorded before it was signed");
    let root = world.root().await;
    let compared = root.compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
    assert_eq!(world.ca.reconcile().await.unwrap().balance, Balance::Exact);
    let gone = world.device.session().unwrap().key(&KeyLabel::new("root").unwrap());
    assert_eq!(gone, Err(DeviceError::Refused(RefusedReason::NoSuchKey)), "an offline root");
}

fn code(refused: &Result<CrossReport, Error>) -> &'static str {
    refused.as_ref().map_or_else(Error::code, |_| "held")
}

async fn what_a_stranger_brings_is_refused_before_anybody_meets(world: World) {
    let ours = &world.report;
    let with = |change: &dyn Fn(&mut PeerFiles)| {
        let mut plan = world.crossing("cross-1");
        change(&mut plan.peer);
        plan
    };
    let of = |made: &Made| with(&|files| *files = self::files(made));
    let signed_by_root =
        |draft: crate::family::Draft| draft.valid(LONG.0, LONG.1).by(&other_root());
    let named = signed_by_root(ca("同名").subject(ours.issuing.subject().clone()));
    let expired =
        ca("过期").valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z").by(&other_root());
    let forged = ca("邻省SM2 CA")
        .valid(LONG.0, LONG.1)
        .issue(other_root().certificate.subject(), &key("别人"));
    let self_forged = ca("自称").valid(LONG.0, LONG.1).issue(&name("自称"), &key("别人"));
    let no_signer = signed_by_root(ca("不签证书").usage(KeyUsage::SIGNING));
    let mut altered = request("邻省SM2 CA");
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let rsa = rsa_authority();
    for (expected, plan) in [
        ("ca.cross.not-ca", of(&user("王五").valid(LONG.0, LONG.1).by(&other_root()))),
        ("ca.cross.not-ca", of(&no_signer)),
        ("ca.cross.own-name", of(&named)),
        ("ca.cross.validity", of(&expired)),
        ("ca.cross.signature", of(&forged)),
        ("ca.cross.signature", with(&|f| *f = PeerFiles { issuer: None, ..files(&self_forged) })),
        ("ca.cross.no-issuer", with(&|files| files.issuer = None)),
        ("ca.cross.signature", with(&|files| files.issuer = Some(ours.root.der().to_vec()))),
        ("ca.cross.no-proof", with(&|files| files.request = None)),
        ("ca.cross.request-key", with(&|files| files.request = Some(request("别人")))),
        ("ca.cross.request", with(&|files| files.request = Some(altered.clone()))),
        ("ca.cross.request", with(&|files| files.request = Some(b"MIIB".to_vec()))),
        ("ca.cross.challenge-short", with(&|files| files.challenge = Some(String::new()))),
        ("ca.cross.challenge-short", with(&|files| files.challenge = Some("7".repeat(15)))),
        ("ca.cross.challenge", with(&|files| files.challenge = Some("7".repeat(16)))),
        ("ca.cross.size", with(&|files| files.request = Some(vec![0x30; 65_537]))),
        ("ca.cross.size", with(&|files| files.certificate = vec![0x30; 65_537])),
        ("ca.cross.unreadable", with(&|files| files.certificate = b"garbage".to_vec())),
        ("ca.cross.fingerprint", with(&|files| files.fingerprint = "00".repeat(32))),
        (
            "ca.cross.not-sm2",
            with(&|files| {
                let der = Certificate::from_pem_or_der(&rsa).unwrap().der().to_vec();
                files.fingerprint = sm3::hash(&der).to_hex();
                files.certificate = der;
            }),
        ),
    ] {
        let refused = world.cross(plan).await;
        assert_eq!(code(&refused), expected, "{refused:?}");
    }
    // Our own key under another name, such as a request of ours that somebody else certified.
    let own_key = plan_for(&ours.issuing, "借用");
    let own = with(&|files| {
        files.certificate = own_key.der().to_vec();
        files.fingerprint = own_key.fingerprint();
    });
    assert_eq!(code(&world.cross(own).await), "ca.cross.own-key");
    assert_eq!(world.records("ceremony.convened").await, 1, "only the founding");
}

/// A certificate of the neighbour's root for a key of ours under a name that isn't ours.
fn plan_for(ours: &Certificate, common: &str) -> Certificate {
    let draft = ca(common).valid(LONG.0, LONG.1);
    let made = draft.public(ours.spki().clone()).by(&other_root());
    made.certificate
}

/// A CA of RSA by OpenSSL.
fn rsa_authority() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let done = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9000"])
        .args(["-subj", "/C=CN/CN=RSA CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        .arg("-keyout")
        .arg(folder.path().join("key.pem"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

async fn terms_that_the_root_cannot_keep_are_refused(world: World) {
    let with = |change: &dyn Fn(&mut CrossPlan)| {
        let mut plan = world.crossing("cross-1");
        change(&mut plan);
        plan
    };
    for (expected, plan) in [
        ("plan.issuer-path-length", with(&|plan| plan.terms.path_len = 1)),
        ("plan.cross-names", with(&|plan| plan.terms.permitted.clear())),
        (
            "plan.cross-names",
            with(&|plan| {
                plan.terms.permitted = vec![GeneralName::Directory(our_names())];
            }),
        ),
        ("plan.cross-policies", with(&|plan| plan.terms.policies.clear())),
        (
            "plan.validity-too-long",
            with(&|plan| plan.until = "2045-01-01T00:00:00Z".parse().unwrap()),
        ),
        ("ca.cross.outlives", with(&|plan| plan.until = "2050-01-01T00:00:00Z".parse().unwrap())),
        ("plan.validity-order", with(&|plan| plan.until = "2026-01-01T00:00:00Z".parse().unwrap())),
    ] {
        let refused = world.cross(plan).await;
        assert_eq!(code(&refused), expected, "{refused:?}");
        assert_eq!(world.records("ceremony.convened").await, 1, "only the founding");
    }
}

fn warrant() -> Warrant {
    Warrant::new("S001", "W001", "对方机构的签发密钥已停止使用").unwrap()
}

async fn two_people_withdraw_it_at_once_and_the_next_list_of_the_root_says_so(world: World) {
    let made = world.cross(world.crossing("cross-1")).await.unwrap().certificate;
    world.pass(60);
    let root = world.root().await;
    let reason = RevocationReason::CessationOfOperation;
    let unknown = root.withdraw_cross(&world.report.issuing.serial(), reason, &warrant()).await;
    assert_eq!(unknown.unwrap_err().code(), "ca.cross.missing", "our own CA is none");
    for _ in 0..2 {
        let record = root.withdraw_cross(&made.serial(), reason, &warrant()).await.unwrap();
        assert!(matches!(record.status, Status::Revoked { .. }));
    }
    assert_eq!(world.records("cross.withdrawn").await, 1, "said once");
    assert_eq!(world.records("certificate.revoked").await, 1);
    let issued = ca::cross_issued(&world.store).await.unwrap();
    assert!(!issued[0].is_in_force(world.now()) && issued[0].withdrawn.contains("停止使用"));
    // The key is with the custodians: the list in force does not know yet.
    let list = async |root: &Ca| {
        let found = root.current_crl(CrlKind::Full).await.unwrap().unwrap();
        Crl::from_der(found.der).unwrap()
    };
    assert!(list(&root).await.lookup(&made.serial()).is_none());
    let device: Arc<dyn Device> = world.device.clone();
    let sealed = shares(world.folder.path(), &[1, 3, 5]);
    ca::ceremony::restore_root(&world.store, device, sealed, actor()).await.unwrap();
    root.publish_crl(CrlKind::Full).await.unwrap();
    assert!(list(&root).await.lookup(&made.serial()).is_some());
}

async fn a_key_that_was_recognised_is_recognised_again_and_a_withdrawn_one_is_not(world: World) {
    let first = world.cross(world.crossing("cross-1")).await.unwrap().certificate;
    world.pass(60);
    let later =
        CrossPlan { until: "2032-12-31T15:59:59Z".parse().unwrap(), ..world.crossing("cross-2") };
    let second = world.cross(later).await.unwrap().certificate;
    assert_ne!(first.serial(), second.serial());
    let root = world.root().await;
    let in_force = async || {
        let issued = ca::cross_issued(&world.store).await.unwrap();
        issued.iter().filter(|one| one.is_in_force(world.now())).count()
    };
    assert_eq!(in_force().await, 2);
    let reason = RevocationReason::Superseded;
    root.withdraw_cross(&second.serial(), reason, &warrant()).await.unwrap();
    world.pass(60);
    let third = world.cross(world.crossing("cross-3")).await;
    assert_eq!(code(&third), "ca.cross.withdrawn", "{third:?}");
    assert_eq!(in_force().await, 1, "the one before stands by itself");
}

async fn a_compromise_withdraws_every_one_for_the_key(world: World) {
    world.cross(world.crossing("cross-1")).await.unwrap();
    world.pass(60);
    let later =
        CrossPlan { until: "2032-12-31T15:59:59Z".parse().unwrap(), ..world.crossing("cross-2") };
    let second = world.cross(later).await.unwrap().certificate;
    let reason = RevocationReason::CaCompromise;
    world.root().await.withdraw_cross(&second.serial(), reason, &warrant()).await.unwrap();
    let issued = ca::cross_issued(&world.store).await.unwrap();
    assert!(issued.len() == 2 && issued.iter().all(|one| !one.is_in_force(world.now())));
    assert_eq!(world.records("cross.withdrawn").await, 2);
    assert_eq!(world.records("key.blocked").await, 1, "blocked once");
}

async fn a_ceremony_that_was_given_up_leaves_the_key_to_another(world: World) {
    world.device.fail_next(Counted::Signatures, Fault::Gone);
    assert!(world.cross(world.crossing("cross-1")).await.is_err());
    world.device.heal();
    let other = world.cross(world.crossing("cross-2")).await.unwrap().certificate;
    let issued = ca::cross_issued(&world.store).await.unwrap();
    assert_eq!(
        issued.iter().map(|one| one.certificate.serial()).collect::<Vec<_>>(),
        [other.serial()]
    );
}

async fn a_ceremony_that_was_cut_off_goes_on_by_its_plan_alone(world: World) {
    // The certificate is recorded, its signature fails.
    world.device.fail_next(Counted::Signatures, Fault::Gone);
    assert!(world.cross(world.crossing("cross-1")).await.is_err());
    world.device.heal();
    assert_eq!(world.number("SELECT COUNT(*) FROM cross_issued").await, 0);
    let changes: [fn(&mut CrossPlan); 3] = [
        |plan| plan.until = "2031-12-31T15:59:59Z".parse().unwrap(),
        |plan| plan.terms.permitted.truncate(1),
        |plan| plan.shares.truncate(2),
    ];
    for change in changes {
        let mut other = world.crossing("cross-1");
        change(&mut other);
        assert!(world.cross(other).await.is_err());
    }
    let report = world.cross(world.crossing("cross-1")).await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM cross_issued").await, 1);
    assert_eq!(world.records("certificate.permitted-again").await, 1, "the same octets");
    everything_is_on_record(&world, &report).await;
}
