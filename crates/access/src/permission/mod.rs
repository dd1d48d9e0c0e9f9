//! The permission table: data, read once, denied by default.

mod action;
mod permit;
mod scope;

pub use action::Action;
pub use permit::Permit;
pub use scope::{Limit, Object, Scope};

use crate::{Error, Principal, Role, Who};
use std::collections::BTreeMap;

const TABLE: &str = include_str!("../../permissions.toml");

type Row = BTreeMap<Role, Scope>;

/// Which roles may do what, and to which objects.
#[derive(Debug, Clone)]
pub struct Permissions(BTreeMap<Action, Row>);

impl Permissions {
    /// The table that was built in.
    pub fn embedded() -> Result<Self, Error> {
        Self::parse(TABLE)
    }

    /// Reads a table: a row for every action and for nothing else, no role twice, no scope
    /// that its role cannot have, nothing that changes anything for auditors and readers, and no
    /// audit by anybody else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Table(why);
        let rows: BTreeMap<String, toml::Value> =
            toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let mut table = BTreeMap::new();
        for (name, cells) in &rows {
            let action = Action::ALL.iter().find(|action| action.name() == name);
            let action = *action.ok_or_else(|| wrong(format!("没有操作 {name}")))?;
            table.insert(action, row(action, cells)?);
        }
        match Action::ALL.iter().find(|action| !table.contains_key(action)) {
            Some(missing) => Err(wrong(format!("操作 {} 没有对应的行", missing.name()))),
            None => Ok(Self(table)),
        }
    }

    /// Who may, in the order of [`Role::ALL`].
    pub fn roles(&self, action: Action) -> Vec<Role> {
        self.0.get(&action).into_iter().flatten().map(|(role, _)| *role).collect()
    }

    /// How far a role reaches with an action; `None` is not at all.
    pub fn scope(&self, role: Role, action: Action) -> Option<Scope> {
        self.0.get(&action)?.get(&role).copied()
    }

    /// Yields the permit, if one of the principal's roles is in the row of the action; it
    /// reaches as far as the widest of them.
    pub fn permit(&self, principal: &Principal, action: Action) -> Result<Permit, Error> {
        let who = principal.who();
        let widest = who.roles().into_iter().filter_map(|role| self.scope(role, action)).max();
        let limit = widest.and_then(|scope| limit(scope, who));
        match limit {
            Some(limit) => Ok(Permit::new(action, who.clone(), limit)),
            None => Err(self.forbidden(who, action)),
        }
    }

    /// Names the roles that the principal could be given; to a client no role of people.
    fn forbidden(&self, who: &Who, action: Action) -> Error {
        let is_client = matches!(who, Who::Client(_));
        let mut needed = self.roles(action);
        needed.retain(|role| role.is_of_clients() == is_client && *role != Role::Subscriber);
        Error::Forbidden { action, needed }
    }
}

/// Whom a scope means, of this principal. A scope that does not fit means nobody.
fn limit(scope: Scope, who: &Who) -> Option<Limit> {
    match (scope, who) {
        (Scope::Any, _) => Some(Limit::Any),
        (Scope::Office, Who::Person(person)) => Some(Limit::Office(person.office.clone())),
        (Scope::Own, Who::Applicant { application }) => Some(Limit::Own(application.clone())),
        (Scope::Office | Scope::Own, _) => None,
    }
}

/// An array is roles with every object; a table says each role's scope.
fn row(action: Action, cells: &toml::Value) -> Result<Row, Error> {
    let wrong = |why: &str| Error::Table(format!("{}：{why}", action.name()));
    let text = |value: &toml::Value| value.as_str().map(str::to_owned);
    let named: Option<Vec<(String, String)>> = match cells {
        toml::Value::Array(roles) => {
            roles.iter().map(|role| Some((text(role)?, "any".into()))).collect()
        }
        toml::Value::Table(scopes) => {
            scopes.iter().map(|(role, scope)| Some((role.clone(), text(scope)?))).collect()
        }
        _ => None,
    };
    let mut row = Row::new();
    for (role, scope) in named.ok_or_else(|| wrong("应为角色列表，或角色与范围的对照"))?
    {
        let role: Role = role.parse().map_err(|_| wrong("没有这个角色"))?;
        let scope = Scope::from_name(&scope).ok_or_else(|| wrong("没有这个范围"))?;
        if !scope.fits(role) {
            return Err(wrong("该角色不能有这个范围"));
        }
        if action.changes() && role.only_reads() {
            return Err(wrong("审计员和只读角色不得有变更权限"));
        }
        if action.audits() && !role.audits() {
            return Err(wrong("只有审计管理员和审计员可以作审计标记"));
        }
        if row.insert(role, scope).is_some() {
            return Err(wrong("角色重复"));
        }
    }
    Ok(row)
}
