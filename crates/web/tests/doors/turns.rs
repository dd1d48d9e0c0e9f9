//! Measures Art. 18, Art. 21; GM/T 0034 §6: no page takes an act upon a registration (撤销、解除暂停) or a
//! certificate whose turn it is not, whoever asks. Each is asked in every state in which it has no place; each
//! refusal says on what it rests and changes nothing.

use access::{ActKind, Action};
use app::lifecycle::Change;
use axum::body::Body;
use axum::http::{Method, Request};
use ca::{Revocation as Why, RevocationReason};
use ra::{Particulars, RevocationDecision, RevocationDraft, RevocationId, Source};
use web::pages::routes;

use super::order::{names_its_basis, told};
use crate::desk::Desk;
use crate::door::{Answer, ask};
use crate::fill;
use crate::staffed::Comer;
use crate::way::Staff;

const JSON: &str = "application/json";

/// Who sits before the browsers.
pub struct Seats {
    pub clerk: Comer,
    pub reviewer: Comer,
    pub head: Comer,
}

impl Seats {
    pub async fn of(desk: &Desk) -> Self {
        Self {
            clerk: desk.clerk.session(&desk.world).await,
            reviewer: desk.reviewer.session(&desk.world).await,
            head: desk.heads[0].session(&desk.world).await,
        }
    }
}

/// A form as a browser sends it, with a file in each of some fields; leads to a signature, it is signed.
pub async fn tried(
    desk: &Desk,
    (comer, staff): (&Comer, &Staff),
    path: &str,
    (fields, files): (&[(&str, &str)], &[&str]),
) -> Answer {
    let answer = post(desk, comer, path, (fields, files)).await;
    let place = answer.field("location").to_owned();
    if !place.starts_with("/sign/") {
        return answer;
    }
    let access = desk.world.institution.access();
    let principal =
        access.authenticate_cookie(comer.cookie.trim_start_matches("yx=")).await.unwrap();
    let id = place.trim_start_matches("/sign/");
    let statement = access.pending_act(&principal, id).await.unwrap().statement;
    let signed = fill::signature(&staff.0, &statement);
    let signed: Vec<(&str, &str)> = signed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    post(desk, comer, &place, (&signed, &[])).await
}

async fn post(
    desk: &Desk,
    comer: &Comer,
    path: &str,
    (fields, files): (&[(&str, &str)], &[&str]),
) -> Answer {
    let mut body = String::new();
    for (name, value) in [("token", comer.token.as_str())].iter().chain(fields) {
        let head = format!("content-disposition: form-data; name=\"{name}\"");
        body.push_str(&format!("--x\r\n{head}\r\n\r\n{value}\r\n"));
    }
    for file in files {
        let head = format!("content-disposition: form-data; name=\"{file}\"; filename=\"a.pdf\"");
        body.push_str(&format!("--x\r\n{head}\r\n\r\n%PDF-1.7\n%%EOF\r\n"));
    }
    body.push_str("--x--\r\n");
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("accept", JSON)
        .header("cookie", &comer.cookie)
        .header("content-type", "multipart/form-data; boundary=x");
    ask(&desk.world, request.body(Body::from(body)).unwrap()).await
}

/// Tries and failures.
#[derive(Default)]
pub struct Tally {
    tries: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// A refusal that names its basis and left everything as it was.
    pub fn judge(&mut self, what: String, answer: &Answer, is_changed: bool) {
        self.tries += 1;
        let said = told(answer);
        let what = format!("{what}: {} {said}", answer.status);
        if is_changed {
            self.wrong.push(format!("CHANGED {what}"));
        }
        if !answer.status.is_client_error() || !names_its_basis(&said) {
            self.wrong.push(what);
        }
    }

    pub fn end(self, least: usize, over: &str) {
        println!("{} acts upon {over} were tried out of their turn", self.tries);
        assert!(self.tries >= least, "{}", self.tries);
        let wrong = self.wrong;
        assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), self.tries, wrong.join("\n"));
    }
}

/// The states of registrations: of a unit's letter, of calls, of an administrator's order, of liftings.
const REGISTRATIONS: [&str; 17] = [
    "letter-draft",
    "letter-dropped",
    "letter-entered",
    "letter-refused",
    "letter-done",
    "call-draft",
    "call-proven",
    "call-entered",
    "call-refused",
    "call-lapsed",
    "call-closed",
    "call-done",
    "lifting-draft",
    "lifting-dropped",
    "lifting-entered",
    "lifting-refused",
    "lifting-done",
];

/// In which of them an act has its turn. A draft is given up by its author alone, what lifts holds under the
/// permission to lift (ADR 6); what is no call has no code.
fn turn(act: &str, state: &str) -> bool {
    let (family, state) = state.split_once('-').unwrap();
    match act {
        "enter" => (family, state) == ("letter", "draft") || state == "proven",
        "order" => (family, state) == ("lifting", "draft"),
        "drop" => family != "lifting" && matches!(state, "draft" | "proven"),
        "cancel" => (family, state) == ("lifting", "draft"),
        "call" | "answer" => family == "call" && matches!(state, "draft" | "proven"),
        "review" => state == "entered",
        other => panic!("{other}: say in which states it has its turn"),
    }
}

async fn drafted(desk: &Desk, ground: &str, serial: &str) -> RevocationId {
    let ra = desk.world.institution.registration().unwrap();
    let evidence = ra.catalogue().ground(ground).unwrap().evidence.clone();
    let paper = b"%PDF-1.7\n%%EOF".to_vec();
    let draft = RevocationDraft {
        ground: ground.into(),
        serials: vec![serial.to_owned()],
        particulars: Particulars {
            requester: "云中市档案馆".into(),
            document_number: "云档函〔2026〕1号".into(),
            account: "该人员已于本月调离".into(),
        },
        evidence: evidence.iter().map(|one| (one.name.clone(), paper.clone())).collect(),
    };
    let access = desk.world.institution.access();
    let permit = desk.clerk.permit(access, Action::EnterRevocation).await;
    ra.draft_revocation(&permit, draft, None).await.unwrap().id
}

/// A registration in a state, brought there by the services themselves; about a certificate of its own.
async fn registration(desk: &Desk, state: &str) -> RevocationId {
    let institution = &desk.world.institution;
    let (ra, access) = (institution.registration().unwrap(), institution.access());
    let serial = desk.certificate().await;
    let (family, state) = state.split_once('-').unwrap();
    let review =
        if family == "lifting" { ActKind::ReviewLifting } else { ActKind::ReviewRevocation };
    let id = match (family, state) {
        ("letter", _) => drafted(desk, "unit-left", &serial).await,
        ("call", "draft" | "proven") => drafted(desk, "phone-compromised", &serial).await,
        ("call", _) => desk.call(&serial).await.unwrap().id,
        _ => {
            desk.orders_hold(0, "directed-hold", &serial).await.unwrap();
            let hold = desk.hold(&serial, Source::Regulator).await;
            desk.drafts_lifting(("direction-lifted", hold)).await.unwrap().id
        }
    };
    let clerk = desk.clerk.permit(access, Action::EnterRevocation).await;
    match state {
        "proven" => drop(desk.proves(&id).await),
        "dropped" if family == "lifting" => {
            let head = desk.heads[0].permit(access, Action::ResumeCertificate).await;
            ra.drop_revocation(&head, &id).await.unwrap();
        }
        "dropped" => ra.drop_revocation(&clerk, &id).await.unwrap(),
        "lapsed" => {
            desk.world.pass(86_400 * 20);
            desk.sweep().await;
        }
        "closed" => drop(desk.applies(("resume", "cleared"), &serial).await.unwrap()),
        "entered" | "refused" | "done" if family != "call" => desk.signs(&id).await,
        _ => {}
    }
    match state {
        "refused" => {
            let decision = RevocationDecision::Reject;
            desk.reviews(&desk.reviewer, (review, &id), decision).await.unwrap();
        }
        "done" => {
            let decision = RevocationDecision::Confirm;
            desk.reviews(&desk.reviewer, (review, &id), decision).await.unwrap();
        }
        _ => {}
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_upon_a_registration_is_taken_out_of_its_turn() {
    let desk = Desk::new("").await;
    let mut tally = Tally::default();
    for state in REGISTRATIONS {
        let id = registration(&desk, state).await;
        let seats = Seats::of(&desk).await;
        let table = routes::table();
        let posts = table.iter().filter(|route| route.method == Method::POST);
        let acts: Vec<&str> =
            posts.filter_map(|route| route.path.strip_prefix("/desk/revocations/{id}/")).collect();
        assert!(acts.len() >= 7, "{acts:?}");
        for act in acts.into_iter().filter(|act| !turn(act, state)) {
            let (comer, staff) = match act {
                "review" => (&seats.reviewer, &desk.reviewer),
                "order" | "cancel" => (&seats.head, &desk.heads[0]),
                _ => (&seats.clerk, &desk.clerk),
            };
            let before = desk.revocation(&id).await;
            let version = before.version.to_string();
            let fields = [
                ("version", version.as_str()),
                ("decision", "reject"),
                ("reason", "证据不足，请补充"),
                ("code", "12345678"),
            ];
            let path = format!("/desk/revocations/{id}/{act}");
            let answer = tried(&desk, (comer, staff), &path, (&fields, &[])).await;
            let after = desk.revocation(&id).await;
            let is_changed = (before.version, before.state) != (after.version, after.state);
            tally.judge(format!("{state} {act}"), &answer, is_changed);
        }
    }
    tally.end(80, "registrations");
}

/// How certificates stand: good, held by each side, revoked, over.
const STANDINGS: [&str; 9] = [
    "good",
    "holder",
    "phone",
    "unit-hold",
    "ordered-hold",
    "directed-hold",
    "inquiry",
    "revoked",
    "over",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_order_about_a_certificate_is_taken_out_of_its_turn() {
    let desk = Desk::new("").await;
    let mut tally = Tally::default();
    // All of them at the end of their time come last: the clock goes one way.
    for standing in STANDINGS {
        let serial = desk.certificate().await;
        match standing {
            "holder" => drop(desk.applies(("suspend", "mislaid"), &serial).await.unwrap()),
            "phone" => drop(desk.call(&serial).await.unwrap()),
            "revoked" => {
                let why = Change::Revoke(Why::because(RevocationReason::Superseded));
                desk.program(&serial, why).await.unwrap();
            }
            "over" => desk.world.pass(86_400 * 366 * 6),
            "good" => {}
            ground => desk.orders_hold(0, ground, &serial).await.unwrap(),
        }
        let seats = Seats::of(&desk).await;
        let hold = desk.holds(&serial).await.pop();
        let hold = hold.map_or("no-such-hold".to_owned(), |hold| hold.id.to_string());
        let live = !matches!(standing, "revoked" | "over");
        for ground in desk.world.institution.registration().unwrap().catalogue().grounds() {
            for act in ["suspend", "resume", "revoke"] {
                let in_turn = match act {
                    // A ground of another service is refused beside its field, as one that is not offered.
                    _ if !ground.is_ordered_for(act) => true,
                    "resume" => {
                        let fits = matches!(
                            (standing, ground.source),
                            ("unit-hold", Source::Unit)
                                | ("ordered-hold", Source::Authority)
                                | ("directed-hold", Source::Regulator)
                        );
                        // Who set the institution's own is who asks here.
                        fits
                    }
                    _ => live,
                };
                if in_turn {
                    continue;
                }
                let before = (desk.status(&serial).await, desk.holds(&serial).await);
                let fields = [
                    ("ground", ground.name.as_str()),
                    ("hold", &*hold),
                    ("requester", "云中市档案馆"),
                    ("document_number", "云档函〔2026〕1号"),
                    ("account", "来文要求办理，已经核对"),
                ];
                let files: Vec<String> =
                    ground.evidence.iter().map(|one| format!("evidence-{}", one.name)).collect();
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                let path = format!("/admin/certificates/{serial}/{act}");
                let by = (&seats.head, &desk.heads[0]);
                let answer = tried(&desk, by, &path, (&fields, &files)).await;
                let after = (desk.status(&serial).await, desk.holds(&serial).await);
                let what = format!("{standing} {act} {}", ground.name);
                tally.judge(what, &answer, before != after);
            }
        }
    }
    tally.end(40, "certificates");
}

/// The door of programs: what others hold is not lifted there, and the refusal says who lifts it.
#[tokio::test(flavor = "multi_thread")]
async fn no_program_lifts_what_others_hold() {
    let desk = Desk::new("").await;
    let mut tally = Tally::default();
    for ground in ["unit-hold", "ordered-hold", "directed-hold", "inquiry"] {
        let serial = desk.certificate().await;
        desk.orders_hold(0, ground, &serial).await.unwrap();
        let before = desk.holds(&serial).await;
        let target = format!("/api/v1/certificates/{serial}/resume");
        let answer = crate::door::signed(&desk.world, "POST", &target, b"{}").await;
        let problem = answer.json();
        assert_eq!(problem["code"], "ra.hold_beyond", "{problem}");
        assert!(problem["basis"].as_str().is_some_and(|basis| basis.contains("第十八条")));
        tally.judge(format!("{ground} resume"), &answer, desk.holds(&serial).await != before);
        // One more by the program: the answer is how the certificate stands, and it is lifted alone.
        let suspend = format!("/api/v1/certificates/{serial}/suspend");
        let added = crate::door::signed(&desk.world, "POST", &suspend, b"{}").await;
        assert_eq!(added.status.as_u16(), 200, "{}", added.json());
        assert_eq!(desk.holds(&serial).await.len(), 2);
        let lifted = crate::door::signed(&desk.world, "POST", &target, b"{}").await;
        assert_eq!(lifted.json()[0]["status"], "suspended", "{}", lifted.json());
        assert_eq!(desk.holds(&serial).await, before);
    }
    tally.end(4, "certificates by programs");
}
