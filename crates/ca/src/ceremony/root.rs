//! The root: key, self-signed certificate, five shares.

use gm::{Digest, PublicKey, UserId, sm3};
use jiff::Timestamp;
use pki::lint::Context;
use pki::{Certificate, Issuer, Linted, Order, Serial, plan};
use serde_json::json;
use store::{Actor, Record, Tx};

use super::run::{Ceremony, Convened, RootMade, RootShared};
use super::shares::{self, SealedShare, ShareFolder};
use super::{ROOT, Step, authority, restore};
use crate::Ca;
use crate::error::{Error, Invalid, Refusal};
use crate::model::Role;
use crate::service::period;
use crate::sql::certificate::NewCertificate;
use crate::sql::issuance::IntentRow;
use crate::sql::{self, seconds};

/// Name of the profile of roots.
const PROFILE: &str = "root";

impl Ceremony {
    pub(super) async fn make_root(&self, _before: Convened) -> Result<RootMade, Error> {
        if self.row(Step::RootCertificate).is_none() {
            let info = self.key(Step::RootKey, &self.root.key).await?;
            let key = info.public_key.ok_or_else(|| Error::stored("根密钥没有公钥"))?;
            let fresh = self.row(Step::RootIntended).is_none();
            if fresh {
                self.intend_root(&key).await?;
            }
            let row = self.root_row(&key)?;
            self.sign_root(row, &key, fresh).await?;
        }
        Ok(RootMade { root: self.made_root().await? })
    }

    /// The generation of the root that this ceremony makes.
    async fn made_root(&self) -> Result<Ca, Error> {
        let root = self.ca(&self.plan.root_config).await?;
        let missing = || Error::stored(format!("根证书 {} 没有记录", self.root.name));
        root.generation_named(&self.root.name).ok_or_else(missing)
    }

    /// Plans, lints and records the root certificate.
    async fn intend_root(&self, key: &PublicKey) -> Result<(), Error> {
        let profile =
            self.profiles.by_name(PROFILE).ok_or_else(|| Invalid::Profile(PROFILE.into()))?;
        let mut random = [0; 16];
        self.device.session()?.fill(&mut random)?;
        let now = self.clock.now();
        let order = Order {
            subject: &self.plan.root,
            key,
            serial: Serial::from_random(random)?,
            not_before: now,
            not_after: None,
        };
        let planned = plan(profile, &Issuer::self_signed(), &order, &self.plan.root_config.urls)?;
        let linted = lint(planned, now)?;
        let detail = json!({
            "profile_sm3": linted.profile_hash().to_hex(),
            "tbs_sm3": sm3::hash(linted.tbs_der()).to_hex(),
            "tbs": hex::encode(linted.tbs_der()),
            "serial": order.serial.to_hex(),
        });
        self.record(Step::RootIntended, detail).await
    }

    /// The intent as the table of intents will hold it.
    fn root_row(&self, key: &PublicKey) -> Result<IntentRow, Error> {
        let detail = self.detail(Step::RootIntended)?;
        let of = |name: &str| detail.get(name).and_then(|v| v.as_str()).unwrap_or_default();
        let tbs = hex::decode(of("tbs")).map_err(|_| Error::stored("根证书的待签内容无效"))?;
        let (not_before, not_after) = period(&tbs)?;
        let tbs_hash = sm3::hash(&tbs).to_hex();
        let step = self.row(Step::RootIntended);
        let (intent_seq, intended_at) = step.map_or((0, 0), |row| (row.seq, row.at));
        Ok(IntentRow {
            id: 0,
            request_id: format!("ceremony:{}:root", self.plan.name),
            role: Role::Ca.as_str().into(),
            issuer_id: 0,
            serial: of("serial").into(),
            profile: PROFILE.into(),
            profile_hash: of("profile_sm3").into(),
            order_hash: tbs_hash.clone(),
            subject: String::new(),
            subject_der: Vec::new(),
            key_hash: key.fingerprint(),
            not_before: seconds(not_before),
            not_after: seconds(not_after),
            pair_request: None,
            replaces: None,
            tbs,
            tbs_hash,
            intent_seq,
            intended_at,
            state: "intended".into(),
            reason: None,
        })
    }

    async fn sign_root(&self, row: IntentRow, key: &PublicKey, fresh: bool) -> Result<(), Error> {
        let now = self.clock.now();
        let hash =
            Digest::from_hex(&row.profile_hash).ok_or_else(|| Error::stored("模板摘要无效"))?;
        let context = Context::new(pki::lint::Role::Root).at(now);
        let linted = Linted::reopen(&row.tbs, hash, &context)
            .map_err(|report| Error::Lint(report.to_string()))?;
        if !fresh {
            self.note_again(&self.root.key).await?;
        }
        let id = UserId::default();
        let label = restore::label(&self.root.key)?;
        let signature = self.device.session()?.sign_digest(&label, &linted.digest(key, &id))?;
        store::fault::point("ca.62-root-signed");
        let certificate = linted
            .finish(&signature, key, &id)
            .map_err(|_| Error::WrongSignature(self.root.key.clone()))?;
        // The signature is of the key that signs; that the certificate is of the same is another question.
        if certificate.public_key()? != *key {
            return Err(Error::WrongSignature(self.root.key.clone()));
        }
        let ceremony = self.clone();
        self.commit(move |tx| {
            Box::pin(async move { ceremony.store_root(tx, row, certificate).await })
        })
        .await
    }

    /// Issuer, intent, certificate and step in one unit.
    async fn store_root(
        &self,
        tx: &mut Tx,
        mut row: IntentRow,
        certificate: Certificate,
    ) -> Result<(), Error> {
        row.subject = certificate.subject().to_string();
        row.subject_der = certificate.subject().der().to_vec();
        let names = (self.root.name.as_str(), self.root.key.as_str());
        row.issuer_id = authority::insert_issuer(tx, names, &certificate, 0).await?;
        if self.root.generation > 1 {
            let place = (ROOT, self.root.generation);
            sql::succession::insert(tx.conn(), row.issuer_id, place).await?;
        }
        row.id = sql::issuance::insert(tx.conn(), &row).await?.ok_or(Refusal::Collision)?;
        if !sql::issuance::mark_issued(tx.conn(), row.id).await? {
            return Err(Refusal::KeyBlocked.into());
        }
        let fingerprint = sm3::hash(certificate.der()).to_hex();
        let subject = format!("certificate:{ROOT}/{}", row.serial);
        let body = json!({ "request": row.request_id, "role": row.role, "intent": row.intent_seq,
            "tbs_sm3": row.tbs_hash, "sm3": fingerprint });
        let issued = Record::new("certificate.issued", Actor::system(), subject, body);
        let new = NewCertificate {
            intent: &row,
            issued_at: seconds(tx.now()),
            shard: 0,
            pair_id: None,
            replaces_id: None,
            fingerprint: fingerprint.clone(),
            issued_seq: tx.append(issued).await?.to_sql(),
            der: certificate.der(),
        };
        sql::certificate::insert(tx.conn(), &new).await?;
        self.record_in(tx, Step::RootCertificate, json!({ "sm3": fingerprint })).await
    }

    /// One more signature than planned, after a crash; noted before it is made.
    pub(super) async fn note_again(&self, label: &str) -> Result<(), Error> {
        let label = label.to_owned();
        let subject = format!("ceremony:{}", self.plan.name);
        self.commit(move |tx| {
            Box::pin(async move {
                let kind = "ceremony.permitted-again";
                let record = Record::new(kind, Actor::system(), subject.as_str(), json!({}));
                let place = (tx.append(record).await?.to_sql(), seconds(tx.now()));
                sql::signer::note(tx.conn(), &label, ("again", &subject), place).await
            })
        })
        .await
    }

    /// Splits the root key, writes the five files, and tries them: the last three restore the
    /// key under another label, which is destroyed again. Only then the step counts.
    pub(super) async fn share_root(&self, before: RootMade) -> Result<RootShared, Error> {
        let root = before.root;
        if let Some(paths) = self.shared_before()? {
            return Ok(RootShared { root, shares: paths });
        }
        let paths = self.write_shares()?;
        store::fault::point("ca.63-shares-written");
        self.try_shares(&paths, &root.certificate().public_key()?)?;
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        self.record(Step::RootShared, json!({ "files": names })).await?;
        Ok(RootShared { root, shares: paths })
    }

    /// A founding that was cut off goes on before those who hold the root, as long as the root has to sign.
    pub(super) fn show_before_root_signs(&self, made: &RootMade) -> Result<(), Error> {
        let signs = [Step::IssuingCertificate, Step::RootList];
        match signs.into_iter().any(|step| self.row(step).is_none()) {
            true => self.show_shares(&made.root),
            false => Ok(()),
        }
    }

    /// Shows that custodians of the key that was made before are there: whoever goes on after a cut has it sign no more
    /// without three of its shares than with the key before it (GM/T 0034 §8.5).
    pub(super) fn show_shares(&self, root: &Ca) -> Result<(), Error> {
        match self.shared_before()? {
            Some(paths) => self.try_shares(&paths, &root.certificate().public_key()?),
            None => Ok(()),
        }
    }

    fn shared_before(&self) -> Result<Option<Vec<std::path::PathBuf>>, Error> {
        if self.row(Step::RootShared).is_none() {
            return Ok(None);
        }
        let detail = self.detail(Step::RootShared)?;
        let files = detail.get("files").and_then(|files| files.as_array());
        let names = files.into_iter().flatten().filter_map(|file| file.as_str());
        Ok(Some(names.map(Into::into).collect()))
    }

    fn write_shares(&self) -> Result<Vec<std::path::PathBuf>, Error> {
        let to = ShareFolder {
            folder: &self.plan.shares,
            institution: &self.plan.institution,
            stretch: self.plan.stretch,
        };
        let custodians = &self.quorum.participants().custodians;
        shares::split(&*self.device, &restore::label(&self.root.key)?, custodians, &to)
    }

    fn try_shares(&self, paths: &[std::path::PathBuf], key: &PublicKey) -> Result<(), Error> {
        let custodians = &self.quorum.participants().custodians;
        // After a cut, some may have taken theirs away already: any three do.
        let there = paths.iter().zip(custodians).rev().filter(|(path, _)| path.exists());
        let sealed = there.take(super::THRESHOLD.into());
        let sealed: Vec<_> = sealed
            .map(|(path, custodian)| SealedShare {
                path: path.clone(),
                passphrase: custodian.passphrase.clone(),
            })
            .collect();
        shares::try_out(&*self.device, &sealed, key)
    }
}

fn lint(planned: pki::Planned, now: Timestamp) -> Result<Linted, Error> {
    let context = Context::new(planned.lint_role()).at(now);
    planned.lint(&context).map_err(|report| Error::Lint(report.to_string()))
}
