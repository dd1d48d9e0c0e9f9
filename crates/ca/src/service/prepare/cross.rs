//! Planning a cross-certificate: for a [`Peer`] alone, and in a ceremony.

use gm::sm3;
use jiff::Timestamp;
use pki::lint::Context;
use pki::{CrossOrder, CrossTerms, Issuer, Serial, SubjectInput, plan_cross};
use serde_json::json;
use store::Actor;

use super::{PreparedOrder, hash_of, period};
use crate::Ca;
use crate::ceremony::Quorum;
use crate::error::Error;
use crate::model::{IssueOrder, RequestId, Role, Validity};
use crate::rules::cross::Peer;

/// Name of the profile of cross-certificates.
const CROSS: &str = "cross";

/// What a cross-certificate is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognition {
    /// What is recognised.
    pub(crate) terms: CrossTerms,
    /// Until when.
    pub(crate) until: Timestamp,
}

impl Recognition {
    /// The same for two equal ones, and for no others: what an order is held to.
    pub(crate) fn digest(&self, peer: &Peer) -> Result<String, Error> {
        let terms = &self.terms;
        let names: Vec<String> = terms
            .permitted
            .iter()
            .map(|name| hex::encode(pki::strict::Writer::build(|w| name.write(w))))
            .collect();
        let oids = |list: &[pki::Oid]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let pair = |(ours, theirs): &(pki::Oid, pki::Oid)| [ours.to_string(), theirs.to_string()];
        let value = json!({
            "peer": sm3::hash(peer.certificate().der()).to_hex(),
            "path_len": terms.path_len,
            "permitted": names,
            "policies": oids(&terms.policies),
            "mappings": terms.mappings.iter().map(pair).collect::<Vec<_>>(),
            "until": self.until.as_second(),
        });
        Ok(sm3::hash(store::to_canonical(&value)?.as_bytes()).to_hex())
    }
}

impl Ca {
    /// Plans and lints a cross-certificate for another institution's CA. A key that was certified before keeps its
    /// certificate beside the new one (`replaces`); one that was withdrawn is not certified again (T-31).
    pub(crate) fn prepare_cross(
        &self,
        (request_id, actor): (RequestId, Actor),
        peer: &Peer,
        recognition: &Recognition,
        (replaces, _evidence): (Option<Serial>, &Quorum),
    ) -> Result<PreparedOrder, Error> {
        let ca = self.pinned();
        peer.check_end(recognition.until)?;
        let profile = ca.profile(CROSS)?;
        let (serial, now) = (ca.draw_serial()?, ca.now());
        let own = ca.certificate();
        let asked = CrossOrder {
            peer: peer.certificate(),
            serial,
            not_before: now,
            not_after: recognition.until,
            terms: &recognition.terms,
        };
        let planned = plan_cross(profile, &Issuer::certificate(own)?, &asked, &ca.urls_of(0))?;
        let context = Context::new(planned.lint_role()).issued_by(own).at(now);
        let linted = planned.lint(&context).map_err(|report| Error::Lint(report.to_string()))?;
        let (not_before, not_after) = period(linted.tbs_der())?;
        let (subject, is_first) = (peer.certificate().subject().clone(), replaces.is_none());
        let order = IssueOrder {
            request_id,
            role: Role::Ca,
            profile: CROSS.into(),
            subject: SubjectInput::from_name(&subject),
            key: *peer.key(),
            serial: None,
            validity: Validity::default(),
            pair: None,
            replaces,
            actor,
        };
        let parts = [hash_of(&order)?, recognition.digest(peer)?].concat();
        Ok(PreparedOrder {
            issuer_id: ca.issuer_id(),
            order_hash: sm3::hash(parts.as_bytes()).to_hex(),
            serial,
            profile_hash: profile.hash().to_hex(),
            may_keep_key: true,
            // A ceremony that was given up has claimed the key and has no certificate to show for it: another may.
            is_link: is_first,
            subject,
            not_before,
            not_after,
            linted,
            order,
        })
    }
}
