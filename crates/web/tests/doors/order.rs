//! Measures Art. 21: no page takes a step whose turn it is not. Every address that changes an
//! application is asked, for the applicant, at the counter and at the desk, in every state in which
//! it is not the next step.

use access::{Action, Role};
use axum::http::Method;
use web::pages::routes;

use crate::door::Answer;
use crate::fill::{self, File, PDF, post, text};
use crate::markup;
use crate::staffed::{Comer, Staffed};
use crate::stages::{STAGES, Side};
use crate::way::{Staff, Way};
use crate::world::request;

const OPEN: &[&str] = &["draft", "returned"];

/// In which states each address has its turn. What is no step of the way has no line in the law's
/// order: looking at what is masked, and another check code.
fn turn(path: &str) -> Option<&'static [&'static str]> {
    let step = ["/application/", "/desk/enter/{application}/", "/desk/applications/{id}/"];
    let step = step.into_iter().find_map(|start| path.strip_prefix(start)).unwrap();
    Some(match step {
        "form" | "materials" | "materials/{id}/remove" | "endorse" | "check" => OPEN,
        "notices/{name}" => &["draft", "returned", "submitted"],
        "proof" => &["acknowledged"],
        "decline" => &["submitted", "acknowledged"],
        "return" => &["submitted", "acknowledged", "proofed"],
        "review" => &["proofed"],
        "agreement" | "paper" => &["reviewed"],
        "key" => &["agreed"],
        "go-on" => &["requested", "issued"],
        "confirm" => &["delivered"],
        "resend" => &["issued", "delivered"],
        "withdraw" => {
            &["draft", "submitted", "acknowledged", "proofed", "returned", "reviewed", "agreed"]
        }
        "rating" => &["confirmed", "carried_out", "refused", "withdrawn", "expired"],
        "unmask" | "code" => return None,
        other => panic!("{other}: say in which states it has its turn"),
    })
}

/// What a form of this step says, filled in as if it were its turn.
async fn said(
    staffed: &Staffed,
    (way, staff): (&Way<'_>, &Staff),
    step: &str,
) -> Vec<(String, String)> {
    let kind = way.ra().catalogue().kind_for("person", &way.application.service).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut all = vec![pair("version", &way.application.version.to_string())];
    match step {
        "form" => all.extend(kind.fields.iter().map(|f| pair(&format!("f.{}", f.name), &f.sample))),
        "materials" => all.push(pair("material", &kind.materials[0].name)),
        "notices/{name}" => all.extend([pair("read", "yes"), pair("text", "2026-1")]),
        "endorse" | "agreement" => all.extend(fill::signature(&way.key, "表示同意")),
        "paper" => all.extend([pair("first", "易可验"), pair("second", "石清签")]),
        "key" => {
            let csr = pki::pem::encode("CERTIFICATE REQUEST", &request(&way.key, "甄有印"));
            all.push(pair("csr", &csr.unwrap()));
        }
        "confirm" => all.push(pair("code", "12345678")),
        "decline" => all.extend([pair("ground", "not-government"), pair("reason", "用于商业网站")]),
        "return" => all.extend([
            pair("defect.phone", "号码无法接通"),
            pair("remedy.phone", "填写正在使用的号码"),
            pair("article.phone", "《电子政务电子认证服务管理办法》第二十一条"),
        ]),
        "review" => all.extend([
            pair("decision", "refuse"),
            pair("reason", "身份证件已注销"),
            pair("basis", "《电子政务电子认证服务管理办法》第二十一条"),
        ]),
        "proof" => all.extend(proof(staffed, (way, staff)).await),
        "rating" => all.extend([pair("level", "5"), pair("remark", "很好")]),
        _ => {}
    }
    all
}

async fn proof(staffed: &Staffed, (way, staff): (&Way<'_>, &Staff)) -> Vec<(String, String)> {
    let access = staffed.world.institution.access();
    let permit = staff.permit(access, Action::ProofIdentity).await;
    let reads = way.own(Action::ReadApplication).await;
    let materials = way.ra().materials(&reads, &way.application.id).await.unwrap();
    let material = materials.first().map(|one| one.id.to_string()).unwrap_or_default();
    let method = way.ra().catalogue().method("in-person").unwrap();
    let mut all = vec![("method".to_owned(), method.name.clone())];
    for element in way.ra().elements(&permit, &way.application.id).await.unwrap_or_default() {
        let means = method.means.iter().find(|one| one.proves.contains(&element.matter)).unwrap();
        for (part, value) in [
            ("means", means.name.as_str()),
            ("material", &material),
            ("note", "已按规定核对无误"),
            ("finding", "matched"),
        ] {
            all.push((format!("{part}.{}", element.key), value.to_owned()));
        }
    }
    all
}

/// What people are told: the detail of a problem, or the mistakes on top of a page.
pub fn told(answer: &Answer) -> String {
    if let Some(detail) = answer.json()["detail"].as_str() {
        return detail.to_owned();
    }
    let page = text(answer);
    let tags = markup::tags(&page);
    let from = tags.iter().position(|tag| tag.value("class") == "error-summary");
    let part = tags.iter().skip(from.unwrap_or(tags.len())).take_while(|tag| tag.name != "/div");
    part.filter(|tag| tag.name == "a").map(|tag| tag.text.as_str()).collect()
}

pub fn names_its_basis(told: &str) -> bool {
    let article = told.contains('《') && told.contains('第') && told.contains('条');
    article || told.contains("GM/T")
}

/// A path of the table for this application.
async fn address(path: &str, way: &Way<'_>) -> String {
    let reads = way.own(Action::ReadApplication).await;
    let materials = way.ra().materials(&reads, &way.application.id).await.unwrap();
    let material = materials.first().map_or("0".repeat(32), |one| one.id.to_string());
    let id = way.application.id.as_str();
    let path = path.replace("materials/{id}", &format!("materials/{material}"));
    let path = path.replace("{name}", "conditions");
    path.replace("{application}", id).replace("{id}", id)
}

/// Asks for one step out of its turn: signs where a signature is asked for. What came of it.
async fn tried(
    staffed: &Staffed,
    (way, path): (&Way<'_>, &str),
    (comer, staff): (&Comer, &Staff),
) -> Answer {
    const JSON: &str = "application/json";
    let step = path.rsplit_once("}/").map_or(path, |(_, step)| step);
    let step = match path {
        path if path.ends_with("materials/{id}/remove") => "remove",
        path if path.ends_with("notices/{name}") => "notices/{name}",
        _ => step.trim_start_matches("/application/"),
    };
    let fields = said(staffed, (way, staff), step).await;
    let file: &[File<'_>] = match step {
        "materials" => &[("file", "材料.pdf", PDF)],
        "paper" => &[("scan", "协议.pdf", PDF)],
        _ => &[],
    };
    let to = address(path, way).await;
    let answer = post(staffed, (comer, JSON), &to, (&fields, file)).await;
    match answer.field("location") {
        place if place.starts_with("/sign/") => {
            fill::sign(staffed, (comer, staff), place, JSON).await.1
        }
        _ => answer,
    }
}

/// The steps that were tried, and what was wrong.
#[derive(Default)]
struct Tried {
    tries: usize,
    wrong: Vec<String>,
}

/// Whether a step's turn has come at a stage; `None` for what is no step.
type IsTurn = fn(&str, &str) -> Option<bool>;

impl Tried {
    /// Asks for every step whose turn it is not, at every door.
    async fn walk(
        &mut self,
        staffed: &Staffed,
        way: &mut Way<'_>,
        (stage, is_turn): (&str, IsTurn),
    ) {
        let (clerk, reviewer) =
            (staffed.staff(Side::Own, Role::EntryClerk), staffed.staff(Side::Own, Role::Reviewer));
        let holder = staffed.holder(way).await;
        let at_desk = (clerk.session(&staffed.world).await, reviewer.session(&staffed.world).await);
        for route in routes::table().iter().filter(|route| route.method == Method::POST) {
            let starts =
                ["/application/", "/desk/enter/{application}/", "/desk/applications/{id}/"];
            if !starts.iter().any(|start| route.path.starts_with(start)) {
                continue;
            }
            if is_turn(route.path, stage) != Some(false) {
                continue;
            }
            let by_reviewer = route.path.ends_with("/review");
            let (comer, staff) = match (route.path.starts_with("/application/"), by_reviewer) {
                (true, _) => (&holder, clerk),
                (false, true) => (&at_desk.1, reviewer),
                (false, false) => (&at_desk.0, clerk),
            };
            let before = (way.application.version, way.application.state.clone());
            let answer = tried(staffed, (way, route.path), (comer, staff)).await;
            self.tries += 1;
            staffed.reload(way).await;
            let what = format!("{stage} {}: {} {}", route.path, answer.status, told(&answer));
            if before != (way.application.version, way.application.state.clone()) {
                self.wrong.push(format!("CHANGED {what}"));
            }
            if !answer.status.is_client_error() || !names_its_basis(&told(&answer)) {
                self.wrong.push(what);
            }
        }
    }

    fn end(self, least: usize) {
        let Self { tries, wrong } = self;
        assert!(tries > least, "{tries}");
        assert!(wrong.is_empty(), "{} of {tries}\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_takes_a_step_whose_turn_it_is_not_and_each_refusal_names_its_article() {
    let staffed = Staffed::new().await;
    let (mut tried, mut records) = (Tried::default(), 0);
    for stage in STAGES {
        let mut way = staffed.at(Side::Own, stage).await;
        let is_turn = |path: &str, stage: &str| Some(turn(path)?.contains(&stage));
        tried.walk(&staffed, &mut way, (stage, is_turn)).await;
        let reads = way.own(Action::ReadApplication).await;
        records += way.ra().timeline(&reads, &way.application.id).await.unwrap().len();
    }
    println!("{} steps out of their turn at the pages, {records} happenings", tried.tries);
    tried.end(300);
}

/// The states of an application that changes the status of a certificate.
const OF_STATUS: [&str; 7] =
    ["draft", "acknowledged", "proofed", "returned", "reviewed", "refused", "withdrawn"];

/// No step of a new certificate has a turn there: what was reviewed is carried out at once. What it is
/// acknowledged and signed with before is the applicant's to bring.
fn turn_of_status(path: &str, stage: &str) -> Option<bool> {
    let of_new = ["agreement", "paper", "key", "go-on", "confirm", "resend"];
    let is_of_new = of_new.iter().any(|step| path.ends_with(&format!("/{step}")));
    let states = turn(path)?;
    match path {
        _ if is_of_new => Some(false),
        path if path.ends_with("/notices/{name}") => None,
        // Approved, it is on its way and is not taken back.
        path if path.ends_with("/withdraw") && stage == "reviewed" => None,
        _ => Some(states.contains(&stage)),
    }
}

/// An application of a holder to revoke, at a state.
async fn of_status<'w>(staffed: &'w Staffed, stage: &str) -> Way<'w> {
    let held = staffed.at(Side::Own, "confirmed").await;
    let concerns = Some(held.application.state.serials().unwrap().sign.clone());
    let office = Some(staffed.office(Side::Own).id.clone());
    let (service, kind) = ("revoke".to_owned(), "person".to_owned());
    let new = ra::NewApplication { service, kind, office, concerns };
    let institution = &staffed.world.institution;
    let created = institution.registration().unwrap().begin(new).await.unwrap();
    let mut way = Way { institution, application: created.application, key: crate::way::key() };
    let ground = [("ground", "unneeded")];
    match stage {
        "draft" => way.fill_with(&ground).await,
        stage => {
            way.fill_and_submit_with(&ground).await;
            staffed.on(&mut way, Side::Own, stage).await;
        }
    }
    assert_eq!(way.application.state.word(), stage);
    way
}

/// A holder's revocation: no step is taken out of its turn either, and none of a new certificate.
#[tokio::test(flavor = "multi_thread")]
async fn no_step_of_a_change_of_status_is_taken_out_of_its_turn() {
    let staffed = Staffed::new().await;
    let mut tried = Tried::default();
    for stage in OF_STATUS {
        let mut way = of_status(&staffed, stage).await;
        tried.walk(&staffed, &mut way, (stage, turn_of_status)).await;
    }
    println!("{} steps of revocations were tried out of their turn", tried.tries);
    tried.end(100);
}

/// The same test would see a step that goes through: in its turn each of these does.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_requests_go_through_when_it_is_their_turn() {
    let staffed = Staffed::new().await;
    let (clerk, reviewer) =
        (staffed.staff(Side::Own, Role::EntryClerk), staffed.staff(Side::Own, Role::Reviewer));
    let at_desk = (clerk.session(&staffed.world).await, reviewer.session(&staffed.world).await);
    for (path, stage) in [
        ("/application/form", "draft"),
        ("/application/materials", "returned"),
        ("/application/notices/{name}", "submitted"),
        ("/desk/applications/{id}/proof", "acknowledged"),
        ("/desk/applications/{id}/decline", "acknowledged"),
        ("/desk/applications/{id}/return", "proofed"),
        ("/desk/applications/{id}/review", "proofed"),
        ("/desk/enter/{application}/paper", "reviewed"),
        ("/application/key", "agreed"),
        ("/application/resend", "delivered"),
        ("/application/withdraw", "reviewed"),
    ] {
        let mut way = staffed.at(Side::Own, stage).await;
        let holder = staffed.holder(&way).await;
        let (comer, staff) = match path {
            path if path.starts_with("/application") => (&holder, clerk),
            path if path.ends_with("/review") => (&at_desk.1, reviewer),
            _ => (&at_desk.0, clerk),
        };
        let version = way.application.version;
        let answer = tried(&staffed, (&way, path), (comer, staff)).await;
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", text(&answer));
        staffed.reload(&mut way).await;
        assert!(way.application.version > version, "{path}");
    }
    // The agreement is signed over its own text.
    let mut way = staffed.at(Side::Own, "reviewed").await;
    let permit = way.own(Action::AgreeApplication).await;
    let agreement = way.ra().draw_agreement(&permit, &way.application.at()).await.unwrap();
    let mut fields = fill::signature(&way.key, &agreement.statement());
    fields.push(("version".to_owned(), way.application.version.to_string()));
    let holder = staffed.holder(&way).await;
    let to = "/application/agreement";
    let answer = post(&staffed, (&holder, "text/html"), to, (&fields, &[])).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", text(&answer));
    staffed.reload(&mut way).await;
    assert_eq!(way.application.state.word(), "agreed");
}
