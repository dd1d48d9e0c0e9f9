//! Both ceremonies die: the one that is given up at any step, and the one that gives it up.

use store::{Actor, Record};

use super::*;

/// Where a succession of the root was cut off.
const ROOT_CUTS: [&str; 9] = [
    "ca.60-key-made",
    "ca.61-ceremony-step:3",
    "ca.62-root-signed",
    "ca.61-ceremony-step:5",
    "ca.63-shares-written",
    "ca.65-ceremony-signed",
    "ca.65-ceremony-signed:2",
    "ca.55-crl-published:2",
    "ca.61-ceremony-step:13",
];

/// Where one of the issuing CA was.
const ISSUING_CUTS: [&str; 4] =
    ["ca.60-key-made", "ca.65-ceremony-signed", "ca.55-crl-published:2", "ca.61-ceremony-step:8"];

/// Where the ceremony that gives up dies.
/// Every second time others come.
const STEPS: [&str; 18] = [
    "none",
    "ca.61-ceremony-step",
    "ca.64-shares-tried",
    "ca.90-given-up",
    "ca.80-root-restored",
    "ca.61-ceremony-step:3",
    "ca.52-crl-intended",
    "ca.55-crl-published",
    "ca.61-ceremony-step:5",
    "ca.91-unused-key-destroyed",
    "ca.91-unused-key-destroyed",
    "ca.92-unused-shares-removed",
    "ca.92-unused-shares-removed",
    "ca.61-ceremony-step:6",
    "ca.70-root-destroyed",
    "ca.61-ceremony-step:7",
    "ca.71-protocol-noted",
    "ca.72-protocol-written",
];

const FOLDER: &str = "YINXIN_CA_CRASH_FOLDER";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the stories below"]
async fn child_gives_up() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let (store, device, clock) = reopen(folder).await;
    let plan = abandonment(folder, ("over", "root-2"), OTHERS);
    abandon((&store, &device, &clock), plan, OTHERS).await.unwrap();
}

fn survives(child: &str, folder: &Path, at: &str) -> bool {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env("YINXIN_CRASH_AT", at)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    child.unwrap().success()
}

const ROOT_CHILD: &str = "crash::child_holds_a_succession_of_the_root";
const ISSUING_CHILD: &str = "crash::child_holds_a_succession";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_succession_of_the_root_is_given_up_wherever_it_was_cut_off() {
    let original = prepared().await;
    for at in ROOT_CUTS {
        let copied = tempfile::tempdir().unwrap();
        let folder = copied.path();
        copy(original.path(), folder);
        assert!(!survives(ROOT_CHILD, folder, at), "{at}");
        // Custodians have taken their shares with them.
        let (there, taken) = (folder.join("root-2/shares"), folder.join("taken/shares"));
        if there.exists() {
            copy(&there, &taken);
        }
        let (store, device, clock) = reopen(folder).await;
        let parts = (&store, &device, &clock);
        let another = root_succession::root_succession(folder, "another");
        let blocked = root_succession::succeed_root(parts, another).await.is_err();
        let made = at.contains("step:5") || ROOT_CUTS.iter().position(|one| *one == at) > Some(3);
        assert!(blocked || !made, "{at}: held up without");
        if !blocked {
            // What it left was harmless: somebody else held the next one already.
            let plan = abandonment(folder, ("over", "root-2"), OTHERS);
            let shares = root_succession::next_shares(folder, "another", &[1, 2, 3]);
            let mut people = root_succession::next_custodians("another");
            people.custodians.truncate(3);
            let profiles = Arc::new(ProfileSet::embedded().unwrap());
            let quorum = Quorum::of_holders(people).unwrap();
            let plan = AbandonPlan { shares, ..plan };
            let held = (store.clone(), device.clone(), clock.clone());
            Ceremony::abandon(held.0, held.1, held.2, profiles, (plan, quorum)).await.unwrap();
            let roots = root_succession::root_succession(folder, "x").root_config;
            let roots = open_ca(&store, &device, &clock, roots).await;
            assert_eq!(roots.name(), "root2", "{at}: what the other one made stands");
            store.close().await;
            continue;
        }
        let plan = abandonment(folder, ("over", "root-2"), OTHERS);
        let report = abandon(parts, plan, OTHERS).await;
        let report = report.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(report.generation.is_some(), made, "{at}: {report:?}");
        assert!(report.destroyed || at == "ca.61-ceremony-step:13", "{at}: {report:?}");
        assert!(!report.is_alarm, "{at}");
        if taken.exists() && made {
            let sealed = root_succession::next_shares(folder, "root-2", &[1, 2, 3]);
            let moved = sealed.into_iter().enumerate().map(|(n, share)| {
                let path = taken.join(format!("share-{}.json", n + 1));
                ca::ceremony::SealedShare { path, ..share }
            });
            let back = restore_root(&store, device.clone(), moved.collect(), actor()).await;
            assert!(is_refused(&back), "{at}: {back:?}");
        }
        the_root_is_as_before(parts, folder, (&report, at)).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_killed_at_every_step_is_finished_by_the_same_people_or_others() {
    let original = prepared().await;
    assert!(!survives(ROOT_CHILD, original.path(), "ca.61-ceremony-step:11"));
    let (shares, kept) = (original.path().join("root-2/shares"), tempfile::tempdir().unwrap());
    copy(&shares, kept.path());
    for (number, at) in STEPS.into_iter().enumerate() {
        let copied = tempfile::tempdir().unwrap();
        let folder = copied.path();
        // The record names the place where they were written: the round before removed them there.
        copy(kept.path(), &shares);
        copy(original.path(), folder);
        let survived = survives("abandon::kills::child_gives_up", folder, at);
        assert_eq!(survived, at == "none", "{at}");
        let (store, device, clock) = reopen(folder).await;
        let parts = (&store, &device, &clock);
        let (name, holders) =
            if number % 2 == 0 { ("over", OTHERS) } else { ("over-2", [1, 2, 5]) };
        let report = abandon(parts, abandonment(folder, (name, "root-2"), holders), holders).await;
        let report = report.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(report.generation.as_deref(), Some("root2"), "{at}");
        assert_eq!(report.revoked.len(), 2, "{at}: both links");
        // What the run that died had destroyed is not looked for among people.
        let found = (report.destroyed, report.is_stray, report.is_alarm, &report.shares_out[..]);
        assert_eq!(found, (true, false, false, &[][..]), "{at}");
        let text = std::fs::read_to_string(&report.protocol.text).unwrap();
        assert!(
            text.contains("“root-2”已从密码设备中销毁") && !text.contains("收回"),
            "{at}: {text}"
        );
        the_root_is_as_before(parts, folder, (&report, at)).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_nobody_recorded_does_not_stay_under_the_label_of_the_unused_one() {
    let original = prepared().await;
    let folder = original.path();
    assert!(!survives(ROOT_CHILD, folder, "ca.61-ceremony-step:7"));
    let (store, device, clock) = reopen(folder).await;
    let label = gm::KeyLabel::new("root-2").unwrap();
    device.session().unwrap().destroy(&label).unwrap();
    device.session().unwrap().generate(&label, gm::KeyKind::Sm2Sign).unwrap();
    std::fs::remove_file(folder.join("root-2/shares/share-4.json")).unwrap();
    let plan = abandonment(folder, ("over", "root-2"), OTHERS);
    let report = abandon((&store, &device, &clock), plan, OTHERS).await.unwrap();
    assert!(report.destroyed && report.is_stray, "{report:?}");
    assert_eq!(report.shares_out, [4]);
    let text = std::fs::read_to_string(&report.protocol.text).unwrap();
    assert!(text.contains("不是所放弃的仪式生成的那一把"), "{text}");
    assert!(text.contains("所放弃的仪式生成的密钥的第 4 份分量"), "{text}");
    the_root_is_as_before((&store, &device, &clock), folder, (&report, "stray")).await;
    store.close().await;
}

/// Cut off, and the key under its label signs: the ceremony isn't given up, and nothing changes, until people have found out
/// that the key is of no use, and took it away.
async fn is_kept(
    original: &Path,
    (child, at, ceremony, key): (&str, &str, &str, &str),
    has_other_key: bool,
    why: &str,
) {
    let copied = tempfile::tempdir().unwrap();
    let folder = copied.path();
    copy(original, folder);
    assert!(!survives(child, folder, at), "{at}");
    let (store, device, clock) = reopen(folder).await;
    let label = gm::KeyLabel::new(key).unwrap();
    if has_other_key {
        device.session().unwrap().destroy(&label).unwrap();
        device.session().unwrap().generate(&label, gm::KeyKind::Sm2Sign).unwrap();
    } else {
        let lost = serde_json::json!({ "anchored": 40, "size": 30 });
        let record = Record::new("journal.reanchored", Actor::system(), "journal", lost);
        let unit =
            store.commit(move |tx| Box::pin(async move { tx.append(record).await.map(drop) }));
        unit.await.unwrap();
    }
    let digest = gm::sm3::hash(b"a certificate in use");
    device.session().unwrap().sign_digest(&label, &digest).unwrap();
    let before = (store.size().await.unwrap(), labels(&device));
    let plan = || abandonment(folder, ("over", ceremony), OTHERS);
    let held = abandon((&store, &device, &clock), plan(), OTHERS).await;
    assert!(is_refused(&held), "{at}: {held:?}");
    let said = held.unwrap_err().to_string();
    assert!(said.contains(key) && said.contains(why), "{at}: {said}");
    assert_eq!((store.size().await.unwrap(), labels(&device)), before, "{at}: nothing changed");
    device.session().unwrap().destroy(&label).unwrap();
    let report = abandon((&store, &device, &clock), plan(), OTHERS).await.unwrap();
    assert!(!report.destroyed, "{at}: {report:?}");
    store.close().await;
}

/// The database is a backup from the middle of a ceremony that was given up later; the key of the succession after that
/// is in office, under the same label.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_signed_and_that_no_record_tells_of_is_not_destroyed() {
    let original = prepared().await;
    for cut in [
        (ROOT_CHILD, "ca.61-ceremony-step:7", "root-2", "root-2"),
        (ISSUING_CHILD, "ca.65-ceremony-signed", "G2", "ca-2"),
        (ISSUING_CHILD, "ca.60-key-made", "G2", "ca-2"),
    ] {
        is_kept(original.path(), cut, true, "备份可能早于后来的换代").await;
    }
}

/// The database is a backup from the middle of a ceremony that was brought to its end later: its key is in office.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_not_destroyed_after_the_journal_was_anchored_anew() {
    let original = prepared().await;
    for cut in [
        (ROOT_CHILD, "ca.61-ceremony-step:7", "root-2", "root-2"),
        (ISSUING_CHILD, "ca.65-ceremony-signed", "G2", "ca-2"),
    ] {
        is_kept(original.path(), cut, false, "重建过锚点").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_succession_of_the_issuing_ca_is_given_up_wherever_it_was_cut_off() {
    let original = prepared().await;
    for at in ISSUING_CUTS {
        let copied = tempfile::tempdir().unwrap();
        let folder = copied.path();
        copy(original.path(), folder);
        assert!(!survives(ISSUING_CHILD, folder, at), "{at}");
        let (store, device, clock) = reopen(folder).await;
        let parts = (&store, &device, &clock);
        let plan = abandonment(folder, ("over", "G2"), OTHERS);
        let report = abandon(parts, plan, OTHERS).await;
        let report = report.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(report.destroyed && !report.is_alarm, "{at}: {report:?}");
        let made = at.contains("crl") || at.contains("step:8");
        assert_eq!(
            (report.generation.is_some(), report.revoked.len()),
            (made, made.into()),
            "{at}"
        );
        let keys = labels(&device);
        assert!(keys.iter().all(|label| label != "ca-2" && label != "root"), "{at}: {keys:?}");
        let roots = root_succession::root_succession(folder, "x").root_config;
        let roots = open_ca(&store, &device, &clock, roots).await;
        assert!(revoked(&roots, &report.revoked).await, "{at}");
        let old = succession::succeed(parts, succession::succession(folder, "G2", None)).await;
        assert!(is_refused(&old), "{at}: {old:?}");
        let ca = open_ca(&store, &device, &clock, succession::config(folder)).await;
        is_signed(&report, ca.certificate());
        assert_eq!(ca.name(), "issuing", "{at}");
        issue(&store, &ca, order("between", Role::Sign, "张三", key())).await.unwrap();
        ca.publish_due().await.unwrap();
        let next = succession::succeed(parts, succession::succession(folder, "G3", None)).await;
        let next = next.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(next.name, if made { "issuing3" } else { "issuing2" }, "{at}");
        ca.follow_line().await.unwrap();
        assert_eq!(ca.certificate(), &next.issuing, "{at}");
        issue(&store, &ca, order("after", Role::Sign, "李四", key())).await.unwrap();
        for one in ca.keyed_generations() {
            assert!(!one.reconcile().await.unwrap().balance.is_alarm(), "{at}: {one:?}");
        }
        let compared = ca.compare_with_journal().await.unwrap();
        assert!(compared.is_sound(), "{at}: {:?}", compared.findings);
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_appointed_is_brought_to_its_end_and_not_given_up() {
    let original = prepared().await;
    let folder = original.path();
    assert!(!survives(ROOT_CHILD, folder, "ca.81-appointed"));
    let (store, device, clock) = reopen(folder).await;
    let parts = (&store, &device, &clock);
    let held = abandon(parts, abandonment(folder, ("over", "root-2"), OTHERS), OTHERS).await;
    assert!(is_refused(&held), "{held:?}");
    let plan = root_succession::root_succession(folder, "root-2");
    root_succession::succeed_root(parts, plan).await.unwrap();
    store.close().await;
}
