//! Registration offices (证书注册机构, Measures Art. 25 to 27).

use std::collections::BTreeMap;

use jiff::Timestamp;
use law::CivilDate;
use serde::{Deserialize, Serialize};

use super::ids::OfficeId;

/// A registration office that the institution has set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Its name inside.
    pub id: OfficeId,
    /// What it is called.
    pub name: String,
    /// Where it takes applications.
    pub address: String,
    /// Whose cryptography administration keeps its filing.
    pub province: String,
    /// The day it was set up: the 30 days of Measures Art. 26 run from here.
    pub established_on: CivilDate,
    /// What makes it fit (Measures Art. 25).
    pub conditions: Conditions,
    /// Where its filing stands.
    pub filing: Filing,
    /// Since when its name and address are announced.
    pub announced_at: Option<Timestamp>,
    /// A change that is not filed yet, since when.
    pub changed_on: Option<CivilDate>,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// How many applications a day it may take, by kind; a kind that is missing it may not take.
    pub quotas: BTreeMap<String, u32>,
    /// Grows with each change.
    pub version: i64,
}

/// The five conditions of Measures Art. 25, each in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// 场所.
    pub premises: String,
    /// 设备设施.
    pub equipment: String,
    /// 专业人员.
    pub staff: String,
    /// 专业能力.
    pub ability: String,
    /// 管理制度.
    pub rules: String,
}

/// Where the filing with the province stands (Measures Art. 26).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filing {
    /// Not opened: the office may not take applications.
    NotOpened,
    /// Opened.
    Opened {
        /// When.
        at: Timestamp,
        /// The number that the administration gave it.
        number: String,
    },
}

/// What is ordered about offices. Payload of `office.manage`, on `office:new` or `office:<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum OfficeOrder {
    /// 设立.
    Establish {
        /// What it is called; unique.
        name: String,
        /// Where.
        address: String,
        /// Whose administration keeps the filing.
        province: String,
        /// The day of its setting up.
        established_on: CivilDate,
        /// The five conditions.
        conditions: Conditions,
    },
    /// 变更: the change has to be filed within 30 days.
    Amend {
        /// The version that was read.
        version: i64,
        /// What it is called.
        name: String,
        /// Where.
        address: String,
        /// The five conditions.
        conditions: Conditions,
    },
    /// 公告 made.
    Announce {
        /// The version that was read.
        version: i64,
    },
    /// 备案 opened, or its change filed.
    File {
        /// The version that was read.
        version: i64,
        /// The number that the administration gave it.
        number: String,
        /// The day of the filing, if it is not the day of this order.
        #[serde(default)]
        on: Option<CivilDate>,
    },
    /// 业务范围和限额.
    Quota {
        /// The version that was read.
        version: i64,
        /// Of which kind.
        kind: String,
        /// How many a day; 0 takes the kind away.
        per_day: u32,
    },
    /// 接管: the institution goes on with what a suspended office left unfinished.
    TakeOver {
        /// The version that was read.
        version: i64,
    },
}

/// An office is suspended, or takes up its work again. Payload of `office.suspend`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionOrder {
    /// Whether it is to be suspended.
    pub suspend: bool,
    /// Why.
    pub reason: String,
}

/// What was seen at an office, by its supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeRecordKind {
    /// 监督检查记录 (Measures Art. 27 ¶1).
    Supervision,
    /// 现场明示照片 (Measures Art. 27 ¶2).
    Display,
}

impl OfficeRecordKind {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Supervision => "supervision",
            Self::Display => "display",
        }
    }

    /// Back from the database.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Supervision, Self::Display].into_iter().find(|kind| kind.word() == word)
    }
}

/// A record of an office; its content is a sealed blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeRecord {
    /// What it is.
    pub kind: OfficeRecordKind,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub person: String,
    /// The blob.
    pub blob: String,
}

/// Until when an office's filing has to be opened or its change filed (Measures Art. 26: 30 days).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingClock {
    /// Whether a change is to be filed, rather than the office.
    pub change: bool,
    /// The last day, counted and rolled.
    pub term: law::clock::calendar_days::CalendarTerm,
    /// The article.
    pub basis: &'static str,
}
