//! The permission matrix over every page there is: each role, nobody and an applicant ask for each
//! row of the table, with an object that is theirs and with one that is not (T-21, Invariant 9).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail loudly, and say how much they tried"
)]

use crate::door;
use crate::fill;
use crate::staffed;
use crate::stages;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use access::{Action, Permissions, Role, Scope};
use axum::http::Method;
use staffed::{Comer, Staffed, address};
use stages::Side;
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

/// The rows with a second parameter, that names nothing here, the certificate, that is not issued
/// yet, and the attestation of its key.
fn may_be_missing(route: &PageRoute) -> bool {
    let until_issued = ["/certificate", "/confirm", "/attestation"];
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

/// What the first parameter of an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Application,
    Batch,
    Revocation,
    Office,
    /// The institution's own: not of an office.
    Whole,
}

/// The family of a row with a parameter. A row of a kind that is not known here fails the test: whether
/// its objects have an office has to be said.
fn family(path: &str) -> Option<Family> {
    let begins = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    let whole = [
        "/admin/people/{",
        "/admin/journal/{",
        "/admin/certificates/{",
        "/admin/complaints/{",
        "/admin/ratings/{",
        "/admin/messages/{",
        "/admin/signing/{",
        "/admin/samples/{",
        "/sign/{",
    ];
    let open = [
        "/guides/{",
        "/notices/{",
        "/assets/{",
        "/apply/{",
        "/cps/",
        "/certificates/{",
        // The holder's own; the parameter is a part of it.
        "/application/",
    ];
    Some(match path {
        path if !path.contains('{') || begins(&open) => return None,
        _ if begins(&["/desk/applications/{", "/desk/enter/{"]) => Family::Application,
        _ if begins(&["/desk/batches/{"]) => Family::Batch,
        _ if begins(&["/desk/revocations/{"]) => Family::Revocation,
        _ if begins(&["/admin/offices/{"]) => Family::Office,
        _ if begins(&whole) => Family::Whole,
        other => panic!("{other}: say whose its objects are"),
    })
}

/// One object of each family that has an office.
struct Objects(BTreeMap<Family, [String; 2]>);

impl Objects {
    async fn of(staffed: &Staffed) -> Self {
        let mut all = BTreeMap::new();
        let pair = [staffed.own.clone(), staffed.foreign.clone()];
        all.insert(Family::Application, pair);
        let (own, foreign) = (staffed.batch(Side::Own).await, staffed.batch(Side::Foreign).await);
        all.insert(Family::Batch, [own.id.to_string(), foreign.id.to_string()]);
        let own = staffed.revocation(Side::Own).await;
        let foreign = staffed.revocation(Side::Foreign).await;
        all.insert(Family::Revocation, [own.id.to_string(), foreign.id.to_string()]);
        let office = |side| staffed.office(side).id.to_string();
        all.insert(Family::Office, [office(Side::Own), office(Side::Foreign)]);
        Self(all)
    }
}

const NOTHING: &str = "00000000000000000000000000000000";

/// A form that would go through at most of the rows, so that no mistake of the form comes before
/// the question whose the object is.
const FILLED: [(&str, &str); 20] = [
    ("version", "1"),
    ("reason", "材料与原件不符"),
    ("basis", "《电子政务电子认证服务管理办法》第二十一条"),
    ("decision", "confirm"),
    ("ground", "not-government"),
    ("recognised", "当面核对了身份证件原件"),
    ("method", "in-person"),
    ("material", "identity_document"),
    ("code", "12345678"),
    ("read", "yes"),
    ("text", "2026-1"),
    ("first", "易可验"),
    ("second", "石清签"),
    ("witness_1", "易可验"),
    ("witness_2", "石清签"),
    ("number", "京备 2026-001"),
    ("kind", "person"),
    ("per_day", "3"),
    ("to", "running"),
    ("fields", "phone"),
];

/// An answer without the name that was asked for.
async fn asked(
    staffed: &Staffed,
    (route, comer): (&PageRoute, &Comer),
    path: &str,
    name: &str,
) -> (u16, String) {
    let fields = FILLED.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let files: [fill::File<'_>; 4] =
        ["file", "sheet", "scan", "evidence"].map(|field| (field, "材料.pdf", fill::PDF));
    let answer = match route.method {
        Method::POST => fill::post(staffed, (comer, "text/html"), path, (&fields, &files)).await,
        _ => fill::get(staffed, comer, path).await,
    };
    let place = answer.field("location").to_owned();
    (answer.status.as_u16(), format!("{place}{}", fill::text(&answer)).replace(name, "NAME"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_another_office_is_answered_like_what_is_not_there_and_stays_as_it_is() {
    let staffed = Staffed::new().await;
    let objects = Objects::of(&staffed).await;
    let store = staffed.world.institution.store();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for route in &routes::table() {
        let Some(family) = family(route.path) else { continue };
        for (role, comer) in &staffed.people {
            let reach = scope(*role, route.gate);
            let missing = "e".repeat(32);
            let name = match objects.0.get(&family) {
                Some([_, foreign]) if reach != Some(Scope::Any) => foreign.as_str(),
                _ => &missing,
            };
            let before = store.size().await.unwrap();
            let there = asked(&staffed, (route, comer), &address(route.path, name), name).await;
            let other = "f".repeat(32);
            let nothing =
                asked(&staffed, (route, comer), &address(route.path, &other), &other).await;
            tried += 2;
            let code = there.0;
            let is_shut = match reach {
                None => code == 403,
                // Whoever may see all of them is told that there is none; a search may come up empty.
                Some(_) => (400..500).contains(&code) && code != 403,
            };
            let changed = store.size().await.unwrap() != before;
            if there != nothing || !is_shut || changed {
                let told = (there.0, nothing.0, changed);
                wrong.push(format!("{} {} {}: {told:?}", role.name(), route.method, route.path));
            }
        }
    }
    println!("{tried} requests for what is foreign or not there");
    assert!(tried > 800, "{tried}");
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// The same rows open for the own objects: the test above would otherwise pass on shut doors.
#[tokio::test(flavor = "multi_thread")]
async fn the_own_objects_of_every_family_open_for_whom_the_table_says() {
    let staffed = Staffed::new().await;
    let objects = Objects::of(&staffed).await;
    let mut wrong = Vec::new();
    for route in routes::table().iter().filter(|route| route.method == Method::GET) {
        let Some(family) = family(route.path) else { continue };
        let Some([own, foreign]) = objects.0.get(&family) else { continue };
        if route.path.matches('{').count() > 1 || may_be_missing(route) {
            continue;
        }
        for (role, comer) in &staffed.people {
            let reach = scope(*role, route.gate);
            for (name, opens) in [(own, reach.is_some()), (foreign, reach == Some(Scope::Any))] {
                let (code, _) =
                    asked(&staffed, (route, comer), &address(route.path, name), name).await;
                // 422: it is theirs, and not its turn.
                if opens == matches!(code, 403 | 404) {
                    wrong.push(format!("{} {} {name}: {code}", role.name(), route.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// A part of something else is no way around: the own object in front, the part of another behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_something_foreign_is_not_there_behind_the_own_object() {
    let staffed = Staffed::new().await;
    let institution = &staffed.world.institution;
    institution.letters_after(&staffed.foreign.parse().unwrap()).await;
    let letters = institution.letters().unwrap();
    let letter = letters.of_application(&staffed.foreign).await.unwrap()[0].id.to_string();
    let (own, batch) = (&staffed.own, staffed.batch(Side::Own).await.id);
    let material = &staffed.foreign_material;
    let (here, there) = (staffed.office(Side::Own), staffed.office(Side::Foreign));
    let ra = institution.registration().unwrap();
    let head = staffed.staff(Side::Own, Role::BusinessAdmin);
    let permit = head.permit(institution.access(), Action::ManageOffices).await;
    let seen = (ra::OfficeRecordKind::Supervision, fill::PDF.to_vec());
    let record = ra.record_office(&permit, &there.id, seen).await.unwrap().blob;
    let own_place = format!("/admin/offices/{}/records/{record}", there.id);
    let opened = fill::get(&staffed, &staffed.people[&Role::BusinessAdmin], &own_place).await;
    assert_eq!(opened.status.as_u16(), 200, "where it belongs it opens");
    let here = &here.id;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (path, part) in [
        (format!("/desk/applications/{own}/materials/PART"), material),
        (format!("/desk/enter/{own}/materials/PART"), material),
        (format!("/desk/applications/{own}/letters/PART"), &letter),
        (format!("/desk/applications/{own}/letters/PART/data"), &letter),
        (format!("/desk/applications/{own}/letters/PART/pdf"), &letter),
        (format!("/desk/batches/{batch}/materials/PART"), material),
        (format!("/admin/offices/{here}/records/PART"), &record),
        (format!("/desk/batches/{batch}/sample/PART"), &staffed.foreign),
        ("/application/letters/PART".to_owned(), &letter),
        ("/application/letters/PART/data".to_owned(), &letter),
        ("/application/letters/PART/pdf".to_owned(), &letter),
        ("/application/materials/PART".to_owned(), material),
    ] {
        let everybody = staffed.people.values().chain([&staffed.applicant]);
        for comer in everybody {
            let look = async |part: &str| {
                let answer = fill::get(&staffed, comer, &path.replace("PART", part)).await;
                (answer.status.as_u16(), fill::text(&answer).replace(part, "NAME"))
            };
            let (there, nothing) = (look(part).await, look(NOTHING).await);
            tried += 1;
            if there != nothing || there.0 < 300 {
                wrong.push(format!("{path}: {} and {}", there.0, nothing.0));
            }
        }
    }
    assert!(tried > 90);
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
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
