//! Appointing: somebody new, or other roles and another office. Only roles that the visitor may give
//! are offered; what is refused is explained (GM/T 0034 §6, Measures Art. 25; check C27-1).

use access::{ActKind, Login, NewPerson, Person, PersonChange, PersonName, Role, Roles};
use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::person::found;
use super::{offices, to_be_signed};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/person_form.html")]
struct Sheet {
    frame: Frame,
    /// Whose roles change; nobody's when somebody is created.
    person: Option<Person>,
    login: String,
    called: String,
    roles: Vec<RoleRow>,
    office: String,
    /// Empty when the visitor appoints nobody who works for an office.
    offices: Vec<(String, String)>,
    mistakes: Mistakes,
}

/// One role that may be chosen.
struct RoleRow {
    name: &'static str,
    title: &'static str,
    duty: &'static str,
    is_chosen: bool,
}

/// What a role is for, in a line.
fn duty(role: Role) -> &'static str {
    match role {
        Role::SuperAdmin => "制定策略，任免业务管理员和各类专员；不办理业务",
        Role::AuditAdmin => "任免审计员；与超级管理员平级，互不任免",
        Role::BusinessAdmin => "管理注册机构和证书业务，任免录入员、审核员",
        Role::EntryClerk => "受理申请、核验身份",
        Role::Reviewer => "审核他人受理的申请；同一申请的受理和审核须为两人",
        Role::Inspector => "查看全部记录，不作任何变更；不得兼任其他角色",
        Role::SecurityAdmin => "管理会话和设备安全，可暂停注册机构",
        Role::Compliance => "履行法定义务、报送数据",
        Role::Archivist => "管理档案",
        _ => "",
    }
}

impl Sheet {
    async fn of(
        app: &App,
        (frame, visitor): (Frame, &Visitor),
        form: &Form,
        (person, mistakes): (Option<Person>, Mistakes),
    ) -> Result<Self, Problem> {
        let appoints = visitor.principal().person().map(Person::appoints).unwrap_or_default();
        let role = |role: Role| RoleRow {
            name: role.name(),
            title: role.chinese(),
            duty: duty(role),
            is_chosen: form.all("role").any(|one| one == role.name()),
        };
        let offices = match appoints.contains(&Role::EntryClerk) {
            true => offices(app, visitor).await?,
            false => Vec::new(),
        };
        Ok(Self {
            frame,
            person,
            login: form.text("login").to_owned(),
            called: form.text("name").to_owned(),
            roles: appoints.into_iter().map(role).collect(),
            office: form.text("office").to_owned(),
            offices,
            mistakes,
        })
    }
}

/// `GET /admin/people/new`.
pub async fn new(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    let blank = (None, Mistakes::none());
    page(&Sheet::of(&app, (frame, &visitor), &Form::default(), blank).await?)
}

/// `POST /admin/people/new`: written down, to be signed.
pub async fn create(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let mut mistakes = Mistakes::none();
    let login = filled(&form, ("login", "请填写登录名"), &mut mistakes);
    let login = login.and_then(|it| noted(&mut mistakes, "login", it.parse::<Login>()));
    let name = filled(&form, ("name", "请填写姓名"), &mut mistakes);
    let name = name.and_then(|it| noted(&mut mistakes, "name", it.parse::<PersonName>()));
    let change = appointment(&visitor, &form, &mut mistakes);
    if let (Some(login), Some(name)) = (&login, &name) {
        let custodians = app.custodians().await?;
        noted(&mut mistakes, "name", custodians.exclude(login, name));
        let permit = app.permit(visitor.principal(), access::Action::ReadPeople)?;
        if app.access().is_login_taken(&permit, login).await? {
            mistakes.add("login", "这个登录名已有人使用（包括已停用的人员），请换一个");
        }
    }
    let (Some(login), Some(name), Some(change), true) = (login, name, change, mistakes.is_empty())
    else {
        let sheet = Sheet::of(&app, (frame, &visitor), &form, (None, mistakes)).await?;
        return page_to_correct(&sheet);
    };
    let PersonChange { roles, office } = change;
    let new = NewPerson { login, name, roles, office, key: None };
    let payload = with_office_name(&app, &visitor, new.to_json()).await?;
    to_be_signed(&app, &visitor, (ActKind::CreatePerson, &new.object()), &payload).await
}

/// `GET /admin/people/{id}/change`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let person = found(&app, &visitor, &id).await?;
    let mut fields: Vec<(String, String)> =
        person.roles.iter().map(|role| ("role".to_owned(), role.name().to_owned())).collect();
    fields.push(("office".to_owned(), person.office.clone().unwrap_or_default()));
    let form = Form::of(fields);
    page(&Sheet::of(&app, (frame, &visitor), &form, (Some(person), Mistakes::none())).await?)
}

/// `POST /admin/people/{id}/change`: written down, to be signed.
pub async fn change(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let person = found(&app, &visitor, &id).await?;
    let mut mistakes = Mistakes::none();
    let change = appointment(&visitor, &form, &mut mistakes);
    if change.as_ref().is_some_and(|to| to.roles == person.roles && to.office == person.office) {
        mistakes.add("role", "与现在的角色和所属机构相同，没有需要变更的内容");
    }
    let (Some(change), true) = (change, mistakes.is_empty()) else {
        let sheet = Sheet::of(&app, (frame, &visitor), &form, (Some(person), mistakes)).await?;
        return page_to_correct(&sheet);
    };
    let payload = with_office_name(&app, &visitor, change.to_json()).await?;
    to_be_signed(&app, &visitor, (ActKind::ChangePerson, &person.id.object()), &payload).await
}

/// Roles and office of a form, if they may be joined and the visitor may give them.
fn appointment(visitor: &Visitor, form: &Form, mistakes: &mut Mistakes) -> Option<PersonChange> {
    if form.all("role").next().is_none() {
        mistakes.add("role", "请至少选择一个角色");
        return None;
    }
    let chosen: Result<Vec<Role>, access::Error> = form.all("role").map(str::parse).collect();
    let roles = noted(mistakes, "role", chosen.and_then(Roles::new))?;
    let by = visitor.principal().person()?;
    noted(mistakes, "role", by.may_appoint(&roles))?;
    let office = Some(form.text("office").to_owned()).filter(|office| !office.is_empty());
    let change = PersonChange { roles, office };
    noted(mistakes, "office", change.check())?;
    Some(change)
}

/// What stands in a field; nothing there is another mistake than something wrong.
fn filled<'f>(
    form: &'f Form,
    (field, asked): (&'static str, &str),
    mistakes: &mut Mistakes,
) -> Option<&'f str> {
    let text = form.text(field);
    if text.trim().is_empty() {
        mistakes.add(field, asked);
        return None;
    }
    Some(text)
}

/// Notes what is wrong beside its field.
fn noted<T>(mistakes: &mut Mistakes, field: &str, read: Result<T, access::Error>) -> Option<T> {
    read.map_err(|error| mistakes.add(field, error.to_string())).ok()
}

/// Who signs reads the name of the office, not its number.
async fn with_office_name(
    app: &App,
    visitor: &Visitor,
    mut payload: Value,
) -> Result<Value, Problem> {
    let id = payload.get("office").and_then(Value::as_str).map(str::to_owned);
    app.known_office(visitor.principal(), id.as_deref()).await?;
    let name = super::office_name(id.as_deref(), &offices(app, visitor).await?);
    if let Some(members) = payload.as_object_mut() {
        members.insert("office_name".to_owned(), json!(name));
    }
    Ok(payload)
}
