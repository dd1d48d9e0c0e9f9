//! Keys of the institution's own services, status answers and timestamps: made on the device, certified on
//! the way of every certificate, destroyed when they have done their work. A new key each time, so that
//! no key signs for longer than its certificate. Cut off anywhere and run again, it goes on: a key without
//! certificate is certified before another is made.
//!
//! | file | holds |
//! | --- | --- |
//! | this one | keys and their certificates |
//! | `retire` | the end of a key, and its records |
//! | `sql` | which keys were recorded as made |
//!
//! When the next certificate is due is a rule of each service.

mod retire;
mod sql;

use ca::{Ca, Intent, IssueOrder, Refusal, RequestId, Role, Validity};
use gm::{DeviceError, KeyInfo, KeyKind, KeyLabel, PublicKey, RefusedReason};
use jiff::Timestamp;
use pki::SubjectInput;
use serde_json::json;
use store::{Actor, Filter, Page, Record, Stored};

use crate::error::Error;
use crate::institution::Institution;

pub(crate) use sql::note_made;

const DAY_SECONDS: i64 = 86_400;

/// A service whose keys come and go by themselves.
#[derive(Debug)]
pub(crate) struct Service {
    /// Label of its first key.
    pub first: &'static str,
    /// Beginning of the labels of the others, before their numbers.
    pub stem: &'static str,
    /// Name of the profile of its certificates.
    pub profile: &'static str,
    /// Beginning of the names of its requests.
    pub request: &'static str,
    /// Kinds of its records: a key was made, is to be destroyed, was destroyed.
    pub made: &'static str,
    pub destruction_intended: &'static str,
    pub destroyed: &'static str,
}

/// What a certificate is to say.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub subject: SubjectInput,
    pub end: Timestamp,
}

impl Service {
    /// The number of a key of this service: 1 for the first.
    fn number(&self, info: &KeyInfo) -> u32 {
        let label = info.label.as_str();
        let rest = label.strip_prefix(self.stem);
        match label == self.first {
            true => 1,
            false => rest.and_then(|rest| rest.parse().ok()).unwrap_or_default(),
        }
    }

    fn label(&self, number: u32) -> Result<KeyLabel, Error> {
        let text = match number {
            1 => self.first.to_owned(),
            _ => format!("{}{number}", self.stem),
        };
        KeyLabel::new(text).map_err(|_| Error::Stored("服务密钥的名称"))
    }

    /// In the order in which they were made.
    fn in_order(&self, mut keys: Vec<KeyInfo>) -> Vec<KeyInfo> {
        keys.sort_by_key(|info| self.number(info));
        keys
    }
}

/// Until when a certificate that is made now lasts, for so many days. The same all day, so that an order
/// that was cut off is the same order again.
pub(crate) fn end_after(now: Timestamp, days: u32) -> Result<Timestamp, Error> {
    let today = now.as_second().div_euclid(DAY_SECONDS);
    let last = (today + i64::from(days)) * DAY_SECONDS - 1;
    // Whole days and one second are a well-known mistake, and refused by the lints.
    let whole = (last - now.as_second()) % DAY_SECONDS == 0;
    Timestamp::from_second(last - i64::from(whole)).map_err(|_| Error::Stored("服务证书的期限"))
}

fn public(info: &KeyInfo) -> Result<PublicKey, Error> {
    info.public_key.ok_or(Error::Stored("服务密钥的公钥"))
}

impl Institution {
    /// The next key of a service, out of those that it has, and its certificate. A key whose order was
    /// begun and cannot be gone on with (another day, given up after a crash) belongs to that order for
    /// ever; then another is made.
    pub(crate) async fn renew_service_key(
        &self,
        service: &Service,
        ca: &Ca,
        keys: Vec<KeyInfo>,
        wanted: Wanted,
    ) -> Result<(), Error> {
        let key = self.uncertified_key(service, keys).await?;
        match self.certify(service, (ca, &key), wanted.clone()).await {
            Err(Error::Ca(ca::Error::Refused(
                Refusal::KeyInUse | Refusal::OtherOrder | Refusal::Abandoned(_),
            ))) => {
                let next = service.number(&key).saturating_add(1);
                let key = self.make_service_key(service, next).await?;
                self.certify(service, (ca, &key), wanted).await
            }
            done => done,
        }
    }

    /// The newest key if it never had a certificate, otherwise a new one.
    async fn uncertified_key(
        &self,
        service: &Service,
        keys: Vec<KeyInfo>,
    ) -> Result<KeyInfo, Error> {
        let Some(newest) = service.in_order(keys).pop() else {
            return self.make_service_key(service, 1).await;
        };
        if self.ca().of_key(&public(&newest)?).await?.is_empty() {
            return Ok(newest);
        }
        self.make_service_key(service, service.number(&newest).saturating_add(1)).await
    }

    async fn make_service_key(&self, service: &Service, number: u32) -> Result<KeyInfo, Error> {
        let (label, device) = (service.label(number)?, self.device().clone());
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

    /// The way of every certificate. That the key is the service's is recorded with the intent, once, with
    /// the device that holds it (Measures Art. 20 ¶2; check C20-2): of nodes that come at once the unit of one does it. A
    /// node of an earlier version writes no row, so the record is looked for too.
    async fn certify(
        &self,
        service: &Service,
        (ca, key): (&Ca, &KeyInfo),
        wanted: Wanted,
    ) -> Result<(), Error> {
        let prepared = ca.prepare(self.service_order(service, key, wanted)?)?;
        let is_known = self.made_record(service, &key.label).await?.is_some();
        let made = (!is_known).then(|| self.record_of_made(service, key)).transpose()?;
        let (intending, label) = (ca.clone(), key.label.to_string());
        let intent = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    let is_first = sql::note_made(tx.conn(), &label, now).await?;
                    if let Some(made) = made.filter(|_| is_first) {
                        tx.append(made).await?;
                    }
                    intending.intend(tx, prepared).await
                })
            })
            .await?;
        let Intent::Ticket(ticket) = intent else {
            return Ok(());
        };
        for signed in ca.sign(vec![*ticket]).await? {
            let ca = ca.clone();
            self.store()
                .commit(move |tx| Box::pin(async move { ca.store(tx, signed).await }))
                .await?;
        }
        tracing::info!(label = %key.label, "a service of the institution has its next certificate");
        Ok(())
    }

    fn service_order(
        &self,
        service: &Service,
        key: &KeyInfo,
        wanted: Wanted,
    ) -> Result<IssueOrder, Error> {
        let day = self.clock().now().strftime("%Y-%m-%d").to_string();
        let request = RequestId::new(format!("{}:{}:{day}", service.request, key.label));
        Ok(IssueOrder {
            request_id: request.map_err(ca::Error::from)?,
            role: Role::Service,
            profile: service.profile.to_owned(),
            subject: wanted.subject,
            key: public(key)?,
            serial: None,
            validity: Validity { not_before: None, not_after: Some(wanted.end) },
            pair: None,
            replaces: None,
            actor: Actor::system(),
        })
    }

    fn record_of_made(&self, service: &Service, key: &KeyInfo) -> Result<Record, Error> {
        let device = self.device().info().provenance();
        let body = json!({
            "label": key.label.as_str(), "key": public(key)?.fingerprint(), "device": device,
        });
        Ok(Record::new(service.made, Actor::system(), format!("key:{}", key.label), body))
    }

    /// The record that a key was made.
    async fn made_record(
        &self,
        service: &Service,
        label: &KeyLabel,
    ) -> Result<Option<Stored>, Error> {
        let filter = Filter {
            kind: Some(service.made.to_owned()),
            subject: Some(format!("key:{label}")),
            ..Filter::default()
        };
        let found = self.store().records(&filter, Page { limit: 1, ..Page::default() }).await?;
        Ok(found.into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{responder, timestamp};

    fn key(label: &str) -> KeyInfo {
        let label = KeyLabel::new(label).unwrap();
        KeyInfo { label, kind: KeyKind::Sm2Sign, public_key: None, created: 0, uses: 0 }
    }

    #[test]
    fn keys_have_numbers_and_numbers_have_keys() {
        for (service, first) in [(&responder::SERVICE, "ocsp"), (&timestamp::SERVICE, "tsa-1")] {
            assert_eq!(service.label(1).unwrap().as_str(), first);
            for number in [1, 2, 10, 400] {
                assert_eq!(service.number(&key(service.label(number).unwrap().as_str())), number);
            }
            let all = [10, 2, 1].map(|number| key(service.label(number).unwrap().as_str()));
            let sorted = service.in_order(all.to_vec());
            assert_eq!(
                sorted.iter().map(|one| service.number(one)).collect::<Vec<_>>(),
                [1, 2, 10]
            );
        }
    }

    #[test]
    fn an_order_is_the_same_order_all_day_and_never_lasts_whole_days_and_a_second() {
        let day = |seconds: i64| Timestamp::from_second(1_800_057_600 + seconds).unwrap();
        assert_eq!(day(0).as_second() % DAY_SECONDS, 0);
        let end = end_after(day(1), 30).unwrap();
        assert_eq!(end, end_after(day(40_000), 30).unwrap());
        assert_eq!(end, day(30 * DAY_SECONDS - 1));
        assert_eq!(end_after(day(DAY_SECONDS - 1), 30).unwrap(), day(30 * DAY_SECONDS - 2));
        assert_ne!(end, end_after(day(DAY_SECONDS), 30).unwrap());
    }
}
