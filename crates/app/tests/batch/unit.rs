//! A unit and its batch, and what people do to it, up to the start of the run.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use std::collections::{BTreeMap, BTreeSet};

use access::{ActKind, Action};
use app::Institution;
use ca::CertificateFilter;
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::{Name, csr};
use ra::catalogue::{Matter, Need};
use ra::{
    Batch, BatchEvidence, BatchParty, BatchState, BatchStep, EnterBatchOrder, ListRef, NewBatch,
    ProofBatchOrder, ReviewBatchOrder, Upload,
};

use crate::way::{Staff, key};
use crate::world::World;

pub fn party() -> BatchParty {
    BatchParty {
        unit_name: "云中市档案馆".into(),
        credit_code: "12110101YX0000016B".into(),
        contact_name: "贾如信".into(),
        contact_phone: "13000000009".into(),
        contact_email: "jia@example.gov.cn".into(),
    }
}

pub fn id_number(at: u32) -> String {
    let (day, sequence) = (at / 999, 1 + at % 999);
    let body = format!(
        "110101{}{:02}{:02}{sequence:03}",
        1900 + day / 336,
        1 + day % 336 / 28,
        1 + day % 28
    );
    format!("{body}{}", testkit::identity::id_number_check(&body))
}

pub fn request(key: &PrivateKey) -> String {
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
pub async fn started(world: &World, staff: (&Staff, &Staff), rows: u32) -> Batch {
    started_with(world, staff, (rows, &key())).await
}

pub async fn started_with(
    world: &World,
    (clerk, reviewer): (&Staff, &Staff),
    (rows, first): (u32, &PrivateKey),
) -> Batch {
    let batch = begun(world, clerk, (rows, first)).await;
    worked(world, (clerk, reviewer), batch).await
}

/// Everything between the sheet and the run.
pub async fn worked(world: &World, (clerk, reviewer): (&Staff, &Staff), batch: Batch) -> Batch {
    work(&world.institution).await;
    for step in BatchStep::ALL {
        ordered(world, (clerk, reviewer), (&batch, step)).await;
        work(&world.institution).await;
    }
    let batch = agreed_on_paper(world, clerk, &batch).await;
    steer(world, clerk, &batch, BatchState::Running).await
}

/// A batch with its sheet, that nobody has worked through, and its materials.
pub async fn begun(world: &World, clerk: &Staff, (rows, first): (u32, &PrivateKey)) -> Batch {
    begun_with(world, clerk, sheet(&world.institution, rows, first)).await
}

/// The same with a sheet of one's own.
pub async fn begun_with(world: &World, clerk: &Staff, sheet: Vec<u8>) -> Batch {
    let institution = &world.institution;
    let (ra, access) = (institution.registration().unwrap(), institution.access());
    let permit = clerk.permit(access, Action::ImportBatch).await;
    let new = NewBatch { kind: "staff".into(), office: None, party: party() };
    let batch = ra.begin_batch(&permit, new).await.unwrap();
    ra.import_sheet(&permit, &batch.id, sheet).await.unwrap();
    for (name, _, required) in ra.batch_material_list("staff").unwrap() {
        let content = format!("%PDF-1.7 {name}\n%%EOF").into_bytes();
        let upload = Upload { name, file_name: "材料.pdf".into(), content };
        if required {
            ra.add_batch_material(&permit, &batch.id, upload).await.unwrap();
        }
    }
    batch
}

/// A step signed for all that wait for it, and not carried out yet.
pub async fn ordered(
    world: &World,
    (clerk, reviewer): (&Staff, &Staff),
    (batch, step): (&Batch, BatchStep),
) {
    let institution = &world.institution;
    let (ra, access) = (institution.registration().unwrap(), institution.access());
    let by = if step == BatchStep::Review { reviewer } else { clerk };
    let permit = by.permit(access, step.act().action()).await;
    let list = ra.batch_list(&permit, &batch.id, step).await.unwrap();
    let list = ListRef { batch: batch.id.clone(), count: list.count, list_sm3: list.sm3 };
    let order = match step {
        BatchStep::Enter => {
            let notices = ra.notices_in_force().unwrap();
            serde_json::to_value(EnterBatchOrder { list, notices })
        }
        BatchStep::Proof => {
            let (method, evidence) = ("unit-letter".into(), evidence(institution));
            serde_json::to_value(ProofBatchOrder { list, method, evidence })
        }
        BatchStep::Review => {
            for row in ra.batch_sample(&permit, &batch.id).await.unwrap() {
                ra.open_sample(&permit, &batch.id, &row.application).await.unwrap();
            }
            let checklist = ra.catalogue().checklist_for("staff", "new");
            let ticked = checklist.iter().map(|item| item.name.clone()).collect();
            serde_json::to_value(ReviewBatchOrder { list, ticked, opinion: None })
        }
    };
    sign(world, by, (step.act(), &*batch.subject()), order.unwrap()).await;
}

pub async fn agreed_on_paper(world: &World, clerk: &Staff, batch: &Batch) -> Batch {
    let permit = clerk.permit(world.institution.access(), Action::AgreeApplication).await;
    let scan = b"%PDF-1.7 agreement\n%%EOF".to_vec();
    let paper = (scan, ["易可验".to_owned(), "石清签".to_owned()]);
    let ra = world.institution.registration().unwrap();
    ra.keep_batch_agreement(&permit, &batch.id, paper).await.unwrap()
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

/// Prepared, signed and accepted as the pages do it.
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
}

pub async fn steer(world: &World, clerk: &Staff, batch: &Batch, to: BatchState) -> Batch {
    let permit = clerk.permit(world.institution.access(), Action::IssueApplication).await;
    let ra = world.institution.registration().unwrap();
    ra.steer_batch(&permit, (&batch.id, batch.version), to).await.unwrap()
}

pub async fn work(institution: &Institution) {
    while institution.work_batches().await.unwrap() > 0 {}
}

pub async fn counts(world: &World, clerk: &Staff, batch: &Batch) -> BTreeMap<&'static str, u64> {
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let ra = world.institution.registration().unwrap();
    ra.batch_counts(&permit, &batch.id).await.unwrap().states.into_iter().collect()
}

/// How many certificates there are of officials, and of how many keys.
pub async fn certificates(institution: &Institution) -> (usize, usize) {
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
