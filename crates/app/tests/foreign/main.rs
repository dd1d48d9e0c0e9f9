//! Lists of another institution, followed (Measures Art. 18 (2)): a small server on loopback plays the other
//! institution, and the reports of the verification service follow what it publishes, refuse what it must not, and fail
//! closed; on SQLite and, where `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod asked;
use crate::family;
use crate::postgres;
mod server;
use crate::world;

use app::doctor::Level;
use app::foreign::ForeignSource;
use family::{List, Made, ca, list, user};
use gm::sm3;
use jiff::{SignedDuration, Timestamp};
use pki::crl::Scope;
use pki::ext::{CrlDistributionPoints, DistributionPoint, Extension, TypedExtension};
use server::{Act, Server};
use status::verification::{Basis, CertificateQuestion, Evidence, Outcome, Purpose};
use world::World;

const LONG: (&str, &str) = ("2020-01-01T00:00:00Z", "2049-12-31T23:59:59Z");

fn root() -> Made {
    ca("他根").valid(LONG.0, LONG.1).self_signed()
}

fn issuing() -> Made {
    ca("他签发").valid(LONG.0, LONG.1).by(&root())
}

fn holder(name: &str) -> Made {
    user(name).valid(LONG.0, LONG.1).by(&issuing())
}

/// An institution that follows, and the server of the other one.
struct Scene {
    world: World,
    server: Server,
}

impl Scene {
    async fn new(url: String) -> Self {
        let world = World::with(|settings| {
            settings.storage.url = url;
            let follow = &mut settings.verification.follow;
            follow.enabled = true;
            follow.timeout_seconds = 4;
            follow.most_octets = 65_536;
        })
        .await;
        Self { world, server: Server::start() }
    }

    /// A list that counts for a day.
    fn list(&self, of: &Made, number: u64) -> List {
        let now = self.world.now();
        let end = now.saturating_add(SignedDuration::from_hours(24)).unwrap();
        list(of).number(number).window(&now.to_string(), &end.to_string())
    }

    /// Puts the other institution into the trust list.
    fn trust(&self) {
        let folder = self.world.institution.layout().trust();
        std::fs::create_dir_all(folder.join("authorities")).unwrap();
        std::fs::write(folder.join("other.pem"), root().certificate.to_pem().unwrap()).unwrap();
        let pem = |made: &Made| made.certificate.to_pem().unwrap();
        std::fs::write(folder.join("authorities/root.pem"), pem(&root())).unwrap();
        std::fs::write(folder.join("authorities/issuing.pem"), pem(&issuing())).unwrap();
        let at = |path: &str| self.server.address(path);
        let text = format!(
            "[[authority]]\nname = \"他根\"\ncertificates = [\"authorities/root.pem\"]\n\
             lists = [{{ address = \"{}\" }}]\n\
             [[authority]]\nname = \"他签发\"\ncertificates = [\"authorities/issuing.pem\"]\n\
             lists = [{{ address = \"{}\" }}, {{ address = \"{}\", kind = \"delta\" }}]\n",
            at("/root.crl"),
            at("/issuing.crl"),
            at("/delta.crl"),
        );
        std::fs::write(folder.join("sources.toml"), text).unwrap();
        // The folder is looked at every ten seconds.
        self.world.pass(11);
    }

    async fn round(&self) {
        self.world.institution.follow_foreign().await.unwrap();
    }

    /// Serves something in place of the list of the issuing authority, and has it fetched now.
    async fn serves(&self, act: Act) -> ForeignSource {
        self.server.put("/issuing.crl", act);
        let address = self.server.address("/issuing.crl");
        self.world.institution.fetch_foreign(&address).await.unwrap();
        self.round().await;
        self.source("/issuing.crl").await
    }

    async fn source(&self, path: &str) -> ForeignSource {
        let view = self.world.institution.foreign_sources().await.unwrap();
        let address = self.server.address(path);
        view.sources.into_iter().find(|source| source.address == address).unwrap()
    }

    /// Verdict and the row of the status of the holder's certificate.
    async fn report(&self, made: &Made, lists: Vec<List>) -> (Outcome, String, Option<Basis>) {
        self.report_with(made, (lists, Vec::new())).await
    }

    async fn report_with(
        &self,
        made: &Made,
        (lists, certificates): (Vec<List>, Vec<pki::Certificate>),
    ) -> (Outcome, String, Option<Basis>) {
        let question = CertificateQuestion {
            der: made.certificate.der().to_vec(),
            evidence: Evidence {
                lists: lists.iter().map(List::made).collect(),
                certificates,
                ..Evidence::default()
            },
            at: None,
            purpose: Purpose::Signature,
            policies: Vec::new(),
        };
        let report = self.world.institution.verify_certificate(question).await.unwrap();
        let serial = made.certificate.serial().to_hex();
        let checks = &report.judged.checks;
        let row =
            checks.iter().find(|one| one.check == "status" && one.about.as_ref() == Some(&serial));
        let row = row.unwrap_or_else(|| panic!("{checks:#?}"));
        (report.judged.verdict, row.code.clone(), row.basis.clone())
    }

    async fn verdict(&self, made: &Made) -> (Outcome, String) {
        let (verdict, code, _) = self.report(made, Vec::new()).await;
        (verdict, code)
    }

    async fn doctor(&self) -> Level {
        let checks = self.world.institution.examine(false).await;
        checks.into_iter().find(|check| check.name == "foreign_lists").unwrap().level
    }
}

fn is(outcome: Outcome, code: &str) -> (Outcome, String) {
    (outcome, code.to_owned())
}

fn body(list: &List) -> Act {
    Act::Body(list.made().der().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_follow_the_lists_of_another_institution() {
    story(String::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_they_do_on_postgresql() {
    let Some(database) = postgres::postgres("foreign").await else { return };
    story(database).await;
}

async fn story(url: String) {
    let scene = Scene::new(url).await;
    nothing_is_asked_that_merely_stands_in_a_certificate(&scene).await;
    what_the_trust_list_names_is_fetched_and_cited(&scene).await;
    a_revocation_is_seen_and_yesterdays_list_changes_nothing(&scene).await;
    what_must_not_be_taken_leaves_what_is_held(&scene).await;
    let scene = a_restart_and_an_outage_lose_nothing_but_the_freshness(scene).await;
    a_delta_lifts_a_suspension(&scene).await;
}

/// A row that can't be written is told of after the round; the other sources are fetched and held.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_row_can_not_be_written_ends_no_other() {
    let scene = Scene::new(String::new()).await;
    scene.trust();
    scene.server.put("/root.crl", body(&scene.list(&root(), 5)));
    scene.server.put("/issuing.crl", body(&scene.list(&issuing(), 26)));
    let text = "CREATE TRIGGER spoilt BEFORE UPDATE ON foreign_source \
         WHEN NEW.address LIKE '%/root.crl' BEGIN SELECT RAISE(ABORT, 'spoilt'); END";
    let spoilt = scene.world.institution.store().commit(move |tx| {
        Box::pin(async move {
            sqlx::query(text).execute(tx.conn()).await?;
            Ok::<_, store::Error>(())
        })
    });
    spoilt.await.unwrap();
    assert!(scene.world.institution.follow_foreign().await.is_err());
    assert_eq!(scene.source("/issuing.crl").await.state.number, "1a");
    assert_eq!(scene.source("/root.crl").await.state.number, "");
}

async fn nothing_is_asked_that_merely_stands_in_a_certificate(scene: &Scene) {
    let inside = scene.server.address("/secret");
    let points = CrlDistributionPoints(vec![DistributionPoint::at([inside.as_str()])]);
    let bait = user("饵").valid(LONG.0, LONG.1).with(points.to_extension(false)).by(&issuing());
    scene.round().await;
    let (verdict, _) = scene.verdict(&bait).await;
    assert_ne!(verdict, Outcome::Passed);
    scene.trust();
    scene.server.put("/root.crl", Act::Status(404));
    scene.round().await;
    assert_eq!(scene.verdict(&bait).await, is(Outcome::Unknown, "status.follow-missing"));
    let asked = scene.server.asked();
    assert!(!asked.iter().any(|path| path == "/secret"), "{asked:?}");
    assert_eq!(asked.len(), 3, "each source once: {asked:?}");
}

async fn what_the_trust_list_names_is_fetched_and_cited(scene: &Scene) {
    assert_eq!(scene.doctor().await, Level::Failed);
    let own = scene.list(&issuing(), 26);
    scene.server.put("/root.crl", body(&scene.list(&root(), 5)));
    scene.server.put("/issuing.crl", body(&own));
    scene.round().await;
    assert_eq!(scene.server.asked().len(), 3, "not before its time after a failure");
    scene.world.pass(61);
    scene.round().await;
    // No chain was enclosed: the authorities are known.
    let (verdict, code, basis) = scene.report(&holder("甲"), Vec::new()).await;
    assert_eq!((verdict, code.as_str()), (Outcome::Passed, "status.follow-good"));
    let (der, read) = (own.made().der().to_vec(), own.made());
    let Some(Basis::Followed { source, number, this_update, digest, .. }) = basis else {
        panic!("{basis:?}")
    };
    assert_eq!(source, scene.server.address("/issuing.crl"));
    assert_eq!(number.as_deref(), Some("1a"));
    assert_eq!(this_update, read.this_update());
    assert_eq!(digest, sm3::hash(&der).to_hex());
}

async fn a_revocation_is_seen_and_yesterdays_list_changes_nothing(scene: &Scene) {
    let held = scene.list(&issuing(), 27).revokes(&holder("乙"), 6, "2026-01-01T00:00:00Z");
    let newer = scene.list(&issuing(), 28).revokes(&holder("甲"), 1, "2026-01-01T00:00:00Z");
    let asked = scene.server.asked().len();
    scene.server.put("/issuing.crl", body(&newer));
    scene.round().await;
    assert_eq!(scene.server.asked().len(), asked, "not before its time");
    assert_eq!(scene.verdict(&holder("甲")).await.0, Outcome::Passed);
    let source = scene.serves(body(&newer)).await;
    assert_eq!((source.state.failures, source.state.number.as_str()), (0, "1c"));
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.follow-revoked"));
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Passed, "status.follow-good"));
    // Whoever asks can't choose the state of yesterday, in which 乙 was suspended.
    let (verdict, code, _) = scene.report(&holder("乙"), vec![held.clone()]).await;
    assert_eq!((verdict, code.as_str()), (Outcome::Passed, "status.follow-good"));
    let source = scene.serves(body(&held)).await;
    assert!(source.state.trouble.contains("旧列表"), "{}", source.state.trouble);
    let twin = scene.list(&issuing(), 28);
    let source = scene.serves(body(&twin)).await;
    assert!(source.state.trouble.contains("矛盾"), "{}", source.state.trouble);
    assert_eq!((source.state.failures, source.state.number.as_str()), (2, "1c"));
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.follow-revoked"));
}

/// Each with a word of the reason that the operator reads.
async fn what_must_not_be_taken_leaves_what_is_held(scene: &Scene) {
    let next = |change: fn(List) -> List| body(&change(scene.list(&issuing(), 99)));
    let elsewhere = Scope::shard("http://crl.example.gov.cn/9.crl").to_extension(true);
    let indirect = Scope { indirect: true, ..Scope::default() }.to_extension(true);
    let with = |extension: Extension| body(&scene.list(&issuing(), 99).with(extension));
    let start = Timestamp::from_second(scene.world.now().as_second() + 3_600).unwrap();
    let early = scene.list(&issuing(), 99).window(&start.to_string(), LONG.1);
    let start = Timestamp::from_second(scene.world.now().as_second() + 120).unwrap();
    let soon = scene.list(&issuing(), 99).window(&start.to_string(), LONG.1);
    for (act, why) in [
        (next(|list| list.signed_by("恶意")), "签名验证不通过"),
        (next(|list| list.delta(1)), "增量列表"),
        (body(&scene.list(&root(), 99)), "颁发者"),
        (with(elsewhere), "发布点"),
        (with(indirect), "间接"),
        (body(&early), "晚于现在"),
        (body(&soon), "晚于现在"),
        (Act::Body(b"<html>".to_vec()), "不是撤销列表"),
        (Act::Body(vec![0; 70_000]), "超过 65536 字节"),
        (Act::Endless, "超过 65536 字节"),
        (Act::Slow, "没有在 4 秒内取完"),
        (Act::Status(500), "HTTP 500"),
        (Act::Redirect(scene.server.address("/inside")), "不予跟随"),
        (Act::Close, ""),
    ] {
        let source = scene.serves(act).await;
        let state = &source.state;
        assert!(!state.trouble.is_empty() && state.trouble.contains(why), "{why}: {state:?}");
        assert!(state.next_at > scene.world.now().as_second(), "{why}: {state:?}");
        assert_eq!(state.number, "1c", "{why}");
    }
    assert!(!scene.server.asked().iter().any(|path| path == "/inside"));
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.follow-revoked"));
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Passed, "status.follow-good"));
    assert!(scene.world.institution.fetch_foreign("http://127.0.0.1/").await.is_err());
}

async fn a_restart_and_an_outage_lose_nothing_but_the_freshness(scene: Scene) -> Scene {
    let Scene { world, server } = scene;
    server.put("/issuing.crl", Act::Close);
    let world = world.restarted(|_| ()).await.unwrap();
    let scene = Scene { world, server };
    before_anything_was_read_nothing_of_others_is_good(&scene).await;
    scene.round().await;
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.follow-revoked"));
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Passed, "status.follow-good"));
    scene.world.pass(25 * 3_600);
    scene.server.put("/root.crl", body(&scene.list(&root(), 6)));
    scene.round().await;
    // What is over shows what is revoked, and nothing else.
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.follow-revoked"));
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Unknown, "status.follow-silent"));
    assert_eq!(scene.doctor().await, Level::Failed);
    scene
}

/// 甲 was revoked by a list that is held; whoever asks encloses the one before. With a broken list of sources it stays
/// so, and is said.
async fn before_anything_was_read_nothing_of_others_is_good(scene: &Scene) {
    let yesterday = || vec![scene.list(&issuing(), 26), scene.list(&root(), 5)];
    let asked = async || {
        let chain = vec![issuing().certificate];
        scene.report_with(&holder("甲"), (yesterday(), chain)).await
    };
    let pending = is(Outcome::Unknown, "status.follow-missing");
    let file = scene.world.institution.layout().trust().join("sources.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "authority = 1").unwrap();
    scene.round().await;
    let (verdict, code, _) = asked().await;
    assert_eq!((verdict, code), pending);
    assert_eq!(scene.doctor().await, Level::Failed);
    std::fs::write(&file, &text).unwrap();
    // No round is needed: what is held is read for the first question.
    let (verdict, code, _) = asked().await;
    assert_eq!((verdict, code), is(Outcome::Failed, "status.follow-revoked"));
    scene.round().await;
    // Once they were read, a broken file leaves in force what is held.
    std::fs::write(&file, "authority = 1").unwrap();
    scene.round().await;
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Failed, "status.follow-revoked"));
    assert_eq!(scene.doctor().await, Level::Failed);
    std::fs::write(&file, text).unwrap();
}

async fn a_delta_lifts_a_suspension(scene: &Scene) {
    let complete = scene.list(&issuing(), 40).revokes(&holder("乙"), 6, "2026-01-01T00:00:00Z");
    scene.serves(body(&complete)).await;
    assert_eq!(scene.verdict(&holder("乙")).await, is(Outcome::Failed, "status.follow-revoked"));
    assert_eq!(scene.verdict(&holder("甲")).await, is(Outcome::Passed, "status.follow-good"));
    let lifted = scene.list(&issuing(), 41).delta(40);
    let lifted = lifted.revokes(&holder("乙"), 8, "2026-01-01T00:00:00Z");
    scene.server.put("/delta.crl", body(&lifted));
    let address = scene.server.address("/delta.crl");
    scene.world.institution.fetch_foreign(&address).await.unwrap();
    scene.round().await;
    let (verdict, code, basis) = scene.report(&holder("乙"), Vec::new()).await;
    assert_eq!((verdict, code.as_str()), (Outcome::Passed, "status.follow-good"));
    // The delta decided, and is cited; about 甲 the complete list did.
    let cited = |basis| match basis {
        Some(Basis::Followed { source, number, .. }) => (source, number),
        other => panic!("{other:?}"),
    };
    assert_eq!(cited(basis), (address, Some("29".to_owned())));
    let (_, _, basis) = scene.report(&holder("甲"), Vec::new()).await;
    assert_eq!(cited(basis).1.as_deref(), Some("28"));
    assert_eq!(scene.doctor().await, Level::Good);
    // A source that left the trust list counts no more.
    let folder = scene.world.institution.layout().trust();
    std::fs::write(folder.join("sources.toml"), "").unwrap();
    scene.round().await;
    assert_ne!(scene.verdict(&holder("乙")).await.0, Outcome::Passed);
}
