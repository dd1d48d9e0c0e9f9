//! Cross-certificates within an institution (ADR 16, Measures Art. 18 (2)): the ceremony that makes one, its withdrawal
//! by two people, those that others issued for our CAs, and what pages and the doctor say of them.

use std::sync::Arc;

use ca::ceremony::{Ceremony, CrossPlan, CrossReport, Participants, Quorum, SealedShare};
use ca::rules::cross::PeerFiles;
use ca::{CertificateRecord, CrossIssued, CrossReceived, RevocationReason};
use jiff::Timestamp;
use pki::{Certificate, CrossTerms, Serial};
use store::{Actor, Store, Warrant};

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::{Institution, Parts, ca_config};
use crate::root_list::{self, Untold};

/// Beginning of the names of their files: `cross-<SM3 of the certificate>.cer`.
pub const FILE_PREFIX: &str = "cross-";

/// What a cross-certification is to make.
pub struct Crossing {
    /// Names the ceremony; running it again with the same name goes on.
    pub ceremony: String,
    /// The other CA's files.
    pub peer: PeerFiles,
    /// What is recognised.
    pub terms: CrossTerms,
    /// Until when.
    pub until: Timestamp,
    /// Who is there.
    pub participants: Participants,
    /// The custodians' files.
    pub shares: Vec<SealedShare>,
}

/// Every cross-certificate, ours and theirs, the newest first.
#[derive(Debug, Clone, Default)]
pub struct CrossView {
    /// Those that our root issued.
    pub issued: Vec<CrossIssued>,
    /// Those that others issued for one of our CAs.
    pub received: Vec<CrossReceived>,
}

/// Holds the ceremony. The service is stopped, or runs on other machines.
pub async fn cross_certify(
    parts: &Parts,
    store: &Store,
    crossing: Crossing,
) -> Result<CrossReport, Error> {
    // The name becomes part of request ids and of a folder's name.
    ca::RequestId::new(&crossing.ceremony).map_err(ca::Error::from)?;
    let (settings, profiles) = (&parts.settings, Arc::new(parts.settings.profiles()?));
    let plan = CrossPlan {
        institution: settings.institution.name.clone(),
        peer: crossing.peer,
        terms: crossing.terms,
        until: crossing.until,
        root_config: root_list::config(settings),
        issuing_config: ca_config(settings),
        shares: crossing.shares,
        protocol: parts.layout.ceremony().join(format!("cross-{}", crossing.ceremony)),
        name: crossing.ceremony,
    };
    let quorum = Quorum::of_holders(crossing.participants).map_err(ca::Error::from)?;
    let (device, clock) = (parts.device.clone(), parts.clock.clone());
    let held = Ceremony::cross_certify(store.clone(), device, clock, profiles, (plan, quorum));
    Ok(held.await?)
}

/// Withdraws a cross-certificate of ours by order of two people; the root's key is not needed.
pub async fn withdraw_cross(
    parts: &Parts,
    store: &Store,
    (serial, reason): (&Serial, RevocationReason),
    warrant: &Warrant,
) -> Result<CertificateRecord, Error> {
    let profiles = Arc::new(parts.settings.profiles()?);
    let root = root_list::open(parts, store, &profiles).await?;
    Ok(root.withdraw_cross(serial, reason, warrant).await?)
}

/// Takes in a cross-certificate that another institution issued for one of our CAs.
pub async fn take_in_cross(
    store: &Store,
    files: (&[u8], &[u8], &str),
    actor: Actor,
) -> Result<CrossReceived, Error> {
    Ok(ca::take_in(store, files, actor).await?)
}

/// Takes one back that came in, by order of two people.
pub async fn take_back_cross(
    store: &Store,
    fingerprint: &str,
    warrant: &Warrant,
) -> Result<(), Error> {
    Ok(ca::take_back(store, fingerprint, warrant).await?)
}

impl Institution {
    /// Every cross-certificate.
    pub async fn cross_certificates(&self) -> Result<CrossView, Error> {
        let issued = ca::cross_issued(self.store()).await?;
        let received = ca::cross_received(self.store()).await?;
        Ok(CrossView { issued, received })
    }

    /// The cross-certificate of a file's name, without its ending. What was withdrawn stays there to be looked at.
    pub async fn cross_certificate(&self, file: &str) -> Result<Option<Certificate>, Error> {
        let Some(fingerprint) = file.strip_prefix(FILE_PREFIX) else { return Ok(None) };
        let view = self.cross_certificates().await?;
        let issued = view.issued.into_iter().map(|one| one.certificate);
        let all = issued.chain(view.received.into_iter().map(|one| one.certificate));
        let mut found = all.filter(|one| one.fingerprint() == fingerprint);
        Ok(found.next())
    }

    /// How they stand; `None` where there is none.
    pub(crate) async fn check_cross(&self) -> Option<Check> {
        let (level, detail) = match self.standing_of_crosses().await {
            Ok(None) => return None,
            Ok(Some(found)) => found,
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "cross_certificates", title: "交叉证书", level, detail })
    }

    async fn standing_of_crosses(&self) -> Result<Option<(Level, String)>, Error> {
        let view = self.cross_certificates().await?;
        if view.issued.is_empty() && view.received.is_empty() {
            return Ok(None);
        }
        let untold = self.untold_by_root().await?;
        Ok(Some(judge(&view, &untold, self.clock().now())))
    }

    /// Those whose ends people must know of, with what they are; one that another followed is not among them.
    pub(crate) async fn cross_ends(&self) -> Result<Vec<(String, Certificate)>, Error> {
        let (view, now) = (self.cross_certificates().await?, self.clock().now());
        let mut ends: Vec<(String, Certificate)> = Vec::new();
        let issued = view.issued.into_iter().filter(|one| one.is_in_force(now)).map(|one| {
            (format!("签发给“{}”的交叉证书", one.certificate.subject()), one.certificate)
        });
        let received = view.received.into_iter().filter(|one| one.is_in_force(now)).map(|one| {
            (format!("“{}”签发给本机构的交叉证书", one.certificate.issuer()), one.certificate)
        });
        for (name, certificate) in issued.chain(received) {
            match ends.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) if known.not_after() < certificate.not_after() => {
                    *known = certificate
                }
                Some(_) => {}
                None => ends.push((name, certificate)),
            }
        }
        Ok(ends)
    }
}

/// Relying parties elsewhere learn of a withdrawal by the root's list alone.
fn judge(view: &CrossView, owed: &Untold, now: Timestamp) -> (Level, String) {
    let is_untold =
        |one: &&CrossIssued| owed.records.iter().any(|record| record.id == one.record.id);
    let untold: Vec<_> = view.issued.iter().filter(is_untold).collect();
    if !untold.is_empty() {
        let names: Vec<_> =
            untold.iter().map(|one| format!("“{}”", one.certificate.subject())).collect();
        let text = format!(
            "签发给{}的已撤销，但还不在根的撤销列表（{}）上，其他依赖方仍会认可；请召集这几代根密钥的保管人（每代三名），停止服务后依次运行 \
             yinxin ceremony restore-root、publish-root-list、destroy-root",
            names.join("、"),
            owed.lists.join("、")
        );
        return (Level::Failed, text);
    }
    let issued = view.issued.iter().filter(|one| one.is_in_force(now)).count();
    let received = view.received.iter().filter(|one| one.is_in_force(now)).count();
    let text = format!("在用的：本机构签发的 {issued} 张，其他机构签发给本机构的 {received} 张");
    (Level::Good, text)
}
