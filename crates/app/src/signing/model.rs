//! Keys of applications, what they may do, and the orders about them.

use std::collections::BTreeSet;
use std::fmt;

use ca::{CertificateRecord, RevocationReason};
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
    /// What kind of reason it was stopped for.
    pub stop_cause: Option<StopCause>,
    /// Who confirmed that the certificates of the stopped key are revoked for that.
    pub revoked_by: Option<String>,
    /// When.
    pub revoked_at: Option<Timestamp>,
    /// Serial numbers of the newest signing and encryption certificate, hexadecimal.
    pub serials: Option<(String, String)>,
}

/// Why a key is stopped: the reason for which its certificates are revoked follows from it, and nobody types
/// one (RFC 5280 §5.3.1; T-14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// The key is no longer its client's alone, or may not be.
    Compromise,
    /// It isn't needed any more.
    Cessation,
}

impl StopCause {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Compromise, Self::Cessation];

    /// The word in tables, records and forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compromise => "compromise",
            Self::Cessation => "cessation",
        }
    }

    /// The name for people.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Compromise => "密钥已经或者可能被他人使用",
            Self::Cessation => "应用下线，或者不再使用",
        }
    }

    /// The cause of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }

    /// For what the certificates are revoked.
    pub const fn reason(self) -> RevocationReason {
        match self {
            Self::Compromise => RevocationReason::KeyCompromise,
            Self::Cessation => RevocationReason::CessationOfOperation,
        }
    }
}

/// A pair of certificates of a key, as the tables have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// From 1; each renewal makes the next.
    pub generation: i64,
    /// How far it is.
    pub state: PairState,
    /// Whether the hold stands that came of the stop of the key.
    pub is_held: bool,
}

/// How far a pair of certificates is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PairState {
    /// Begun; nobody knows yet whether anything was issued.
    Making {
        /// When it was begun.
        since: Timestamp,
    },
    /// Issued: serial numbers of the signing and the encryption certificate, hexadecimal.
    Made(String, String),
    /// Nothing came of it, as far as anybody knew.
    Failed {
        /// When it was begun.
        since: Timestamp,
    },
}

/// A pair of certificates of a key, for people.
#[derive(Debug, Clone)]
pub struct Certified {
    /// From 1; each renewal makes the next.
    pub generation: i64,
    /// The signing certificate.
    pub sign: CertificateRecord,
    /// The encryption certificate.
    pub enc: CertificateRecord,
    /// Whether signatures are made under it now.
    pub is_in_force: bool,
}

/// A key with what there is about it.
#[derive(Debug, Clone)]
pub struct KeyView {
    /// The key.
    pub key: SigningKey,
    /// Its last uses, newest first.
    pub uses: Vec<UseOfDay>,
    /// Its certificates, newest first.
    pub certificates: Vec<Certified>,
    /// Until when it may be certified; none as long as it never was.
    pub last_day: Option<Timestamp>,
    /// Whether certificates of the stopped key wait for another person's word.
    pub waits_for_another: bool,
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
    /// What kind of reason.
    pub cause: StopCause,
    /// Why.
    pub reason: String,
}

/// What another person signs after a stop: the certificates are revoked for its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndingOrder {
    /// The cause of the stop again, so that it is what was looked at.
    pub cause: StopCause,
    /// And its reason.
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
