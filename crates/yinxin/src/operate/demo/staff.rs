//! The people of the demonstration, appointed as real ones are: the two peers in the name of the
//! ceremony, the others by acts that their superior signs. Everybody is made up; each has a key
//! file for the signing assistant.

use std::path::Path;

use access::{ActKind, Action, Custodians, NewPerson};
use anyhow::Context;
use app::{Institution, Layout, Parts, Secrets};

use super::desk::{Desk, key_file};
use super::world::key;
use super::{applications, offices};
use crate::out;

/// Login, name, roles, who appoints, and at which office (0: the institution itself).
const STAFF: [(&str, &str, &str, &str, usize); 13] = [
    ("cheng", "程总揽", "super_admin", "", 0),
    ("shen", "沈以鉴", "audit_admin", "", 0),
    ("yejb", "叶经办", "business_admin", "cheng", 0),
    ("anqp", "安全平", "security_admin", "cheng", 0),
    ("heg", "何规行", "compliance", "cheng", 0),
    ("dangal", "党案林", "archivist", "cheng", 0),
    ("jiansc", "简审察", "inspector", "shen", 0),
    ("linsl", "林受理", "entry_clerk", "yejb", 0),
    ("gush", "顾审核", "reviewer", "yejb", 0),
    ("yunsl", "云受理", "entry_clerk", "yejb", 1),
    ("yunsh", "云审核", "reviewer", "yejb", 1),
    ("haisl", "海受理", "entry_clerk", "yejb", 2),
    ("haish", "海审核", "reviewer", "yejb", 2),
];

/// One row of the staff.
type Row = (&'static str, &'static str, &'static str, &'static str, usize);

/// Creates everybody, the offices and the applications, in an institution that does not run yet;
/// who and what is there already stays.
pub async fn appoint(
    layout: &Layout,
    secrets: &Secrets,
    custodians: &[&str],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(layout.demo_secrets().join("staff"))?;
    let institution = Institution::open(Parts::of(layout.clone(), secrets)?).await?;
    let custodians = Custodians::new(custodians.iter().map(|name| (*name).to_owned()));
    let created = everybody(&institution, layout, &custodians).await;
    institution.close().await;
    created
}

async fn everybody(
    institution: &Institution,
    layout: &Layout,
    custodians: &Custodians,
) -> anyhow::Result<()> {
    let desk = Desk::new(institution, layout);
    let [chief, watch, ..] = STAFF;
    let peers = (newcomer(layout, chief, None)?, newcomer(layout, watch, None)?);
    match desk.access().create_first_people(peers.0, peers.1, custodians).await {
        Ok(_) | Err(access::Error::PeopleNotFirst) => {}
        Err(error) => return Err(error.into()),
    }
    for other in STAFF.into_iter().skip(2).filter(|row| row.4 == 0) {
        create(&desk, layout, other, None).await?;
    }
    out::note("正在建立演示受理点和各个环节的演示申请……");
    let offices = offices::establish(&desk, "yejb").await?;
    let ids: Vec<_> = offices.into_iter().map(|office| office.id).collect();
    for other in STAFF.into_iter().filter(|row| row.4 > 0) {
        let office = other.4.checked_sub(1).and_then(|at| ids.get(at));
        create(&desk, layout, other, office.map(ToString::to_string)).await?;
    }
    applications::make(&desk, &ids).await
}

async fn create(
    desk: &Desk<'_>,
    layout: &Layout,
    row: Row,
    office: Option<String>,
) -> anyhow::Result<()> {
    let new = newcomer(layout, row, office)?;
    let (by, _) = desk.sign_in(row.3).await?;
    let permit = desk.institution.permit(&by, Action::ReadPeople)?;
    let people = desk.access().people(&permit).await?;
    if people.iter().any(|person| person.login == new.login) {
        return Ok(());
    }
    desk.act(row.3, (ActKind::CreatePerson, &new.object()), &new.to_json()).await
}

fn newcomer(
    layout: &Layout,
    (login, name, roles, ..): Row,
    office: Option<String>,
) -> anyhow::Result<NewPerson> {
    Ok(NewPerson {
        login: login.parse()?,
        name: name.parse()?,
        roles: roles.parse()?,
        office,
        key: Some(*key(&key_file(layout, login))?.public_key()),
    })
}

/// Says who there is and how to sign in as them.
pub fn tell(layout: &Layout, url: &str, program: &Path) -> anyhow::Result<()> {
    out::line("");
    out::line(format!("办事大厅 {url}/　业务工作台 {url}/desk　管理台 {url}/admin"));
    out::line("用证书登录：先在另一个终端启动签名助手（每个人一把密钥），再打开登录页：");
    let folder = layout.demo_secrets().join("staff");
    let keys = folder.display();
    out::line(format!("   {} agent --origin {url} --key {keys}", program.display()));
    for (login, name, roles, _, place) in STAFF {
        let roles: access::Roles = roles.parse().context("演示人员的角色无效")?;
        let roles: Vec<_> = roles.iter().map(access::Role::chinese).collect();
        let office = place.checked_sub(1).and_then(|at| offices::OFFICES.get(at));
        let office = office.map(|(name, ..)| format!("，{name}")).unwrap_or_default();
        out::line(format!("   {login:<6} {name}（{}{office}）", roles.join("、")));
    }
    Ok(())
}
