//! The permission matrix over every page there is: each role, nobody and an applicant ask for each
//! row of the table, with an object that is theirs and with one that is not (T-21, Invariant 9).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

#[path = "../../app/tests/way/mod.rs"]
mod way;
#[path = "../../app/tests/world/mod.rs"]
mod world;

mod door;
mod staffed;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use access::{Action, Permissions, Role, Scope};
use axum::http::Method;
use staffed::{Staffed, address};
use web::pages::PageGate;
use web::pages::routes::{self, PageRoute};

/// What an answer says about the right to it.
fn verdict(answer: &door::Answer) -> &'static str {
    match answer.status.as_u16() {
        303 if ["/login", "/progress"]
            .iter()
            .any(|way| answer.field("location").starts_with(way)) =>
        {
            "sent to sign in"
        }
        403 => "denied",
        404 => "not found",
        500..=599 => "fault",
        _ => "let in",
    }
}

/// Whether the answer may be let in, by the table of permissions alone.
fn scope(role: Role, gate: PageGate) -> Option<Scope> {
    match gate {
        PageGate::Person(action) => Permissions::embedded().unwrap().scope(role, action),
        _ => Some(Scope::Any),
    }
}

/// The rows about one application: what stands in the first parameter decides.
fn is_about_an_application(route: &PageRoute) -> bool {
    ["/desk/applications/{id}", "/desk/enter/{application}"]
        .into_iter()
        .any(|start| route.path.starts_with(start))
}

/// The rows with a second parameter, that names nothing here, and the certificate, that is not
/// issued yet.
fn may_be_missing(route: &PageRoute) -> bool {
    let until_issued = ["/certificate", "/confirm"];
    let is_late = until_issued.iter().any(|part| route.path.contains(part));
    is_late || route.path.matches('{').count() > 1
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_meets_every_page_as_the_table_of_permissions_says() {
    let staffed = Staffed::new().await;
    let mut table = routes::table();
    // What ends the session comes last.
    table.sort_by_key(|route| is_own_matter(route, "sent to sign in"));
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (role, comer) in &staffed.people {
        for route in &table {
            let path = address(route.path, &staffed.own);
            let answer = staffed.ask(comer, route, &path).await;
            asked += 1;
            let found = verdict(&answer);
            let right = match (route.gate, scope(*role, route.gate)) {
                // The applicant's pages are for the applicant: the staff have their own.
                (PageGate::Applicant(_), _) => found == "sent to sign in",
                (PageGate::Person(_), None) => found == "denied",
                // Clerks of an office, and an application of that office.
                (PageGate::Person(_), Some(_)) if is_about_an_application(route) => {
                    found == "let in" || (may_be_missing(route) && found == "not found")
                }
                _ => found == "let in" || found == "not found" || is_own_matter(route, found),
            };
            if !right {
                let code = answer.status;
                wrong.push(format!("{} {} {}: {found} ({code})", role.name(), route.method, path));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(asked, table.len() * staffed.people.len(), "every row for every role");
}

/// Signing out sends to the sign-in page; that is no refusal.
fn is_own_matter(route: &PageRoute, found: &str) -> bool {
    found == "sent to sign in" && matches!(route.path, "/logout" | "/account/end")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_another_office_is_not_there_for_clerks_of_this_one() {
    let staffed = Staffed::new().await;
    let number = staffed.foreign_number.clone();
    let mut wrong = Vec::new();
    for route in routes::table().iter().filter(|route| is_about_an_application(route)) {
        for role in [Role::EntryClerk, Role::Reviewer] {
            if scope(role, route.gate) != Some(Scope::Office) {
                continue;
            }
            let path = address(route.path, &staffed.foreign);
            let answer = staffed.ask(&staffed.people[&role], route, &path).await;
            let told = String::from_utf8_lossy(&answer.body).contains(&number);
            // What is asked before anybody looks whose it is, is asked of what is not there too.
            let nothing = address(route.path, &"0".repeat(32));
            let nothing = staffed.ask(&staffed.people[&role], route, &nothing).await;
            let is_alike = nothing.status == answer.status;
            if told || !(is_alike || matches!(verdict(&answer), "denied" | "not found")) {
                wrong.push(format!("{} {path}: {}", role.name(), answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_reaches_the_own_application_and_nothing_of_the_staff() {
    let staffed = Staffed::new().await;
    let mut wrong = Vec::new();
    let mut table = routes::table();
    table.sort_by_key(|route| is_own_matter(route, "sent to sign in"));
    for route in &table {
        let path = address(route.path, &staffed.foreign);
        let answer = staffed.ask(&staffed.applicant, route, &path).await;
        let found = verdict(&answer);
        let right = match route.gate {
            PageGate::Staff | PageGate::Person(_) => found == "sent to sign in",
            // Refused for its state or its contents, or shown; no fault, and no right to more.
            PageGate::Applicant(_) => found != "fault" && found != "sent to sign in",
            _ => found != "fault",
        };
        let told = String::from_utf8_lossy(&answer.body).contains(&staffed.foreign_number);
        if !right || told {
            wrong.push(format!("{} {path}: {found} ({})", route.method, answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn material_of_another_application_is_not_there_for_an_applicant() {
    let staffed = Staffed::new().await;
    let routes = routes::table();
    let material = staffed.foreign_material.as_str();
    for route in routes.iter().filter(|r| r.path.starts_with("/application/materials/{id}")) {
        let path = address(route.path, material);
        let answer = staffed.ask(&staffed.applicant, route, &path).await;
        assert!(answer.status.is_client_error(), "{} {path}: {}", route.method, answer.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_opens_nothing() {
    let staffed = Staffed::new().await;
    let comer = staffed.people[&Role::BusinessAdmin].clone();
    staffed.end(&comer).await;
    for route in routes::table() {
        if matches!(route.gate, PageGate::Staff | PageGate::Person(_)) {
            let path = address(route.path, &staffed.own);
            let found = verdict(&staffed.ask(&comer, &route, &path).await);
            assert_eq!(found, "sent to sign in", "{} {path}", route.method);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_with_another_sessions_token_is_refused() {
    let staffed = Staffed::new().await;
    let mut comer = staffed.people[&Role::EntryClerk].clone();
    comer.token = staffed.people[&Role::Reviewer].token.clone();
    for route in routes::table() {
        let asks = matches!(route.gate, PageGate::Staff | PageGate::Person(_));
        let allowed = scope(Role::EntryClerk, route.gate).is_some();
        if route.method == Method::POST && asks && allowed {
            let path = address(route.path, &staffed.own);
            let answer = staffed.ask(&comer, &route, &path).await;
            assert_eq!(answer.status.as_u16(), 403, "{path}");
        }
    }
}

/// Reviewable by people: which role may open which page at all.
#[test]
fn golden_matrix_of_pages() {
    let people: Vec<Role> =
        Role::ALL.iter().copied().filter(|role| staffed::is_of_staff(*role)).collect();
    let mut text = String::from(
        "# page × role: any, office, own or - (denied); generated by cargo xtask golden\n",
    );
    let mut rows = BTreeMap::new();
    for route in routes::table() {
        let (gate, cells) = match route.gate {
            PageGate::Person(action) => (action.name(), cells(&people, action)),
            PageGate::Applicant(action) => (action.name(), "applicant: own".to_owned()),
            PageGate::Staff => ("-", "everybody of the staff".to_owned()),
            PageGate::Public | PageGate::PublicForm => ("-", "everybody".to_owned()),
        };
        let row = format!("{gate:<24} {cells}");
        let name = format!("{:<4} {}", route.method.as_str(), route.path);
        assert!(rows.insert(name.clone(), row).is_none(), "{name} stands twice in the table");
    }
    for (name, row) in rows {
        writeln!(text, "{name:<60} {}", row.trim_end()).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pages.txt");
    if std::env::var("YINXIN_GOLDEN").as_deref() == Ok("write") {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap();
        std::fs::write(path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text == golden, "a changed right is a decision: cargo xtask golden, and say why");
}

fn cells(people: &[Role], action: Action) -> String {
    let table = Permissions::embedded().unwrap();
    let cell = |role: &Role| {
        let scope = table.scope(*role, action)?;
        Some(format!("{}={}", role.name(), scope.name()))
    };
    people.iter().filter_map(cell).collect::<Vec<_>>().join(" ")
}
