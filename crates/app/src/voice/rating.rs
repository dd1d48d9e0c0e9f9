//! Ratings: one for each application that has ended, changeable for seven days, answered where it is
//! bad. 一事一评, voluntary (国办发〔2019〕51号).

use std::collections::BTreeMap;

use access::{Action, Permit, SignedAct};
use ra::Application;
use serde_json::json;
use zeroize::Zeroizing;

use super::model::{Figures, Level, Rating, RatingAnswer, RatingFilter, RatingPage};
use super::sql::{self, RatingRow};
use super::{ordered, record, rules};
use crate::error::Error;
use crate::institution::Institution;
use crate::mark::{Block, Mark};

/// Ratings that are opened to look for a text.
const MOST_OPENED: i64 = 2_000;

impl Institution {
    /// The rating of an application, for its applicant.
    pub async fn rating(
        &self,
        permit: &Permit,
        application: &Application,
    ) -> Result<Option<Rating>, Error> {
        permit.reach(&application.object())?;
        let row = sql::rating(&mut *self.store().read().await?, application.id.as_str()).await?;
        match row {
            Some(row) => Ok(Some(self.opened_rating(row).await?)),
            None => Ok(None),
        }
    }

    /// The applicant rates the service, or changes the rating.
    pub async fn rate(
        &self,
        permit: &Permit,
        application: &Application,
        (level, remark): (Level, &str),
    ) -> Result<(), Error> {
        permit.covers_object(Action::RateService, &application.object())?;
        if !application.state.is_final() {
            return Err(Error::NotApplicable("申请办结后才能评价；请等申请办结后再来"));
        }
        let remark = remark.trim();
        if remark.chars().count() > rules::MOST_REMARK {
            return Err(Error::NotApplicable("评价内容最多 500 字，请删减后重新提交"));
        }
        let sealed = match remark.is_empty() {
            true => None,
            false => {
                let content = Zeroizing::new(remark.as_bytes().to_vec());
                Some(self.store().seal_blob(content, "voice-rating").await?)
            }
        };
        let (actor, application) = (permit.actor(), application.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    let there = sql::rating(tx.conn(), application.id.as_str()).await?;
                    let remark = match sealed {
                        Some(sealed) => Some(sealed.insert(tx).await?),
                        None => None,
                    };
                    let blob = remark.as_ref().map(|remark| remark.id.clone());
                    let kept = match there {
                        None => {
                            let row = first(&application, (level, blob), now);
                            sql::add_rating(tx.conn(), &row).await?
                        }
                        Some(row) => {
                            changeable(&row, now)?;
                            let row = RatingRow { level, remark: blob, changed_at: now, ..row };
                            sql::change_rating(tx.conn(), &row).await?
                        }
                    };
                    if !kept {
                        return Err(Error::NotApplicable("评价已被更改，请刷新页面后重试"));
                    }
                    let remark = remark.map(|remark| remark.to_json());
                    let body = json!({ "level": level.number(), "remark": remark });
                    let subject = format!("rating:{}", application.id);
                    record(tx, "rating.given", actor, (subject, body)).await
                })
            })
            .await
    }

    /// Ratings in figures by service, and all together: public.
    pub async fn rating_figures(&self) -> Result<(Figures, BTreeMap<String, Figures>), Error> {
        let rows = sql::figures(&mut *self.store().read().await?).await?;
        let (mut all, mut services) = (Figures::default(), BTreeMap::<String, Figures>::new());
        for (service, level, count, answered) in rows {
            for figures in [&mut all, services.entry(service).or_default()] {
                figures.add(level, (count, answered));
            }
        }
        Ok((all, services))
    }

    /// A page of ratings, with the figures of what is looked at: those that wait for an answer, the
    /// longest waiting first, all others the newest first.
    pub async fn ratings(
        &self,
        permit: &Permit,
        filter: &RatingFilter,
        (page, rows): (u32, u32),
    ) -> Result<RatingPage, Error> {
        permit.covers(Action::ReadVoice)?;
        let mut figures = Figures::default();
        let mut reader = self.store().read().await?;
        for (level, count, answered) in sql::level_counts(&mut reader, filter).await? {
            figures.add(level, (count, answered));
        }
        let total = sql::rating_count(&mut reader, filter).await?;
        let (offset, limit) = (i64::from(page).saturating_mul(i64::from(rows)), i64::from(rows));
        if !filter.text.trim().is_empty() {
            drop(reader);
            let is_whole = i64::try_from(total).is_ok_and(|total| total <= MOST_OPENED);
            let found = self.ratings_saying(filter).await?;
            let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
            let (skip, most) = (usize::try_from(offset), usize::try_from(limit));
            let ratings = found.into_iter().skip(skip.unwrap_or(usize::MAX));
            let ratings = ratings.take(most.unwrap_or(usize::MAX)).collect();
            return Ok(RatingPage { ratings, total, is_whole, figures });
        }
        let stored = sql::ratings(&mut reader, filter, (None, offset, limit)).await?;
        drop(reader);
        let ratings = self.opened_ratings(stored).await?;
        Ok(RatingPage { ratings, total, is_whole: true, figures })
    }

    /// Some more of them behind a mark, for a file. Those that say a text come all at once.
    pub async fn ratings_behind(
        &self,
        permit: &Permit,
        filter: &RatingFilter,
        (behind, rows): (Option<&Mark>, u32),
    ) -> Result<Block<Rating>, Error> {
        permit.covers(Action::ReadVoice)?;
        if !filter.text.trim().is_empty() {
            return Ok(Block::whole(self.ratings_saying(filter).await?));
        }
        let place = (behind, 0, i64::from(rows));
        let stored = sql::ratings(&mut *self.store().read().await?, filter, place).await?;
        let found = self.opened_ratings(stored).await?;
        Ok(Block::of(found, rows, |one| Mark::new(one.rated_at, &one.application)))
    }

    async fn opened_ratings(&self, stored: Vec<RatingRow>) -> Result<Vec<Rating>, Error> {
        let mut ratings = Vec::new();
        for row in stored {
            ratings.push(self.opened_rating(row).await?);
        }
        Ok(ratings)
    }

    /// What applicants wrote is sealed: it is opened one by one and nothing of it is kept.
    async fn ratings_saying(&self, filter: &RatingFilter) -> Result<Vec<Rating>, Error> {
        let newest = (None, 0, MOST_OPENED);
        let stored = sql::ratings(&mut *self.store().read().await?, filter, newest).await?;
        let mut found = self.opened_ratings(stored).await?;
        let says = |remark: &str| rules::has_part(remark, &filter.text);
        found.retain(|rating| rating.remark.as_deref().is_some_and(says));
        Ok(found)
    }

    /// How many bad ratings wait for an answer.
    pub async fn bad_ratings_waiting(&self, permit: &Permit) -> Result<u64, Error> {
        permit.covers(Action::ReadVoice)?;
        let filter = RatingFilter { answered: Some(false), ..RatingFilter::default() };
        sql::rating_count(&mut *self.store().read().await?, &filter).await
    }

    pub(super) async fn answer_rating(
        &self,
        application: &str,
        act: SignedAct,
    ) -> Result<(), Error> {
        let order: RatingAnswer = ordered(&act)?;
        let answer = order.answer.trim();
        if !(4..=rules::MOST_REMARK).contains(&answer.chars().count()) {
            return Err(Error::NotApplicable("答复应为 4 至 500 字；请修改后重新签名"));
        }
        let content = Zeroizing::new(answer.as_bytes().to_vec());
        let sealed = self.store().seal_blob(content, "voice-rating").await?;
        let application = application.to_owned();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let row = sql::rating(tx.conn(), &application).await?;
                    let row = row.ok_or(Error::NotApplicable("没有这条评价，请刷新后重试"))?;
                    if !row.level.is_bad() || row.answer.is_some() {
                        let text = "这条评价不需要答复，或已经答复；请刷新列表";
                        return Err(Error::NotApplicable(text));
                    }
                    let (blob, now) = (sealed.insert(tx).await?, tx.now());
                    let at = (&*application, order.version);
                    let by = (&*blob.id, act.person().as_str());
                    if !sql::answer_rating(tx.conn(), at, by, now).await? {
                        let text = "评价已被更改，请刷新列表后重新答复";
                        return Err(Error::NotApplicable(text));
                    }
                    let actor = store::Actor::new(format!("person:{}", act.person()));
                    let body = json!({ "answer": blob.to_json(), "act": act.to_json() });
                    let subject = format!("rating:{application}");
                    record(tx, "rating.answered", actor, (subject, body)).await
                })
            })
            .await
    }

    async fn opened_rating(&self, row: RatingRow) -> Result<Rating, Error> {
        let remark = match &row.remark {
            Some(blob) => Some(self.opened_text(blob).await?),
            None => None,
        };
        let answer = match &row.answer {
            Some((blob, at)) => Some((self.opened_text(blob).await?, *at)),
            None => None,
        };
        Ok(Rating {
            application: row.application,
            service: row.service,
            kind: row.kind,
            office: row.office,
            level: row.level,
            remark,
            rated_at: row.rated_at,
            open_until: rules::open_until(row.rated_at),
            answer,
            version: row.version,
        })
    }

    pub(super) async fn opened_text(&self, blob: &str) -> Result<String, Error> {
        let content = self.store().open_blob(blob).await?;
        String::from_utf8(content.to_vec()).map_err(|_| Error::Stored("评价和投诉的内容"))
    }
}

fn first(
    application: &Application,
    (level, remark): (Level, Option<String>),
    now: jiff::Timestamp,
) -> RatingRow {
    RatingRow {
        application: application.id.to_string(),
        service: application.service.clone(),
        kind: application.kind.clone(),
        office: application.office.as_ref().map(ToString::to_string),
        level,
        remark,
        rated_at: now,
        changed_at: now,
        answer: None,
        version: 1,
    }
}

fn changeable(row: &RatingRow, now: jiff::Timestamp) -> Result<(), Error> {
    if row.answer.is_some() {
        return Err(Error::NotApplicable("评价已经得到答复，不能再改；仍不满意的，可以投诉"));
    }
    if now >= rules::open_until(row.rated_at) {
        return Err(Error::NotApplicable("评价作出七日后不能再改；仍有意见的，可以投诉"));
    }
    Ok(())
}
