//! 身份核验: what several elements have in common is typed once; what was found is said of each (check C21-2).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

use access::Role;
use axum::http::StatusCode;

use crate::fill::{self, text};
use crate::markup::{self, Field};
use crate::staffed::Staffed;
use crate::stages::Side;

/// The value of a field as the page has it.
fn value(field: &Field) -> &str {
    let chosen = field.options.iter().find(|(_, is_chosen)| *is_chosen);
    chosen.map_or(&field.value, |(value, _)| value)
}

/// Enter in a field presses the first button: it fills nothing in and asks nobody.
fn enter_goes_on(page: &str, path: &str) {
    let tags = markup::tags(page);
    let mut tags = tags.iter().skip_while(|tag| tag.value("action") != path);
    let first = tags.find(|tag| tag.name == "button").unwrap();
    assert_eq!((first.value("name"), first.value("type")), ("", ""), "{first:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_common_goes_into_the_empty_rows_and_no_finding_with_it() {
    let staffed = Staffed::new().await;
    let way = staffed.at(Side::Own, "acknowledged").await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk).session(&staffed.world).await;
    let path = format!("/desk/applications/{}/proof", way.application.id);
    let fields = |page: &str| {
        let form = markup::forms(page).into_iter().find(|form| form.action == path);
        form.unwrap().fields
    };
    let page = text(&fill::get(&staffed, &clerk, &path).await);
    enter_goes_on(&page, &path);
    let shown = fields(&page);
    let method = way.ra().catalogue().method("in-person").unwrap();
    // What proves most elements, and one element that says something else already.
    let options = |name: &str, wanted: &str| {
        let field = shown.iter().find(|field| field.name == name).unwrap();
        field.options.iter().any(|(value, _)| value == wanted)
    };
    let rows: Vec<&str> =
        shown.iter().filter_map(|field| field.name.strip_prefix("finding.")).collect();
    let fitting =
        |means: &str| rows.iter().filter(|row| options(&format!("means.{row}"), means)).count();
    let means = method.means.iter().max_by_key(|one| fitting(&one.name)).unwrap();
    assert!(fitting(&means.name) > 1, "{rows:?}");
    let first = rows.iter().find(|row| options(&format!("means.{row}"), &means.name)).unwrap();
    let said = [
        ("version", way.application.version.to_string()),
        ("method", method.name.clone()),
        ("common.means", means.name.clone()),
        ("common.note", "与证件原件逐项核对".to_owned()),
        ("fill", "1".to_owned()),
    ];
    let mut said: Vec<(String, String)> =
        said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    said.push((format!("note.{first}"), "另行核对".to_owned()));
    let html = (&clerk, "text/html");
    let answer = fill::post(&staffed, html, &path, (&said, &[])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    let filled = fields(&text(&answer));
    let of = |name: String| value(filled.iter().find(|field| field.name == name).unwrap());
    for row in &rows {
        let is_fitting = options(&format!("means.{row}"), &means.name);
        let (chosen, note) =
            if is_fitting { (&*means.name, "与证件原件逐项核对") } else { ("", "") };
        let note = if row == first { "另行核对" } else { note };
        assert_eq!(of(format!("means.{row}")), chosen, "{row}");
        assert_eq!(of(format!("note.{row}")), note, "{row}");
        assert_eq!(
            of(format!("finding.{row}")),
            "",
            "{row}: a finding is nobody's but the clerk's"
        );
    }
    // Too long, or nothing to fill in: said beside the field, and nothing is lost.
    for (name, value, told) in [
        ("common.note", "长".repeat(501), "500"),
        ("common.means", String::new(), "请先选择核验手段"),
    ] {
        let mut wrong = said.clone();
        for (known, into) in &mut wrong {
            if known == name {
                into.clone_from(&value);
            }
        }
        let answer = fill::post(&staffed, html, &path, (&wrong, &[])).await;
        let page = text(&answer);
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(page.contains(told) && page.contains("另行核对"), "{page}");
    }
}
