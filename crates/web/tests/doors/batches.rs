//! Measures Art. 21: no page takes an act upon a batch whose turn it is not, in any of its states; each refusal says
//! on what it rests and changes nothing.

use std::collections::BTreeMap;

use access::Action;
use ra::{Batch, BatchState, BatchStep};
use serde_json::Value;

use super::turns::{Seats, Tally, tried};
use crate::desk::Desk;
use crate::fill;
use crate::unit;
use crate::way::key;

/// The states of a batch.
const BATCHES: [&str; 9] = [
    "empty",
    "draft",
    "at-work",
    "acknowledged",
    "proofed",
    "reviewed",
    "running",
    "cancelled",
    "done",
];

fn batch_turn(act: &str, state: &str) -> bool {
    let open =
        matches!(state, "empty" | "draft" | "at-work" | "acknowledged" | "proofed" | "reviewed");
    match act {
        "materials" | "sheets" | "agreement" => open,
        "enter" => state == "draft",
        "proof" => state == "acknowledged",
        "review" => state == "proofed",
        // Needs an agreement first: what is missing is said, with its article.
        "run:running" => state == "reviewed",
        "run:paused" => state == "running",
        "run:cancelled" => (open && state != "at-work") || state == "running",
        "agreement/{day}" => state == "reviewed",
        other => panic!("{other}: say in which states it has its turn"),
    }
}

async fn batch(desk: &Desk, state: &str) -> Batch {
    let (world, staff) = (&desk.world, (&desk.clerk, &desk.reviewer));
    if state == "empty" {
        let access = world.institution.access();
        let permit = desk.clerk.permit(access, Action::ImportBatch).await;
        let new = ra::NewBatch { kind: "staff".into(), office: None, party: unit::party() };
        let ra = world.institution.registration().unwrap();
        return ra.begin_batch(&permit, new).await.unwrap();
    }
    let batch = unit::begun(world, &desk.clerk, (2, &key())).await;
    unit::work(&world.institution).await;
    let steps = match state {
        "draft" | "cancelled" => 0,
        "at-work" | "acknowledged" => 1,
        "proofed" => 2,
        _ => 3,
    };
    for step in BatchStep::ALL.into_iter().take(steps) {
        unit::ordered(world, staff, (&batch, step)).await;
        if state != "at-work" {
            unit::work(&world.institution).await;
        }
    }
    match state {
        "running" | "done" => {
            let agreed = unit::agreed_on_paper(world, &desk.clerk, &batch).await;
            let batch = unit::steer(world, &desk.clerk, &agreed, BatchState::Running).await;
            if state == "done" {
                unit::work(&world.institution).await;
            }
            batch
        }
        "cancelled" => unit::steer(world, &desk.clerk, &batch, BatchState::Cancelled).await,
        _ => batch,
    }
}

/// A batch and its members, as they are.
async fn now(desk: &Desk, batch: &Batch) -> (Batch, BTreeMap<&'static str, u64>, usize) {
    let ra = desk.world.institution.registration().unwrap();
    let reads = desk.clerk.permit(desk.world.institution.access(), Action::ReadApplication).await;
    let found = ra.batch(&reads, &batch.id).await.unwrap();
    let records = store::Filter { subject: Some(batch.subject()), ..store::Filter::default() };
    let page = store::Page { limit: 1000, ..store::Page::default() };
    let records = desk.world.institution.store().records(&records, page).await.unwrap();
    // Who draws a sample or opens one has not taken the step.
    let acts = records.iter().filter(|one| !one.kind.starts_with("batch.sample")).count();
    (found, unit::counts(&desk.world, &desk.clerk, batch).await, acts)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_upon_a_batch_is_taken_out_of_its_turn() {
    let mut tally = Tally::default();
    for state in BATCHES {
        // The same people are in each batch: each has an institution of its own.
        let desk = Desk::new("").await;
        let ra = desk.world.institution.registration().unwrap();
        let today = law::CivilDate::of(desk.world.now());
        let notices: Value = serde_json::to_value(ra.notices_in_force().unwrap()).unwrap();
        let ticked = ra.catalogue().checklist_for("staff", "new");
        let made = batch(&desk, state).await;
        for act in [
            "materials",
            "sheets",
            "enter",
            "proof",
            "review",
            "agreement",
            "agreement/{day}",
            "run:running",
            "run:paused",
            "run:cancelled",
        ] {
            if batch_turn(act, state) {
                continue;
            }
            let seats = Seats::of(&desk).await;
            let before = now(&desk, &made).await;
            let version = before.0.version.to_string();
            let (path, to) = act.split_once(':').unwrap_or((act, ""));
            let path = path.replace("{day}", &format!("{today:?}"));
            let mut fields = vec![
                ("version", version.as_str()),
                ("to", to),
                ("material", "unit_letter"),
                ("witness_1", "易可验"),
                ("witness_2", "石清签"),
                ("count", "2"),
                ("list_sm3", "00"),
                ("all", "yes"),
            ];
            let named: Vec<(String, &str)> = notices
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, version)| (format!("notice.{name}"), version.as_str().unwrap()))
                .collect();
            fields.extend(named.iter().map(|(name, version)| (name.as_str(), *version)));
            fields.extend(ticked.iter().map(|item| ("ticked", item.name.as_str())));
            let signed = fill::signature(&desk.clerk.0, "甲乙双方");
            fields.extend(signed.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let files: &[&str] = match act {
                "materials" => &["file"],
                "sheets" => &["sheet"],
                "agreement" => &["scan"],
                _ => &[],
            };
            let (comer, staff) = match act {
                "review" => (&seats.reviewer, &desk.reviewer),
                _ => (&seats.clerk, &desk.clerk),
            };
            let path = format!("/desk/batches/{}/{path}", made.id);
            let answer = tried(&desk, (comer, staff), &path, (&fields, files)).await;
            let after = now(&desk, &made).await;
            tally.judge(format!("{state} {act}"), &answer, before != after);
        }
    }
    tally.end(45, "batches");
}
