//! What the journal and the doctor say of refused requests: sums by client and network, never one record for each.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Actor, Filter, Page, Record, Standing};

use super::{Why, limit};
use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;

/// Kind of the record.
const KIND: &str = "access.refusals";
/// Most clients at networks that are told apart between two records.
const MOST_TALLIES: usize = 1_000;
/// Most of them in one record.
const MOST_ROWS: usize = 32;
/// So many refusals are told, and whoever was slowed.
const WORTH_TELLING: u64 = 10;
/// What the doctor tells.
const TOLD: SignedDuration = SignedDuration::from_hours(24);
/// Most records that the doctor reads: more than there are of a day, of several nodes.
const MOST_RECORDS: u32 = 1_000;
/// Most clients that the doctor names.
const MOST_NAMED: usize = 5;

/// What one client was refused at one network; no client for who proved to be none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    client: String,
    network: String,
    unproven: u64,
    denied: u64,
    refused: u64,
    quota: u64,
    slowed: u64,
}

impl Tally {
    const fn refusals(&self) -> u64 {
        self.unproven
            .saturating_add(self.denied)
            .saturating_add(self.refused)
            .saturating_add(self.quota)
    }

    const fn is_worth_telling(&self) -> bool {
        self.slowed > 0 || self.refusals() >= WORTH_TELLING
    }

    fn add(&mut self, other: &Self) {
        self.unproven = self.unproven.saturating_add(other.unproven);
        self.denied = self.denied.saturating_add(other.denied);
        self.refused = self.refused.saturating_add(other.refused);
        self.quota = self.quota.saturating_add(other.quota);
        self.slowed = self.slowed.saturating_add(other.slowed);
    }
}

/// Everybody's since the last record.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    rows: HashMap<(String, String), Tally>,
    /// Refusals and waits of those for whom there was no room.
    others: u64,
}

/// What a record says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    rows: Vec<Tally>,
    others: u64,
}

impl Tallies {
    pub fn refused(&mut self, (client, source): (&str, IpAddr), why: Why) {
        self.count((client, source), |tally| match why {
            Why::Unproven => &mut tally.unproven,
            Why::Denied => &mut tally.denied,
            Why::Refused => &mut tally.refused,
            Why::Quota => &mut tally.quota,
        });
    }

    pub fn slowed(&mut self, client: &str, source: IpAddr) {
        self.count((client, source), |tally| &mut tally.slowed);
    }

    fn count(&mut self, (client, source): (&str, IpAddr), of: impl Fn(&mut Tally) -> &mut u64) {
        let key = (client.to_owned(), limit::neighbourhood(source));
        if self.rows.len() >= MOST_TALLIES && !self.rows.contains_key(&key) {
            self.others = self.others.saturating_add(1);
            return;
        }
        let (client, network) = key.clone();
        let new = || Tally { client, network, ..Tally::default() };
        let count = of(self.rows.entry(key).or_insert_with(new));
        *count = count.saturating_add(1);
    }

    /// Those worth telling, the most refused first; what is beyond a record's room is summed up. Begins anew.
    fn drain(&mut self) -> Option<Told> {
        let Self { rows, mut others } = std::mem::take(self);
        let mut rows: Vec<Tally> = rows.into_values().filter(Tally::is_worth_telling).collect();
        let weight = |one: &Tally| one.refusals().saturating_add(one.slowed);
        rows.sort_by(|a, b| {
            let names = || (&a.client, &a.network).cmp(&(&b.client, &b.network));
            weight(b).cmp(&weight(a)).then_with(names)
        });
        for rest in rows.drain(rows.len().min(MOST_ROWS)..) {
            others = others.saturating_add(weight(&rest));
        }
        (!rows.is_empty() || others > 0).then_some(Told { rows, others })
    }

    /// Counts what couldn't be recorded in again.
    fn give_back(&mut self, told: Told) {
        self.others = self.others.saturating_add(told.others);
        for row in told.rows {
            let key = (row.client.clone(), row.network.clone());
            match self.rows.get_mut(&key) {
                Some(tally) => tally.add(&row),
                None => drop(self.rows.insert(key, row)),
            }
        }
    }

    fn pending(&self) -> Told {
        let rows = self.rows.values().filter(|one| one.is_worth_telling()).cloned().collect();
        Told { rows, others: self.others }
    }
}

impl Institution {
    /// Records who was refused often since the last time; whether there was anything to record.
    ///
    /// # Errors
    /// When it can't be recorded: it is counted in with what comes.
    pub async fn record_refusals(&self) -> Result<bool, Error> {
        if self.store().standing() != Standing::Sound {
            return Ok(false);
        }
        let told = self.refusals().state().tallies.drain();
        let Some(told) = told else { return Ok(false) };
        let body = json!({ "rows": told.rows, "others": told.others });
        let record = Record::new(KIND, Actor::system(), "clients", body);
        let unit = self
            .store()
            .commit(move |tx| Box::pin(async move { tx.append(record).await.map(drop) }));
        match unit.await {
            Ok(()) => Ok(true),
            Err(error) => {
                self.refusals().state().tallies.give_back(told);
                let error: store::Error = error;
                Err(error.into())
            }
        }
    }

    /// What the doctor says of refused requests of a day.
    pub(crate) async fn check_refusals(&self) -> Check {
        let (level, detail) = match self.refusals_of_a_day().await {
            Ok((told, unreadable)) => with_unread(judge(&told), unreadable),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "refusals", title: "接口请求被拒绝", level, detail }
    }

    /// And how many of its records can't be read.
    async fn refusals_of_a_day(&self) -> Result<(Told, usize), Error> {
        let now = self.clock().now();
        let from: Option<Timestamp> = now.checked_sub(TOLD).ok();
        let filter = Filter { kind: Some(KIND.to_owned()), from, ..Filter::default() };
        let page = Page { limit: MOST_RECORDS, newest_first: true, ..Page::default() };
        let records = self.store().records(&filter, page).await?;
        let pending = self.refusals().state().tallies.pending();
        Ok(gathered(pending, records.into_iter().map(|record| record.body)))
    }
}

/// What was counted since the last record, with what the records say; and how many of them say it in a way that isn't
/// known here, as those of a program to come may.
fn gathered(mut all: Told, bodies: impl Iterator<Item = Value>) -> (Told, usize) {
    let mut unreadable = 0;
    for body in bodies {
        match serde_json::from_value::<Told>(body) {
            Ok(told) => {
                all.others = all.others.saturating_add(told.others);
                all.rows.extend(told.rows);
            }
            Err(_) => unreadable += 1,
        }
    }
    (summed(all), unreadable)
}

fn summed(all: Told) -> Told {
    let mut rows: BTreeMap<(String, String), Tally> = BTreeMap::new();
    for row in all.rows {
        let key = (row.client.clone(), row.network.clone());
        rows.entry(key).and_modify(|sum| sum.add(&row)).or_insert(row);
    }
    let mut rows: Vec<Tally> = rows.into_values().collect();
    rows.sort_by_key(|one| std::cmp::Reverse(one.refusals().saturating_add(one.slowed)));
    Told { rows, others: all.others }
}

/// What isn't counted in is said, and is never good (Invariant 11).
fn with_unread((level, text): (Level, String), unreadable: usize) -> (Level, String) {
    let level = match (unreadable, level) {
        (0, _) => return (level, text),
        (_, Level::Good) => Level::Unknown,
        (_, level) => level,
    };
    let unread = format!("有 {unreadable} 条汇总日志（{KIND}）不能读取，没有计入；请在日志中查看");
    (level, format!("{text}；{unread}"))
}

fn judge(told: &Told) -> (Level, String) {
    if told.rows.is_empty() && told.others == 0 {
        return (Level::Good, "过去 24 小时没有多次被拒绝的接口请求".to_owned());
    }
    let each: Vec<_> = told.rows.iter().take(MOST_NAMED).map(said).collect();
    let more = told.rows.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!("；另有 {more} 处") } else { String::new() };
    let others = match told.others {
        0 => String::new(),
        others => format!("；其他来源合计 {others} 次"),
    };
    let text = format!("过去 24 小时被拒绝的接口请求：{}{more}{others}", each.join("；"));
    let is_slowed = told.rows.iter().any(|one| one.slowed > 0) || told.others > 0;
    match is_slowed {
        false => (Level::Good, text),
        true => (
            Level::Warning,
            format!(
                "{text}。请与客户端的负责人核对密钥、权限和限额；不认识的来源，可以在防火墙上拦截"
            ),
        ),
    }
}

fn said(one: &Tally) -> String {
    let who = match one.client.as_str() {
        "" => format!("来自 {}", one.network),
        client => format!("客户端 {client}（{}）", one.network),
    };
    let counts = [
        (one.unproven, "身份未通过验证"),
        (one.denied, "没有权限"),
        (one.refused, "依规则不予办理"),
        (one.quota, "超过限额"),
        (one.slowed, "其后被要求等待"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| format!("{what} {count} 次")).collect();
    format!("{who}{}", counts.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_flood_is_one_short_record_and_what_is_rare_is_none() {
        let mut tallies = Tallies::default();
        for _ in 0..9 {
            tallies.refused(("c1", from("198.51.100.1")), Why::Denied);
        }
        assert_eq!(tallies.drain(), None, "that happens");
        for number in 0..u32::try_from(MOST_TALLIES).unwrap() * 2 {
            let source = IpAddr::V4((0x0a00_0000 + number * 256).into());
            (0..10).for_each(|_| tallies.refused(("", source), Why::Unproven));
        }
        tallies.slowed("c1", from("198.51.100.1"));
        let told = tallies.drain().unwrap();
        assert_eq!(told.rows.len(), MOST_ROWS);
        assert_eq!(told.others, 2 * 10_000 - 32 * 10 + 1);
        assert!(serde_json::to_string(&told).unwrap().len() < 8_192);
        assert_eq!(tallies.drain(), None, "it begins anew");
        tallies.give_back(told.clone());
        assert_eq!(tallies.drain().unwrap().rows.len(), told.rows.len());
    }

    #[test]
    fn a_record_that_cannot_be_read_is_told_and_never_good() {
        let row = json!({ "client": "c1", "network": "198.51.100.0/24", "unproven": 0, "denied": 0,
            "refused": 12, "quota": 0, "slowed": 0 });
        let known = json!({ "rows": [row], "others": 0 });
        let other = json!({ "rows": [{ "client": "c2", "attempts": 90 }], "others": 0 });
        for (bodies, level, parts) in [
            (vec![known.clone()], Level::Good, vec!["12 次"]),
            (vec![known, other.clone()], Level::Unknown, vec!["12 次", "1 条", "不能读取"]),
            (vec![other.clone(), other], Level::Unknown, vec!["2 条", KIND]),
        ] {
            let (told, unreadable) = gathered(Told::default(), bodies.into_iter());
            let (found, text) = with_unread(judge(&told), unreadable);
            assert_eq!(found, level, "{text}");
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        }
        let slowed = (Level::Warning, String::new());
        assert_eq!(with_unread(slowed, 1).0, Level::Warning);
    }

    #[test]
    fn the_doctor_names_who_was_slowed_and_sums_a_day_up() {
        assert_eq!(judge(&Told::default()).0, Level::Good);
        let mut tallies = Tallies::default();
        for _ in 0..12 {
            tallies.refused(("c1", from("198.51.100.1")), Why::Quota);
        }
        let first = tallies.drain().unwrap();
        let (level, text) = judge(&first);
        assert!(level == Level::Good && text.contains("超过限额 12 次"), "{text}");
        tallies.slowed("c1", from("198.51.100.2"));
        let mut all = tallies.drain().unwrap();
        all.rows.extend(first.rows);
        let (level, text) = judge(&summed(all));
        assert_eq!(level, Level::Warning);
        for part in ["c1", "198.51.100.0/24", "12 次", "其后被要求等待 1 次"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
