//! The keys of the OCSP responder and their certificates (profile `ocsp`). The ceremony makes the
//! first; from then on each is followed by another while a third of its life is left: a new key each
//! time, so that no key signs for longer than its certificate. The new certificate rests for a day
//! before it signs, answers signed before carry the old one and verify to their end, and a week after
//! its end the old key is destroyed. Cut off anywhere and run again, it goes on: a key without
//! certificate is certified before another is made.
//!
//! Certificates are short and carry id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): nobody asks for the
//! status of who tells status.

use std::sync::Arc;

use ca::{Intent, IssueOrder, Refusal, RequestId, Role, Validity};
use gm::{DeviceError, KeyInfo, KeyKind, KeyLabel, RefusedReason};
use jiff::Timestamp;
use pki::SubjectInput;
use serde_json::{Value, json};
use status::Delegation;
use status::rules::delegation;
use store::{Actor, Filter, Page, Record, Standing};

use crate::error::Error;
use crate::institution::{ISSUER, Institution};
use crate::setup::Subjects;

/// Name of the profile.
const PROFILE: &str = "ocsp";
const DAY_SECONDS: i64 = 86_400;

impl Institution {
    /// Makes the responder's next key and certificate when they are due, and destroys keys that
    /// have done their work. Runs by itself; a halted store takes nothing.
    pub async fn keep_responder_key(&self) -> Result<(), Error> {
        if self.store().standing() != Standing::Sound {
            return Ok(());
        }
        self.responder().refresh().await?;
        let (now, ca_end) = (self.clock().now(), self.ca().certificate().not_after());
        let is_due = self
            .newest_responder()
            .is_none_or(|one| delegation::is_renewal_due(one.period(), ca_end, now));
        if is_due && now < ca_end {
            self.renew_responder(self.responder_end(now)?.min(ca_end)).await?;
            self.responder().refresh().await?;
        }
        self.destroy_spent_responder_keys(now).await
    }

    /// Key and certificate. A key whose order was begun and cannot be gone on with (another day,
    /// given up after a crash) belongs to that order for ever; then another is made.
    async fn renew_responder(&self, end: Timestamp) -> Result<(), Error> {
        let key = self.uncertified_responder_key().await?;
        match self.certify_responder_key(&key, end).await {
            Err(Error::Ca(ca::Error::Refused(
                Refusal::KeyInUse | Refusal::OtherOrder | Refusal::Abandoned(_),
            ))) => {
                let next = self.make_responder_key(self.number_of(&key).saturating_add(1)).await?;
                self.certify_responder_key(&next, end).await
            }
            done => done,
        }
    }

    /// Of our certificates that count, or counted until their end, the one that began last.
    pub(super) fn newest_responder(&self) -> Option<Arc<Delegation>> {
        let all = self.responder().delegations(ISSUER).into_iter();
        let for_responses = all.filter(|one| delegation::is_for_responses(&one.certificate));
        for_responses.max_by_key(|one| one.period())
    }

    /// Until when a certificate that is made today lasts, as the settings say. The same all day, so
    /// that an order that was cut off is the same order again.
    fn responder_end(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let days = i64::from(self.settings().ocsp.certificate_days);
        let today = now.as_second().div_euclid(DAY_SECONDS);
        let last = (today + days) * DAY_SECONDS - 1;
        // Whole days and one second are a well-known mistake, and refused by the lints.
        let whole = (last - now.as_second()) % DAY_SECONDS == 0;
        Timestamp::from_second(last - i64::from(whole))
            .map_err(|_| Error::Stored("状态应答证书的期限"))
    }

    /// The newest key if it never had a certificate, otherwise a new one.
    async fn uncertified_responder_key(&self) -> Result<KeyInfo, Error> {
        let mut keys = self.responder().keys().await?;
        keys.sort_by_key(|info| self.number_of(info));
        let Some(newest) = keys.pop() else {
            return self.make_responder_key(1).await;
        };
        let public = newest.public_key.ok_or(Error::Stored("状态应答密钥的公钥"))?;
        if self.ca().of_key(&public).await?.is_empty() {
            return Ok(newest);
        }
        self.make_responder_key(self.number_of(&newest).saturating_add(1)).await
    }

    fn number_of(&self, info: &KeyInfo) -> u32 {
        self.responder().config().number_of(&info.label).unwrap_or_default()
    }

    async fn make_responder_key(&self, number: u32) -> Result<KeyInfo, Error> {
        let first = self.responder().config().key.clone();
        let label = match number {
            1 => first,
            _ => KeyLabel::new(format!("{first}-{number}"))
                .map_err(|_| Error::Stored("状态应答密钥的名称"))?,
        };
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

    /// The way of every certificate.
    async fn certify_responder_key(&self, key: &KeyInfo, end: Timestamp) -> Result<(), Error> {
        let public = key.public_key.ok_or(Error::Stored("状态应答密钥的公钥"))?;
        let prepared = self.ca().prepare(self.responder_order(key, public, end)?)?;
        self.note_responder_key_made(key, &public).await?;
        let ca = self.ca().clone();
        let intent = self
            .store()
            .commit(move |tx| Box::pin(async move { ca.intend(tx, prepared).await }))
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
        tracing::info!(label = %key.label, "the OCSP responder has its next certificate");
        Ok(())
    }

    /// That the key is the responder's, once, before anything is signed about it; with the device
    /// that holds it (Measures Art. 20 ¶2; check C20-2).
    async fn note_responder_key_made(
        &self,
        key: &KeyInfo,
        public: &gm::PublicKey,
    ) -> Result<(), Error> {
        const KIND: &str = "ocsp.key-made";
        let filter = Filter {
            kind: Some(KIND.to_owned()),
            subject: Some(format!("key:{}", key.label)),
            ..Filter::default()
        };
        let known = self.store().records(&filter, Page { limit: 1, ..Page::default() }).await?;
        if !known.is_empty() {
            return Ok(());
        }
        let device = self.device().info().provenance();
        let body =
            json!({ "label": key.label.as_str(), "key": public.fingerprint(), "device": device });
        self.note_responder_key(KIND, key, body).await
    }

    /// The subject stays the one of the ceremony: whoever pinned the responder by name finds it
    /// again.
    fn responder_order(
        &self,
        key: &KeyInfo,
        public: gm::PublicKey,
        end: Timestamp,
    ) -> Result<IssueOrder, Error> {
        let day = self.clock().now().strftime("%Y-%m-%d").to_string();
        let request = RequestId::new(format!("ocsp:{}:{day}", key.label));
        let subject = match self.newest_responder() {
            Some(one) => SubjectInput::from_name(one.certificate.subject()),
            None => Subjects::of(&self.settings().institution.name).responder,
        };
        Ok(IssueOrder {
            request_id: request.map_err(ca::Error::from)?,
            role: Role::Service,
            profile: PROFILE.to_owned(),
            subject,
            key: public,
            serial: None,
            validity: Validity { not_before: None, not_after: Some(end) },
            pair: None,
            replaces: None,
            actor: Actor::system(),
        })
    }

    /// Keys whose last certificate ended a week ago go away, and those that never came to one; all
    /// but the newest. Recorded before and after.
    async fn destroy_spent_responder_keys(&self, now: Timestamp) -> Result<(), Error> {
        let mut keys = self.responder().keys().await?;
        keys.sort_by_key(|info| self.number_of(info));
        keys.pop();
        for info in keys {
            let public = info.public_key.ok_or(Error::Stored("状态应答密钥的公钥"))?;
            let ends = self.ca().of_key(&public).await?;
            let is_spent = delegation::is_key_spent(ends.iter().map(|one| one.not_after), now);
            if !is_spent && !ends.is_empty() {
                continue;
            }
            let body = json!({ "key": public.fingerprint(), "uses": info.uses });
            self.note_responder_key("ocsp.key-destruction-intended", &info, body.clone()).await?;
            let (device, label) = (self.device().clone(), info.label.clone());
            let destroy = move || match device.session()?.destroy(&label) {
                // Another node was faster.
                Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(()),
                done => done,
            };
            tokio::task::spawn_blocking(destroy).await.map_err(|_| Error::Interrupted)??;
            self.note_responder_key("ocsp.key-destroyed", &info, body).await?;
        }
        Ok(())
    }

    async fn note_responder_key(
        &self,
        kind: &'static str,
        info: &KeyInfo,
        body: Value,
    ) -> Result<(), Error> {
        let record = Record::new(kind, Actor::system(), format!("key:{}", info.label), body);
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    tx.append(record).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}
