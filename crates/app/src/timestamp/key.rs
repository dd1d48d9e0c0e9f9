//! The keys of the timestamp authority and their certificates (profile `tsa`). The first is made
//! when the service is first open, the next a year before the last one ends: a new key each time,
//! so that no key signs for longer than its certificate (RFC 3161 §4). Cut off anywhere and run
//! again, it goes on: a key without certificate is certified before another is made.

use ca::{Intent, IssueOrder, Refusal, RequestId, Role, Validity};
use gm::{DeviceError, KeyInfo, KeyKind, KeyLabel, RefusedReason};
use jiff::Timestamp;
use pki::SubjectInput;
use serde_json::json;
use status::timestamp::{TimestampAuthority, rules};
use store::{Actor, Record};

use crate::error::Error;
use crate::institution::Institution;

/// Name of the profile.
const PROFILE: &str = "tsa";
/// Beginning of the labels of the keys.
const STEM: &str = "tsa-";
const DAY_SECONDS: i64 = 86_400;

/// The number of a key of ours.
fn number(info: &KeyInfo) -> u32 {
    let rest = info.label.as_str().strip_prefix(STEM);
    rest.and_then(|rest| rest.parse().ok()).unwrap_or_default()
}

impl Institution {
    /// Makes key and certificate of the timestamp authority where there are none, or where they
    /// end soon. Runs by itself.
    pub async fn keep_timestamp_key(&self) -> Result<(), Error> {
        let Some(authority) = self.timestamp() else {
            return Ok(());
        };
        let (now, end) = (self.clock().now(), self.possible_end()?);
        if let Some(current) = authority.certificate() {
            let period = (current.not_before(), current.not_after());
            if !rules::is_renewal_due(period, end, now) {
                return Ok(());
            }
        }
        let key = self.uncertified_key(authority).await?;
        // A key whose order was begun and cannot be gone on with (another day, given up after a
        // crash) belongs to that order for ever; then another is made.
        match self.certify_timestamp_key(key.clone(), end).await {
            Err(Error::Ca(ca::Error::Refused(
                Refusal::KeyInUse | Refusal::OtherOrder | Refusal::Abandoned(_),
            ))) => {
                let next = self.make_timestamp_key(number(&key).saturating_add(1)).await?;
                self.certify_timestamp_key(next, end).await?;
            }
            done => done?,
        }
        Ok(authority.refresh().await?)
    }

    /// Until when a certificate that is made today can last: as the profile says, but no longer
    /// than the CA. The same all day, so that an order that was cut off is the same order again.
    fn possible_end(&self) -> Result<Timestamp, Error> {
        let profile = self.ca().profiles().by_name(PROFILE);
        let days = profile.ok_or(Error::Stored("时间戳证书模板"))?.document().validity.default_days;
        let now = self.clock().now().as_second();
        let last = (now.div_euclid(DAY_SECONDS) + i64::from(days)) * DAY_SECONDS - 1;
        // Whole days and one second are a well-known mistake, and refused by the lints.
        let whole = (last - now) % DAY_SECONDS == 0;
        let end = Timestamp::from_second(last - i64::from(whole));
        let end = end.map_err(|_| Error::Stored("时间戳证书的期限"))?;
        Ok(end.min(self.ca().certificate().not_after()))
    }

    /// The newest key if it has no certificate yet, otherwise a new one.
    async fn uncertified_key(&self, authority: &TimestampAuthority) -> Result<KeyInfo, Error> {
        let keys = authority.keys().await?;
        let newest = keys.into_iter().max_by_key(number);
        let next = match newest {
            None => 1,
            Some(newest) => {
                let public = newest.public_key.ok_or(Error::Stored("时间戳密钥的公钥"))?;
                if self.ca().of_key(&public).await?.is_empty() {
                    return Ok(newest);
                }
                number(&newest).saturating_add(1)
            }
        };
        self.make_timestamp_key(next).await
    }

    async fn make_timestamp_key(&self, number: u32) -> Result<KeyInfo, Error> {
        let label = KeyLabel::new(format!("{STEM}{number}"));
        let label = label.map_err(|_| Error::Stored("时间戳密钥的名称"))?;
        let device = self.device().clone();
        let make = move || {
            let mut session = device.session()?;
            match session.generate(&label, KeyKind::Sm2Sign) {
                // Another node was faster.
                Err(DeviceError::Refused(RefusedReason::LabelTaken)) => session.key(&label),
                made => made,
            }
        };
        let made = tokio::task::spawn_blocking(make).await.map_err(|_| Error::Interrupted)??;
        Ok(made)
    }

    /// The way of every certificate. That the key is the authority's is recorded with the intent.
    async fn certify_timestamp_key(&self, key: KeyInfo, end: Timestamp) -> Result<(), Error> {
        let public = key.public_key.ok_or(Error::Stored("时间戳密钥的公钥"))?;
        let name = &self.settings().institution.name;
        let day = self.clock().now().strftime("%Y-%m-%d").to_string();
        let request = RequestId::new(format!("timestamp:{}:{day}", key.label));
        let order = IssueOrder {
            request_id: request.map_err(ca::Error::from)?,
            role: Role::Service,
            profile: PROFILE.to_owned(),
            subject: SubjectInput {
                organization: Some(name.clone()),
                ..SubjectInput::named(format!("{name}时间戳服务"))
            },
            key: public,
            serial: None,
            validity: Validity { not_before: None, not_after: Some(end) },
            pair: None,
            replaces: None,
            actor: Actor::system(),
        };
        let prepared = self.ca().prepare(order)?;
        // The device as it is now, minutes after it made the key at most (Measures Art. 20 ¶2; check C20-2).
        let device = self.device().info().provenance();
        let body =
            json!({ "label": key.label.as_str(), "key": public.fingerprint(), "device": device });
        let (ca, about) = (self.ca().clone(), format!("key:{}", key.label));
        let intent = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let made = Record::new("timestamp.key-made", Actor::system(), about, body);
                    tx.append(made).await?;
                    ca.intend(tx, prepared).await
                })
            })
            .await?;
        let Intent::Ticket(ticket) = intent else {
            return Ok(());
        };
        for signed in self.ca().sign(vec![*ticket]).await? {
            let ca = self.ca().clone();
            self.store()
                .commit(move |tx| Box::pin(async move { ca.store(tx, signed).await }))
                .await?;
        }
        tracing::info!(label = %key.label, "the timestamp authority has a certificate");
        Ok(())
    }
}
