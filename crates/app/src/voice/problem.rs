//! Reports of suspicious certificates and leaked keys (T-16): anybody hands them in, with evidence of any common kind;
//! the institution takes them up within 24 hours. Who proves to have the private key need convince nobody: the
//! certificates of that key are suspended in the very unit that takes the report ([`super::leaked`]), and the key is
//! never certified again (T-31).
//!
//! The proof is a signature over a statement of ours that says what it is for and which certificate it is about, so that
//! nothing that was signed for another purpose serves as one. The hold stands until the certificate is revoked, which
//! stays with two people (ADR 6).

use access::{Action, Permit};
use ca::Role;
use gm::{PublicKey, Signature, UserId, sm2};
use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, Serial};
use serde_json::{Value, json};
use zeroize::Zeroize as _;

use super::leaked::Reach;
use super::lodge::Draft;
use super::model::{Category, ComplaintWords, LodgedComplaint, ProvedKey};
use super::rules::TAKEN_UP_WITHIN;
use super::{record, rules, sql};
use crate::error::Error;
use crate::institution::Institution;

/// For how long a statement may be signed.
const STATEMENT_COUNTS: SignedDuration = SignedDuration::from_hours(24);

/// A piece of evidence as it is handed in.
#[derive(Clone)]
pub struct NewEvidence {
    /// What it is called.
    pub name: String,
    /// Its octets.
    pub content: Vec<u8>,
}

impl Drop for NewEvidence {
    /// It may be a private key.
    fn drop(&mut self) {
        self.content.zeroize();
    }
}

/// A piece of evidence as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its place, from 1.
    pub position: u32,
    /// What it was called; nothing once it was erased.
    pub name: String,
    /// How many octets.
    pub octets: u64,
    /// SM3 of its content, hexadecimal; none once it was erased.
    pub digest: Option<String>,
    /// Whether it is nothing but the key that was proved to have leaked.
    pub is_key: bool,
    /// When it was erased, at the end of its time.
    pub erased_at: Option<Timestamp>,
}

/// That somebody has a private key.
#[derive(Debug, Clone)]
pub struct KeyProof {
    /// The statement that the institution gave.
    pub statement: String,
    /// Its signature by the key: DER, or `r ‖ s`.
    pub signature: Vec<u8>,
}

/// A report of a suspicious certificate or a leaked key.
#[derive(Clone)]
pub struct NewProblem {
    /// What was written.
    pub words: ComplaintWords,
    /// What came along.
    pub evidence: Vec<NewEvidence>,
    /// The proof that the key is no secret any more, if there is one.
    pub proof: Option<KeyProof>,
}

impl NewProblem {
    /// How many octets came along.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.evidence.iter().map(|one| one.content.len()).fold(0, usize::saturating_add)
    }
}

/// What a proof led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every certificate of the key that was open is suspended.
    Suspended,
    /// All of them were revoked before, or are over.
    Over,
    /// A certificate of the institution itself, or one that could not be suspended: people decide, at once.
    No,
}

impl Stopped {
    /// As it is stored and told to programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Over => "over",
            Self::No => "people",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::Suspended, Self::Over, Self::No].into_iter().find(|one| one.word() == word)
    }
}

/// A report that was taken.
#[derive(Debug)]
pub struct LodgedProblem {
    /// Number and check code.
    pub lodged: LodgedComplaint,
    /// What the proof led to, where one came.
    pub stopped: Option<Stopped>,
}

/// A key whose holder, or finder, signed.
pub(super) struct Proved {
    pub(super) certificate: Certificate,
    pub(super) key: PublicKey,
    pub(super) role: Role,
    statement: String,
    signature: Vec<u8>,
}

impl Institution {
    /// What is wrong with a report, field by field; nothing when it can be taken.
    #[must_use]
    pub fn problem_mistakes(&self, new: &NewProblem) -> Vec<(&'static str, &'static str)> {
        let mut mistakes = rules::mistakes(&new.words);
        mistakes.extend(rules::evidence_mistake(&new.evidence).map(|why| ("evidence", why)));
        mistakes
    }

    /// What somebody has to sign with the private key of a certificate of ours to prove that it is no secret any more:
    /// these octets (UTF-8), by SM2 with SM3 and the default user identifier.
    ///
    /// # Errors
    /// When there is no such certificate.
    pub async fn problem_statement(&self, serial: &Serial) -> Result<String, Error> {
        let (certificate, _) = self.ours(serial).await?;
        let text = rules::statement(
            (&serial.to_hex(), &certificate.fingerprint()),
            &self.settings().institution.name,
            self.clock().now(),
        );
        let seal = self.statement_seal(&text)?;
        Ok(rules::sealed_statement(&text, &seal))
    }

    /// A certificate of ours: what the issuing CA certified, what the root did (issuing CAs, links, cross-certificates), and
    /// the roots themselves. The worst leak there is must not be told that we know nothing of it.
    pub(super) async fn ours(&self, serial: &Serial) -> Result<(Certificate, Role), Error> {
        for line in [self.ca(), self.roots()] {
            if let Some(found) = line.find(serial).await? {
                return Ok((Certificate::from_der(found.der())?, found.record.role));
            }
        }
        let roots = self.roots().generations();
        let own = roots.iter().map(ca::Ca::certificate).find(|one| one.serial() == *serial);
        own.cloned().map(|one| (one, Role::Ca)).ok_or(NOT_OURS)
    }

    fn statement_seal(&self, text: &str) -> Result<String, Error> {
        let whole = self.store().blind_index("voice.statement", text)?;
        Ok(whole.chars().take(32).collect())
    }

    /// Takes a report from anybody.
    ///
    /// # Errors
    /// When it is incomplete, or its proof is none.
    pub async fn lodge_problem(&self, new: NewProblem) -> Result<LodgedProblem, Error> {
        if !self.problem_mistakes(&new).is_empty() {
            return Err(Error::NotApplicable("报告不完整，请按提示修改后重新提交"));
        }
        let Some(proof) = &new.proof else {
            let lodged = self.lodge(self.draft_problem(&new, None).await?).await?;
            return Ok(LodgedProblem { lodged, stopped: None });
        };
        let proved = self.proved(proof).await?;
        self.lodge_leaked(&new, &proved).await
    }

    pub(super) async fn draft_problem(
        &self,
        new: &NewProblem,
        proved: Option<(&Proved, &Reach)>,
    ) -> Result<Draft, Error> {
        let mut words = new.words.clone();
        words.evidence = new.evidence.iter().map(|one| rules::file_name(&one.name)).collect();
        let sm3 = |one: &NewEvidence| gm::sm3::hash(&one.content).to_hex();
        words.evidence_sm3 = new.evidence.iter().map(sm3).collect();
        let (mut more, mut key) = (json!({}), None);
        if let Some((proved, reach)) = proved {
            key = Some(&proved.key);
            let serial = proved.certificate.serial().to_hex();
            more = proof_of(proved, reach);
            words.proved = Some(ProvedKey { serial });
        }
        self.draft_complaint(Category::Misuse, &words, (&new.evidence, more, key)).await
    }

    /// Who signed the statement has the private key of the certificate that it names.
    async fn proved(&self, proof: &KeyProof) -> Result<Proved, Error> {
        const STRANGE: Error = Error::NotApplicable(
            "所签的不是本机构给出的声明，或者有改动；请重新取得声明，一字不改地签名",
        );
        let (text, seal) = rules::unsealed(&proof.statement).ok_or(STRANGE)?;
        if self.statement_seal(text)? != seal {
            return Err(STRANGE);
        }
        let (serial, at) = rules::said_in(text).ok_or(STRANGE)?;
        if self.clock().now().duration_since(at) > STATEMENT_COUNTS {
            return Err(Error::NotApplicable("声明已超过 24 小时；请重新取得声明，签名后提交"));
        }
        let serial = Serial::from_hex(serial).map_err(|_| STRANGE)?;
        let (certificate, role) = self.ours(&serial).await?;
        let key = certificate.public_key()?;
        let wrong = Error::NotApplicable(
            "签名与这张证书的公钥不符，不能证明私钥已经失密；请核对序列号和签名的原文，或者不填签名，只作报告",
        );
        let signature = match <&[u8; 64]>::try_from(proof.signature.as_slice()) {
            Ok(raw) => Signature::from_raw(raw).ok(),
            Err(_) => Signature::from_der(&proof.signature).ok(),
        };
        let octets = proof.statement.as_bytes();
        let holds = |one: &Signature| sm2::verify(&key, &UserId::default(), octets, one).is_ok();
        if !signature.as_ref().is_some_and(holds) {
            return Err(wrong);
        }
        let (statement, signature) = (proof.statement.clone(), proof.signature.clone());
        Ok(Proved { certificate, key, role, statement, signature })
    }

    /// How many reports wait for longer than they may.
    pub(crate) async fn problems_late(&self) -> Result<u64, Error> {
        let now = self.clock().now();
        let before = now.saturating_sub(TAKEN_UP_WITHIN).unwrap_or(now);
        sql::problems_before(&mut *self.store().read().await?, before).await
    }

    /// The evidence of a report, without its content; names and digests come from its words.
    pub async fn evidence_of(
        &self,
        permit: &Permit,
        (id, words): (&str, &ComplaintWords),
    ) -> Result<Vec<Evidence>, Error> {
        permit.covers(Action::ReadVoice)?;
        let rows = sql::evidence(&mut *self.store().read().await?, id).await?;
        let named = rows.into_iter().zip(1_u32..).map(|(row, position)| {
            let at = usize::try_from(position).unwrap_or_default().saturating_sub(1);
            let name = words.evidence.get(at).cloned().unwrap_or_default();
            let digest = words.evidence_sm3.get(at).filter(|sm3| !sm3.is_empty()).cloned();
            let (octets, erased_at) = (row.octets.unsigned_abs(), row.erased_at);
            Evidence { position, name, octets, digest, is_key: row.is_key, erased_at }
        });
        Ok(named.collect())
    }

    /// The content of a piece of evidence, that may be a private key: for who works on complaints, not for everybody
    /// who reads them. Who takes it is on record.
    pub async fn open_evidence(
        &self,
        permit: &Permit,
        (id, position): (&str, u32),
    ) -> Result<Vec<u8>, Error> {
        permit.covers(Action::HandleVoice)?;
        let rows = sql::evidence(&mut *self.store().read().await?, id).await?;
        let at = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        let row = at.and_then(|at| rows.into_iter().nth(at)).ok_or(Error::NoComplaint)?;
        if row.erased_at.is_some() {
            return Err(Error::NotApplicable("这份证据已按保存期限销毁；办理经过和结论见投诉页面"));
        }
        let content = self.store().open_blob(&row.blob).await?;
        let (actor, subject) = (permit.actor(), format!("complaint:{id}"));
        let body = json!({ "evidence": position, "blob": row.blob });
        self.store()
            .commit(move |tx| {
                Box::pin(record(tx, "complaint.evidence-opened", actor, (subject, body)))
            })
            .await?;
        Ok(content.to_vec())
    }
}

const NOT_OURS: Error = Error::NotApplicable(
    "本机构没有签发过这个序列号的证书；请核对序列号，或者不作证明，只写明情况",
);

/// What the record says of a proof: whoever reads it can verify it again.
fn proof_of(proved: &Proved, reach: &Reach) -> Value {
    json!({ "proof": {
        "serial": proved.certificate.serial().to_hex(),
        "statement": proved.statement,
        "signature": hex::encode(&proved.signature),
        "led_to": reach.stopped.word(),
        "suspended": reach.serials(),
    } })
}
