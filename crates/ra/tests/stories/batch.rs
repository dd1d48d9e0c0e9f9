//! A unit's batch: sheets, acts over many, and that each application has evidence of its own.

use std::collections::{BTreeMap, BTreeSet};

use access::{ActKind, Action};
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::csr::{request_info, signed_request};
use pki::name::Name;
use ra::catalogue::{Matter, Need};
use ra::{
    Batch, BatchEvidence, BatchId, BatchParty, BatchState, BatchStep, EnterBatchOrder, ListRef,
    NewBatch, ProofBatchOrder, ReviewBatchOrder, Serials, SheetFormat, State, Upload,
};
use sqlx::Row as _;

use super::way::{Told, Way};
use super::world::{Staff, World, new_key, on_each_engine, signature};

const REQUEST: &str = "证书请求";

fn party() -> BatchParty {
    BatchParty {
        unit_name: "云中市档案馆".into(),
        credit_code: "12110101YX0000016B".into(),
        contact_name: "贾如信".into(),
        contact_phone: "13000000009".into(),
        contact_email: "jia@example.gov.cn".into(),
    }
}

/// Made up: born in 1900, told apart by their number.
fn id_number(at: u32) -> String {
    let body = format!("110101{}0101{:03}", 1900 + at / 999, 1 + at % 999);
    format!("{body}{}", testkit::identity::id_number_check(&body))
}

/// A request as a token's tool writes it.
fn request() -> String {
    request_of(&new_key())
}

fn request_of(key: &PrivateKey) -> String {
    let id = UserId::default();
    let info = request_info(&Name::from_attributes([]), key.public_key());
    let der = signed_request(&info, &key.sign(&id, &info));
    pki::pem::encode("CERTIFICATE REQUEST", &der).unwrap()
}

/// One row of a sheet, by the labels of the form.
type Row = BTreeMap<String, String>;

fn row(world: &World, kind: &str, at: u32) -> Row {
    let kind = world.ra.catalogue().kind(kind).unwrap();
    let shown = |field: &ra::catalogue::Field| field.shown(&field.sample).to_owned();
    let mut row: Row =
        kind.fields.iter().map(|field| (field.label.clone(), shown(field))).collect();
    row.insert(REQUEST.into(), request());
    if kind.name == "staff" {
        row.insert("公民身份号码".into(), id_number(at));
        row.insert("手机号码".into(), format!("130{at:08}"));
    }
    row
}

fn sheet(rows: &[Row]) -> Vec<u8> {
    let headings: Vec<&String> = rows[0].keys().collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headings).unwrap();
    for row in rows {
        writer.write_record(headings.iter().map(|heading| &row[*heading])).unwrap();
    }
    writer.into_inner().unwrap()
}

async fn begin(world: &World, kind: &str) -> Batch {
    let permit = world.permit(&world.clerk, Action::ImportBatch).await;
    let new = NewBatch { kind: kind.into(), office: None, party: party() };
    world.ra.begin_batch(&permit, new).await.unwrap()
}

/// Imports and works through; how many rows were good and bad.
async fn import(world: &World, id: &BatchId, rows: &[Row]) -> (u64, u64) {
    let permit = world.permit(&world.clerk, Action::ImportBatch).await;
    let added = world.ra.import_sheet(&permit, id, sheet(rows)).await.unwrap();
    world.ra.work_sheets().await.unwrap();
    let permit = world.permit(&world.clerk, Action::ReadApplication).await;
    let sheets = world.ra.batch_sheets(&permit, id).await.unwrap();
    sheets.iter().find(|one| one.position == added.position).unwrap().result.unwrap()
}

async fn hand_in_materials(world: &World, batch: &Batch) {
    let permit = world.permit(&world.clerk, Action::ImportBatch).await;
    for (name, _, required) in world.ra.batch_material_list(&batch.kind).unwrap() {
        let content = format!("%PDF-1.7 {name}\n%%EOF").into_bytes();
        let upload = Upload { name, file_name: "材料.pdf".into(), content };
        if required {
            world.ra.add_batch_material(&permit, &batch.id, upload).await.unwrap();
        }
    }
}

async fn list(world: &World, by: &Staff, id: &BatchId, step: BatchStep) -> ListRef {
    let permit = world.permit(by, step.act().action()).await;
    let list = world.ra.batch_list(&permit, id, step).await.unwrap();
    ListRef { batch: id.clone(), count: list.count, list_sm3: list.sm3 }
}

fn object(id: &BatchId) -> String {
    format!("batch:{id}")
}

async fn enter(world: &World, id: &BatchId) -> Result<(), ra::Error> {
    let list = list(world, &world.clerk, id, BatchStep::Enter).await;
    let order = EnterBatchOrder { list, notices: world.ra.notices_in_force().unwrap() };
    let on = (ActKind::EnterBatch, &*object(id));
    let (permit, act) = world.signed(&world.clerk, on, &order).await;
    world.ra.enter_batch(&permit, id, act).await?;
    world.ra.spread_acts().await.map(drop)
}

fn proof_order(world: &World, kind: &str, list: ListRef) -> ProofBatchOrder {
    let catalogue = world.ra.catalogue();
    let (kind, method) = (catalogue.kind(kind).unwrap(), catalogue.method("unit-letter").unwrap());
    let matters: BTreeSet<Matter> = kind.fields.iter().filter_map(|field| field.matter).collect();
    let letter = kind.materials.iter().find(|rule| rule.required).unwrap().name.clone();
    let entry = |matter| {
        let means = method.means.iter().find(|means| means.proves.contains(&matter)).unwrap();
        BatchEvidence {
            matter,
            means: means.name.clone(),
            material: (means.needs == Need::Material).then(|| letter.clone()),
            note: (means.needs == Need::Note).then(|| "逐一查到核验值".to_owned()),
        }
    };
    let evidence = matters.into_iter().map(entry).collect();
    ProofBatchOrder { list, method: "unit-letter".into(), evidence }
}

async fn proof(world: &World, batch: &Batch, by: &Staff) -> Result<(), ra::Error> {
    let list = list(world, by, &batch.id, BatchStep::Proof).await;
    proof_as(world, batch, by, &proof_order(world, &batch.kind, list)).await
}

async fn proof_as(
    world: &World,
    batch: &Batch,
    by: &Staff,
    order: &ProofBatchOrder,
) -> Result<(), ra::Error> {
    let on = (ActKind::BatchProof, &*object(&batch.id));
    let (permit, act) = world.signed(by, on, order).await;
    world.ra.proof_batch(&permit, &batch.id, act).await?;
    world.ra.spread_acts().await.map(drop)
}

async fn open_sample(world: &World, by: &Staff, id: &BatchId) -> usize {
    let permit = world.permit(by, Action::ReviewApplication).await;
    let sample = world.ra.batch_sample(&permit, id).await.unwrap();
    for row in &sample {
        world.ra.open_sample(&permit, id, &row.application).await.unwrap();
    }
    sample.len()
}

async fn review(world: &World, batch: &Batch, by: &Staff) -> Result<(), ra::Error> {
    let list = list(world, by, &batch.id, BatchStep::Review).await;
    let checklist = world.ra.catalogue().checklist_for(&batch.kind, "new");
    let ticked = checklist.iter().map(|item| item.name.clone()).collect();
    let order = ReviewBatchOrder { list, ticked, opinion: None };
    let on = (ActKind::BatchReview, &*object(&batch.id));
    let (permit, act) = world.signed(by, on, &order).await;
    world.ra.review_batch(&permit, &batch.id, act).await?;
    world.ra.spread_acts().await.map(drop)
}

async fn counts(world: &World, id: &BatchId) -> BTreeMap<&'static str, u64> {
    let permit = world.permit(&world.clerk, Action::ReadApplication).await;
    world.ra.batch_counts(&permit, id).await.unwrap().states.into_iter().collect()
}

async fn reviewed(world: &World, kind: &str, rows: &[Row]) -> Batch {
    let batch = begin(world, kind).await;
    let good = u64::try_from(rows.len()).unwrap();
    assert_eq!(import(world, &batch.id, rows).await, (good, 0));
    hand_in_materials(world, &batch).await;
    enter(world, &batch.id).await.unwrap();
    proof(world, &batch, &world.clerk).await.unwrap();
    open_sample(world, &world.reviewer, &batch.id).await;
    review(world, &batch, &world.reviewer).await.unwrap();
    batch
}

async fn start(world: &World, batch: &Batch) -> ra::BatchRun {
    let permit = world.permit(&world.clerk, Action::AgreeApplication).await;
    let paper = (b"%PDF-1.7 agreement\n%%EOF".to_vec(), ["易可验".to_owned(), "石清签".to_owned()]);
    let batch = world.ra.keep_batch_agreement(&permit, &batch.id, paper).await.unwrap();
    let permit = world.permit(&world.clerk, Action::IssueApplication).await;
    let of = (&batch.id, batch.version);
    world.ra.steer_batch(&permit, of, BatchState::Running).await.unwrap();
    world.ra.runs().await.unwrap().pop().unwrap()
}

/// What `app` does for each application, with made-up serials.
async fn run(world: &World, run: &ra::BatchRun) {
    let ra = &world.ra;
    for (at, row) in ra.run_rows(run, ("", 1000)).await.unwrap().into_iter().enumerate() {
        let one = row.application;
        let made = ra.run_agreement(run, &one).await.unwrap();
        let signed = signature(&world.agreement_key, &made.statement());
        let one = ra.run_agree(run, (made, signed)).await.unwrap();
        let ready = ra.run_ready(run, &one.at()).await.unwrap();
        assert_eq!(ready.request_id(), format!("ra-{}-1", one.id));
        let serials = Serials { sign: format!("a{at:04}"), enc: Some(format!("b{at:04}")) };
        let one = ra.run_issued(run, (ready, serials), &Told).await.unwrap();
        assert!(matches!(one.state, State::Delivered { .. }));
    }
    assert!(ra.end_run(run).await.unwrap());
}

#[tokio::test]
async fn each_application_of_a_batch_has_the_records_of_the_whole_way() {
    on_each_engine(|world| async move {
        let rows: Vec<Row> = (0..6).map(|at| row(&world, "staff", at)).collect();
        let batch = reviewed(&world, "staff", &rows).await;
        let started = start(&world, &batch).await;
        run(&world, &started).await;
        assert_eq!(counts(&world, &batch.id).await, BTreeMap::from([("delivered", 6)]));
        // The same way on foot, for comparison.
        let mut alone = Way::begin(&world, "staff").await;
        alone.end().await;
        let single: BTreeSet<String> = world.kinds(&alone.application).await.into_iter().collect();
        let permit = world.permit(&world.clerk, Action::ReadApplication).await;
        for row in world.ra.batch_rows(&permit, &batch.id, ("", 100)).await.unwrap() {
            let kinds = world.kinds(&row.application).await;
            let of_batch: BTreeSet<String> = kinds.iter().cloned().collect();
            let missing: Vec<&String> = single.difference(&of_batch).collect();
            // Nobody looked at these elements alone; receipt is the holder's own affair.
            assert_eq!(missing, ["application.confirmed", "application.elements-shown"]);
            let times = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
            assert_eq!(times("application.acknowledged"), 4);
            assert_eq!(times("application.proofed"), 1);
            assert_eq!(times("application.reviewed"), 1);
        }
        let report = world.store.verify_journal(store::Scope::Full).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
    })
    .await;
}

#[tokio::test]
async fn bad_rows_come_back_with_reasons_and_go_in_when_they_are_mended() {
    on_each_engine(|world| async move {
        let batch = begin(&world, "staff").await;
        let mut rows: Vec<Row> = (0..8).map(|at| row(&world, "staff", at)).collect();
        rows[1].insert("公民身份号码".into(), "110101190001010015".into());
        rows[2].insert("公民身份号码".into(), id_number(0));
        rows[3].insert(REQUEST.into(), "不是请求".into());
        let same_key = rows[0][REQUEST].clone();
        rows[4].insert(REQUEST.into(), same_key);
        rows[5].insert("单位统一社会信用代码".into(), "12110101YX0000017A".into());
        rows[6].insert("姓名".into(), "=HYPERLINK(1)".into());
        assert_eq!(import(&world, &batch.id, &rows).await, (2, 6));
        let permit = world.permit(&world.clerk, Action::ImportBatch).await;
        let (format, content) = world.ra.bad_rows(&permit, &batch.id, 1).await.unwrap();
        let text = String::from_utf8(content).unwrap();
        assert_eq!(format, SheetFormat::Csv);
        for words in
            ["问题", "公民身份号码：", "与第 2 行相同", "证书请求：", "单位", "'=HYPERLINK"]
        {
            assert!(text.contains(words), "{words} in {text}");
        }
        // The six again, mended: the column with the reasons does no harm.
        for (at, row) in (0..).zip(&mut rows) {
            row.insert("公民身份号码".into(), id_number(at));
            row.insert("单位统一社会信用代码".into(), "12110101YX0000016B".into());
            row.insert("姓名".into(), "甄有印".into());
            row.insert("问题".into(), "已改".into());
        }
        rows[3].insert(REQUEST.into(), request());
        rows[4].insert(REQUEST.into(), request());
        assert_eq!(import(&world, &batch.id, &rows[1..7]).await, (6, 0));
        assert_eq!(counts(&world, &batch.id).await, BTreeMap::from([("draft", 8)]));
        // The same people again: they are under way, and their keys are taken.
        assert_eq!(import(&world, &batch.id, &rows[1..3]).await, (0, 2));
        assert_eq!(counts(&world, &batch.id).await, BTreeMap::from([("draft", 8)]));
    })
    .await;
}

#[tokio::test]
async fn t_18_each_element_of_each_application_has_its_own_row_of_evidence() {
    on_each_engine(|world| async move {
        let most = world.ra.catalogue().kind("server").unwrap().field("domains").unwrap().max;
        let most = u32::try_from(most.min(20)).unwrap();
        let rows: Vec<Row> = (1..=most)
            .map(|count| {
                let mut row = row(&world, "server", count);
                let domains: Vec<String> =
                    (0..count).map(|at| format!("h{at}.s{count}.example.gov.cn")).collect();
                row.insert("域名".into(), domains.join(" "));
                let label = world.ra.catalogue().kind("server").unwrap().field("domains").unwrap();
                row.insert(label.label.clone(), domains.join(" "));
                row.retain(|heading, _| heading != "域名" || label.label == "域名");
                row
            })
            .collect();
        let batch = begin(&world, "server").await;
        assert_eq!(import(&world, &batch.id, &rows).await, (u64::from(most), 0));
        hand_in_materials(&world, &batch).await;
        enter(&world, &batch.id).await.unwrap();
        proof(&world, &batch, &world.clerk).await.unwrap();
        assert_eq!(counts(&world, &batch.id).await, BTreeMap::from([("proofed", u64::from(most))]));
        let text = "SELECT COUNT(*) AS n, COUNT(DISTINCT argument) AS d, \
             COUNT(DISTINCT element) AS e FROM ra_evidence WHERE element LIKE 'domains/%' \
             GROUP BY application ORDER BY 1";
        let found = sqlx::query(text).fetch_all(&mut *world.store.read().await.unwrap()).await;
        for (row, count) in found.unwrap().iter().zip(1_i64..) {
            let column = |name: &str| row.try_get::<i64, _>(name).unwrap();
            assert_eq!((column("n"), column("d"), column("e")), (count, count, count));
        }
    })
    .await;
}

#[tokio::test]
async fn no_step_of_the_law_is_skipped_for_being_many() {
    on_each_engine(|world| async move {
        let batch = begin(&world, "staff").await;
        let rows: Vec<Row> = (0..7).map(|at| row(&world, "staff", at)).collect();
        import(&world, &batch.id, &rows).await;
        // Without the signed list of acknowledgements nothing is handed in.
        let error = enter(&world, &batch.id).await.unwrap_err();
        assert!(error.to_string().contains("上传"), "{error}");
        hand_in_materials(&world, &batch).await;
        // A notice that was left out.
        let list_of = list(&world, &world.clerk, &batch.id, BatchStep::Enter).await;
        let mut notices = world.ra.notices_in_force().unwrap();
        notices.remove("liability");
        let order = EnterBatchOrder { list: list_of, notices };
        let on = (ActKind::EnterBatch, &*object(&batch.id));
        let (permit, act) = world.signed(&world.clerk, on, &order).await;
        let error = world.ra.enter_batch(&permit, &batch.id, act).await.unwrap_err();
        assert_eq!(error.code(), "ra.notice_missing");
        enter(&world, &batch.id).await.unwrap();
        // A matter without evidence, and a method that is for no batch.
        let list_of = list(&world, &world.clerk, &batch.id, BatchStep::Proof).await;
        let order = proof_order(&world, "staff", list_of);
        let mut fewer = order.clone();
        fewer.evidence.pop();
        let error = proof_as(&world, &batch, &world.clerk, &fewer).await.unwrap_err();
        assert_eq!(error.code(), "ra.evidence_incomplete");
        let in_person = ProofBatchOrder { method: "in-person".into(), ..order.clone() };
        let error = proof_as(&world, &batch, &world.clerk, &in_person).await.unwrap_err();
        assert_eq!(error.code(), "ra.means_unfit");
        // A list that is not the one that there is.
        let mut other = order.clone();
        other.list.count -= 1;
        assert_eq!(
            proof_as(&world, &batch, &world.clerk, &other).await.unwrap_err().code(),
            "ra.changed"
        );
        // Proofed by one who is reviewer, too: not reviewed by the same.
        proof(&world, &batch, &world.both).await.unwrap();
        open_sample(&world, &world.both, &batch.id).await;
        let error = review(&world, &batch, &world.both).await.unwrap_err();
        assert_eq!(error.code(), "ra.second_person");
        // Nobody approves unseen.
        let error = review(&world, &batch, &world.reviewer).await.unwrap_err();
        assert_eq!(error.code(), "ra.checklist_open");
        assert_eq!(open_sample(&world, &world.reviewer, &batch.id).await, 5);
        // Another order of issue than by the way: not before the agreement.
        let permit = world.permit(&world.clerk, Action::IssueApplication).await;
        let of = (&batch.id, batch.version);
        let early = world.ra.steer_batch(&permit, of, BatchState::Running).await.unwrap_err();
        assert_eq!(early.code(), "ra.agreement_missing");
        review(&world, &batch, &world.reviewer).await.unwrap();
        assert_eq!(counts(&world, &batch.id).await, BTreeMap::from([("reviewed", 7)]));
    })
    .await;
}

#[tokio::test]
async fn what_changed_after_the_signature_is_left_out_and_goes_its_way_alone() {
    on_each_engine(|world| async move {
        let batch = begin(&world, "staff").await;
        let rows: Vec<Row> = (0..5).map(|at| row(&world, "staff", at)).collect();
        import(&world, &batch.id, &rows).await;
        hand_in_materials(&world, &batch).await;
        enter(&world, &batch.id).await.unwrap();
        // Signed, and then one of them is withdrawn before the act is carried out.
        let list_of = list(&world, &world.clerk, &batch.id, BatchStep::Proof).await;
        let order = proof_order(&world, "staff", list_of);
        let on = (ActKind::BatchProof, &*object(&batch.id));
        let (permit, act) = world.signed(&world.clerk, on, &order).await;
        world.ra.proof_batch(&permit, &batch.id, act).await.unwrap();
        let permit = world.permit(&world.clerk, Action::ReadApplication).await;
        let one = world.ra.batch_rows(&permit, &batch.id, ("", 1)).await.unwrap().remove(0);
        let permit = world.permit(&world.clerk, Action::WithdrawApplication).await;
        world.ra.withdraw(&permit, &one.application.at()).await.unwrap();
        world.ra.spread_acts().await.unwrap();
        let found = counts(&world, &batch.id).await;
        assert_eq!(found, BTreeMap::from([("proofed", 4), ("withdrawn", 1)]));
        // Cancelled: what is left is taken back, and nothing of it can be issued.
        let permit = world.permit(&world.clerk, Action::IssueApplication).await;
        let of = (&batch.id, batch.version);
        world.ra.steer_batch(&permit, of, BatchState::Cancelled).await.unwrap();
        assert_eq!(world.ra.end_cancelled().await.unwrap(), 4);
        assert_eq!(counts(&world, &batch.id).await, BTreeMap::from([("withdrawn", 5)]));
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_for_kinds_that_a_unit_can_vouch_for_and_for_its_own_office() {
    on_each_engine(|world| async move {
        let permit = world.permit(&world.clerk, Action::ImportBatch).await;
        let new = NewBatch { kind: "person".into(), office: None, party: party() };
        let error = world.ra.begin_batch(&permit, new).await.unwrap_err();
        assert_eq!(error.code(), "ra.means_unfit");
        for kind in ["staff", "unit", "device", "server"] {
            let batch = begin(&world, kind).await;
            assert_eq!(import(&world, &batch.id, &[row(&world, kind, 1)]).await, (1, 0), "{kind}");
            for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
                let template = world.ra.batch_template(kind, format).unwrap();
                // As it is it has no rows, but it is one of ours.
                let empty = world.ra.import_sheet(&permit, &batch.id, template).await;
                assert!(empty.unwrap_err().to_string().contains("没有要导入的行"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn batches_are_read_on_behind_any_of_them_whatever_is_begun_meanwhile() {
    on_each_engine(|world| async move {
        // Three of one second, and one of another.
        for _ in 0..3 {
            begin(&world, "staff").await;
        }
        world.clock.advance(jiff::SignedDuration::from_secs(1));
        begin(&world, "device").await;
        let permit = world.permit(&world.clerk, Action::ListApplications).await;
        let any = ra::BatchSearch::default();
        let (all, total) = world.ra.batches(&permit, &any, (0, 50)).await.unwrap();
        assert_eq!((all.len(), total), (4, 4));
        let numbers = |batches: &[ra::Batch]| {
            batches.iter().map(|one| one.number.clone()).collect::<Vec<_>>()
        };
        let (second, total) = world.ra.batches(&permit, &any, (1, 3)).await.unwrap();
        assert_eq!((numbers(&second), total), (numbers(&all[3..]), 4));
        world.clock.advance(jiff::SignedDuration::from_secs(1));
        begin(&world, "unit").await;
        for (place, batch) in all.iter().enumerate() {
            let rest = world.ra.batches_behind(&permit, &any, Some(batch)).await.unwrap();
            assert_eq!(numbers(&rest), numbers(&all[place + 1..]), "{place}");
        }
        let staff = ra::BatchSearch { kind: Some("staff".into()), ..any };
        let (_, total) = world.ra.batches(&permit, &staff, (0, 1)).await.unwrap();
        let rest = world.ra.batches_behind(&permit, &staff, Some(&all[0])).await.unwrap();
        assert_eq!((rest.len(), total), (3, 3));
    })
    .await;
}

/// Measures Art. 20 ¶2: what a device says of a row's key is kept with the row, and what proves nothing is told.
#[tokio::test]
async fn the_word_of_a_device_is_kept_with_its_row() {
    let maker = testkit::maker::Maker::new();
    let products = super::certificate::products(&maker, "");
    let world = World::with_outside(std::sync::Arc::new(ra::Offline), products).await;
    let batch = begin(&world, "staff").await;
    let key = new_key();
    let word = maker.device("KEY-200", "SN-1").attest(key.public_key());
    let with = |at: u32, request: String, word: &str| {
        let mut row = row(&world, "staff", at);
        row.extend([(REQUEST.to_owned(), request), ("设备证明".to_owned(), word.to_owned())]);
        row
    };
    let rows =
        [with(1, request_of(&key), &word), with(2, request(), &word), with(3, request(), "")];
    assert_eq!(import(&world, &batch.id, &rows).await, (2, 1), "one is of another key");
    let mut reader = world.store.read().await.unwrap();
    let text = "SELECT chain FROM ra_batch_attestation";
    let kept = sqlx::query(text).fetch_all(&mut *reader).await.unwrap();
    let kept: Vec<String> = kept.iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, [word]);
}
