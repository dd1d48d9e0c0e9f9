//! Ratings and complaints, and their states.

use jiff::Timestamp;
use law::Due;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// The five levels of 好差评; the last two are 差评.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// From the best to the worst.
    pub const ALL: [Self; 5] = [Self(5), Self(4), Self(3), Self(2), Self(1)];

    /// From its number, 5 to 1.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=5).contains(&number).then_some(Self(number))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self.0 {
            5 => "非常满意",
            4 => "满意",
            3 => "基本满意",
            2 => "不满意",
            _ => "非常不满意",
        }
    }

    /// Whether it is a 差评, which is answered.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        self.0 <= 2
    }
}

/// A rating of one application.
#[derive(Debug, Clone)]
pub struct Rating {
    /// Of which application.
    pub application: String,
    /// What was done.
    pub service: String,
    /// The kind of certificate.
    pub kind: String,
    /// At which registration office; none at the institution itself.
    pub office: Option<String>,
    /// How it was.
    pub level: Level,
    /// What the applicant wrote.
    pub remark: Option<String>,
    /// When it was first given.
    pub rated_at: Timestamp,
    /// Until when it may be changed.
    pub open_until: Timestamp,
    /// What the institution answered, and when.
    pub answer: Option<(String, Timestamp)>,
    /// Grows with each change.
    pub version: i64,
}

/// Which ratings are looked at; all given conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct RatingFilter {
    /// One level.
    pub level: Option<Level>,
    /// Bad ones that wait for an answer (`Some(false)`), or those that have one.
    pub answered: Option<bool>,
    /// What was done.
    pub service: Option<String>,
    /// One registration office; `-` is the institution itself.
    pub office: Option<String>,
    /// One application.
    pub application: Option<String>,
    /// Given at or after.
    pub from: Option<Timestamp>,
    /// Given before.
    pub until: Option<Timestamp>,
    /// A part of what was written.
    pub text: String,
}

/// A page of ratings.
#[derive(Debug, Clone, Default)]
pub struct RatingPage {
    /// The ratings.
    pub ratings: Vec<Rating>,
    /// How many the filter finds.
    pub total: u64,
    /// Whether all were looked through for a text; false where only the newest were.
    pub is_whole: bool,
    /// How many of each level there are, whatever level, answer or text is asked for.
    pub figures: Figures,
}

/// An answer to a rating. Payload of `rating.answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingAnswer {
    /// The version that was read.
    pub version: i64,
    /// The answer.
    pub answer: String,
}

/// Ratings in figures, the only form in which they are public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many of each level, from the best to the worst.
    pub levels: [u64; 5],
    /// How many of the bad ones were answered.
    pub answered: u64,
}

impl Figures {
    /// Counts ratings of a level in, with how many of them have an answer.
    pub(super) fn add(&mut self, level: Level, (count, answered): (u64, u64)) {
        if let Some(cell) = self.levels.get_mut(usize::from(5 - level.number())) {
            *cell += count;
        }
        self.answered += if level.is_bad() { answered } else { 0 };
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// The two worst levels.
    #[must_use]
    pub fn bad(&self) -> u64 {
        let [.., low, lowest] = self.levels;
        low + lowest
    }

    /// Tenths of a percent that are not bad; none without ratings.
    #[must_use]
    pub fn good_permille(&self) -> Option<u64> {
        let total = self.total();
        (total > 0).then(|| (total - self.bad()) * 1000 / total)
    }
}

/// What a complaint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// How clerks work: manner, time, notices.
    Service,
    /// A refusal or a decision.
    Decision,
    /// A certificate: wrong content, issued to the wrong person.
    Certificate,
    /// A report of a leaked key, or of a certificate that is suspicious or misused.
    Misuse,
    /// Personal data.
    Privacy,
    /// Status services, downloads, tools.
    System,
    /// A registration office.
    Office,
    /// Anything else.
    Other,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Service,
        Self::Decision,
        Self::Certificate,
        Self::Misuse,
        Self::Privacy,
        Self::System,
        Self::Office,
        Self::Other,
    ];

    /// The word in tables and forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Decision => "decision",
            Self::Certificate => "certificate",
            Self::Misuse => "misuse",
            Self::Privacy => "privacy",
            Self::System => "system",
            Self::Office => "office",
            Self::Other => "other",
        }
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Service => "服务态度、办理时限、告知",
            Self::Decision => "对不予受理、不予签发等决定有异议",
            Self::Certificate => "证书内容错误、被冒名申请",
            Self::Misuse => "密钥失密、证书可疑或被盗用（问题报告）",
            Self::Privacy => "个人信息保护",
            Self::System => "状态查询、下载、软件使用",
            Self::Office => "注册机构（受理点）",
            Self::Other => "其他",
        }
    }

    /// Whether it may lead to the suspension or revocation of certificates: who closes it says so.
    #[must_use]
    pub const fn is_about_certificates(self) -> bool {
        matches!(self, Self::Certificate | Self::Misuse)
    }

    /// From its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Where a complaint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComplaintState {
    /// Here, and nobody has looked at it.
    Received,
    /// Taken up.
    Accepted,
    /// Answered; may be closed.
    Answered,
    /// Closed, with a reason.
    Closed,
}

impl ComplaintState {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Received, Self::Accepted, Self::Answered, Self::Closed];

    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Received => "已收到，待受理",
            Self::Accepted => "已受理，办理中",
            Self::Answered => "已答复",
            Self::Closed => "已办结",
        }
    }

    /// From its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// What the institution does about a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Takes it up.
    Accept,
    /// Answers it; again where more is to be said.
    Answer,
    /// Closes it, with a reason.
    Close,
}

impl Step {
    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Answer => "answer",
            Self::Close => "close",
        }
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Accept => "受理",
            Self::Answer => "答复",
            Self::Close => "办结",
        }
    }

    /// From its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Accept, Self::Answer, Self::Close].into_iter().find(|one| one.word() == word)
    }
}

/// What somebody wrote in a complaint. Sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintWords {
    /// What happened.
    pub text: String,
    /// The number of an application or certificate, if one is meant.
    pub about: String,
    /// Who complains, if they say.
    pub name: String,
    /// How to reach them, if they say.
    pub contact: String,
    /// What the pieces of evidence are called where they come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// SM3 of each, hexadecimal. Here alone: in the clear, short texts could be guessed from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence_sm3: Vec<String>,
    /// The key that they proved to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<ProvedKey>,
}

/// A private key that somebody who reports proved to have.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvedKey {
    /// The certificate of the key.
    pub serial: String,
}

impl std::fmt::Debug for ComplaintWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ComplaintWords")
    }
}

/// A complaint as it is handed in.
#[derive(Debug, Clone)]
pub struct NewComplaint {
    /// What it is about.
    pub category: Category,
    /// What was written.
    pub words: ComplaintWords,
}

/// A complaint that was taken, with the code that opens its progress. Told once.
#[derive(Debug, Clone)]
pub struct LodgedComplaint {
    /// Its number.
    pub number: String,
    /// Twelve digits in groups.
    pub check_code: String,
    /// Whether the files that came along were not kept, for want of room.
    pub left_out: bool,
}

/// A complaint as it is listed: nothing of what was written.
#[derive(Debug, Clone)]
pub struct Complaint {
    /// Its name inside.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub category: Category,
    /// Where it stands.
    pub state: ComplaintState,
    /// When it came.
    pub received_at: Timestamp,
    /// When it was first answered.
    pub answered_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The clock, while one runs.
    pub clock: Option<ComplaintClock>,
    /// When what was written was erased, at the end of its term.
    pub words_erased_at: Option<Timestamp>,
    /// Grows with each change.
    pub version: i64,
}

/// Which complaints are looked at; all given conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct ComplaintFilter {
    /// Where they stand.
    pub state: Option<ComplaintState>,
    /// What they are about.
    pub category: Option<Category>,
    /// Only those whose time is over.
    pub overdue: bool,
    /// Came at or after.
    pub from: Option<Timestamp>,
    /// Came before.
    pub until: Option<Timestamp>,
    /// The beginning of a number.
    pub number: String,
    /// A part of what was written.
    pub text: String,
}

/// A page of complaints.
#[derive(Debug, Clone, Default)]
pub struct ComplaintPage {
    /// The complaints.
    pub complaints: Vec<Complaint>,
    /// How many the filter finds.
    pub total: u64,
    /// Whether all were looked through for a text; false where only the newest were.
    pub is_whole: bool,
}

/// How long the institution has, as it disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComplaintClock {
    /// What is to be done.
    pub step: Step,
    /// The last day.
    pub due: Due,
    /// Whether it is over.
    pub overdue: bool,
}

/// Something that was done about a complaint.
#[derive(Debug, Clone)]
pub struct ComplaintStep {
    /// What.
    pub step: Step,
    /// What was said.
    pub text: String,
    /// By whom, by the person's name inside.
    pub person: String,
    /// When.
    pub at: Timestamp,
}

/// What is to be done about a complaint. Payload of `complaint.handle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintOrder {
    /// The version that was read.
    pub version: i64,
    /// What.
    pub step: Step,
    /// What is said: to whoever complained.
    pub text: String,
    /// What it came to for the status of certificates, when it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The certificates that it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<String>,
}
