//! Keys of applications, what they may do, and the orders about them.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($operation:ident $word:literal $chinese:literal,)*) => {
        /// What a key can be used for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $(#[doc = $chinese] $operation,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: [Self; 4] = [$(Self::$operation,)*];

            /// The word in tables, records and interfaces.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$operation => $word,)* }
            }

            /// The name for people.
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$operation => $chinese,)* }
            }
        }
    };
}

operations! {
    Data "data" "签名数据",
    Message "message" "签名消息",
    Envelope "envelope" "制作数字信封",
    Open "open" "打开数字信封",
}

impl Operation {
    /// The operation of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.word() == word)
    }
}

/// The operations of one key: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operations(BTreeSet<Operation>);

impl Operations {
    /// From words; `None` when there is none, or an unknown one.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let set: Option<BTreeSet<_>> = words.into_iter().map(Operation::of).collect();
        set.filter(|set| !set.is_empty()).map(Self)
    }

    /// Whether this is one of them.
    pub fn contains(&self, operation: Operation) -> bool {
        self.0.contains(&operation)
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = Operation> {
        self.0.iter().copied()
    }

    /// In words for people.
    pub fn chinese(&self) -> String {
        self.iter().map(Operation::chinese).collect::<Vec<_>>().join("、")
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Operation::word).collect::<Vec<_>>().join(","))
    }
}

/// How often a key may be used. The day is that of China.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In one second, on one node.
    pub per_second: u32,
    /// In one day, in all.
    pub per_day: u32,
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Ordered, and nobody has confirmed it yet.
    Ordered,
    /// Confirmed; key and certificates are being made.
    Making,
    /// In use.
    Active,
    /// Stopped for good.
    Stopped,
    /// Declined by the second person.
    Declined,
}

impl KeyState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Ordered, Self::Making, Self::Active, Self::Stopped, Self::Declined];

    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Making => "making",
            Self::Active => "active",
            Self::Stopped => "stopped",
            Self::Declined => "declined",
        }
    }

    /// The name for people.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Ordered => "待复核",
            Self::Making => "制作中",
            Self::Active => "使用中",
            Self::Stopped => "已停用",
            Self::Declined => "未通过复核",
        }
    }

    /// The state of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A key of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its number, from 1: the keyIndex of GM/T 0029.
    pub number: i64,
    /// The API client that may use it.
    pub client: String,
    /// What the application is called; stands in the certificate.
    pub name: String,
    /// What it may be used for.
    pub operations: Operations,
    /// How often.
    pub quota: Quota,
    /// Where it stands.
    pub state: KeyState,
    /// Why it was ordered.
    pub reason: String,
    /// Who ordered it, as the journal names them.
    pub ordered_by: String,
    /// When.
    pub ordered_at: Timestamp,
    /// Who confirmed or declined it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Who stopped it.
    pub stopped_by: Option<String>,
    /// When.
    pub stopped_at: Option<Timestamp>,
    /// Why it was declined or stopped.
    pub end_reason: Option<String>,
    /// Serial numbers of the signing and the encryption certificate, hexadecimal.
    pub serials: Option<(String, String)>,
}

/// What a business administrator signs: a new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOrder {
    /// The API client.
    pub client: String,
    /// What the application is called.
    pub name: String,
    /// Words of operations.
    pub operations: Vec<String>,
    /// Uses in one second.
    pub per_second: u32,
    /// Uses in one day.
    pub per_day: u32,
    /// What for.
    pub reason: String,
}

/// What the second person signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The order again, so that it is what was looked at.
    pub order: KeyOrder,
    /// `confirm` or `reject`.
    pub decision: String,
    /// Why it is declined.
    pub reason: String,
}

/// What whoever stops a key signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopOrder {
    /// Why.
    pub reason: String,
}

/// Uses of one day by one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseOfDay {
    /// `YYYY-MM-DD`, in China.
    pub day: String,
    /// Which.
    pub operation: Operation,
    /// How many.
    pub count: i64,
}

/// Which keys a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Part of the name, or the client; all if empty.
    pub text: String,
    /// Only these.
    pub state: Option<KeyState>,
    /// Behind this number; from the newest if there is none.
    pub below: Option<i64>,
    /// At most so many.
    pub limit: u32,
}
