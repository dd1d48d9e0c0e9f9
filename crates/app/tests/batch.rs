//! A batch from its sheet to issued certificates over everything that is real, cut off in the middle and
//! gone on with: nothing is lost and nothing doubled.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod way;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use access::{ActKind, Action};
use app::{Act, Institution};
use ca::CertificateFilter;
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::{Name, csr};
use ra::catalogue::{Matter, Need};
use ra::{
    Batch, BatchEvidence, BatchParty, BatchState, BatchStep, EnterBatchOrder, ListRef, NewBatch,
    ProofBatchOrder, ReviewBatchOrder, Upload,
};
use way::{Staff, key};
use world::World;

fn party() -> BatchParty {
    BatchParty {
        unit_name: "云中市档案馆".into(),
        credit_code: "12110101YX0000016B".into(),
        contact_name: "贾如信".into(),
        contact_phone: "13000000009".into(),
        contact_email: "jia@example.gov.cn".into(),
    }
}

fn id_number(at: u32) -> String {
    let (day, sequence) = (at / 999, 1 + at % 999);
    let body = format!(
        "110101{}{:02}{:02}{sequence:03}",
        1900 + day / 336,
        1 + day % 336 / 28,
        1 + day % 28
    );
    format!("{body}{}", testkit::identity::id_number_check(&body))
}

fn request(key: &PrivateKey) -> String {
    let id = UserId::default();
    let info = csr::request_info(&Name::from_attributes([]), key.public_key());
    let der = csr::signed_request(&info, &key.sign(&id, &info));
    pki::pem::encode("CERTIFICATE REQUEST", &der).unwrap()
}

/// A sheet of so many officials; the first one has this key.
fn sheet(institution: &Institution, rows: u32, first: &PrivateKey) -> Vec<u8> {
    let kind = institution.registration().unwrap().catalogue().kind("staff").unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let labels = kind.fields.iter().map(|field| field.label.as_str());
    writer.write_record(labels.chain(["证书请求"])).unwrap();
    for at in 0..rows {
        let value = |field: &ra::catalogue::Field| match field.name.as_str() {
            "id_number" => id_number(at),
            "phone" => format!("131{at:08}"),
            "email" => format!("staff-{at}@example.gov.cn"),
            _ => field.shown(&field.sample).to_owned(),
        };
        let request = if at == 0 { request(first) } else { request(&key()) };
        let cells = kind.fields.iter().map(value).chain([request]);
        writer.write_record(cells).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Does what the people of a batch do, up to its start.
async fn started(world: &World, staff: (&Staff, &Staff), rows: u32) -> Batch {
    started_with(world, staff, (rows, &key())).await
}

async fn started_with(
    world: &World,
    (clerk, reviewer): (&Staff, &Staff),
    (rows, first): (u32, &PrivateKey),
) -> Batch {
    let institution = &world.institution;
    let (ra, access) = (institution.registration().unwrap(), institution.access());
    let permit = clerk.permit(access, Action::ImportBatch).await;
    let new = NewBatch { kind: "staff".into(), office: None, party: party() };
    let batch = ra.begin_batch(&permit, new).await.unwrap();
    ra.import_sheet(&permit, &batch.id, sheet(institution, rows, first)).await.unwrap();
    for (name, _, required) in ra.batch_material_list("staff").unwrap() {
        let content = format!("%PDF-1.7 {name}").into_bytes();
        let upload = Upload { name, file_name: "材料.pdf".into(), content };
        if required {
            ra.add_batch_material(&permit, &batch.id, upload).await.unwrap();
        }
    }
    work(institution).await;
    let list = |step: BatchStep, by: &'static str| {
        let staff = if by == "clerk" { clerk } else { reviewer };
        let id = batch.id.clone();
        async move {
            let permit = staff.permit(access, step.act().action()).await;
            let list = ra.batch_list(&permit, &id, step).await.unwrap();
            assert_eq!(list.count, u64::from(rows));
            ListRef { batch: id, count: list.count, list_sm3: list.sm3 }
        }
    };
    let order = EnterBatchOrder {
        list: list(BatchStep::Enter, "clerk").await,
        notices: ra.notices_in_force().unwrap(),
    };
    let of = (ActKind::EnterBatch, &*batch.subject());
    sign(world, clerk, of, serde_json::to_value(order).unwrap()).await;
    let order = ProofBatchOrder {
        list: list(BatchStep::Proof, "clerk").await,
        method: "unit-letter".into(),
        evidence: evidence(institution),
    };
    let of = (ActKind::BatchProof, &*batch.subject());
    sign(world, clerk, of, serde_json::to_value(order).unwrap()).await;
    let permit = reviewer.permit(access, Action::ReviewApplication).await;
    for row in ra.batch_sample(&permit, &batch.id).await.unwrap() {
        ra.open_sample(&permit, &batch.id, &row.application).await.unwrap();
    }
    let checklist = ra.catalogue().checklist_for("staff", "new");
    let order = ReviewBatchOrder {
        list: list(BatchStep::Review, "reviewer").await,
        ticked: checklist.iter().map(|item| item.name.clone()).collect(),
        opinion: None,
    };
    let of = (ActKind::BatchReview, &*batch.subject());
    sign(world, reviewer, of, serde_json::to_value(order).unwrap()).await;
    let permit = clerk.permit(access, Action::AgreeApplication).await;
    let paper = (b"%PDF-1.7 agreement".to_vec(), ["易可验".to_owned(), "石清签".to_owned()]);
    let batch = ra.keep_batch_agreement(&permit, &batch.id, paper).await.unwrap();
    steer(world, clerk, &batch, BatchState::Running).await
}

fn evidence(institution: &Institution) -> Vec<BatchEvidence> {
    let catalogue = institution.registration().unwrap().catalogue();
    let (kind, method) =
        (catalogue.kind("staff").unwrap(), catalogue.method("unit-letter").unwrap());
    let matters: BTreeSet<Matter> = kind.fields.iter().filter_map(|field| field.matter).collect();
    let entry = |matter| {
        let means = method.means.iter().find(|means| means.proves.contains(&matter)).unwrap();
        let material = (means.needs == Need::Material).then(|| "unit_letter".to_owned());
        BatchEvidence { matter, means: means.name.clone(), material, note: None }
    };
    matters.into_iter().map(entry).collect()
}

/// Prepared, signed and carried out as the pages do it.
async fn sign(
    world: &World,
    by: &Staff,
    (kind, object): (ActKind, &str),
    order: serde_json::Value,
) {
    let (institution, access) = (&world.institution, world.institution.access());
    let principal = by.principal(access).await;
    let pending = access.prepare_act(&principal, kind, object, &order).await.unwrap();
    let signature = by.0.sign(&UserId::default(), pending.statement.as_bytes()).to_der();
    let done = institution.complete_act(&principal, (&pending.id, &signature)).await.unwrap();
    assert_eq!(done.object, object);
    work(institution).await;
}

async fn steer(world: &World, clerk: &Staff, batch: &Batch, to: BatchState) -> Batch {
    let permit = clerk.permit(world.institution.access(), Action::IssueApplication).await;
    let ra = world.institution.registration().unwrap();
    ra.steer_batch(&permit, (&batch.id, batch.version), to).await.unwrap()
}

async fn work(institution: &Institution) {
    while institution.work_batches().await.unwrap() > 0 {}
}

async fn counts(world: &World, clerk: &Staff, batch: &Batch) -> BTreeMap<&'static str, u64> {
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let ra = world.institution.registration().unwrap();
    ra.batch_counts(&permit, &batch.id).await.unwrap().states.into_iter().collect()
}

/// How many certificates there are of officials, and of how many keys.
async fn certificates(institution: &Institution) -> (usize, usize) {
    let (mut total, mut keys) = (0, BTreeSet::new());
    for profile in ["staff-sign", "staff-enc"] {
        let filter =
            CertificateFilter { profile: Some(profile.to_owned()), ..CertificateFilter::default() };
        let mut blocks = institution.ca().export(filter);
        loop {
            let block = blocks.next().await.unwrap();
            if block.is_empty() {
                break;
            }
            total += block.len();
            keys.extend(block.into_iter().map(|record| record.key_hash));
        }
    }
    (total, keys.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_cut_off_in_the_middle_goes_on_and_loses_or_doubles_nothing() {
    const ROWS: u32 = 300;
    let (world, clerk, reviewer) = way::world().await;
    let batch = started(&world, (&clerk, &reviewer), ROWS).await;
    // The run is cut off when about a third of it is through, at whatever step each application is.
    let institution = world.institution.clone();
    let run = tokio::spawn(async move { institution.work_batches().await });
    loop {
        let found = counts(&world, &clerk, &batch).await;
        if found.get("delivered").copied().unwrap_or(0) >= u64::from(ROWS / 3) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    run.abort();
    let cut_off = run.await.is_err();
    let world = world.restarted(|_| ()).await.unwrap();
    let before = counts(&world, &clerk, &batch).await;
    assert!(cut_off && before.get("delivered") < Some(&u64::from(ROWS)), "{before:?}");
    work(&world.institution).await;
    let after = counts(&world, &clerk, &batch).await;
    assert_eq!(after, BTreeMap::from([("delivered", u64::from(ROWS))]));
    let both = usize::try_from(2 * ROWS).unwrap();
    assert_eq!(certificates(&world.institution).await, (both, both));
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let ra = world.institution.registration().unwrap();
    assert_eq!(ra.batch(&permit, &batch.id).await.unwrap().state, BatchState::Done);
    // Each holder was told once by each way, and no mail has an activation code.
    while world.institution.send_messages().await.unwrap().sent > 0 {}
    let outbox = std::fs::read_dir(world.institution.layout().outbox()).unwrap();
    let texts = outbox.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let (codes, mails): (Vec<_>, Vec<_>) = texts.partition(|text| text.contains("激活码 "));
    let rows = usize::try_from(ROWS).unwrap();
    assert_eq!((codes.len(), mails.len()), (rows, rows));
    assert!(mails.iter().all(|mail| mail.contains("查询码 ")));
    let report = world.institution.store().verify_journal(store::Scope::Full).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_paused_batch_issues_nothing_and_a_cancelled_one_never_will() {
    let (world, clerk, reviewer) = way::world().await;
    let batch = started(&world, (&clerk, &reviewer), 6).await;
    let batch = steer(&world, &clerk, &batch, BatchState::Paused).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &batch).await, BTreeMap::from([("reviewed", 6)]));
    let batch = steer(&world, &clerk, &batch, BatchState::Cancelled).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &batch).await, BTreeMap::from([("withdrawn", 6)]));
    assert_eq!(certificates(&world.institution).await, (0, 0));
}

#[tokio::test]
async fn a_key_that_was_certified_meanwhile_stops_its_own_row_only() {
    let (world, clerk, reviewer) = way::world().await;
    let first = key();
    let batch = started_with(&world, (&clerk, &reviewer), (3, &first)).await;
    // Somebody certifies the key of the first row through the other door.
    let order = world.order("elsewhere", "person", Act::New, &first);
    world.institution.enrol(order).await.unwrap();
    work(&world.institution).await;
    let found = counts(&world, &clerk, &batch).await;
    assert_eq!(found, BTreeMap::from([("delivered", 2), ("agreed", 1)]));
    let ra = world.institution.registration().unwrap();
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let rows = ra.batch_rows(&permit, &batch.id, ("", 3)).await.unwrap();
    let problems: Vec<&str> = rows.iter().filter_map(|row| row.problem.as_deref()).collect();
    assert_eq!(problems, ["ra.key_used"]);
    assert_eq!(ra.batch(&permit, &batch.id).await.unwrap().state, BatchState::Done);
}

/// The soak step `batch-10000`: prints what came of it and how long each part took.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes long; cargo xtask soak batch-10000"]
async fn ten_thousand_applications_become_certificates_in_one_run() {
    let rows = std::env::var("YINXIN_BATCH_ROWS").ok().and_then(|text| text.parse().ok());
    let rows: u32 = rows.unwrap_or(10_000);
    let (world, clerk, reviewer) = way::world().await;
    let begun = Instant::now();
    let batch = started(&world, (&clerk, &reviewer), rows).await;
    let prepared = begun.elapsed();
    let institution = world.institution.clone();
    let run = tokio::spawn(async move { institution.work_batches().await });
    loop {
        let found = counts(&world, &clerk, &batch).await;
        if found.get("delivered").copied().unwrap_or(0) >= u64::from(rows / 2) || run.is_finished()
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    run.abort();
    let _ = run.await;
    let world = world.restarted(|_| ()).await.unwrap();
    work(&world.institution).await;
    let all = begun.elapsed();
    let after = counts(&world, &clerk, &batch).await;
    assert_eq!(after, BTreeMap::from([("delivered", u64::from(rows))]));
    let both = usize::try_from(2 * rows).unwrap();
    assert_eq!(certificates(&world.institution).await, (both, both));
    let seconds = (all - prepared).as_secs_f64();
    eprintln!(
        "{rows} applications: sheet, acts and review {:.1} s; agreement to delivery with a restart in the \
         middle {seconds:.1} s ({:.0} a second); {both} certificates, none lost or doubled",
        prepared.as_secs_f64(),
        f64::from(rows) / seconds
    );
}
