//! Making the reports that are due: drawn, judged, signed, and kept in one unit with their record. One for each week,
//! however many nodes look after it, and each week that an outage left out.

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Actor, Filter, Page, Record, SealedBlob, Standing, Tx};
use zeroize::Zeroizing;

use super::REPORTED;
use super::model::{Counts, FORMAT, Report, Reporter, SampleSummary};
use super::sql;
use super::week::Week;
use crate::error::Error;
use crate::institution::Institution;

/// Reports of one round: what an outage left out comes bit by bit.
const MOST_IN_A_ROUND: u32 = 8;
/// A week is settled when every unit that began in it is long over, also on a node whose clock is behind.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// A report that is signed and sealed, and waits for its unit.
struct Ready {
    summary: SampleSummary,
    body: Value,
    blob: SealedBlob,
}

/// What came of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Stored,
    /// Somebody else made it.
    There,
    /// A record of the week came behind the draw.
    TooEarly,
}

impl Institution {
    /// Makes the reports that are due, the oldest first; how many. While the store is halted nothing is recorded, and
    /// so nothing is reported: the doctor tells of the missing report.
    pub async fn make_sample_reports(&self) -> Result<u32, Error> {
        let mut made = 0;
        while made < MOST_IN_A_ROUND && self.store().standing() == Standing::Sound {
            let Some(week) = self.sample_week_due().await? else { break };
            match self.make_sample_report(week).await? {
                Kept::Stored => made += 1,
                Kept::There => {}
                // The next round sees the late record too.
                Kept::TooEarly => break,
            }
        }
        Ok(made)
    }

    /// The oldest week that is over and has no report.
    pub(super) async fn sample_week_due(&self) -> Result<Option<Week>, Error> {
        let last = sql::last(&mut *self.store().read().await?).await?;
        let week = match last {
            Some(last) => Some(last.next()),
            None => self.first_week().await?,
        };
        let now = self.clock().now();
        Ok(week.filter(|week| now >= week.end() + SETTLED_AFTER))
    }

    /// The week of the first record.
    async fn first_week(&self) -> Result<Option<Week>, Error> {
        let page = Page { limit: 1, ..Page::default() };
        let first = self.store().records(&Filter::default(), page).await?;
        Ok(first.first().map(|record| Week::of(record.at)))
    }

    async fn make_sample_report(&self, week: Week) -> Result<Kept, Error> {
        let ready = self.prepare_sample_report(week).await?;
        let summary = ready.summary.clone();
        let kept = self.store().commit(move |tx| Box::pin(async move { keep(tx, ready).await }));
        let kept: Kept = kept.await?;
        let SampleSummary { population, drawn, faulty, unjudged, .. } = summary;
        match (kept, faulty, unjudged) {
            (Kept::Stored, 0, 0) => tracing::info!(%week, population, drawn, "weekly sample"),
            (Kept::Stored, ..) => {
                tracing::error!(%week, population, drawn, faulty, unjudged,
                    "certificates of the weekly sample have no sound evidence");
            }
            _ => {}
        }
        Ok(kept)
    }

    async fn prepare_sample_report(&self, week: Week) -> Result<Ready, Error> {
        let draw = self.draw_sample(week).await?;
        let (population, certificates) = (draw.population, Some(draw.certificates));
        let mut counts = Counts { population, certificates, ..Counts::default() };
        let mut sample = Vec::new();
        for drawn in draw.drawn {
            let entry = self.sample_entry(drawn).await?;
            counts.note(entry.verdict);
            sample.push(entry);
        }
        let institution = &self.settings().institution;
        let now = self.clock().now().as_second();
        let report = Report {
            format: FORMAT.to_owned(),
            institution: Reporter {
                name: institution.name.clone(),
                credit_code: institution.credit_code.clone(),
                origin: institution.origin.clone(),
            },
            week,
            from: week.begin(),
            until: week.end(),
            made_at: jiff::Timestamp::from_second(now).map_err(|_| Error::Stored("时钟"))?,
            journal: draw.journal,
            rule: self.settings().sample,
            seed: hex::encode(draw.seed),
            counts,
            sample,
        };
        self.seal_sample_report(&report).await
    }

    async fn seal_sample_report(&self, report: &Report) -> Result<Ready, Error> {
        let signed = self.sign_report(report).await?;
        let digest = gm::sm3::hash(signed.signed.as_bytes()).to_hex();
        let file = Zeroizing::new(signed.to_file()?);
        let blob = self.store().seal_blob(file, "sample-report").await?;
        let Counts { population, drawn, faulty, unjudged, .. } = report.counts;
        let summary = SampleSummary {
            week: report.week,
            journal: report.journal.clone(),
            population,
            drawn,
            faulty,
            unjudged,
            example_policy: report.counts.example_policy,
            by_client: report.counts.no_evidence,
            digest,
            seq: store::Seq(0),
            made_at: report.made_at,
            looked: None,
        };
        let counts = serde_json::to_value(report.counts).map_err(|_| Error::Stored("抽查报告"))?;
        let body = json!({ "week": report.week.to_string(), "size": report.journal.size,
            "root": report.journal.root, "seed": report.seed, "counts": counts,
            "sm3": summary.digest, "content": blob.reference().to_json() });
        Ok(Ready { summary, body, blob })
    }
}

/// Row, blob and record; nothing where there is one already, or where the week was not over for everybody.
async fn keep(tx: &mut Tx, ready: Ready) -> Result<Kept, Error> {
    let Ready { mut summary, body, blob } = ready;
    let week = summary.week;
    if sql::is_there(tx.conn(), week).await? {
        return Ok(Kept::There);
    }
    let is_over = tx.now() >= week.end();
    if !is_over || sql::has_late(tx.conn(), (summary.journal.size, week.end())).await? {
        return Ok(Kept::TooEarly);
    }
    let blob = blob.insert(tx).await?;
    let record = Record::new(REPORTED, Actor::system(), subject(week), body);
    summary.seq = tx.append(record).await?;
    sql::insert(tx.conn(), &summary, &blob.id).await?;
    Ok(Kept::Stored)
}

/// The journal's name of a report.
pub(super) fn subject(week: Week) -> String {
    format!("sample:{week}")
}
