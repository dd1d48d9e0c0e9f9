//! Pure decisions about people (GM/T 0034 §6).

use super::Key;
use crate::{Error, Login, NewPerson, Person, Role, Roles};
use jiff::Timestamp;

/// An invitation is good for so long.
pub const INVITATION_SECONDS: i64 = 72 * 60 * 60;
/// Shorter passphrases are refused.
pub const PASSPHRASE_MIN: usize = 12;
/// Longer ones are no passphrases but attempts to make us work.
pub const PASSPHRASE_MAX: usize = 128;

/// What everybody tries first; compared without case and separators.
const TRIVIAL: [&str; 14] = [
    "123456789012",
    "1234567890123",
    "12345678901234",
    "abcdefghijkl",
    "abcd12345678",
    "qwertyuiop12",
    "qwertyuiopas",
    "1qaz2wsx3edc",
    "1q2w3e4r5t6y",
    "password1234",
    "passwordpassword",
    "administrator",
    "iloveyou1234",
    "woaini1314520",
];

/// Whether a person is let in.
pub fn admitted(person: &Person) -> Result<(), Error> {
    match person.disabled_at {
        None => Ok(()),
        Some(_) => Err(Error::PersonDisabled(person.name.to_string())),
    }
}

/// Whether a person may appoint to these roles and dismiss from them: 超级管理员 the business
/// administrators and officers, 审计管理员 the inspectors, 业务管理员 the operators. Each of the
/// two peers appoints its own successor, and none of the other's people.
pub fn may_appoint(by: &Person, roles: &Roles) -> Result<(), Error> {
    for role in roles.iter() {
        let (appointing, whose) = appointing(role);
        if !appointing.is_some_and(|role| by.roles.contains(role)) {
            return Err(Error::Appointment(whose));
        }
    }
    Ok(())
}

/// The roles that a person may give, in order.
pub fn appointable(by: &Person) -> Vec<Role> {
    let mine = |role: &Role| appointing(*role).0.is_some_and(|above| by.roles.contains(above));
    Role::ALL.iter().copied().filter(mine).collect()
}

fn appointing(role: Role) -> (Option<Role>, &'static str) {
    match role {
        Role::SuperAdmin
        | Role::BusinessAdmin
        | Role::SecurityAdmin
        | Role::Compliance
        | Role::Archivist => (Some(Role::SuperAdmin), "该角色由超级管理员任免"),
        Role::AuditAdmin | Role::Inspector => (Some(Role::AuditAdmin), "该角色由审计管理员任免"),
        Role::EntryClerk | Role::Reviewer => (Some(Role::BusinessAdmin), "该角色由业务管理员任免"),
        Role::Admin
        | Role::Operator
        | Role::Auditor
        | Role::Reader
        | Role::Application
        | Role::Subscriber => (None, "人员不能担任该角色"),
    }
}

/// Whether roles and office fit: only clerks work for a registration office (Measures Art. 25).
pub fn fits_office(roles: &Roles, office: Option<&str>) -> Result<(), Error> {
    let Some(office) = office else { return Ok(()) };
    let named = (1..=64).contains(&office.len()) && !office.contains(char::is_control);
    let clerk = |role| matches!(role, Role::EntryClerk | Role::Reviewer);
    match (named, roles.iter().all(clerk)) {
        (false, _) => Err(Error::ActPayload("office")),
        (true, false) => Err(Error::Roles("只有录入员和审核员可以属于注册机构")),
        (true, true) => Ok(()),
    }
}

/// Whether the first two are what they must be: the two peers, and different people.
pub fn are_first(super_admin: &NewPerson, audit_admin: &NewPerson) -> Result<(), Error> {
    let is = |new: &NewPerson, role| new.roles.contains(role);
    if !is(super_admin, Role::SuperAdmin) || !is(audit_admin, Role::AuditAdmin) {
        return Err(Error::Roles("首批人员是超级管理员和审计管理员各一名"));
    }
    if super_admin.name == audit_admin.name {
        return Err(Error::Appointment("超级管理员与审计管理员须为两人"));
    }
    Ok(())
}

/// Whether one of the two peers is left when this person's role ends.
pub fn keeps_the_peers(people: &[Person], leaver: &Person) -> Result<(), Error> {
    for role in [Role::SuperAdmin, Role::AuditAdmin] {
        let holds = |person: &Person| person.disabled_at.is_none() && person.roles.contains(role);
        let others = people.iter().any(|person| person.id != leaver.id && holds(person));
        if holds(leaver) && !others {
            return Err(Error::LastOfRole(role.chinese()));
        }
    }
    Ok(())
}

/// Whether a key may be used now: not ended, and not past its certificate.
pub fn is_live(key: &Key, now: Timestamp) -> bool {
    key.ended_at.is_none() && key.expires_at.is_none_or(|end| now < end)
}

/// Whether something to sign in with is left when one credential ends.
pub fn keeps_a_credential(left: usize) -> Result<(), Error> {
    if left == 0 { Err(Error::LastCredential) } else { Ok(()) }
}

/// Whether a passphrase may stand for a person who adds a key: only for the first one since the
/// passphrase was set. A passphrase that could replace a key would be as good as one.
pub fn passphrase_adds_key(keys: &[Key], set_at: Timestamp, now: Timestamp) -> Result<(), Error> {
    let over = |key: &Key| {
        let end = key.ended_at.into_iter().chain(key.expires_at.filter(|end| *end <= now)).min();
        end.is_some_and(|end| end <= set_at)
    };
    if keys.iter().all(over) { Ok(()) } else { Err(Error::KeyNeeded) }
}

/// Whether a passphrase is worth its name.
pub fn is_strong(passphrase: &str, login: &Login) -> Result<(), Error> {
    let weak = |why| Err(Error::WeakPassphrase(why));
    let count = passphrase.chars().count();
    if count < PASSPHRASE_MIN {
        return weak("至少 12 个字符");
    }
    if count > PASSPHRASE_MAX {
        return weak("最多 128 个字符");
    }
    let plain: String =
        passphrase.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let mut distinct: Vec<char> = passphrase.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 6 {
        return weak("不同的字符太少");
    }
    if TRIVIAL.iter().any(|trivial| plain == *trivial) {
        return weak("过于常见");
    }
    let name: String = login.as_str().chars().filter(|c| c.is_alphanumeric()).collect();
    if plain.contains(&name) {
        return weak("不能包含登录名");
    }
    Ok(())
}
