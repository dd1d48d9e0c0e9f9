//! The next key of the root (RFC 4210 §4.4, ADR 15): another key under the same name, and two link certificates by
//! which whoever trusts one of the two keys comes to what the other certified.
//!
//! Three of those who hold the old key bring it back, and five get shares of the new one. Each step is a row; run
//! again with the same plan, the ceremony goes on where it was cut off. Until the new key is appointed, the old one
//! certifies; nothing of subscribers changes at any step.

use std::path::PathBuf;
use std::sync::Arc;

use gm::Device;
use gm::passphrase::Stretch;
use pki::profile::ProfileSet;
use pki::{Certificate, Issuer, SubjectInput, Template};
use serde_json::{Value, json};
use store::{Clock, Store};

use super::participants::Quorum;
use super::protocol::{ProtocolFiles, certificate, participants};
use super::run::{Ceremony, CeremonyPlan, Convened, Made};
use super::shares::{self, SealedShare};
use super::succession::{check_not_made, next_generation, other_plan};
use super::{ROOT, Step};
use crate::Ca;
use crate::error::{Error, Invalid, Refusal};
use crate::model::{CaConfig, RequestId, Role, Validity};
use crate::service::{LINK, text};
use crate::sql::{instant, seconds};

/// What a succession of the root is to make.
#[derive(Debug, Clone)]
pub struct RootSuccessionPlan {
    /// Names the ceremony; running it again with the same name goes on.
    pub name: String,
    /// The institution.
    pub institution: String,
    /// Addresses and CRL policy of the root; its `issuer` is `root`.
    pub root_config: CaConfig,
    /// Addresses and CRL policy of the issuing CA; its `issuer` is `issuing`.
    pub issuing_config: CaConfig,
    /// Those who bring the old key back, three at least, with the same leader and witnesses.
    pub holders: Quorum,
    /// Their files.
    pub shares: Vec<SealedShare>,
    /// Where the files of the new key's custodians are written.
    pub new_shares: PathBuf,
    /// Where the protocol is written.
    pub protocol: PathBuf,
    /// How hard guessing a custodian's passphrase is made.
    pub stretch: Stretch,
}

/// What a succession of the root made.
#[derive(Debug, Clone)]
pub struct RootSuccessionReport {
    /// The root before.
    pub before: Certificate,
    /// The new root.
    pub root: Certificate,
    /// Its name: of its files and its entry in the directory.
    pub name: String,
    /// The new key, certified by the old one: for whoever trusts the old root only.
    pub new_with_old: Certificate,
    /// The old key, certified by the new one: for whoever trusts the new root only.
    pub old_with_new: Certificate,
    /// Each custodian's file of the new key.
    pub shares: Vec<PathBuf>,
    /// The signed protocol.
    pub protocol: ProtocolFiles,
}

/// Both links exist, and both lists are out.
struct Linked {
    old: Ca,
    new: Ca,
    shares: Vec<PathBuf>,
}

impl Ceremony {
    /// Holds the ceremony of the root's next key to its end, from wherever it is. `quorum` are the five who get the
    /// new key's shares.
    pub async fn succeed_root(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        profiles: Arc<ProfileSet>,
        (plan, quorum): (RootSuccessionPlan, Quorum),
    ) -> Result<RootSuccessionReport, Error> {
        let open = |config: &CaConfig| {
            let (store, device) = (store.clone(), device.clone());
            Ca::open(store, device, clock.clone(), profiles.clone(), config.clone())
        };
        let (roots, issuing) = (open(&plan.root_config).await?, open(&plan.issuing_config).await?);
        let issuing = issuing.pinned();
        let founding = later(&plan, &roots);
        let (device, clock) = (device.clone(), clock.clone());
        let mut ceremony =
            Self::new(store.clone(), device, clock, profiles.clone(), (founding, quorum))?;
        ceremony.read_rows().await?;
        // The protocol is signed by the key that issues, whatever becomes of the roots.
        let number = issuing.generation()?.number;
        ceremony.made = Made {
            generation: number,
            name: issuing.name().to_owned(),
            key: issuing.key_label().to_string(),
        };
        let generation = ceremony.convene_root_succession(&roots, &plan).await?;
        ceremony.root = Made::root(generation);
        let linked = ceremony.link_roots(&roots, &plan).await?;
        ceremony.finish_root(&plan, (&linked, &issuing)).await
    }

    /// Records who is there and which generation it is to be; who goes on with it is held to that.
    async fn convene_root_succession(
        &self,
        roots: &Ca,
        plan: &RootSuccessionPlan,
    ) -> Result<u32, Error> {
        let people = |quorum: &Quorum| -> Vec<_> {
            quorum.participants().custodians.iter().map(|c| c.person.clone()).collect()
        };
        let (custodians, holders) = (json!(people(&self.quorum)), json!(people(&plan.holders)));
        let shares = json!(shares::indices(&plan.shares)?);
        if self.row(Step::Convened).is_some() {
            let detail = self.detail(Step::Convened)?;
            let generation = detail.get("root_generation").and_then(Value::as_u64);
            let generation = generation.and_then(|n| u32::try_from(n).ok());
            let text = format!("名为“{}”的仪式不是根密钥换代仪式，请另起名称", plan.name);
            let generation = generation.ok_or(Refusal::Ceremony(text))?;
            let bound = [("custodians", &custodians), ("holders", &holders), ("shares", &shares)];
            if bound.into_iter().any(|(name, value)| detail.get(name) != Some(value)) {
                return Err(other_plan());
            }
            self.check_people()?;
            self.check_resumed(roots, generation)?;
            return Ok(generation);
        }
        let (last, generation) = next_generation(roots)?;
        last.inner().issuer.check_valid(self.clock.now())?;
        self.check_root_name(&last)?;
        let detail = self.convened(json!({
            "root_generation": generation,
            "before": last.name(),
            "shares": shares,
            "holders": holders,
        }));
        self.record(Step::Convened, detail).await?;
        Ok(generation)
    }

    /// What may have changed since the run before: another ceremony made this generation, or the profile of roots was
    /// exchanged.
    fn check_resumed(&self, roots: &Ca, generation: u32) -> Result<(), Error> {
        if self.row(Step::RootCertificate).is_some() {
            return Ok(());
        }
        check_not_made(roots, &Made::root(generation).name)?;
        let before = self.name_before(generation)?;
        let missing = || Error::stored(format!("根证书 {before} 没有记录"));
        match self.row(Step::RootIntended) {
            Some(_) => Ok(()),
            None => self.check_root_name(&roots.generation_named(&before).ok_or_else(missing)?),
        }
    }

    /// The name of the generation before the one that this ceremony makes: not always that of the number before, which
    /// may have been given up.
    fn name_before(&self, generation: u32) -> Result<String, Error> {
        let detail = self.detail(Step::Convened)?;
        let stated = detail.get("before").and_then(Value::as_str).map(str::to_owned);
        Ok(stated.unwrap_or_else(|| Made::root(generation.saturating_sub(1)).name))
    }

    /// The new certificate must bear the very name of the one before, octet by octet: only so the links are self-issued
    /// and count against no path length (RFC 5280 §6.1.4 (l)). Asked before anything is made.
    fn check_root_name(&self, last: &Ca) -> Result<(), Error> {
        let profile = self.profiles.by_name(ROOT).ok_or_else(|| Invalid::Profile(ROOT.into()))?;
        let urls = &self.plan.root_config.urls;
        let template = Template::new(profile, &Issuer::self_signed(), urls)?;
        match template.subject_name(&self.plan.root)? == *last.certificate().subject() {
            true => Ok(()),
            false => Err(Error::stored("根证书的名称不能照样写入新一代根证书")),
        }
    }

    /// The new key with its certificate and its shares, both links and both lists.
    async fn link_roots(&self, roots: &Ca, plan: &RootSuccessionPlan) -> Result<Linked, Error> {
        let before = self.name_before(self.root.generation)?;
        let of = |name: &str| {
            let missing = || Error::stored(format!("根证书 {name} 没有记录"));
            roots.generation_named(name).ok_or_else(missing)
        };
        let old = of(&before)?;
        // Whichever of the two keys still has to sign, those who hold the old one are there.
        let signs = [Step::NewWithOld, Step::OldWithNew, Step::OldRootList, Step::RootList];
        if signs.into_iter().any(|step| self.row(step).is_none()) {
            if self.row(Step::RootShared).is_some() {
                self.show_shares(&of(&self.root.name)?)?;
            }
            self.bring_root_back(&old, &plan.shares).await?;
        }
        let made = self.make_root(Convened::by_record()).await?;
        let shared = self.share_root(made).await?;
        // From here on both know each other: each list names what either revoked.
        roots.follow_line().await?;
        let new = of(&self.root.name)?;
        self.link(&old, (&new, Step::NewWithOld, "new-with-old")).await?;
        self.link(&new, (&old, Step::OldWithNew, "old-with-new")).await?;
        self.publish_first(Step::OldRootList, &old).await?;
        self.publish_first(Step::RootList, &new).await?;
        Ok(Linked { old, new, shares: shared.shares })
    }

    /// A certificate by one root key for the other, under the same name, as long as both last. It starts now: nothing is
    /// back-dated here, though RFC 4210 §4.4 would have it cover the old key's whole life (T-04).
    async fn link(&self, by: &Ca, (of, step, what): (&Ca, Step, &str)) -> Result<(), Error> {
        if self.row(step).is_some() {
            return Ok(());
        }
        let subject = SubjectInput::from_name(of.certificate().subject());
        let key = of.certificate().public_key()?;
        let mut order = self.order(what, (Role::Ca, LINK), &subject, key)?;
        let ends = [by, of].map(|one| seconds(one.certificate().not_after()));
        let end = ends.into_iter().min().map(instant).transpose()?;
        // Nothing of now is in the order: after a cut it is the same, and gets the certificate that was recorded.
        order.validity = Validity { not_before: None, not_after: end };
        let prepared = by.prepare_ca(order, &self.quorum)?;
        self.issue(by, prepared, step).await
    }

    async fn finish_root(
        &self,
        plan: &RootSuccessionPlan,
        (linked, issuing): (&Linked, &Ca),
    ) -> Result<RootSuccessionReport, Error> {
        let Linked { old, new, shares } = linked;
        self.retire_roots(&[old, new]).await?;
        let from = self.appoint((old, new), None).await?;
        new.follow_line().await?;
        let new_with_old = self.link_of(new, "new-with-old").await?;
        let old_with_new = self.link_of(new, "old-with-new").await?;
        let to = ProtocolFiles::in_folder(&plan.protocol);
        if self.row(Step::ProtocolWritten).is_none() {
            let own = json!({
                "holders": participants(plan.holders.participants()).get("custodians"),
                "generation": self.root.generation,
                "certifies_from": text(from),
                "certificates": {
                    "before": certificate(old.certificate()),
                    "root": certificate(new.certificate()),
                    "new_with_old": certificate(&new_with_old),
                    "old_with_new": certificate(&old_with_new),
                },
                "root_key": { "shares": super::SHARES, "threshold": super::THRESHOLD,
                    "kept_on_device": false },
            });
            let document = self.document_of("yinxin-root-succession/1", own)?;
            self.record(Step::ProtocolWritten, json!({ "document": document })).await?;
        }
        if self.row(Step::ProtocolSigned).is_none() {
            self.write_protocol(&to, issuing, super::root_protocol::text).await?;
        }
        if !issuing.settle().await? {
            tracing::warn!("the account of the issuing key is not settled");
        }
        Ok(RootSuccessionReport {
            before: old.certificate().clone(),
            root: new.certificate().clone(),
            name: self.root.name.clone(),
            new_with_old,
            old_with_new,
            shares: shares.clone(),
            protocol: to,
        })
    }

    async fn link_of(&self, roots: &Ca, what: &str) -> Result<Certificate, Error> {
        let request = RequestId::new(format!("ceremony:{}:{what}", self.plan.name))?;
        let found = roots.find_request(&request, Role::Ca).await?;
        Ok(found.ok_or_else(|| Error::stored("链接证书缺失"))?.certificate)
    }
}

fn later(plan: &RootSuccessionPlan, roots: &Ca) -> CeremonyPlan {
    let configs = (&plan.root_config, &plan.issuing_config);
    let root = SubjectInput::from_name(roots.certificate().subject());
    let (shares, stretch) = (plan.new_shares.clone(), plan.stretch);
    let later = CeremonyPlan::later((&plan.name, &plan.institution), configs, &plan.protocol);
    CeremonyPlan { root, shares, stretch, ..later }
}
