//! The people of the demonstration, appointed as real ones are: the two peers in the name of the
//! ceremony, the others by acts that their superior signs. Everybody is made up; each has a key
//! file for the signing assistant.

use std::path::{Path, PathBuf};

use access::{
    Access, ActKind, Action, Arrival, Custodians, KeyProof, NewPerson, Principal, Source,
};
use anyhow::Context;
use app::{Institution, Layout, Parts, Secrets};
use gm::UserId;
use gm::sm2::PrivateKey;

use super::world::key;
use crate::out;

/// Login, name, roles, and who appoints.
const STAFF: [(&str, &str, &str, &str); 5] = [
    ("cheng", "程总揽", "super_admin", ""),
    ("shen", "沈以鉴", "audit_admin", ""),
    ("yejb", "叶经办", "business_admin", "cheng"),
    ("linsl", "林受理", "entry_clerk", "yejb"),
    ("gush", "顾审核", "reviewer", "yejb"),
];

/// Where the key file of a person is.
fn key_file(layout: &Layout, login: &str) -> PathBuf {
    layout.demo_secrets().join("staff").join(format!("{login}.key.pem"))
}

/// Creates everybody; who is there already stays.
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
    let access = institution.access();
    let [chief, watch, others @ ..] = STAFF;
    let peers = (newcomer(layout, chief)?, newcomer(layout, watch)?);
    match access.create_first_people(peers.0, peers.1, custodians).await {
        Ok(_) | Err(access::Error::PeopleNotFirst) => {}
        Err(error) => return Err(error.into()),
    }
    let origin = institution.settings().server.public_url.trim_end_matches('/').to_owned();
    for other in others {
        let superior = key(&key_file(layout, other.3))?;
        let by = sign_in(access, &origin, &superior).await?;
        let new = newcomer(layout, other)?;
        let permit = access.permit(&by, Action::ManagePeople)?;
        let (kind, object) = (ActKind::CreatePerson, new.object());
        let pending = access.prepare_act(&by, kind, &object, &new.to_json()).await?;
        let signature = superior.sign(&UserId::default(), pending.statement.as_bytes());
        let act = access.complete_act(&by, &pending.id, &signature.to_der()).await?;
        match access.create_person(&permit, act, custodians).await {
            Ok(_) | Err(access::Error::PersonTaken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn newcomer(
    layout: &Layout,
    (login, name, roles, _): (&str, &str, &str, &str),
) -> anyhow::Result<NewPerson> {
    Ok(NewPerson {
        login: login.parse()?,
        name: name.parse()?,
        roles: roles.parse()?,
        office: None,
        key: Some(*key(&key_file(layout, login))?.public_key()),
    })
}

/// Signs in by key, as the assistant would.
async fn sign_in(access: &Access, origin: &str, key: &PrivateKey) -> anyhow::Result<Principal> {
    let challenge = access.begin_challenge(origin)?;
    let proof = KeyProof {
        origin,
        challenge: &challenge.id,
        fingerprint: &key.public_key().fingerprint(),
        signature: &key.sign(&UserId::default(), challenge.text.as_bytes()),
    };
    let arrival = Arrival { source: Source::new([127, 0, 0, 1].into()), previous: None };
    let signed_in = access.sign_in_by_key(proof, arrival).await?;
    Ok(access.authenticate_cookie(signed_in.token.as_str()).await?)
}

/// Says who there is and how to sign in as them.
pub fn tell(layout: &Layout, url: &str, program: &Path) -> anyhow::Result<()> {
    out::line("");
    out::line(format!("办事大厅 {url}/　业务工作台 {url}/desk"));
    out::line("用证书登录：先在另一个终端启动签名助手（每个人一把密钥），再打开登录页：");
    let keys = STAFF.iter().map(|(login, ..)| key_file(layout, login).display().to_string());
    let keys: Vec<_> = keys.map(|path| format!("--key {path}")).collect();
    out::line(format!("   {} agent --origin {url} {}", program.display(), keys.join(" ")));
    for (login, name, roles, _) in STAFF {
        let roles: access::Roles = roles.parse().context("演示人员的角色无效")?;
        let roles: Vec<_> = roles.iter().map(access::Role::chinese).collect();
        out::line(format!("   {login:<6} {name}（{}）", roles.join("、")));
    }
    Ok(())
}
