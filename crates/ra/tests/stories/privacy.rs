//! Personal data: nowhere but in sealed blobs, and masked where it is shown.

use access::Action;

use super::way::Way;
use super::world::{World, on_each_engine};

/// What nobody must find outside of a sealed blob.
const PERSONAL: [&str; 5] =
    ["甄有印", "110101190001010014", "13000000000", "zhen@example.cn", "核对无误"];

#[tokio::test]
async fn neither_the_journal_nor_the_files_of_the_database_hold_personal_data() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    way.submitted().await;
    way.send_back(&world.clerk, &["phone"]).await.unwrap();
    way.submit().await.unwrap();
    way.proof(&world.clerk).await.unwrap();
    way.approve(&world.reviewer).await.unwrap();
    way.agree().await.unwrap();
    way.request().await.unwrap();
    way.issue().await.unwrap();
    let code = way.deliver().await.unwrap();
    way.confirm(&code).await.unwrap();
    let looked = "application.elements-shown".to_owned();
    assert!(world.kinds(&way.application).await.contains(&looked), "looking is on record");
    let permit = world.permit(&world.clerk, Action::UnmaskApplication).await;
    let object = way.application.object();
    let of = (way.application.id.as_str(), &object);
    let fields = ["holder_name", "phone"];
    world.access.unmask(&permit, of, &fields, "甄有印来电核对").await.unwrap();

    let mut export = Vec::new();
    world.store.export(&store::Filter::default(), &mut export).await.unwrap();
    let journal = String::from_utf8(export).unwrap();
    assert!(journal.contains("application.proofed"), "the export is of this journal");
    let mut files = Vec::new();
    collect(world.folder.path(), &mut files);
    assert!(files.iter().any(|file| file.windows(15).any(|w| w == b"SQLite format 3")));
    for text in PERSONAL.into_iter().chain([&*code, &*way.check_code]) {
        assert!(!journal.contains(text), "the journal holds {text}");
        let holds = |file: &Vec<u8>| file.windows(text.len()).any(|w| w == text.as_bytes());
        assert!(!files.iter().any(holds), "a file holds {text}");
    }
}

fn collect(folder: &std::path::Path, files: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(std::fs::read(&path).unwrap());
        }
    }
}

#[tokio::test]
async fn every_blob_has_a_purpose_that_says_whose_it_is() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.end().await;
        let mut reader = world.store.read().await.unwrap();
        let rows = sqlx::query("SELECT DISTINCT purpose FROM blob ORDER BY purpose")
            .fetch_all(&mut *reader)
            .await
            .unwrap();
        let purposes: Vec<String> = rows.iter().map(|row| sqlx::Row::get(row, 0)).collect();
        let ours = purposes.iter().filter(|purpose| !purpose.starts_with("access-"));
        let ours: Vec<&str> = ours.map(String::as_str).collect();
        assert_eq!(ours, ["ra-agreement", "ra-form", "ra-material", "ra-proof", "ra-review"]);
    })
    .await;
}

#[tokio::test]
async fn personal_data_is_masked_until_somebody_says_why() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.fill(way.sample()).await.unwrap();
        let id = way.application.id.clone();
        let own = way.own(Action::ReadApplication).await;
        let view = world.ra.form(&own, &id).await.unwrap();
        assert!(!view.masked, "the applicant sees what may still be changed");
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        way.submit().await.unwrap();
        assert!(world.ra.form(&own, &id).await.unwrap().masked);
        let clerk = world.permit(&world.clerk, Action::ReadApplication).await;
        let view = world.ra.form(&clerk, &id).await.unwrap();
        let row = |view: &ra::FormView, name: &str| {
            view.rows.iter().find(|row| row.name == name).unwrap().value.clone()
        };
        assert_eq!(row(&view, "holder_name"), "甄**");
        assert_eq!(row(&view, "id_number"), "110***********0014");
        let permit = world.permit(&world.clerk, Action::UnmaskApplication).await;
        let object = way.application.object();
        let of = (id.as_str(), &object);
        let unmasked = world.access.unmask(&permit, of, &["id_number"], "核对证件").await.unwrap();
        let view = world.ra.unmasked(&permit, &id, &unmasked).await.unwrap();
        assert_eq!(row(&view, "id_number"), "110101190001010014");
        assert_eq!(row(&view, "holder_name"), "甄**", "only what was asked for");
        let other = Way::begin(&world, "person").await;
        let view = world.ra.unmasked(&permit, &other.application.id, &unmasked).await.unwrap();
        assert!(view.masked, "another application stays masked");
    })
    .await;
}

#[tokio::test]
async fn an_applicant_reaches_the_own_application_only() {
    on_each_engine(|world| async move {
        let mut one = Way::begin(&world, "person").await;
        let two = Way::begin(&world, "person").await;
        one.fill(one.sample()).await.unwrap();
        let id = &one.application.id;
        let stranger = two.own(Action::ReadApplication).await;
        assert!(world.ra.form(&stranger, id).await.is_err());
        assert!(world.ra.materials(&stranger, id).await.is_err());
        let stranger = two.own(Action::CreateApplication).await;
        let at = one.application.at();
        let error = world.ra.save_form(&stranger, &at, one.sample()).await.unwrap_err();
        assert_eq!(error.code(), "access.out-of-reach");
        let stranger = two.own(Action::WithdrawApplication).await;
        assert!(world.ra.withdraw(&stranger, &at).await.is_err());
    })
    .await;
}
