//! What a row must say when its record is believed (Invariant 4; Measures Art. 18, Art. 24): the journal is
//! guarded by its anchor, the tables are not. Each rule answers with what is wrong, in Chinese, or with nothing.

use std::collections::BTreeMap;

use serde_json::Value;
use store::{Seq, Stored};

use crate::model::HoldId;
use crate::sql::comparison::{HoldRow, RegistrationRow};

/// Kind of the record of a hold that was set.
pub(crate) const HELD: &str = "certificate.held";
/// Kind of the record of a hold that ended.
pub(crate) const ENDED: &str = "certificate.hold-ended";
/// Kinds of the records that change a registration, each with its version.
pub(crate) const STEPS: [&str; 16] = [
    "revocation.drafted",
    "revocation.caller-proven",
    "revocation.entered",
    "revocation.stopped",
    "revocation.approved",
    "revocation.rejected",
    "revocation.dropped",
    "revocation.lapsed",
    "revocation.closed",
    "revocation.done",
    "lifting.drafted",
    "lifting.entered",
    "lifting.approved",
    "lifting.rejected",
    "lifting.dropped",
    "lifting.done",
];

/// Kinds of the records that a registration begins with.
pub(crate) const DRAFTED: [&str; 2] = ["revocation.drafted", "lifting.drafted"];

/// What is said of a record that was harmed itself.
pub(crate) const HARMED: &str = "记录本身已受损，无法核对";

/// A text of a record's body.
pub(crate) fn said<'r>(record: &'r Stored, field: &str) -> Option<&'r str> {
    record.body.get(field).and_then(Value::as_str)
}

/// A hold as it was set, against `certificate.held`.
pub(crate) fn held(row: Option<&HoldRow>, record: &Stored) -> Option<&'static str> {
    let Some(row) = row else {
        return Some("设置暂停的记录没有对应的行，暂停曾被删除");
    };
    let same = said(record, "source") == Some(&row.source)
        && said(record, "ground") == row.ground.as_deref()
        && said(record, "origin") == Some(&row.origin)
        && record.actor == row.set_by
        && record.at.as_second() == row.since;
    if !same {
        return Some("暂停行的来源、事由、经办人或者时间与记录不符，曾被改动");
    }
    // The name of a hold is made from its certificate, what it came of, and its place.
    let position = u64::try_from(row.position).unwrap_or(u64::MAX);
    let named = HoldId::of(&row.serial, &row.origin, position);
    (named.as_str() != row.id).then_some("暂停行所指的证书与记录不符，曾被改动")
}

/// A hold as it ended, against `certificate.hold-ended`.
pub(crate) fn ended(row: Option<&HoldRow>, record: &Stored) -> Option<&'static str> {
    let Some(row) = row else {
        return Some("解除暂停的记录没有对应的行，暂停曾被删除");
    };
    let same = row.ended_at == Some(record.at.as_second())
        && row.ended.as_deref() == said(record, "end")
        && row.ended_by.as_deref() == said(record, "by")
        && said(record, "source") == Some(&row.source);
    (!same).then_some("暂停行没有按记录解除，或者解除的方式、依据、时间与记录不符，曾被改动")
}

/// Where the record is of what a hold came of that the migration of holds (865) made a row.
pub(crate) struct Cause {
    /// Its kind.
    pub kind: &'static str,
    /// About what, where that is known.
    pub subject: Option<String>,
    /// Its number, where that is known.
    pub seq: Option<Seq>,
}

/// Of what a hold without a record of its own came; none for one that no migration made.
pub(crate) fn cause(row: &HoldRow) -> Option<Cause> {
    let (made, name) = row.id.split_once('-')?;
    let about = |subject: &str, kind| {
        let subject = Some(format!("{subject}:{name}"));
        Some(Cause { kind, subject, seq: None })
    };
    let numbered = |kind| {
        let seq = row.origin.strip_prefix("record:")?.parse().ok().map(Seq)?;
        Some(Cause { kind, subject: None, seq: Some(seq) })
    };
    match made {
        "call" => about("revocation", "revocation.stopped"),
        "application" => about("application", "application.carried-out"),
        "order" => numbered("certificate.ordered"),
        "status" => numbered("certificate.suspended"),
        _ => None,
    }
}

/// A hold that a migration made, against what it came of, which was before the first hold with a record.
pub(crate) fn came_of(
    row: &HoldRow,
    record: Option<&Stored>,
    first: Option<Seq>,
) -> Option<&'static str> {
    let Some(record) = record else { return Some(STRANGE) };
    let is_before = first.is_none_or(|first| record.seq < first);
    let is_named = !record.subject.starts_with("certificate:")
        || (record.subject.ends_with(&format!("/{}", row.serial)) && record.actor == row.set_by);
    match (record.intact, is_before && is_named && record.at.as_second() == row.since) {
        (false, _) => Some(HARMED),
        (true, false) => Some(STRANGE),
        (true, true) => None,
    }
}

/// What is said of a hold that nothing explains.
pub(crate) const STRANGE: &str = "没有对应的记录，系绕过本系统插入";

/// What the records say of a registration: its steps by their version.
#[derive(Debug, Default)]
pub(crate) struct Told {
    number: String,
    ground: String,
    list: String,
    steps: BTreeMap<i64, (String, String)>,
}

impl Told {
    /// Notes a record of [`STEPS`]; false where it cannot be believed.
    pub(crate) fn note(&mut self, record: &Stored) -> bool {
        let text = |field| said(record, field).unwrap_or_default().to_owned();
        if record.kind.ends_with(".drafted") {
            (self.number, self.ground, self.list) = (text("number"), text("ground"), text("list"));
        }
        let version = record.body.get("version").and_then(Value::as_i64).unwrap_or(1);
        let step = record.kind.split_once('.').map_or("", |(_, step)| step).to_owned();
        self.steps.insert(version, (step, record.actor.clone()));
        record.intact
    }

    /// The last version.
    pub(crate) fn version(&self) -> i64 {
        self.steps.last_key_value().map_or(0, |(version, _)| *version)
    }

    /// The person who took a step.
    fn by(&self, steps: &[&str]) -> Option<&str> {
        let mut taken = self.steps.values().filter(|(step, _)| steps.contains(&&**step));
        taken.next_back().and_then(|(_, actor)| actor.strip_prefix("person:"))
    }

    /// The state as the table has it: the word, whether it lapsed, whether it was closed.
    fn state(&self) -> (&'static str, bool, bool) {
        let state = |(step, _): &(String, String)| match &**step {
            "drafted" => Some(("draft", false, false)),
            "entered" => Some(("entered", false, false)),
            "approved" => Some(("approved", false, false)),
            "rejected" => Some(("refused", false, false)),
            "dropped" => Some(("dropped", false, false)),
            "lapsed" => Some(("dropped", true, false)),
            "closed" => Some(("dropped", false, true)),
            "done" => Some(("done", false, false)),
            _ => None,
        };
        self.steps.values().rev().find_map(state).unwrap_or(("", false, false))
    }
}

/// A registration at its last version, against what its records say.
pub(crate) fn registration(row: &RegistrationRow, told: &Told) -> Option<&'static str> {
    if told.number != row.number || told.ground != row.ground || told.list != row.list_hash {
        return Some("登记行的编号、事由或者名单与记录不符，曾被改动");
    }
    if told.state() != (&*row.state, row.lapsed_at.is_some(), row.closed_at.is_some()) {
        return Some("登记行的状态与最后一步的记录不符，曾被改动");
    }
    let entered = told.by(&["drafted"]) == Some(&row.entered_by);
    let reviewed = told.by(&["approved", "rejected"]) == row.reviewed_by.as_deref();
    (!entered || !reviewed).then_some("登记行的登记人或者复核人与记录不符，曾被改动")
}
