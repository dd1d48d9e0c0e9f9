//! Roles: what clients and people are allowed as, and which of them one may join.

use crate::Error;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

macro_rules! roles {
    ($($role:ident $name:literal $chinese:literal,)*) => {
        /// What somebody is allowed as; see `permissions.toml`. The first five are for API
        /// clients, the others for people (GM/T 0034 §6).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role {
            $(#[doc = $chinese] $role,)*
        }

        impl Role {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// The name in tables and on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$role => $name,)* }
            }

            /// The name for people.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$role => $chinese,)* }
            }
        }
    };
}

roles! {
    Admin "admin" "业务管理员",
    Operator "operator" "业务操作员",
    Auditor "auditor" "审计员",
    Reader "reader" "只读",
    Application "application" "应用系统",
    SuperAdmin "super_admin" "超级管理员",
    AuditAdmin "audit_admin" "审计管理员",
    BusinessAdmin "business_admin" "业务管理员",
    EntryClerk "entry_clerk" "录入员",
    Reviewer "reviewer" "审核员",
    Inspector "inspector" "审计员",
    SecurityAdmin "security_admin" "安全管理员",
    Compliance "compliance" "合规专员",
    Archivist "archivist" "档案管理员",
    Subscriber "subscriber" "签名人",
}

impl Role {
    /// Whether programs hold it, rather than people.
    pub fn is_of_clients(self) -> bool {
        matches!(
            self,
            Self::Admin | Self::Operator | Self::Auditor | Self::Reader | Self::Application
        )
    }

    /// Whether whoever holds it changes nothing, ever (GM/T 0034 §6: auditors may process
    /// records but never alter them).
    pub fn only_reads(self) -> bool {
        matches!(self, Self::Auditor | Self::Reader | Self::Inspector)
    }

    /// Whether whoever holds it audits: may add the finding of an audit, which is an act on the
    /// record and never on what the record is about (GM/T 0034: audited records carry a visible
    /// mark, audit records are signed by their creator).
    pub fn audits(self) -> bool {
        matches!(self, Self::AuditAdmin | Self::Inspector)
    }

    /// Whether nothing else may be held beside it (GM/T 0034 §6: the two administrators of
    /// the first day are peers and neither acts; who audits does not act).
    fn stands_alone(self) -> bool {
        matches!(
            self,
            Self::Auditor
                | Self::Application
                | Self::SuperAdmin
                | Self::AuditAdmin
                | Self::Inspector
                | Self::Subscriber
        )
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let role = Self::ALL.iter().copied().find(|role| role.name() == text);
        role.ok_or(Error::Roles("没有这个角色"))
    }
}

/// Roles that one client or one person may join: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Joins roles, if duties stay separated (GM/T 0034 §6).
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Result<Self, Error> {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        let wrong = |why| Err(Error::Roles(why));
        let any = |what: fn(&Role) -> bool| roles.iter().any(what);
        if roles.is_empty() {
            return wrong("至少要有一个角色");
        }
        if any(|role| role.is_of_clients()) && any(|role| !role.is_of_clients()) {
            return wrong("客户端的角色与人员的角色不能混用");
        }
        if roles.len() > 1 && any(|role| matches!(role, Role::Auditor | Role::Inspector)) {
            return wrong("审计员不得兼任其他角色");
        }
        if roles.len() > 1 && any(|role| role.stands_alone()) {
            return wrong("超级管理员、审计管理员、签名人、应用系统不得兼任其他角色");
        }
        let operates = any(|role| matches!(role, Role::EntryClerk | Role::Reviewer));
        if operates && roles.contains(&Role::BusinessAdmin) {
            return wrong("业务管理员任命业务操作员，不得兼任录入员或审核员");
        }
        Ok(Self(roles))
    }

    /// Whether this is one of them.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// In the order of [`Role::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Fails unless programs hold them.
    pub(crate) fn of_clients(&self) -> Result<(), Error> {
        match self.iter().all(Role::is_of_clients) {
            true => Ok(()),
            false => Err(Error::Roles(
                "客户端可用的角色是 admin、operator、auditor、reader、application",
            )),
        }
    }

    /// Fails unless people of the institution hold them. Signers come by their application.
    pub(crate) fn of_staff(&self) -> Result<(), Error> {
        match self.iter().any(|role| role.is_of_clients() || role == Role::Subscriber) {
            false => Ok(()),
            true => Err(Error::Roles("人员不能使用客户端或签名人的角色")),
        }
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Role::name).collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Roles {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let roles: Result<Vec<Role>, Error> =
            text.split(',').map(|name| name.trim().parse()).collect();
        Self::new(roles?)
    }
}
