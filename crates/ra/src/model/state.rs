//! Where an application stands. Each state carries what brought it there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The states. In the database: the word, and this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Being filled in.
    Draft,
    /// Handed in; notices may be open.
    Submitted {
        /// When.
        at: Timestamp,
    },
    /// Handed in, and all four notices acknowledged: the clock of the review runs.
    Acknowledged {
        /// When the last one was.
        at: Timestamp,
    },
    /// Identity proofed.
    Proofed {
        /// By which method.
        method: String,
        /// Of which level.
        level: u8,
        /// By whom.
        person: String,
    },
    /// Approved by a second person.
    Reviewed {
        /// By whom.
        person: String,
    },
    /// The agreement is signed by both sides.
    Agreed {
        /// Version of the text.
        agreement: String,
    },
    /// The applicant's key is here.
    Requested {
        /// Fingerprint of the key.
        key: String,
        /// Which attempt: names the order of issue.
        attempt: u32,
    },
    /// The certificates exist.
    Issued {
        /// Their serial numbers.
        serials: Serials,
    },
    /// Activation code sent; certificates may be fetched with it.
    Delivered {
        /// Their serial numbers.
        serials: Serials,
        /// Counts as received from here on.
        confirm_by: Timestamp,
    },
    /// Received.
    Confirmed {
        /// Their serial numbers.
        serials: Serials,
        /// How.
        receipt: Receipt,
    },
    /// Done, where no certificate is issued: suspended, resumed, revoked.
    CarriedOut {
        /// The certificate it was about.
        serial: String,
    },
    /// Back with the applicant to be supplemented, everything told at once.
    Returned {
        /// Which list of the application's.
        list: u32,
    },
    /// Refused, with reason and basis in the review's record.
    Refused {
        /// Where the application stood.
        #[serde(default)]
        stage: RefusalStage,
        /// By whom.
        person: String,
        /// Under which articles.
        basis: String,
    },
    /// Withdrawn by the applicant.
    Withdrawn,
    /// Nobody went on for too long.
    Expired {
        /// The state that it was in.
        from: String,
    },
}

/// Where an application stood when it was refused: 不予受理 is not 不予签发, and neither is what became
/// impossible after it was approved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalStage {
    /// 不予受理: not taken on.
    Door,
    /// 不予签发: examined and refused.
    #[default]
    Review,
    /// 未能办理: approved, and the certificate could not be changed any more.
    End,
}

impl RefusalStage {
    /// The word in figures and filters, beside those of the states.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Door => "declined",
            Self::Review => "refused",
            Self::End => "undone",
        }
    }
}

/// Serial numbers of what was issued, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serials {
    /// Of the signing certificate.
    pub sign: String,
    /// Of the encryption certificate.
    pub enc: Option<String>,
}

/// How receipt was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receipt {
    /// By the applicant, with the activation code.
    Code,
    /// By the time set.
    Time,
}

impl State {
    /// Every word, in the order of the way.
    pub const WORDS: [&'static str; 15] = [
        "draft",
        "submitted",
        "acknowledged",
        "proofed",
        "reviewed",
        "agreed",
        "requested",
        "issued",
        "delivered",
        "confirmed",
        "carried_out",
        "returned",
        "refused",
        "withdrawn",
        "expired",
    ];

    /// The word in the database and the interfaces.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted { .. } => "submitted",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Proofed { .. } => "proofed",
            Self::Reviewed { .. } => "reviewed",
            Self::Agreed { .. } => "agreed",
            Self::Requested { .. } => "requested",
            Self::Issued { .. } => "issued",
            Self::Delivered { .. } => "delivered",
            Self::Confirmed { .. } => "confirmed",
            Self::CarriedOut { .. } => "carried_out",
            Self::Returned { .. } => "returned",
            Self::Refused { .. } => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired { .. } => "expired",
        }
    }

    /// Every word that figures are told by: those of the states, and where a refused application stood.
    pub const STANDINGS: [&'static str; 17] = [
        "draft",
        "submitted",
        "acknowledged",
        "proofed",
        "reviewed",
        "agreed",
        "requested",
        "issued",
        "delivered",
        "confirmed",
        "carried_out",
        "returned",
        "declined",
        "refused",
        "undone",
        "withdrawn",
        "expired",
    ];

    /// The word for people.
    #[must_use]
    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Refused { stage, .. } => Self::chinese_of(stage.word()),
            other => Self::chinese_of(other.word()),
        }
    }

    /// The word for people, of a word in the database.
    #[must_use]
    pub fn chinese_of(word: &str) -> &'static str {
        match word {
            "draft" => "草稿",
            "submitted" => "已提交，待告知确认",
            "acknowledged" => "待身份核验",
            "proofed" => "待审核",
            "reviewed" => "审核通过，待签协议",
            "agreed" => "协议已签，待提交密钥",
            "requested" => "待签发",
            "issued" => "已签发，待交付",
            "delivered" => "已交付，待确认领取",
            "confirmed" => "已领取",
            "carried_out" => "已办结",
            "returned" => "待补正",
            "declined" => "不予受理",
            "refused" => "不予签发",
            "undone" => "未能办理",
            "withdrawn" => "已撤回",
            "expired" => "逾期终止",
            _ => "未知",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Confirmed { .. }
                | Self::CarriedOut { .. }
                | Self::Refused { .. }
                | Self::Withdrawn
                | Self::Expired { .. }
        )
    }

    /// What was issued, if it was.
    #[must_use]
    pub const fn serials(&self) -> Option<&Serials> {
        match self {
            Self::Issued { serials }
            | Self::Delivered { serials, .. }
            | Self::Confirmed { serials, .. } => Some(serials),
            _ => None,
        }
    }
}
