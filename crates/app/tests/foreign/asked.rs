//! Responders of another institution, asked where its lists are silent: `openssl ocsp` plays them as they should be, a
//! small server as they should not (RFC 6960 §3.2, §4.2.2.2; T-07, T-09).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use gm::UserId;
use jiff::SignedDuration;
use pki::crl::Reason;
use pki::ext::{ExtendedKeyUsage, OcspNoCheck, TypedExtension};
use pki::ocsp::{CertId, CertStatus, Draft, HashAlgorithm, Single};
use pki::oid;
use status::foreign::responder::ResponderState;
use status::verification::{Basis, Outcome};

use super::family::{self, Made, key, user};
use super::server::{Act, Server};
use super::world::World;
use super::{LONG, Scene, body, holder, is, issuing, root};

impl Scene {
    async fn asking() -> Self {
        let world = World::with(|settings| {
            let follow = &mut settings.verification.follow;
            (follow.enabled, follow.ask_responders) = (true, true);
            follow.ask_timeout_seconds = 1;
        });
        let scene = Self { world: world.await, server: Server::start() };
        scene.trust();
        scene
    }

    /// The issuing authority has this responder, and lists if they are named.
    async fn names(&self, lists: &str, responder: &str) {
        let text = format!(
            "[[authority]]\nname = \"他签发\"\ncertificates = [\"authorities/issuing.pem\"]\n\
             lists = [{lists}]\nresponder = {{ {responder} }}\n\
             [[authority]]\nname = \"他根\"\ncertificates = [\"authorities/root.pem\"]\n\
             lists = [{{ address = \"{}\" }}]\n",
            self.server.address("/root.crl"),
        );
        let folder = self.world.institution.layout().trust();
        std::fs::write(folder.join("sources.toml"), text).unwrap();
        self.round().await;
    }

    async fn alone(&self, address: &str) {
        self.names("", &format!("address = \"{address}\"")).await;
    }

    fn state(&self) -> ResponderState {
        self.world.institution.foreign_responders()[0].state.clone().unwrap()
    }

    /// The certificate of the issuing authority itself is good by the root's list.
    async fn with_the_list_of_the_root(&self) {
        self.server.put("/root.crl", body(&self.list(&root(), 5)));
        self.trust();
        self.world.institution.fetch_foreign(&self.server.address("/root.crl")).await.ok();
    }
}

/// `openssl ocsp` as the responder of the issuing authority.
struct Process {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    /// Signed by this one; 甲 is good, 乙 revoked, others unknown.
    fn start(signer: &Made, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let serial = |name| {
            let hex = holder(name).certificate.serial().to_hex().to_uppercase();
            if hex.len().is_multiple_of(2) { hex } else { format!("0{hex}") }
        };
        let index = put(
            "index.txt",
            &format!(
                "V\t491231235959Z\t\t{}\tunknown\t/CN=a\n\
                 R\t491231235959Z\t260101000000Z,keyCompromise\t{}\tunknown\t/CN=b\n",
                serial("甲"),
                serial("乙"),
            ),
        );
        let der = key(&signer.key).to_pkcs8_der().unwrap();
        let child = Command::new("openssl")
            .args(["ocsp", "-port", "0", "-rmd", "sm3", "-timeout", "5"])
            .args(["-rsigopt", "distid:1234567812345678", "-index"])
            .arg(index)
            .arg("-CA")
            .arg(put("ca.pem", &issuing().certificate.to_pem().unwrap()))
            .arg("-rsigner")
            .arg(put("signer.pem", &signer.certificate.to_pem().unwrap()))
            .arg("-rkey")
            .arg(put("key.pem", &pki::pem::encode("PRIVATE KEY", &der).unwrap()))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        // ACCEPT [::]:34199 PID=31445
        let port = line.rsplit_once(':').and_then(|(_, rest)| rest.split(' ').next());
        let port: u16 =
            port.and_then(|port| port.trim().parse().ok()).unwrap_or_else(|| panic!("{line}"));
        Self { child, address: format!("http://127.0.0.1:{port}/"), _folder: folder }
    }
}

/// A responder's certificate.
fn delegate(name: &str, is_unchecked: bool) -> family::Draft {
    let purposes = ExtendedKeyUsage(vec![oid::OCSP_SIGNING]).to_extension(false);
    let made = user(name).valid(LONG.0, LONG.1).with(purposes);
    if is_unchecked { made.with(OcspNoCheck.to_extension(false)) } else { made }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_unless_the_settings_say_so() {
    let scene = Scene::new(String::new()).await;
    scene.trust();
    scene.alone(&scene.server.address("/ocsp")).await;
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Unknown, "status.no-source"));
    assert!(!scene.server.asked().iter().any(|path| path == "/ocsp"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_openssl_responder_is_asked_believed_and_cited() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    let process = Process::start(&issuing(), &["-ndays", "1"]);
    scene.alone(&process.address).await;
    let (verdict, code, basis) = scene.report(&holder("甲"), Vec::new()).await;
    assert_eq!((verdict, code.as_str()), (Outcome::Passed, "status.asked-good"));
    let Some(Basis::Asked { source, responder, next_update, .. }) = basis else {
        panic!("{basis:?}")
    };
    assert_eq!(source, process.address);
    assert_eq!(responder, issuing().certificate.subject().to_string());
    assert!(next_update.is_some());
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Failed, "status.revoked"));
    assert_eq!(scene.verdict(&holder("丙")).await, is(Outcome::Unknown, "status.asked-unknown"));
    let state = scene.state();
    assert_eq!((state.asked, state.answered, state.trouble.as_str()), (3, 3, ""));
    // What was told is kept.
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Passed, "status.asked-good"));
    assert_eq!(scene.state().asked, 3);
    // An enclosed list that doesn't name it is no word against that (T-07).
    let list = scene.list(&issuing(), 3);
    let (verdict, code, _) = scene.report(&holder("丙"), vec![list]).await;
    assert_eq!((verdict, code.as_str()), (Outcome::Unknown, "status.asked-unknown"));
    // A certificate that the issuer did not sign makes nobody ask.
    let forged = user("丁").valid(LONG.0, LONG.1);
    let forged = forged.issue(issuing().certificate.subject(), &key("恶意"));
    assert_ne!(scene.verdict(&forged).await.0, Outcome::Passed);
    assert_eq!(scene.state().asked, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_sign_for_the_issuer_is_believed() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    let silent = is(Outcome::Unknown, "status.asked-silent");
    let good = is(Outcome::Passed, "status.asked-good");
    let stranger = delegate("路人", true).self_signed();
    for (signer, expected) in [
        (delegate("应答者", true).by(&issuing()), &good),
        (delegate("应答者", false).by(&issuing()), &silent),
        (delegate("应答者", true).by(&root()), &silent),
        (stranger.clone(), &silent),
        (holder("别的用户"), &silent),
    ] {
        let process = Process::start(&signer, &["-ndays", "1"]);
        scene.alone(&process.address).await;
        let found = scene.verdict(&holder("甲")).await;
        assert_eq!(found, *expected, "{}", scene.state().trouble);
    }
    // Pinned: that one, and no other.
    let folder = scene.world.institution.layout().trust();
    std::fs::write(folder.join("authorities/r.pem"), stranger.certificate.to_pem().unwrap())
        .unwrap();
    for (signer, expected) in [(&stranger, &good), (&issuing(), &silent)] {
        let process = Process::start(signer, &["-ndays", "1"]);
        let responder =
            format!("address = \"{}\", certificates = [\"authorities/r.pem\"]", process.address);
        scene.names("", &responder).await;
        assert_eq!(scene.verdict(&holder("甲")).await, *expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_over_is_none_and_one_without_an_end_counts_once() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    let process = Process::start(&issuing(), &[]);
    scene.alone(&process.address).await;
    for times in 1..3 {
        assert_eq!(scene.verdict(&holder("甲")).await.0, Outcome::Passed);
        assert_eq!(scene.state().asked, times);
    }
    let process = Process::start(&issuing(), &["-nmin", "1"]);
    scene.alone(&process.address).await;
    scene.world.pass(900);
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Unknown, "status.asked-silent"));
    assert!(scene.state().trouble.contains("过期"));
    // What was revoked stays revoked.
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Failed, "status.revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_first() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    scene.server.put("/issuing.crl", body(&scene.list(&issuing(), 26)));
    let list = format!("{{ address = \"{}\" }}", scene.server.address("/issuing.crl"));
    let process = Process::start(&issuing(), &["-ndays", "1"]);
    scene.names(&list, &format!("address = \"{}\"", process.address)).await;
    // The list is silent about the revocation that the responder knows: nobody asked.
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Passed, "status.follow-good"));
    assert_eq!(scene.state().asked, 0);
    // The list is over, and nothing newer comes.
    scene.server.put("/issuing.crl", Act::Close);
    scene.world.pass(25 * 3_600);
    scene.server.put("/root.crl", body(&scene.list(&root(), 6)));
    scene.round().await;
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Failed, "status.revoked"));
    assert_eq!(scene.state().asked, 1);
    // A list is in force again and is silent about it still: what was known stays known (Invariant 7).
    scene.serves(body(&scene.list(&issuing(), 27))).await;
    assert_eq!(scene.verdict(&holder("丙")).await, is(Outcome::Passed, "status.follow-good"));
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Failed, "status.revoked"));
    assert_eq!(scene.state().asked, 1);
}

/// What a broken or hostile responder sends is unknown, and after two outages it isn't asked for a while.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_comes_leaves_the_status_unknown() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    let elsewhere = scene.server.address("/inside");
    let other = answer(&scene, |_| (root(), "甲"), CertStatus::Good);
    let neighbour = answer(&scene, |_| (issuing(), "乙"), CertStatus::Good);
    let silent = is(Outcome::Unknown, "status.asked-silent");
    for (number, (act, why)) in [
        (Act::Body(other), "不是这家颁发者的这张证书"),
        (Act::Body(neighbour), "不是这家颁发者的这张证书"),
        (Act::Body(b"<html>".to_vec()), "不是 OCSP 应答"),
        (Act::Body(vec![0x30, 3, 10, 1, 6]), "不负责这张证书"),
        (Act::Body(Vec::new()), "不是 OCSP 应答"),
        (Act::Body(vec![0; 70_000]), "超过 65536 字节"),
        (Act::Endless, "超过 65536 字节"),
        (Act::Slow, "没有在 1 秒内应答"),
        (Act::Status(500), "HTTP 500"),
        (Act::Redirect(elsewhere), "不予跟随"),
        (Act::Close, ""),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/ocsp/{number}");
        scene.server.put(&path, act);
        scene.alone(&scene.server.address(&path)).await;
        assert_eq!(scene.verdict(&holder("甲")).await, silent, "{why}");
        let state = scene.state();
        assert!(!state.trouble.is_empty() && state.trouble.contains(why), "{why}: {state:?}");
    }
    let asked = || scene.server.asked().iter().filter(|path| *path == "/ocsp/10").count();
    assert_eq!(asked(), 1);
    for _ in 0..3 {
        assert_eq!(scene.verdict(&holder("甲")).await, silent);
    }
    assert_eq!(asked(), 2, "it rests after two outages");
    scene.world.pass(31);
    assert_eq!(scene.verdict(&holder("甲")).await, silent);
    assert_eq!(asked(), 3, "and is asked again then");
    let proper = answer(&scene, |issuer| (issuer, "甲"), CertStatus::Good);
    scene.server.put("/ocsp/10", Act::Body(proper));
    scene.world.pass(61);
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Passed, "status.asked-good"));
    assert!(!scene.server.asked().iter().any(|path| path == "/inside"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_nonce_is_none_where_the_trust_list_demands_one() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    let address = scene.server.address("/ocsp");
    let proper = answer(&scene, |issuer| (issuer, "甲"), CertStatus::Good);
    scene.server.put("/ocsp", Act::Body(proper));
    scene.names("", &format!("address = \"{address}\", nonce = \"required\"")).await;
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Unknown, "status.asked-silent"));
    assert!(scene.state().trouble.contains("没有随机数"), "{}", scene.state().trouble);
    scene.alone(&address).await;
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Passed, "status.asked-good"));
}

/// Whoever sits on the way sends the good answer of before again, while it still counts.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_revocation_no_earlier_answer_is_believed_again() {
    let scene = Scene::asking().await;
    scene.with_the_list_of_the_root().await;
    let good = |issuer| (issuer, "甲");
    let before = answer(&scene, good, CertStatus::Good);
    scene.world.pass(10);
    let (at, reason) = (scene.world.now(), Reason::KeyCompromise);
    let now = answer(&scene, good, CertStatus::Revoked { at, reason });
    scene.server.put("/ocsp", Act::Body(now));
    scene.alone(&scene.server.address("/ocsp")).await;
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.revoked"));
    // Behind the time for which answers are kept.
    scene.server.put("/ocsp", Act::Body(before));
    scene.world.pass(3_611);
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.revoked"));
}

/// An answer without a nonce, signed by the issuing authority, about a certificate of whomever.
fn answer(
    scene: &Scene,
    about: impl Fn(Made) -> (Made, &'static str),
    status: CertStatus,
) -> Vec<u8> {
    let (issuer, name) = about(issuing());
    let serial = holder(name).certificate.serial();
    let (subject, spki) = (issuer.certificate.subject(), issuer.certificate.spki());
    let id = CertId::of(HashAlgorithm::Sha1, subject, spki, serial).unwrap();
    let this_update = scene.world.now();
    let next_update = this_update.saturating_add(SignedDuration::from_hours(1)).unwrap();
    let single =
        Single { certificate: &id, status, this_update, next_update, archive_cutoff: None };
    let signer = issuing();
    let draft = Draft {
        responder: signer.certificate.subject(),
        produced_at: this_update,
        singles: &[single],
        nonce: None,
        extended_revoke: false,
    };
    let (unsigned, own, user) = (draft.encode().unwrap(), key(&signer.key), UserId::default());
    let signature = own.sign_digest(&unsigned.digest(own.public_key(), &user));
    unsigned.assemble(own.public_key(), &user, &signature, signer.certificate.der()).unwrap()
}
