//! Where what was typed is shown: lists, files for spreadsheet programs, letters, and the rows of sheets
//! that come back.

use access::Role;
use axum::http::Method;
use web::pages::routes;

use super::tally::{HOSTILE, Tally};
use crate::fill::{File, get, post, text};
use crate::staffed::Staffed;
use crate::stages::Side;

/// Everything that shows what was typed: each page and each list, as those who see most.
pub async fn lists(staffed: &Staffed, tally: &mut Tally) {
    for route in routes::table().iter().filter(|route| route.method == Method::GET) {
        if route.path.contains('{') {
            continue;
        }
        for role in [Role::BusinessAdmin, Role::Inspector, Role::SuperAdmin, Role::EntryClerk] {
            let answer = get(staffed, &staffed.people[&role], route.path).await;
            tally.judge(&format!("{} for {}", route.path, role.name()), &answer);
        }
    }
}

/// Each application, its letters, and their data; how many letters say what was typed.
pub async fn applications(staffed: &Staffed, tally: &mut Tally) -> usize {
    let inspector = &staffed.people[&Role::Inspector];
    let letters = staffed.world.institution.letters().unwrap();
    let mut seen = 0;
    for id in std::mem::take(&mut tally.applications) {
        let here = format!("/desk/applications/{id}");
        for path in [here.clone(), format!("{here}/letters")] {
            let answer = get(staffed, inspector, &path).await;
            tally.judge(&path, &answer);
        }
        for letter in letters.of_application(&id).await.unwrap() {
            let path = format!("{here}/letters/{}", letter.id);
            let page = get(staffed, inspector, &path).await;
            tally.judge(&path, &page);
            seen += usize::from(text(&page).contains("yx-mark"));
            let data = get(staffed, inspector, &format!("{path}/data")).await;
            tally.judge(&format!("{path}/data"), &data);
            assert_eq!(data.field("content-type"), "application/json");
            assert!(data.field("content-disposition").starts_with("attachment"));
        }
    }
    seen
}

fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// Every cell of a sheet of a batch: what is wrong with it is told, and what comes back does not run.
#[tokio::test(flavor = "multi_thread")]
async fn no_cell_of_a_sheet_is_shown_or_given_back_as_anything_but_text() {
    let staffed = Staffed::new().await;
    let mut tally = Tally::default();
    let clerk = staffed.staff(Side::Own, Role::EntryClerk).session(&staffed.world).await;
    let batch = staffed.batch(Side::Own).await.id;
    let template = get(&staffed, &clerk, "/desk/batches/template?kind=staff&format=csv").await;
    let template = text(&template);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(template.trim_start_matches('\u{feff}').as_bytes());
    let head: Vec<String> =
        reader.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
    let mut rows = vec![head.clone()];
    for column in 0..head.len() {
        // A null byte makes the whole file no table; it has its own test among the uploads.
        for value in HOSTILE.into_iter().filter(|value| !value.contains('\0')) {
            let mut row = vec!["云中市示例".to_owned(); head.len()];
            row[column] = value.to_owned();
            rows.push(row);
        }
    }
    let sheet = csv(&rows);
    let files: &[File<'_>] = &[("sheet", "表.csv", &sheet)];
    let here = format!("/desk/batches/{batch}");
    let sent = post(&staffed, (&clerk, "text/html"), &format!("{here}/sheets"), (&[], files)).await;
    assert_eq!(sent.field("location"), here, "{}", text(&sent));
    while staffed.world.institution.registration().unwrap().work_sheets().await.unwrap() > 0 {}
    let page = get(&staffed, &clerk, &here).await;
    tally.judge("the batch", &page);
    let back = get(&staffed, &clerk, &format!("{here}/sheets/1")).await;
    tally.judge("the rows that come back", &back);
    let lines = text(&back);
    assert!(lines.contains("'=cmd()"), "what begins a formula comes back as text: {lines:.300}");
    for path in [format!("{here}/result"), "/desk/batches".to_owned(), "/desk".to_owned()] {
        let answer = get(&staffed, &clerk, &path).await;
        tally.judge(&path, &answer);
    }
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
}
