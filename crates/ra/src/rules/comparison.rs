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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use serde_json::json;
    use store::{Actor, FixedClock, Opening, Page, Record, Schema, Store, StoreConfig};

    /// What somebody does to a row by hand.
    type Change<R> = fn(&mut R);

    /// A record that a store gave back, for none other makes one: of second 60, by `person:a`.
    async fn record() -> Stored {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("institution.db").display());
        let anchor = folder.path().join("anchor");
        let config = StoreConfig::new(url, Schema::Institution, anchor, "ra.test/journal");
        let device = testkit::scratch::Scratch::with_keys(&[("spare", gm::KeyKind::Sm2Sign)]);
        let clock = std::sync::Arc::new(FixedClock::at("2026-11-22T02:00:00Z").unwrap());
        let store = Store::open(config.opening(Opening::New), device, clock).await.unwrap();
        let body = json!({ "source": "authority", "ground": "ordered-hold", "origin": "act:1",
            "end": "lifted", "by": "act:2" });
        let done: Result<(), store::Error> = store
            .commit(|tx| {
                Box::pin(async move {
                    let actor = Actor::new("person:a");
                    tx.append(Record::new("test.record", actor, "revocation:1", body)).await?;
                    Ok(())
                })
            })
            .await;
        done.unwrap();
        let page = Page { limit: 1, ..Page::default() };
        let mut records = store.records(&store::Filter::default(), page).await.unwrap();
        let mut record = records.remove(0);
        record.kind = HELD.to_owned();
        record.at = Timestamp::from_second(60).unwrap();
        record.seq = Seq(5);
        record
    }

    fn hold() -> HoldRow {
        let text = |text: &str| text.to_owned();
        HoldRow {
            id: HoldId::of("0a", "act:1", 0).as_str().to_owned(),
            serial: text("0a"),
            source: text("authority"),
            ground: Some(text("ordered-hold")),
            origin: text("act:1"),
            set_by: text("person:a"),
            since: 60,
            position: 0,
            ended_at: Some(60),
            ended: Some(text("lifted")),
            ended_by: Some(text("act:2")),
        }
    }

    #[tokio::test]
    async fn a_hold_is_what_its_records_say_in_every_column() {
        let record = record().await;
        assert_eq!(held(Some(&hold()), &record), None);
        assert_eq!(ended(Some(&hold()), &record), None);
        assert!(held(None, &record).is_some() && ended(None, &record).is_some());
        let changes: [(&str, Change<HoldRow>); 7] = [
            ("source", |row| row.source = "holder".into()),
            ("ground", |row| row.ground = None),
            ("origin", |row| row.origin = "act:9".into()),
            ("set_by", |row| row.set_by = "person:b".into()),
            ("since", |row| row.since = 61),
            ("serial", |row| row.serial = "0b".into()),
            ("position", |row| row.position = 1),
        ];
        for (column, change) in changes {
            let mut row = hold();
            change(&mut row);
            assert!(held(Some(&row), &record).is_some(), "{column}");
        }
        let changes: [(&str, Change<HoldRow>); 4] = [
            ("ended_at", |row| row.ended_at = Some(61)),
            ("ended", |row| row.ended = Some("revoked".into())),
            ("ended_by", |row| row.ended_by = Some("act:9".into())),
            ("source", |row| row.source = "holder".into()),
        ];
        for (column, change) in changes {
            let mut row = hold();
            change(&mut row);
            assert!(ended(Some(&row), &record).is_some(), "{column}");
        }
    }

    #[test]
    fn a_hold_from_before_names_the_record_that_it_came_of() {
        let found = |id: &str, origin: &str| {
            let row = HoldRow { id: id.into(), origin: origin.into(), ..hold() };
            cause(&row).map(|cause| (cause.kind, cause.subject, cause.seq))
        };
        let about = |kind, subject: &str| Some((kind, Some(subject.to_owned()), None));
        let numbered = |kind| Some((kind, None, Some(Seq(7))));
        assert_eq!(found("call-1", "x"), about("revocation.stopped", "revocation:1"));
        assert_eq!(found("application-1", "x"), about("application.carried-out", "application:1"));
        assert_eq!(found("order-0a", "record:7"), numbered("certificate.ordered"));
        assert_eq!(found("status-0a", "record:7"), numbered("certificate.suspended"));
        for (id, origin) in
            [("order-0a", "act:7"), ("status-0a", "record:x"), ("other-1", "record:7"), ("0a", "")]
        {
            assert_eq!(found(id, origin), None, "{id} {origin}");
        }
    }

    #[tokio::test]
    async fn what_a_hold_came_of_was_at_its_time_and_before_the_first_that_has_a_record() {
        let told = record().await;
        let is = |change: fn(&mut Stored), first: Option<u64>| {
            let mut record = told.clone();
            change(&mut record);
            came_of(&hold(), Some(&record), first.map(Seq))
        };
        assert_eq!(came_of(&hold(), None, None), Some(STRANGE));
        assert_eq!(is(|_| (), None), None);
        assert_eq!(is(|_| (), Some(6)), None);
        assert_eq!(is(|_| (), Some(5)), Some(STRANGE), "that is the first itself");
        assert_eq!(is(|_| (), Some(4)), Some(STRANGE));
        assert_eq!(is(|one| one.intact = false, None), Some(HARMED));
        let later = |one: &mut Stored| one.at = Timestamp::from_second(61).unwrap();
        assert_eq!(is(later, None), Some(STRANGE));
        assert_eq!(is(|one| one.actor = "person:b".into(), None), None, "no order upon it");
        assert_eq!(is(|one| one.subject = "certificate:issuing/0a".into(), None), None);
        assert_eq!(is(|one| one.subject = "certificate:issuing/0b".into(), None), Some(STRANGE));
        let by_another = |one: &mut Stored| {
            one.subject = "certificate:issuing/0a".into();
            one.actor = "person:b".into();
        };
        assert_eq!(is(by_another, None), Some(STRANGE));
    }

    /// Records of a registration: kind, version, who.
    fn told(record: &Stored, steps: &[(&str, i64, &str)]) -> Told {
        let mut told = Told::default();
        for (kind, version, actor) in steps {
            let mut record = record.clone();
            record.kind = (*kind).to_owned();
            record.actor = format!("person:{actor}");
            record.body = json!({ "number": "n", "ground": "g", "list": "l", "version": version });
            assert!(told.note(&record));
        }
        told
    }

    fn row(state: &str, reviewed_by: Option<&str>) -> RegistrationRow {
        let text = |text: &str| text.to_owned();
        RegistrationRow {
            id: text("1"),
            number: text("n"),
            ground: text("g"),
            list_hash: text("l"),
            state: text(state),
            lapsed_at: None,
            closed_at: None,
            version: 2,
            entered_by: text("a"),
            reviewed_by: reviewed_by.map(text),
        }
    }

    #[tokio::test]
    async fn a_registration_stands_where_its_last_step_left_it() {
        let record = record().await;
        for (step, state, reviewed) in [
            ("revocation.caller-proven", "draft", None),
            ("revocation.entered", "entered", None),
            ("revocation.stopped", "draft", None),
            ("revocation.approved", "approved", Some("b")),
            ("revocation.rejected", "refused", Some("b")),
            ("revocation.dropped", "dropped", None),
            ("revocation.lapsed", "dropped", None),
            ("revocation.closed", "dropped", None),
            ("revocation.done", "done", None),
            ("lifting.done", "done", None),
        ] {
            let told = told(&record, &[("revocation.drafted", 1, "a"), (step, 2, "b")]);
            let at = |now: &str, lapsed: bool, closed: bool| {
                let (lapsed_at, closed_at) = (lapsed.then_some(1), closed.then_some(1));
                let row = RegistrationRow { lapsed_at, closed_at, ..row(now, reviewed) };
                registration(&row, &told).is_none()
            };
            let (lapsed, closed) = (step.ends_with("lapsed"), step.ends_with("closed"));
            assert_eq!(told.version(), 2);
            for now in ["draft", "entered", "approved", "refused", "dropped", "done", ""] {
                assert_eq!(at(now, lapsed, closed), now == state, "{step} {now}");
            }
            assert!(!at(state, !lapsed, closed) && !at(state, lapsed, !closed), "{step}");
        }
    }

    #[tokio::test]
    async fn a_registration_has_the_people_the_ground_and_the_list_of_its_records() {
        let record = record().await;
        let steps = [("revocation.drafted", 1, "a"), ("revocation.approved", 2, "b")];
        let approved = told(&record, &steps);
        let changes: [(&str, Change<RegistrationRow>); 6] = [
            ("number", |row| row.number = "x".into()),
            ("ground", |row| row.ground = "x".into()),
            ("list", |row| row.list_hash = "x".into()),
            ("entered_by", |row| row.entered_by = "b".into()),
            ("reviewed_by", |row| row.reviewed_by = Some("a".into())),
            ("reviewed_by", |row| row.reviewed_by = None),
        ];
        assert_eq!(registration(&row("approved", Some("b")), &approved), None);
        for (column, change) in changes {
            let mut row = row("approved", Some("b"));
            change(&mut row);
            assert!(registration(&row, &approved).is_some(), "{column}");
        }
        // Who reviewed it stays, when it is carried out.
        let carried = [&steps[..], &[("revocation.done", 3, "system")]].concat();
        let carried = told(&record, &carried);
        assert_eq!(registration(&row("done", Some("b")), &carried), None);
        assert_eq!(carried.version(), 3);
        assert_eq!(Told::default().version(), 0);
        let mut harmed = record.clone();
        harmed.intact = false;
        assert!(!Told::default().note(&harmed), "what was harmed is not believed");
        harmed.kind = "revocation.drafted".into();
        let mut told = Told::default();
        told.note(&harmed);
        assert_eq!(told.version(), 1, "a draft is the first version");
    }
}
