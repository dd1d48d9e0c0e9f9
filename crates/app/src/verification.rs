//! The verification service within an institution: its trust anchors, read from the operator's folder
//! and joined with the own roots, and its settings (Measures Art. 18 (2)).
//!
//! Anchors are a decision of the operator, so what can't be read is not passed over: with one broken
//! file nothing is verified until it is mended (fail closed), and the doctor says which.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, pem};
use serde::{Deserialize, Serialize};
use status::verification::{
    CertificateQuestion, CertificateReport, SignatureQuestion, SignatureReport, StampQuestion,
    StampReport, Trust, Verifier,
};
use store::Store;

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::foreign::{FollowSettings, Foreign};
use crate::institution::Institution;

/// How long a look at the folder counts.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// Largest file of anchors, in octets.
const MOST_OCTETS: u64 = 4 << 20;
/// Most anchors.
const MOST_ANCHORS: usize = 500;
/// Days before the end of an anchor when the doctor starts to warn.
const WARN_DAYS: i64 = 90;

/// `[verification]` of `yinxin.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerificationSettings {
    /// Certificates and signatures that one source may have verified through the interface in a
    /// minute; each of a batch counts.
    pub per_minute: u32,
    /// Lists of other institutions, followed.
    pub follow: FollowSettings,
}

impl Default for VerificationSettings {
    fn default() -> Self {
        Self { per_minute: 600, follow: FollowSettings::default() }
    }
}

/// The service and the anchors that it rests on.
pub(crate) struct Verification {
    verifier: Verifier,
    foreign: Option<Foreign>,
    looked: Mutex<Option<Looked>>,
}

/// The last look at the folder.
#[derive(Clone)]
struct Looked {
    at: Timestamp,
    trust: Result<Arc<Trust>, String>,
}

impl Verification {
    pub(crate) fn open(settings: &VerificationSettings, store: Store) -> Result<Self, Error> {
        let foreign = Foreign::open(&settings.follow, &store)?;
        let verifier = match &foreign {
            Some(foreign) => foreign.verifier(store),
            None => Verifier::new(store),
        };
        Ok(Self { verifier, foreign, looked: Mutex::default() })
    }

    /// The follower of others' lists, where it is switched on.
    pub(crate) fn foreign(&self) -> Option<&Foreign> {
        self.foreign.as_ref()
    }
}

impl Institution {
    /// The report on a certificate.
    pub async fn verify_certificate(
        &self,
        question: CertificateQuestion,
    ) -> Result<CertificateReport, Error> {
        let trust = self.ready().await?;
        Ok(self.verification().verifier.verify_certificate(trust, question).await?)
    }

    /// Reads what came with a question, where questions are worked on.
    pub async fn read_question<T: Send + 'static>(
        &self,
        reading: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        Ok(self.verification().verifier.read(reading).await?)
    }

    /// The report on a signature.
    pub async fn verify_signature(
        &self,
        question: SignatureQuestion,
    ) -> Result<SignatureReport, Error> {
        let trust = self.ready().await?;
        Ok(self.verification().verifier.verify_signature(trust, question).await?)
    }

    /// The report on a timestamp.
    pub async fn verify_timestamp(&self, question: StampQuestion) -> Result<StampReport, Error> {
        let trust = self.ready().await?;
        Ok(self.verification().verifier.verify_stamp(trust, question).await?)
    }

    /// What has to be known before a question is answered.
    async fn ready(&self) -> Result<Arc<Trust>, Error> {
        self.load_foreign().await?;
        self.trust().await
    }

    /// The trust anchors in force. Their folder is looked at every ten seconds.
    ///
    /// # Errors
    /// [`Error::NoTrust`] when a file can't be read.
    pub async fn trust(&self) -> Result<Arc<Trust>, Error> {
        self.look_at_anchors().await?.map_err(|why| {
            tracing::error!(%why, "the trust anchors can't be read");
            Error::NoTrust
        })
    }

    async fn look_at_anchors(&self) -> Result<Result<Arc<Trust>, String>, Error> {
        let now = self.clock().now();
        let looked = &self.verification().looked;
        let kept = looked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(Looked { at, trust }) = kept
            && now >= at
            && now.duration_since(at) < LOOK_EVERY
        {
            return Ok(trust);
        }
        let own = self.verification().verifier.own_roots().await?;
        let folder = self.layout().trust();
        let read = tokio::task::spawn_blocking(move || read_folder(&folder)).await;
        let trust = read.map_err(|_| Error::Interrupted)?.and_then(|anchors| {
            let trust = Trust::of(anchors.into_iter().chain(own));
            trust.map(Arc::new).ok_or_else(|| "没有任何信任锚".to_owned())
        });
        let fresh = Looked { at: now, trust: trust.clone() };
        *looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(trust)
    }

    /// What the doctor says of the anchors.
    pub(crate) async fn check_trust(&self) -> Check {
        let (level, detail) = match self.look_at_anchors().await {
            Ok(Ok(trust)) => judge(&trust, self.clock().now()),
            Ok(Err(why)) => {
                let text = format!(
                    "{why}；在改正之前不验证任何证书和签名，请检查 {}",
                    self.layout().trust().display()
                );
                (Level::Failed, text)
            }
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "trust", title: "验证服务的信任锚", level, detail }
    }
}

fn judge(trust: &Trust, now: Timestamp) -> (Level, String) {
    let soon = now.saturating_add(SignedDuration::from_hours(24 * WARN_DAYS)).unwrap_or(now);
    let ending: Vec<String> = trust
        .anchors()
        .iter()
        .filter(|anchor| anchor.not_after() < soon)
        .map(|anchor| format!("{}（有效期至 {}）", anchor.subject(), anchor.not_after()))
        .collect();
    if ending.is_empty() {
        let (count, snapshot) = (trust.anchors().len(), trust.snapshot());
        return (Level::Good, format!("{count} 张，快照 {snapshot}"));
    }
    (Level::Warning, format!("已过期或即将过期：{}；请更换", ending.join("、")))
}

/// Every certificate of every `*.pem` of the folder. No folder: none but the own roots.
fn read_folder(folder: &Path) -> Result<Vec<Certificate>, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("信任锚文件夹不能读取（{error}）")),
    };
    let mut anchors = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("信任锚文件夹不能读取（{error}）"))?.path();
        if path.extension().is_some_and(|ending| ending == "pem") {
            let file = read_file(&path);
            anchors.extend(file.map_err(|why| format!("{}：{why}", path.display()))?);
        }
        if anchors.len() > MOST_ANCHORS {
            return Err(format!("信任锚超过 {MOST_ANCHORS} 张"));
        }
    }
    Ok(anchors)
}

fn read_file(path: &Path) -> Result<Vec<Certificate>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MOST_OCTETS {
        return Err("文件过大".to_owned());
    }
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let blocks = pem::blocks(&text, pem::CERTIFICATE).map_err(|error| error.to_string())?;
    if blocks.is_empty() {
        return Err("文件中没有证书（PEM）".to_owned());
    }
    blocks.iter().map(|der| anchor(der)).collect()
}

/// An anchor is a CA. Roots of version 1 can't say so and are taken at the operator's word.
fn anchor(der: &[u8]) -> Result<Certificate, String> {
    let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
    if certificate.version() == 3 && !certificate.is_ca() {
        return Err(format!("“{}”不是 CA 证书，不能作为信任锚", certificate.subject()));
    }
    Ok(certificate)
}
