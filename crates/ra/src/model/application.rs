//! An application and what is told of it.

use jiff::Timestamp;
use law::Due;
use serde::{Deserialize, Serialize};

use super::ids::{ApplicationId, Number, OfficeId};
use super::state::State;
use crate::catalogue::SearchField;

/// An application as it stands. Personal data are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its name inside.
    pub id: ApplicationId,
    /// Its number for people.
    pub number: Number,
    /// What is applied for.
    pub service: String,
    /// The kind of certificate.
    pub kind: String,
    /// The registration office that takes it; `None` is the institution itself.
    pub office: Option<OfficeId>,
    /// The certificate that it is about, by serial in hexadecimal.
    pub concerns: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Grows with each change: who changes names the one that was read.
    pub version: i64,
    /// The form version that counts; 0 before the first is saved.
    pub form: i64,
    /// Grows with each submission: proof and review belong to one.
    pub round: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When the review's clock began, if it did.
    pub clock_from: Option<Timestamp>,
}

impl Application {
    /// This application at this version.
    #[must_use]
    pub fn at(&self) -> At {
        At { id: self.id.clone(), version: self.version }
    }

    /// The subject of its journal records.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("application:{}", self.id)
    }

    /// What scoped permissions are held against.
    #[must_use]
    pub fn object(&self) -> access::Object {
        let office = self.office.as_ref().map(OfficeId::as_str);
        access::Object::application(self.id.as_str(), office)
    }
}

/// An application at the version that was read: if it has changed since, the change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Which.
    pub id: ApplicationId,
    /// At which version.
    pub version: i64,
}

/// What an application begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewApplication {
    /// What is applied for.
    pub service: String,
    /// The kind of certificate.
    pub kind: String,
    /// Where; `None` is the institution itself.
    pub office: Option<OfficeId>,
    /// The serial of the certificate it is about, where the service is about one.
    pub concerns: Option<String>,
}

/// A new application, with the code that opens it. The code is told once and never stored.
#[derive(Debug)]
pub struct Created {
    /// The application.
    pub application: Application,
    /// Eight digits.
    pub check_code: String,
}

/// The clock of the review: 571 wants a decision within two working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewClock {
    /// From the last acknowledgement.
    pub from: Timestamp,
    /// The last day.
    pub due: Due,
    /// Whether it is over.
    pub overdue: bool,
    /// The last notice on holidays does not reach so far (Invariant 10).
    pub provisional: bool,
    /// Why two days.
    pub basis: &'static str,
}

/// What a list selects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these states, by word; empty: all.
    pub states: Vec<String>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this service.
    pub service: Option<String>,
    /// Only this office: `Some(None)` is the institution itself.
    pub office: Option<Option<OfficeId>>,
    /// Only what has been in its state since before this instant.
    pub waiting_since_before: Option<Timestamp>,
    /// Continue behind this one.
    pub after: Option<Mark>,
    /// Only what stands before this one, the nearest to it: the page before.
    pub before: Option<Mark>,
    /// At most so many; never more than 200.
    pub limit: u32,
}

/// A place in a list: the longest waiting come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Since when the last one shown is in its state.
    pub since: Timestamp,
    /// Which one it was.
    pub id: ApplicationId,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationPage {
    /// The longest waiting first.
    pub applications: Vec<(Application, Option<ReviewClock>)>,
    /// Numbers of applications whose row can't be read.
    pub unreadable: Vec<String>,
    /// For the next page, behind it; none on the last.
    pub next: Option<Mark>,
    /// For the page before, before it; none on the first.
    pub previous: Option<Mark>,
}

/// How many applications of a kind came into a state on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// In Asia/Shanghai.
    pub day: law::CivilDate,
    /// The kind of certificate.
    pub kind: String,
    /// The word of the state.
    pub state: String,
    /// How many are in it since that day.
    pub count: u64,
}

/// Another live application of the same holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Which.
    pub application: Application,
    /// What they have in common.
    pub fields: Vec<SearchField>,
}
