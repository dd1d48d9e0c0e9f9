//! Publishing, step by step.

use gm::{Signature, sm3};
use serde_json::json;
use store::{Actor, Record, Tx};

use super::CrlKind;
use super::build::{Head, Unsigned, blocking};
use super::check::{Checked, rejected};
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::rules::crl::{InForce, Ready, is_outrun};
use crate::service::text;
use crate::sql::crl::{CrlRow, NewCrl, NewIntent};
use crate::sql::{self, seconds};

/// A CRL that is out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedCrl {
    /// The name of the generation that signed it.
    pub issuer: String,
    /// Which.
    pub kind: CrlKind,
    /// Its number.
    pub number: i64,
    /// How many certificates it names.
    pub entries: u64,
    /// SM3 of its bytes, hexadecimal: also the ETag of downloads.
    pub etag: String,
    /// Whether it is the spare that was signed before.
    pub spare: bool,
}

/// A signed and checked list, and the row of its intent.
pub(super) struct Signed {
    pub(super) intent: i64,
    pub(super) head: Head,
    pub(super) checked: Checked,
}

impl Ca {
    /// Makes and publishes one CRL now. The previous one stays whenever this fails. The spare
    /// is signed afterwards; that it could not be is logged, not an error.
    pub async fn publish_crl(&self, kind: CrlKind) -> Result<PublishedCrl, Error> {
        self.pinned().publish_own(kind).await
    }

    async fn publish_own(&self, kind: CrlKind) -> Result<PublishedCrl, Error> {
        let _one = self.inner().publishing.lock().await;
        self.check_kind(kind)?;
        self.check_sound()?;
        self.inner().issuer.check_valid(self.inner().clock.now())?;
        // A device that is gone is found before a number is taken and a record is written.
        self.check_key()?;
        let previous = self.current_row(kind).await?;
        let head = self.next_head(kind).await?;
        let (unsigned, covers_seq) = self.build(&head, previous.as_ref()).await?;
        let head = Head { covers_seq, ..head };
        store::fault::point("ca.51-crl-built");
        let signed = self.sign_crl(head, unsigned, previous.as_ref()).await?;
        store::fault::point("ca.54-crl-checked");
        let published = self.put_out(&signed).await?;
        store::fault::point("ca.55-crl-published");
        if self.inner().config.crl.has_spare()
            && kind != CrlKind::Delta
            && let Err(error) = self.make_spare(&signed).await
        {
            tracing::warn!(%error, "spare CRL could not be signed");
        }
        Ok(published)
    }

    /// Records, signs, assembles, checks. What is wrong is recorded as rejected.
    pub(super) async fn sign_crl(
        &self,
        head: Head,
        unsigned: Unsigned,
        previous: Option<&CrlRow>,
    ) -> Result<Signed, Error> {
        let intent = self.intend_crl(&head, &unsigned).await?;
        store::fault::point("ca.52-crl-intended");
        let result = self.sign_and_check(&head, unsigned, previous).await;
        match result {
            Ok(checked) => Ok(Signed { intent, head, checked }),
            Err(error) => {
                self.reject(intent, &head, &error).await?;
                Err(error)
            }
        }
    }

    async fn sign_and_check(
        &self,
        head: &Head,
        mut unsigned: Unsigned,
        previous: Option<&CrlRow>,
    ) -> Result<Checked, Error> {
        let signature = self.sign_list(&unsigned).await?;
        store::fault::point("ca.53-crl-signed");
        let assembled = blocking(move || {
            let mut der = Vec::new();
            match unsigned.assemble(&signature, &mut der) {
                Ok(_) => Ok(Some(der)),
                Err(pki::Error::Signature { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        });
        let Some(der) = assembled.await? else {
            return Err(self.quarantine("证书撤销列表的签名验证不通过").await);
        };
        let previous = match previous {
            Some(row) => {
                let mut reader = self.inner().store.read().await?;
                Some(sql::crl::der(&mut reader, row.id).await?)
            }
            None => None,
        };
        self.check(der, head, previous).await
    }

    async fn sign_list(&self, unsigned: &Unsigned) -> Result<Signature, Error> {
        let (ca, digest) = (self.clone(), *unsigned.digest());
        blocking(move || {
            let label = &ca.inner().issuer.label;
            Ok(ca.inner().device.session()?.sign_digest(label, &digest)?)
        })
        .await
    }

    async fn intend_crl(&self, head: &Head, unsigned: &Unsigned) -> Result<i64, Error> {
        let (ca, head) = (self.clone(), head.clone());
        let digest = unsigned.digest().to_hex();
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let body = json!({
                        "kind": head.kind.as_str(),
                        "number": head.number,
                        "this_update": text(head.this_update),
                        "digest": digest,
                    });
                    tx.append(ca.crl_record("crl.intended", &head, body)).await?;
                    let new = NewIntent {
                        issuer_id: ca.issuer_id(),
                        key_label: ca.inner().issuer.label.as_str(),
                        scope: &head.kind.scope(),
                        number: head.number,
                        tbs_hash: digest,
                        at: seconds(tx.now()),
                    };
                    sql::crl::insert_intent(tx.conn(), &new).await
                })
            })
            .await
    }

    pub(super) fn crl_record(
        &self,
        kind: &'static str,
        head: &Head,
        body: serde_json::Value,
    ) -> Record {
        let scope = head.kind.scope();
        let subject = format!("crl:{}/{scope}/{}", self.name(), head.number);
        Record::new(kind, Actor::system(), subject, body)
    }

    async fn reject(&self, intent: i64, head: &Head, error: &Error) -> Result<(), Error> {
        let (ca, head, reason) = (self.clone(), head.clone(), error.to_string());
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move { ca.reject_in(tx, (intent, &head), &reason).await })
            })
            .await
    }

    /// What another node closed in the meantime is explained already.
    async fn reject_in(
        &self,
        tx: &mut Tx,
        (intent, head): (i64, &Head),
        reason: &str,
    ) -> Result<(), Error> {
        if sql::crl::close_intent(tx.conn(), intent, Some(reason)).await? {
            let body = json!({ "number": head.number, "reason": reason });
            tx.append(self.crl_record("crl.rejected", head, body)).await?;
        }
        Ok(())
    }

    /// Closes the intent of a list that is ready, in the unit that would take it over: units of all nodes come one after
    /// the other. False where another node published what goes before it: then nothing of it goes out.
    pub(super) async fn close_ready(
        &self,
        tx: &mut Tx,
        (intent, head): (i64, &Head),
        beside: &[CrlKind],
    ) -> Result<bool, Error> {
        if self.is_outrun(tx, head, beside).await? {
            self.reject_in(tx, (intent, head), "另一节点已发布更新的列表").await?;
            return Ok(false);
        }
        match sql::crl::close_intent(tx.conn(), intent, None).await? {
            true => Ok(true),
            // The start of another node took it for one that a crash had left; the journal says so.
            false => Err(rejected("另一节点启动时已将本次签发作为中断处理")),
        }
    }

    /// Whether a list of these kinds that is in force goes before this one.
    pub(super) async fn is_outrun(
        &self,
        tx: &mut Tx,
        head: &Head,
        kinds: &[CrlKind],
    ) -> Result<bool, Error> {
        let mut in_force = Vec::new();
        for kind in kinds {
            let (issuer_id, shard) = (self.issuer_id(), kind.shard_column());
            let row = sql::crl::current(tx.conn(), issuer_id, kind.as_str(), shard).await?;
            in_force.extend(row.map(|row| InForce {
                number: row.number,
                covers_seq: row.covers_seq,
                this_update: row.this_update,
                is_same_kind: *kind == head.kind,
            }));
        }
        let (number, covers_seq) = (head.number, head.covers_seq);
        let ready = Ready { number, covers_seq, this_update: seconds(head.this_update) };
        Ok(is_outrun(ready, &in_force))
    }

    /// One unit: the row, its journal record, and the end of the spare before. Nothing of it where another node was
    /// faster.
    async fn put_out(&self, signed: &Signed) -> Result<PublishedCrl, Error> {
        let published = self.describe(signed, false)?;
        let (ca, out) = (self.clone(), published.clone());
        let (intent, head) = (signed.intent, signed.head.clone());
        let der = signed.checked.crl.der().to_vec();
        let is_out = self
            .inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    if !ca.close_ready(tx, (intent, &head), head.kind.of_series()).await? {
                        return Ok(false);
                    }
                    let body = describe_body(&head, &out);
                    tx.append(ca.crl_record("crl.published", &head, body)).await?;
                    let new = ca.row(&head, &out, &der, seconds(tx.now()))?;
                    sql::crl::insert(tx.conn(), &new).await?;
                    if new.kind != CrlKind::Delta.as_str() {
                        sql::crl::drop_spare(tx.conn(), new.issuer_id, new.shard).await?;
                    }
                    let keep = ca.inner().config.crl.keep;
                    let of = (new.issuer_id, new.kind, new.shard);
                    sql::crl::prune(tx.conn(), of, keep).await?;
                    Ok::<_, Error>(true)
                })
            })
            .await?;
        if is_out { Ok(published) } else { Err(Refusal::ListOutrun.into()) }
    }

    pub(super) fn describe(&self, signed: &Signed, spare: bool) -> Result<PublishedCrl, Error> {
        Ok(PublishedCrl {
            issuer: self.name().to_owned(),
            kind: signed.head.kind,
            number: signed.head.number,
            entries: u64::try_from(signed.checked.entries)
                .map_err(|_| Error::stored("条目过多"))?,
            etag: sm3::hash(signed.checked.crl.der()).to_hex(),
            spare,
        })
    }

    pub(super) fn row<'a>(
        &self,
        head: &Head,
        out: &PublishedCrl,
        der: &'a [u8],
        published_at: i64,
    ) -> Result<NewCrl<'a>, Error> {
        Ok(NewCrl {
            issuer_id: self.issuer_id(),
            kind: head.kind.as_str(),
            shard: head.kind.shard_column(),
            number: head.number,
            base_number: head.base,
            this_update: seconds(head.this_update),
            next_update: seconds(head.next_update),
            entries: i64::try_from(out.entries).map_err(|_| Error::stored("条目过多"))?,
            covers_seq: head.covers_seq,
            spare: out.spare,
            der,
            etag: out.etag.clone(),
            published_at,
        })
    }
}

pub(super) fn describe_body(head: &Head, out: &PublishedCrl) -> serde_json::Value {
    json!({
        "kind": head.kind.as_str(),
        "number": head.number,
        "base": head.base,
        "this_update": text(head.this_update),
        "next_update": text(head.next_update),
        "entries": out.entries,
        "sm3": out.etag,
        "spare": out.spare,
    })
}
