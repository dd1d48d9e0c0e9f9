//! Status by CRLs (RFC 5280 §6.3): which list speaks about a certificate, whether it may be believed, and what it
//! says.
//!
//! A list that is out of date, or that has a critical extension unknown here, may still show that a certificate is
//! revoked; it never shows that one is good. Good is a certificate only when lists for every reason say so.

use jiff::Timestamp;

use super::process::called;
use super::verdict::{Kind, Table, Validity};
use super::{Options, Request, Revocation};
use crate::crl::{Crl, Reason, RevokedEntry, Scope};
use crate::ext::{DistributionPointName, KeyUsage};
use crate::{Certificate, oid};

/// Every reason of ReasonFlags, bits 1 to 8, bit 0 highest.
const ALL_REASONS: u16 = 0x7f80;
/// Certificates that are tried as signers of a CRL, beside the issuer itself.
const MOST_SIGNERS: usize = 8;
const UNKNOWN_IN_ENTRY: &str = "CRL 条目含有无法处理的关键扩展项";

/// What the CRLs say about one certificate.
enum Status {
    Good,
    Revoked(RevokedEntry),
    Unknown(String),
}

/// What one CRL says about one certificate.
enum Word {
    /// Not listed, as far as these reasons go.
    Absent(u16),
    Listed(RevokedEntry),
    /// The list does not count, because of this.
    Silent(&'static str),
}

/// Looks up every certificate below the anchor.
pub(super) fn check(request: &Request<'_>, path: &[&Certificate], table: &mut Table) {
    if path.len() < 2 {
        table.passed(Kind::Revocation, "信任锚不以 CRL 检查");
    }
    let Some(anchor) = path.last() else { return };
    for pair in path.windows(2) {
        let [child, issuer] = pair else { continue };
        let lookup = Lookup { request, child, issuer, anchor };
        match lookup.status() {
            Status::Good => table.passed(Kind::Revocation, "各证书均未被撤销或暂停"),
            Status::Revoked(entry) => table.failed(Kind::Revocation, revoked(child, &entry)),
            Status::Unknown(reason) => table.unknown(Kind::Revocation, reason),
        }
    }
}

fn revoked(certificate: &Certificate, entry: &RevokedEntry) -> String {
    let act = if entry.reason == Reason::CertificateHold { "暂停" } else { "撤销" };
    format!("{}已于 {} 被{act}（原因：{}）", called(certificate), entry.at, entry.reason.chinese())
}

struct Lookup<'a> {
    request: &'a Request<'a>,
    child: &'a Certificate,
    issuer: &'a Certificate,
    anchor: &'a Certificate,
}

impl<'a> Lookup<'a> {
    fn status(&self) -> Status {
        if self.is_exempt() {
            return Status::Good;
        }
        let mut covered = 0;
        let mut silent = "没有提供其颁发者的 CRL";
        for crl in self.of_issuer().filter(|crl| crl.base().is_none()) {
            match self.ask(crl) {
                Word::Listed(entry) => return Status::Revoked(entry),
                Word::Absent(reasons) => covered |= reasons,
                Word::Silent(reason) => silent = reason,
            }
        }
        if covered & ALL_REASONS == ALL_REASONS {
            return Status::Good;
        }
        if covered != 0 {
            silent = "所提供的 CRL 只涉及部分撤销原因";
        }
        Status::Unknown(format!("{}的状态不明：{silent}", called(self.child)))
    }

    /// A responder whose certificate the CA exempted (RFC 6960 §4.2.2.2.1).
    fn is_exempt(&self) -> bool {
        let responds =
            self.child.eku().is_some_and(|purposes| purposes.contains(&oid::OCSP_SIGNING));
        responds && self.child.extension(&oid::OCSP_NOCHECK).is_some()
    }

    /// The CRLs under the name of the certificate's issuer.
    fn of_issuer(&self) -> impl Iterator<Item = &'a Crl> {
        let issuer = self.child.issuer();
        self.request.crls.iter().filter(move |crl| crl.issuer().matches(issuer))
    }

    /// What a complete CRL, brought up to date by the deltas that build on it, says.
    fn ask(&self, crl: &'a Crl) -> Word {
        let reasons = match self.scope(crl) {
            Ok(reasons) => reasons,
            Err(reason) => return Word::Silent(reason),
        };
        if let Err(reason) = self.believe(crl) {
            return Word::Silent(reason);
        }
        let delta = self.delta(crl);
        match self.read(crl, delta, reasons) {
            Word::Listed(entry) => Word::Listed(entry),
            other => self.revoked_by_another(crl, delta).unwrap_or(other),
        }
    }

    /// What a complete CRL and the latest delta say.
    fn read(&self, crl: &Crl, delta: Option<&Crl>, reasons: u16) -> Word {
        let serial = self.child.serial();
        let entry = delta.and_then(|delta| delta.lookup(&serial)).or_else(|| crl.lookup(&serial));
        match entry {
            Some(entry) if entry.unknown_critical => return Word::Silent(UNKNOWN_IN_ENTRY),
            Some(entry) if entry.revoked.reason != Reason::RemoveFromCrl => {
                return self.listed(crl, entry.revoked);
            }
            _ => {}
        }
        match self.staleness(delta.unwrap_or(crl)).or_else(|| unprocessed(crl)) {
            Some(reason) => Word::Silent(reason),
            None => Word::Absent(reasons),
        }
    }

    /// A newer delta that can't show that a certificate was good at the instant asked for (it was issued after that,
    /// builds on a list that isn't here, or has a critical extension unknown here) may still show that it was revoked
    /// by then. Where it is silent it changes nothing.
    fn revoked_by_another(&self, crl: &Crl, latest: Option<&Crl>) -> Option<Word> {
        let (serial, latest) = (self.child.serial(), latest.unwrap_or(crl).number());
        let is_newer = |delta: &&Crl| is_of_series(delta, crl) && delta.number() > latest;
        let mut found = None;
        for delta in self.of_issuer().filter(is_newer) {
            let Some(entry) = delta.lookup(&serial) else { continue };
            let is_act = entry.revoked.reason != Reason::RemoveFromCrl
                && since(&entry.revoked) <= self.request.at;
            if !is_act || self.believe(delta).is_err() {
                continue;
            }
            if !entry.unknown_critical {
                return Some(Word::Listed(entry.revoked));
            }
            found = Some(Word::Silent(UNKNOWN_IN_ENTRY));
        }
        found
    }

    /// An act after the instant asked for, known only from a list after it, says nothing about that instant.
    fn listed(&self, crl: &Crl, entry: RevokedEntry) -> Word {
        if since(&entry) > self.request.at && crl.this_update() > self.request.at {
            return Word::Silent("CRL 在所查时刻之后才发布，其中的撤销也在该时刻之后");
        }
        Word::Listed(entry)
    }

    fn staleness(&self, crl: &Crl) -> Option<&'static str> {
        let at = self.request.at;
        match crl.next_update() {
            _ if crl.this_update() > at => Some("CRL 在所查时刻之后才发布"),
            None => Some("CRL 没有写明下次更新时间"),
            Some(next) if next < at => Some("CRL 已过下次更新时间"),
            Some(_) => None,
        }
    }

    /// The latest delta by the instant asked for that builds on a complete CRL (RFC 5280 §5.2.4, §6.3.3 (c)).
    fn delta(&self, crl: &Crl) -> Option<&'a Crl> {
        let builds = |delta: &&Crl| {
            is_of_series(delta, crl)
                && delta.base() <= crl.number()
                && delta.number() > crl.number()
                && delta.this_update() <= self.request.at
                && delta.unknown_critical().is_empty()
                && self.believe(delta).is_ok()
        };
        self.of_issuer().filter(builds).max_by_key(|delta| delta.number())
    }

    /// The reasons for which a CRL speaks about the certificate; or why it does not (RFC 5280 §6.3.3 (b)).
    fn scope(&self, crl: &Crl) -> Result<u16, &'static str> {
        let Some(scope) = crl.scope() else {
            return Ok(ALL_REASONS);
        };
        let is_ca = self.child.is_ca();
        if scope.only_attributes {
            return Err("CRL 只涉及属性证书");
        }
        if scope.only_users && is_ca {
            return Err("CRL 只涉及用户证书");
        }
        if scope.only_authorities && !is_ca {
            return Err("CRL 只涉及 CA 证书");
        }
        if scope.indirect {
            return Err("间接 CRL 不受支持");
        }
        let point_reasons = self.point_reasons(scope).ok_or("CRL 属于另一个发布点")?;
        Ok(scope.only_reasons.unwrap_or(ALL_REASONS) & point_reasons)
    }

    /// The reasons of the distribution point in the certificate that the CRL belongs to.
    fn point_reasons(&self, scope: &Scope) -> Option<u16> {
        let Some(place) = &scope.point else {
            return Some(ALL_REASONS);
        };
        let points = self.child.crl_dp()?.0;
        let same = points
            .iter()
            .find(|point| point.name.as_ref().is_some_and(|name| shares_a_name(name, place)))?;
        Some(same.reasons.unwrap_or(ALL_REASONS))
    }

    /// Whether the CRL is signed by the issuer, or by another key under its name that the same anchor vouches for
    /// (GM/T 0034 lets the CRL key differ from the certificate key).
    fn believe(&self, crl: &Crl) -> Result<(), &'static str> {
        if !crl.algorithm().is_sm2_with_sm3() {
            return Err("CRL 的签名算法不受支持");
        }
        if self.signed_by(crl, self.issuer) {
            return if may_sign(self.issuer) {
                Ok(())
            } else {
                Err("颁发者的密钥用法不含 cRLSign")
            };
        }
        let others = self.request.untrusted.iter().chain(self.request.anchors);
        let mut signers = others
            .filter(|one| {
                one.subject().matches(crl.issuer())
                    && one.der() != self.issuer.der()
                    && may_sign(one)
            })
            .filter(|one| self.signed_by(crl, one))
            .take(MOST_SIGNERS);
        if signers.any(|signer| self.is_vouched_for(signer)) {
            Ok(())
        } else {
            Err("CRL 的签名验证不通过")
        }
    }

    fn signed_by(&self, crl: &Crl, signer: &Certificate) -> bool {
        let stated = crl.authority_key();
        let identifier = signer.ski().map(|ski| ski.0);
        if stated.is_some() && identifier.is_some() && stated != identifier.as_deref() {
            return false;
        }
        signer.public_key().is_ok_and(|key| crl.verify(&key, &self.request.options.user_id).is_ok())
    }

    fn is_vouched_for(&self, signer: &Certificate) -> bool {
        let options = Options {
            user_id: self.request.options.user_id.clone(),
            revocation: Revocation::NotAsked,
            ..Options::default()
        };
        let anchors = std::slice::from_ref(self.anchor);
        let request = Request { leaf: signer, anchors, options: &options, ..*self.request };
        super::validate(&request).valid == Validity::Valid
    }
}

/// From when on a revoked certificate was not to be trusted.
fn since(entry: &RevokedEntry) -> Timestamp {
    entry.invalid_since.map_or(entry.at, |since| since.min(entry.at))
}

/// Whether a CRL is a delta of the same authority, key and scope as a complete one.
fn is_of_series(delta: &Crl, crl: &Crl) -> bool {
    delta.base().is_some()
        && crl.number().is_some()
        && delta.scope() == crl.scope()
        && delta.authority_key() == crl.authority_key()
}

fn may_sign(certificate: &Certificate) -> bool {
    certificate.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CRL_SIGN))
}

fn unprocessed(crl: &Crl) -> Option<&'static str> {
    (!crl.unknown_critical().is_empty()).then_some("CRL 含有无法处理的关键扩展项")
}

fn shares_a_name(one: &DistributionPointName, other: &DistributionPointName) -> bool {
    match (one, other) {
        (DistributionPointName::Full(ours), DistributionPointName::Full(theirs)) => {
            ours.iter().any(|name| theirs.contains(name))
        }
        (DistributionPointName::Relative(ours), DistributionPointName::Relative(theirs)) => {
            ours == theirs
        }
        _ => false,
    }
}
