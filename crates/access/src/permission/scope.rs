//! How far a permission reaches: to every object, to those of an office, to one's own.

use crate::Role;

/// How far a role's permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Only to what belongs to the principal: the applicant's own application.
    Own,
    /// Only to what belongs to the person's own registration office (Measures Art. 25).
    Office,
    /// To every object.
    Any,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Own, Self::Office, Self::Any];

    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Office => "office",
            Self::Any => "any",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether a role can have it at all: programs belong to no office, signers have only
    /// what is their own, and people of the institution own no application.
    pub(super) fn fits(self, role: Role) -> bool {
        match role {
            role if role.is_of_clients() => self == Self::Any,
            Role::Subscriber => self == Self::Own,
            _ => self != Self::Own,
        }
    }
}

/// What a scoped permission is held against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// The registration office to which it belongs; `None` is the institution itself, whose
    /// own clerks work for no office.
    pub office: Option<String>,
    /// Whose it is: the identifier of an application. `None` is nobody's.
    pub owner: Option<String>,
}

impl Object {
    /// Something of an office, or of the institution itself.
    pub fn of_office(office: Option<&str>) -> Self {
        Self { office: office.map(str::to_owned), owner: None }
    }

    /// An application, at an office or at the institution itself.
    pub fn application(id: &str, office: Option<&str>) -> Self {
        Self { office: office.map(str::to_owned), owner: Some(id.to_owned()) }
    }
}

/// How far one permit reaches; lists are filtered by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// To every object.
    Any,
    /// To the objects of this office; `None` is the institution itself.
    Office(Option<String>),
    /// To the objects of this owner.
    Own(String),
}

impl Limit {
    /// Whether an object is within it.
    pub fn reaches(&self, object: &Object) -> bool {
        match self {
            Self::Any => true,
            Self::Office(office) => object.office == *office,
            Self::Own(owner) => object.owner.as_ref() == Some(owner),
        }
    }
}
