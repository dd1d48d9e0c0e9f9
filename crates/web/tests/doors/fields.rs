//! Every field that people type into, found by reading the forms of every page there is, is given what
//! would run, lead astray or fill the store. What is taken is signed, followed and looked at wherever
//! it is shown: pages, lists, files for spreadsheet programs (T-21). A new field is tried by itself.

use std::collections::{BTreeMap, BTreeSet};

use access::Role;
use axum::http::Method;
use web::pages::PageGate;
use web::pages::routes::{self, PageRoute};

use super::lost::{self, OVER};
use super::shown;
use super::tally::{HOSTILE, Tally};
use crate::door::Answer;
use crate::fill::{self, File, PDF, filled, get, post, text};
use crate::markup::{self, Field, Form};
use crate::staffed::{Comer, Staffed};
use crate::stages::Side;
use crate::way::Staff;

/// States in which applications have forms, in the order of the way.
const STAGES: [&str; 6] = ["draft", "acknowledged", "proofed", "reviewed", "agreed", "delivered"];

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Nothing,
    Application(&'static str),
    Batch,
    Revocation,
    Office,
    Person,
    Complaint,
    Rating,
}

impl About {
    fn is_application(self) -> bool {
        matches!(self, Self::Application(_))
    }
}

/// Somebody at a browser; `role` signs.
#[derive(Clone)]
struct Visitor {
    comer: Comer,
    role: Option<Role>,
}

fn about(path: &str) -> Vec<About> {
    let applications = || STAGES.into_iter().map(About::Application).collect();
    match path {
        path if path.starts_with("/application") => applications(),
        path if path.starts_with("/desk/applications/{id}") => applications(),
        path if path.starts_with("/desk/enter/{application}") => applications(),
        path if path.starts_with("/desk/batches/{id}") => vec![About::Batch],
        path if path.starts_with("/desk/revocations/{id}") => vec![About::Revocation],
        path if path.starts_with("/admin/offices/{id}") => vec![About::Office],
        path if path.starts_with("/admin/people/{id}") => vec![About::Person],
        path if path.starts_with("/admin/complaints/{id}") => vec![About::Complaint],
        "/admin/ratings" => vec![About::Rating],
        _ => vec![About::Nothing],
    }
}

/// Something that is there, and who may be its applicant.
async fn made(staffed: &Staffed, about: About, fresh: u32) -> (String, Option<Comer>) {
    let world = &staffed.world;
    let access = world.institution.access();
    let head = staffed.staff(Side::Own, Role::BusinessAdmin);
    match about {
        About::Nothing => (String::new(), None),
        About::Application(stage) => {
            let way = staffed.at(Side::Own, stage).await;
            let holder = staffed.holder(&way).await;
            (way.application.id.to_string(), Some(holder))
        }
        About::Batch => (staffed.batch(Side::Own).await.id.to_string(), None),
        About::Revocation => (staffed.revocation(Side::Own).await.id.to_string(), None),
        About::Office => {
            let office = crate::staffed::office(world, head, &format!("临时受理点 {fresh}")).await;
            (office.id.to_string(), None)
        }
        About::Person => {
            let login = format!("fresh-{fresh}");
            head.appoint(access, &login, "entry_clerk").await;
            let permit = head.permit(access, access::Action::ReadPeople).await;
            let found = access.people(&permit).await.unwrap();
            let found = found.into_iter().find(|one| one.login.as_str() == login).unwrap();
            (found.id.to_string(), None)
        }
        About::Complaint => {
            let words = app::voice::ComplaintWords {
                text: "等了两个小时没有人受理，请核实处理".into(),
                ..app::voice::ComplaintWords::default()
            };
            let category = app::voice::Category::ALL[0];
            let new = app::voice::NewComplaint { category, words };
            let lodged = world.institution.lodge_complaint(new).await.unwrap();
            let permit = head.permit(access, access::Action::ReadVoice).await;
            let found = world.institution.open_complaint(&permit, &lodged.number).await;
            (found.unwrap().0.id, None)
        }
        About::Rating => {
            let way = staffed.at(Side::Own, "withdrawn").await;
            let holder = staffed.holder(&way).await;
            let fields = [("level", "1"), ("remark", "没人接电话")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let to = "/application/rating";
            post(staffed, (&holder, "text/html"), to, (&fields, &[])).await;
            (String::new(), None)
        }
    }
}

/// What makes the rest of a form right, so that what is tried gets as far as it can.
fn sample(staffed: &Staffed, field: &Field, fresh: u32) -> String {
    let last = field.name.rsplit(['.', '_', '-']).next().unwrap_or_default();
    let today = law::CivilDate::of(staffed.world.now());
    match (field.kind.as_str(), field.name.as_str(), last) {
        ("date", ..) => format!("{today:?}"),
        ("number", ..) => "2".to_owned(),
        (_, "login", _) => format!("typed-{fresh}"),
        (_, "credit_code", _) => "12110101YX0000016B".to_owned(),
        (_, "name", _) => format!("云中市受理点 {fresh}"),
        (.., "phone") => "13000000001".to_owned(),
        (.., "email") => "a@example.gov.cn".to_owned(),
        _ => "云中市示例内容，写明具体情况".to_owned(),
    }
}

/// The address of a page for an object.
fn address(path: &str, id: &str) -> String {
    let path = path.replace("{name}", "conditions").replace("{service}", "new");
    crate::staffed::address(&path.replace("{kind}", "person"), id)
}

/// Everybody who may open a page.
fn visitors(staffed: &Staffed, route: &PageRoute, holder: Option<&Comer>) -> Vec<Visitor> {
    match route.gate {
        PageGate::Applicant(_) => {
            holder.map(|comer| Visitor { comer: comer.clone(), role: None }).into_iter().collect()
        }
        PageGate::Public | PageGate::PublicForm => vec![nobody(staffed)],
        PageGate::Staff | PageGate::Person(_) => staffed
            .people
            .iter()
            .map(|(role, comer)| Visitor { comer: comer.clone(), role: Some(*role) })
            .collect(),
    }
}

/// A browser that is bound to its forms and names nobody.
fn nobody(staffed: &Staffed) -> Visitor {
    let binding = "0123456789abcdef0123456789abcdef";
    let token = staffed.world.institution.access().form_token(binding).unwrap();
    Visitor { comer: Comer { cookie: format!("yx-form={binding}"), token }, role: None }
}

/// The shape of a form: where it goes, without ids, and what it asks.
fn shape(form: &Form) -> String {
    let part = |part: &str| match part.len() >= 24 && part.chars().all(|c| c.is_ascii_hexdigit()) {
        true => "{id}".to_owned(),
        false => part.to_owned(),
    };
    let action: Vec<String> = form.action.split('/').map(part).collect();
    let names: BTreeSet<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    format!("{} {names:?}", action.join("/"))
}

/// One page with one form on it, again and again.
struct Walk<'w> {
    staffed: &'w Staffed,
    route: &'w PageRoute,
    query: String,
    about: About,
    place: String,
    visitor: Visitor,
}

impl Walk<'_> {
    /// The form of a shape as the page has it now; another object if this one has moved on.
    async fn form(&mut self, shape: &str, tally: &mut Tally) -> Option<Form> {
        for _ in 0..2 {
            let page = get(self.staffed, &self.visitor.comer, &self.place).await;
            tally.judge(&self.place, &page);
            let found =
                markup::forms(&text(&page)).into_iter().find(|one| self::shape(one) == shape);
            if found.is_some() {
                return found;
            }
            self.renew(tally).await;
        }
        None
    }

    /// Goes on with another object of the same kind.
    async fn renew(&mut self, tally: &mut Tally) {
        tally.fresh += 1;
        let (id, holder) = made(self.staffed, self.about, tally.fresh).await;
        tally.note(self.about.is_application(), &id);
        self.place = format!("{}{}", address(self.route.path, &id), self.query);
        if let Some(holder) = holder.filter(|_| self.visitor.role.is_none()) {
            self.visitor.comer = holder;
        }
    }

    /// Sends a form with one field changed: what was sent, and the answer.
    async fn fill(
        &self,
        form: &Form,
        (field, value): (&str, &str),
        tally: &mut Tally,
    ) -> (Vec<(String, String)>, Answer) {
        tally.fresh += 1;
        let mut fields =
            filled(form, tally.tried, &|one: &Field| sample(self.staffed, one, tally.fresh));
        for (name, text) in &mut fields {
            if name == field {
                *text = value.to_owned();
            }
        }
        let names = form.fields.iter().filter(|one| one.kind == "file");
        let files: Vec<File<'_>> = names.map(|one| (&*one.name, "材料.pdf", PDF)).collect();
        let (comer, files): (_, &[File<'_>]) = match form.multipart {
            true => (&self.visitor.comer, &files),
            false => (&self.visitor.comer, &[]),
        };
        let answer = post(self.staffed, (comer, "text/html"), &form.action, (&fields, files)).await;
        tally.tried += 1;
        (fields, answer)
    }

    /// What is over a limit comes back whole, with its message beside it and everything else that was typed.
    async fn too_long(
        &self,
        (form, field, is_told): (&Form, &Field, bool),
        shape: &str,
        tally: &mut Tally,
    ) {
        let long = "长".repeat(OVER);
        let (sent, answer) = self.fill(form, (&field.name, &long), tally).await;
        let what = format!("{} {}: too long", form.action, field.name);
        tally.judge(&what, &answer);
        let is_it = |one: &Form| self::shape(one) == shape;
        for flaw in lost::flaws(&answer, (form, field, is_told), &sent, is_it) {
            tally.wrong.push(format!("{what}: {flaw}"));
        }
        tally.too_long += 1;
    }

    /// Sends a form with one field changed; signs and follows where it leads. Whether it was taken.
    async fn send(&self, form: &Form, (field, value): (&str, &str), tally: &mut Tally) -> bool {
        let what = format!("{} {field}={:.20}", form.action, value.escape_debug().to_string());
        let comer = &self.visitor.comer;
        let (_, answer) = self.fill(form, (field, value), tally).await;
        tally.judge(&what, &answer);
        let mut place = answer.field("location").to_owned();
        if let (true, Some(role)) = (place.starts_with("/sign/"), self.visitor.role) {
            let staff: &Staff = self.staffed.staff(Side::Own, role);
            let (page, done) = fill::sign(self.staffed, (comer, staff), &place, "text/html").await;
            tally.judge(&format!("{what} to be signed"), &page);
            tally.judge(&format!("{what} signed"), &done);
            place = done.field("location").to_owned();
            if done.status.is_client_error() {
                return false;
            }
        }
        if place.starts_with('/') {
            let next = get(self.staffed, comer, &place).await;
            tally.judge(&format!("{what} at {place}"), &next);
        }
        answer.status.as_u16() == 303
    }

    /// Every field of a form; `goes`: whether it goes through as it is.
    async fn every_field(&mut self, (shape, goes): (&str, bool), tally: &mut Tally) {
        let Some(form) = self.form(shape, tally).await else { return };
        let long = "长".repeat(34_000);
        for field in form.fields.iter().filter(|field| field.is_text()) {
            for value in HOSTILE.into_iter().chain([long.as_str()]) {
                let Some(form) = self.form(shape, tally).await else {
                    tally.wrong.push(format!("{shape} did not come again"));
                    return;
                };
                if self.send(&form, (&field.name, value), tally).await {
                    let name = format!(
                        "{} {}",
                        form.action.split('/').take(3).collect::<Vec<_>>().join("/"),
                        field.name
                    );
                    *tally.taken.entry(name).or_default() += 1;
                    // The step is taken: the next value needs another one whose turn it is.
                    if self.about.is_application() {
                        self.renew(tally).await;
                    }
                    if value == long {
                        tally.wrong.push(format!("{} {}: takes 100 kB", form.action, field.name));
                    }
                }
            }
            if lost::is_written(field)
                && let Some(form) = self.form(shape, tally).await
            {
                self.too_long((&form, field, goes), shape, tally).await;
            }
        }
    }
}

/// What follows the path in an address: a page of its own for each ground of a revocation.
fn queries(staffed: &Staffed, path: &str) -> Vec<String> {
    if path != "/desk/revocations/new" {
        return vec![String::new()];
    }
    let ra = staffed.world.institution.registration().unwrap();
    ra.catalogue().grounds().iter().map(|ground| format!("?ground={}", ground.name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_typed_anywhere_is_shown_as_anything_but_text() {
    let staffed = Staffed::new().await;
    let mut tally = Tally::default();
    let mut waiting: BTreeMap<String, Walk<'_>> = BTreeMap::new();
    let table = routes::table();
    for route in table.iter().filter(|route| route.method == Method::GET) {
        for about in about(route.path) {
            tally.fresh += 1;
            let (id, holder) = made(&staffed, about, tally.fresh).await;
            tally.note(about.is_application(), &id);
            for query in queries(&staffed, route.path) {
                let place = format!("{}{query}", address(route.path, &id));
                for visitor in visitors(&staffed, route, holder.as_ref()) {
                    let page = get(&staffed, &visitor.comer, &place).await;
                    tally.judge(&place, &page);
                    if page.status.as_u16() != 200 {
                        continue;
                    }
                    for form in markup::forms(&text(&page)) {
                        let shape = shape(&form);
                        let typed = form.fields.iter().any(Field::is_text);
                        if !typed || tally.seen.contains(&shape) {
                            continue;
                        }
                        let (query, place) = (query.clone(), place.clone());
                        let visitor = visitor.clone();
                        let staffed = &staffed;
                        let mut walk = Walk { staffed, route, query, about, place, visitor };
                        // Walked where it goes through; where it never does, at the end.
                        if !walk.send(&form, ("", ""), &mut tally).await {
                            waiting.entry(shape).or_insert(walk);
                            continue;
                        }
                        tally.seen.insert(shape.clone());
                        if about.is_application() {
                            walk.renew(&mut tally).await;
                        }
                        walk.every_field((&shape, true), &mut tally).await;
                    }
                }
            }
        }
    }
    for (shape, mut walk) in waiting {
        if tally.seen.insert(shape.clone()) {
            walk.every_field((&shape, false), &mut tally).await;
        }
    }
    shown::lists(&staffed, &mut tally).await;
    let letters = shown::applications(&staffed, &mut tally).await;
    println!(
        "{} forms, {} tries, {} of them too long; taken and shown as text: {:?}",
        tally.seen.len(),
        tally.tried,
        tally.too_long,
        tally.taken
    );
    let wrong: BTreeSet<_> = tally.wrong.iter().collect();
    assert!(wrong.is_empty(), "{}\n{:#?}", wrong.len(), wrong);
    assert!(tally.seen.len() > 30, "{:?}", tally.seen);
    assert!(tally.too_long > 40, "{}", tally.too_long);
    assert!(tally.taken.len() > 15, "most of what is tried is not kept: {:?}", tally.taken);
    assert!(letters > 0, "no letter says what was typed: the test would see nothing");
}

/// The judge sees what it is for.
#[test]
fn a_page_that_runs_something_is_seen_and_one_that_shows_it_is_not() {
    for page in [
        "<p>\"><img src=x onerror=alert(1)></p>",
        "<p><script>alert(1)</script></p>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<input value=\"\" onfocus=\"alert(1)\">",
        "<p>甲\u{202e}乙</p>",
    ] {
        assert!(!markup::live(page).is_empty(), "{page}");
    }
    assert!(
        markup::live("<p title=\"&#34;&#62;&#60;img src=x onerror=alert(1)&#62;\">&#60;</p>")
            .is_empty()
    );
}
