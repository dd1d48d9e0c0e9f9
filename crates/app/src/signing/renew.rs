//! Renewing the certificates of keys (ADR 12): in the last third of their life, for the same signing key, with
//! another encryption pair from the key centre. Whoever uses the key does nothing: the old certificate counts to
//! its end, and answers carry the one in force. A key is certified for five years in all; then another key is
//! ordered, by two people.

use ca::Status;
use jiff::{SignedDuration, Timestamp};
use pki::SubjectInput;
use status::rules::delegation;

use super::key::Wanted;
use super::model::{KeyState, PairState};
use super::pair::{Issued, is_compromised, is_key_doubted};
use super::rules;
use super::sql::{self, pair};
use crate::doctor::{Check, Level};
use crate::enrol::Act;
use crate::error::Error;
use crate::institution::Institution;

/// How often it is looked whether anything ends soon.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

impl super::Signing {
    /// Whether it is time to look again; then this is that time.
    pub(super) fn is_renewal_looked_for(&self, now: Timestamp) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_due = looked.is_none_or(|at| now.duration_since(at) >= EVERY || now < at);
        if is_due {
            *looked = Some(now);
        }
        is_due
    }
}

impl Institution {
    /// Renews what ends soon, and goes on with what was cut off. Doing it again changes nothing.
    pub async fn renew_signing_keys(&self) -> Result<(), Error> {
        let numbers = sql::in_state(&mut *self.store().read().await?, KeyState::Active).await?;
        let mut first = Ok(());
        for number in numbers {
            if let Err(error) = self.renew_signing_key(number).await {
                tracing::warn!(number, %error, "certificates of a signing key could not be renewed");
                first = first.and(Err(error));
            }
        }
        first
    }

    async fn renew_signing_key(&self, number: i64) -> Result<(), Error> {
        let (pairs, now) = (self.pairs_of(number).await?, self.clock().now());
        let (Some(last), Some(newest)) = (self.last_day_of(&pairs), pairs.last()) else {
            return Ok(());
        };
        // What somebody suspended or revoked is not followed by another, nor a key that is doubted.
        let is_good = newest.sign.record.status == Status::Good && !is_key_doubted(&pairs, now);
        let is_due = rules::is_renewal_due(newest.period(), last, now);
        let begins = is_good && is_due;
        if !begins && !self.is_pair_begun(number).await? {
            return Ok(());
        }
        let Some((key, generation)) = self.begin_pair(number, KeyState::Active).await? else {
            return Ok(());
        };
        let wanted = Wanted {
            key,
            generation,
            act: Act::RenewOwn(newest.sign.record.serial),
            subject: Some(SubjectInput::from_certificate(&newest.sign.certificate)?),
            not_after: rules::next_end(newest.period(), last),
        };
        self.try_pair(wanted).await
    }

    /// Until when a key may be certified: counted from its first certificate.
    pub(super) fn last_day_of(&self, pairs: &[Issued]) -> Option<Timestamp> {
        let (first, _) = pairs.first()?.period();
        Some(rules::last_day(first, self.ca().certificate().not_after()))
    }

    async fn is_pair_begun(&self, number: i64) -> Result<bool, Error> {
        let pairs = pair::of_key(&mut *self.store().read().await?, number).await?;
        Ok(pairs.iter().any(|one| matches!(one.state, PairState::Making { .. })))
    }

    /// Nothing comes of a pair any more; the next time another is begun.
    pub(super) async fn give_pair_up(&self, which: (i64, i64)) -> Result<(), Error> {
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    pair::failed(tx.conn(), which).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// What the doctor says of keys of applications; nothing where there are none.
    pub(crate) async fn check_signing_keys(&self) -> Option<Check> {
        let (level, detail) = match self.judge_signing_keys().await {
            Ok((0, Level::Good, _)) => return None,
            Ok((count, Level::Good, _)) => {
                (Level::Good, format!("{count} 个应用签名密钥的证书按期更新"))
            }
            Ok((_, level, told)) => (level, told.join("；")),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "signing", title: "应用签名服务", level, detail })
    }

    /// How many keys are in use or being made, and which of them somebody has to see to.
    async fn judge_signing_keys(&self) -> Result<(usize, Level, Vec<String>), Error> {
        let (making, active) = {
            let mut db = self.store().read().await?;
            let making = sql::making_since(&mut db).await?;
            (making, sql::in_state(&mut db, KeyState::Active).await?)
        };
        let (count, now) = (making.len() + active.len(), self.clock().now());
        let (mut worst, mut told) = (Level::Good, Vec::new());
        for (number, since) in making {
            if rules::is_given_up(since, now) {
                worst = Level::Warning;
                told.push(format!(
                    "签名密钥 {number} 复核通过已超过一小时，还没有制成；请查看运行日志，排除原因后会自动继续；不再需要的，请停用后另行下达"
                ));
            }
        }
        for number in self.spent_keys().await? {
            worst = Level::Warning;
            told.push(format!(
                "签名密钥 {number} 的证书已全部终止，签名私钥还没有在密码设备中销毁；刚终止的请稍候，持续出现的请查看运行日志并核对密码设备"
            ));
        }
        for number in active {
            if let Some((level, text)) = self.judge_signing_key(number, now).await? {
                worst = if level.rank() > worst.rank() { level } else { worst };
                told.push(text);
            }
        }
        Ok((count, worst, told))
    }

    /// What somebody has to see to about a key that is in use, if anything.
    async fn judge_signing_key(
        &self,
        number: i64,
        now: Timestamp,
    ) -> Result<Option<(Level, String)>, Error> {
        let pairs = self.pairs_of(number).await?;
        let (Some(last), Some(newest)) = (self.last_day_of(&pairs), pairs.last()) else {
            return Ok(None);
        };
        Ok(if is_compromised(&pairs) {
            let text = format!(
                "签名密钥 {number} 的一张证书因密钥泄露被撤销，密钥已不再签名；请立即在“管理台 → 应用签名服务”停用，其余证书随即暂停"
            );
            Some((Level::Failed, text))
        } else if delegation::is_renewal_late(newest.period(), last, now) {
            let text = format!(
                "签名密钥 {number} 的证书应当更新而一直没有成功，请查看运行日志和“管理台 → 应用签名服务”"
            );
            Some((Level::Warning, text))
        } else if rules::is_key_ending(last, now) {
            let text = format!(
                "签名密钥 {number} 的使用期到 {} 为止，不再更新证书，请为该应用另设签名密钥",
                pki::attestation::day_in_china(last)
            );
            Some((Level::Warning, text))
        } else {
            None
        })
    }
}
