//! The permission table: data, read once, denied by default.

use crate::{Client, Error, Principal, Role};
use std::collections::BTreeMap;
use std::fmt;
use store::Actor;

const TABLE: &str = include_str!("../permissions.toml");

macro_rules! actions {
    ($($action:ident $name:literal $chinese:literal $effect:ident,)*) => {
        /// What can be asked for. Each has a row in `permissions.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = $chinese] $action,)*
        }

        impl Action {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$action,)*];

            /// The name in the table.
            pub fn name(self) -> &'static str {
                match self { $(Self::$action => $name,)* }
            }

            /// The name for people.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$action => $chinese,)* }
            }

            /// Whether it changes anything.
            pub fn changes(self) -> bool {
                match self { $(Self::$action => Effect::$effect == Effect::Changes,)* }
            }
        }
    };
}

#[derive(PartialEq)]
enum Effect {
    Reads,
    Changes,
}

actions! {
    IssueCertificate "cert.issue" "签发证书" Changes,
    ReadCertificate "cert.read" "查询证书" Reads,
    RenewCertificate "cert.renew" "更新证书" Changes,
    SuspendCertificate "cert.suspend" "暂停证书" Changes,
    ResumeCertificate "cert.resume" "恢复证书" Changes,
    RevokeCertificate "cert.revoke" "撤销证书" Changes,
    PublishCrl "crl.publish" "发布证书撤销列表" Changes,
    ReadCrl "crl.read" "查询证书撤销列表" Reads,
    ReadJournal "journal.read" "查询日志" Reads,
    ExportJournal "journal.export" "导出日志" Reads,
    CheckpointJournal "journal.checkpoint" "签署日志检查点" Changes,
    ReadKmc "kmc.read" "查询密钥管理中心" Reads,
    RefillKmc "kmc.refill" "补充备用密钥" Changes,
    ReadMetrics "metrics.read" "查询运行指标" Reads,
    ReadClients "client.read" "查询客户端" Reads,
    ManageClients "client.manage" "管理客户端" Changes,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chinese())
    }
}

/// Which roles may do what.
#[derive(Debug, Clone)]
pub struct Permissions(BTreeMap<Action, Vec<Role>>);

impl Permissions {
    /// The table that was built in.
    pub fn embedded() -> Result<Self, Error> {
        Self::parse(TABLE)
    }

    /// Reads a table: a row for every action and for nothing else, no role twice, and
    /// nothing that changes anything for auditors and readers.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Table(why);
        let rows: BTreeMap<String, Vec<String>> =
            toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let mut table = BTreeMap::new();
        for (name, roles) in &rows {
            let action = Action::ALL.iter().find(|action| action.name() == name);
            let action = *action.ok_or_else(|| wrong(format!("没有操作 {name}")))?;
            table.insert(action, Self::row(action, roles)?);
        }
        match Action::ALL.iter().find(|action| !table.contains_key(action)) {
            Some(missing) => Err(wrong(format!("操作 {} 没有对应的行", missing.name()))),
            None => Ok(Self(table)),
        }
    }

    fn row(action: Action, names: &[String]) -> Result<Vec<Role>, Error> {
        let wrong = |why: &str| Error::Table(format!("{}：{why}", action.name()));
        let mut roles = Vec::new();
        for name in names {
            let role: Role = name.parse().map_err(|_| wrong("没有这个角色"))?;
            if roles.contains(&role) {
                return Err(wrong("角色重复"));
            }
            if action.changes() && matches!(role, Role::Auditor | Role::Reader) {
                return Err(wrong("审计员和只读角色不得有变更权限"));
            }
            roles.push(role);
        }
        Ok(roles)
    }

    /// Who may.
    pub fn roles(&self, action: Action) -> &[Role] {
        self.0.get(&action).map_or(&[], Vec::as_slice)
    }

    /// Yields the permit, if one of the principal's roles is in the row of the action.
    pub fn permit(&self, principal: &Principal, action: Action) -> Result<Permit, Error> {
        let needed = self.roles(action);
        if needed.iter().any(|role| principal.client().roles.contains(*role)) {
            return Ok(Permit { action, client: principal.client().clone() });
        }
        Err(Error::Forbidden { action, needed: needed.to_vec() })
    }
}

/// That a client may do one thing, once asked for. Only [`Permissions::permit`] makes it.
#[derive(Debug, Clone)]
pub struct Permit {
    action: Action,
    client: Client,
}

impl Permit {
    /// What is permitted.
    pub fn action(&self) -> Action {
        self.action
    }

    /// To whom.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its name in the journal.
    pub fn actor(&self) -> Actor {
        Actor::client(self.client.id.as_str())
    }

    /// Fails if the permit is for something else: the check of the act itself.
    pub fn covers(&self, action: Action) -> Result<(), Error> {
        if self.action == action { Ok(()) } else { Err(Error::WrongPermit(self.action)) }
    }
}
