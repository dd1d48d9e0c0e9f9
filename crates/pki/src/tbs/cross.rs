//! Cross-certificates (RFC 5280 §3.2, §4.2.1; GB/T 20518): our root certifies a CA that another institution runs.
//!
//! Name, key and key identifier are taken over as the other institution has them: its subscribers' certificates must
//! chain to them unchanged. All that bounds it is ours: names, policies, path length, validity. A cross-certificate
//! without a subtree of directory names can't be planned: whoever holds the other key could then certify our own
//! subscribers in our root's name (T-19).

use jiff::Timestamp;

use super::issuer::Ca;
use super::linted::Planned;
use super::{Issuer, Refusal, Urls, addresses, validity};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::ext::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, Extension, GeneralName,
    InhibitAnyPolicy, KeyUsage, NameConstraints, PolicyConstraints, PolicyInformation,
    PolicyMappings, SubjectKeyIdentifier, TypedExtension,
};
use crate::name::Name;
use crate::oid::{self, Oid};
use crate::profile::{Kind, Profile, SignatureParameters};
use crate::serial::Serial;
use crate::spki::AlgorithmIdentifier;
use crate::strict::Writer;
use crate::weak;

/// Most subtrees, policies and mappings of each kind.
const MOST: usize = 64;

/// What a cross-certificate recognises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossTerms {
    /// CAs that may follow below the certified one.
    pub path_len: u32,
    /// Names that may be certified. At least one directory name; of domain names and IP addresses those that are
    /// not named here are excluded.
    pub permitted: Vec<GeneralName>,
    /// Our policies under which certificates count.
    pub policies: Vec<Oid>,
    /// Our policies and what the other institution calls them.
    pub mappings: Vec<(Oid, Oid)>,
}

/// One cross-certificate.
#[derive(Debug, Clone, Copy)]
pub struct CrossOrder<'a> {
    /// The other CA's own certificate.
    pub peer: &'a Certificate,
    /// Serial number, fresh from 128 random bits.
    pub serial: Serial,
    /// First instant.
    pub not_before: Timestamp,
    /// Last instant.
    pub not_after: Timestamp,
    /// What is recognised.
    pub terms: &'a CrossTerms,
}

impl CrossTerms {
    /// Holds the terms against the rules that need no certificate.
    ///
    /// # Errors
    /// [`Refusal::CrossNames`], [`Refusal::CrossPolicies`].
    pub fn check(&self) -> Result<(), Error> {
        let has_directory = self
            .permitted
            .iter()
            .any(|name| matches!(name, GeneralName::Directory(name) if !name.is_empty()));
        if !has_directory {
            return Err(Refusal::CrossNames.at("没有许可的目录名称"));
        }
        let is_open = |name: &&GeneralName| match name {
            GeneralName::Directory(name) => name.is_empty(),
            GeneralName::Dns(text) | GeneralName::Email(text) => {
                text.trim_matches('.').is_empty() || !text.is_ascii()
            }
            GeneralName::Ip(octets) => !is_network(octets),
            _ => true,
        };
        if let Some(open) = self.permitted.iter().find(is_open) {
            return Err(Refusal::CrossNames.at(open.to_string()));
        }
        self.check_policies()?;
        let most = self.permitted.len().max(self.policies.len()).max(self.mappings.len());
        if most > MOST { Err(Refusal::CrossNames.at(format!("至多 {MOST} 项"))) } else { Ok(()) }
    }

    /// RFC 5280 §4.2.1.5: no mapping from or to anyPolicy; ours are among those that the certificate names.
    fn check_policies(&self) -> Result<(), Error> {
        let refuse = |oid: &Oid| Refusal::CrossPolicies.at(oid.to_string());
        let Some(first) = self.policies.first() else {
            return Err(Refusal::CrossPolicies.at("没有证书策略"));
        };
        let foreign = self.mappings.iter().map(|(_, theirs)| theirs);
        let mut all = self.policies.iter().chain(foreign);
        if all.any(|oid| *oid == oid::ANY_POLICY) {
            return Err(refuse(&oid::ANY_POLICY));
        }
        let mut seen = Vec::new();
        for policy in &self.policies {
            if seen.contains(&policy) {
                return Err(refuse(policy));
            }
            seen.push(policy);
        }
        for (place, (ours, theirs)) in self.mappings.iter().enumerate() {
            let is_again = self.mappings.iter().take(place).any(|one| one == &(*ours, *theirs));
            if !self.policies.contains(ours) || is_again || ours == theirs {
                return Err(refuse(if ours == theirs { first } else { ours }));
            }
        }
        Ok(())
    }

    /// The constraints. A kind of address of which nothing is permitted is excluded as a whole: left out, it would be
    /// unbounded (RFC 5280 §4.2.1.10).
    fn constraints(&self) -> NameConstraints {
        let has = |is: fn(&GeneralName) -> bool| self.permitted.iter().any(is);
        let mut excluded = Vec::new();
        if !has(|name| matches!(name, GeneralName::Dns(_))) {
            excluded.push(GeneralName::Dns(String::new()));
        }
        for octets in [8, 32] {
            let of_size =
                |name: &GeneralName| matches!(name, GeneralName::Ip(ip) if ip.len() == octets);
            if !self.permitted.iter().any(of_size) {
                excluded.push(GeneralName::Ip(vec![0; octets]));
            }
        }
        NameConstraints { permitted: self.permitted.clone(), excluded }
    }
}

/// An address and a mask of the same length, the mask not empty.
fn is_network(octets: &[u8]) -> bool {
    let mask = octets.get(octets.len() / 2..).unwrap_or_default();
    matches!(octets.len(), 8 | 32) && mask.iter().any(|octet| *octet != 0)
}

/// Plans a cross-certificate by a profile of subordinate CAs: its validity, addresses and usages, and in place of its
/// names and policies those of the terms.
///
/// # Errors
/// [`Error::Plan`] with the rule that says no.
pub fn plan_cross(
    profile: &Profile,
    issuer: &Issuer,
    order: &CrossOrder<'_>,
    urls: &Urls,
) -> Result<Planned, Error> {
    let document = profile.document();
    let is_subca = document.kind == Kind::Subca;
    let ca = issuer.0.as_ref().filter(|_| is_subca);
    let ca = ca.ok_or_else(|| Refusal::SelfSigned.at(profile.title()))?;
    order.terms.check()?;
    check(ca, order)?;
    let (from, until) =
        validity::bounds(document.validity, Some(ca), order.not_before, Some(order.not_after))?;
    let algorithm = match document.signature.parameters {
        SignatureParameters::Absent => AlgorithmIdentifier::bare(oid::SM2_WITH_SM3),
        SignatureParameters::Null => AlgorithmIdentifier::with_null(oid::SM2_WITH_SM3),
    };
    let mut extensions = extensions(ca, order);
    extensions.extend(addresses::extensions(document, urls)?);
    let tbs = Writer::build(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| w.uint(2));
            w.unsigned(order.serial.as_bytes());
            algorithm.write(w);
            w.raw(ca.name.der());
            w.sequence(|w| [from, until].into_iter().for_each(|at| w.time(at)));
            w.raw(order.peer.subject().der());
            w.raw(order.peer.spki().der());
            w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|one| one.write(w))));
        });
    });
    Ok(Planned::new(tbs, profile.hash(), profile.lint_role()))
}

fn check(ca: &Ca, order: &CrossOrder<'_>) -> Result<(), Error> {
    let (key, subject) = (order.peer.public_key()?, order.peer.subject());
    if weak::is_known_weak(&key) {
        return Err(Refusal::WeakKey.at("公钥"));
    }
    if ca.key == key {
        return Err(Refusal::IssuerKey.at("公钥"));
    }
    if subject.matches(&ca.name) {
        return Err(Refusal::CrossSubject.at(subject.to_string()));
    }
    let own = own_names(ca);
    let is_ours =
        |name: &&GeneralName| matches!(name, GeneralName::Directory(name) if name.is_within(&own));
    if let Some(ours) = order.terms.permitted.iter().find(is_ours) {
        return Err(Refusal::CrossNames.at(ours.to_string()));
    }
    if !ca.permitted.is_empty() && !ca.permitted.iter().any(|base| subject.is_within(base)) {
        return Err(Refusal::IssuerNames.at(subject.to_string()));
    }
    // RFC 5280 §4.2.1.9: what follows must fit under the root's own path length.
    match ca.path_len {
        Some(allowed) if order.terms.path_len >= allowed => {
            Err(Refusal::IssuerPathLength.at(subject.to_string()))
        }
        _ => Ok(()),
    }
}

/// What of our own name is ours: up to the organization. Nobody else may certify below it (T-19).
fn own_names(ca: &Ca) -> Name {
    let all: Vec<_> = ca.name.attributes().collect();
    let last = all.iter().rposition(|one| one.oid == oid::ORGANIZATION);
    let count = last.map_or(all.len(), |place| place + 1);
    let parts = all.iter().take(count);
    Name::from_attributes(parts.filter_map(|one| Some((one.oid, one.tag, one.text.as_deref()?))))
}

/// The constraints of the terms; where a subtree has our own names in it, those are excluded.
fn constraints(ca: &Ca, terms: &CrossTerms) -> NameConstraints {
    let (mut constraints, own) = (terms.constraints(), own_names(ca));
    let has_ours =
        |name: &GeneralName| matches!(name, GeneralName::Directory(base) if own.is_within(base));
    if terms.permitted.iter().any(has_ours) {
        constraints.excluded.push(GeneralName::Directory(own));
    }
    constraints
}

/// The extensions but for addresses, in the order of our other certificates. Their subscribers' certificates name the
/// key identifier that their CA states.
fn extensions(ca: &Ca, order: &CrossOrder<'_>) -> Vec<Extension> {
    let (peer, terms) = (order.peer, order.terms);
    let own = peer.ski().map_or_else(|| peer.spki().key_identifier().to_vec(), |ski| ski.0);
    let policy = |policy: &Oid| PolicyInformation { policy: *policy, qualifiers: Vec::new() };
    let policies = terms.policies.iter().map(policy).collect();
    let mut all = vec![
        AuthorityKeyIdentifier::of_key(ca.key_id.clone()).to_extension(false),
        SubjectKeyIdentifier(own).to_extension(false),
        KeyUsage::CA.to_extension(true),
        BasicConstraints { ca: true, path_len: Some(terms.path_len) }.to_extension(true),
        constraints(ca, terms).to_extension(true),
        CertificatePolicies(policies).to_extension(false),
        // Without these the policies bound nobody who doesn't ask for one (RFC 5280 §6.1.3 (f)), and a
        // subscriber's anyPolicy would stand for each of them.
        PolicyConstraints { require_explicit: Some(0), inhibit_mapping: None }.to_extension(true),
        InhibitAnyPolicy(0).to_extension(true),
    ];
    if !terms.mappings.is_empty() {
        // "Conforming CAs SHOULD mark this extension as critical" (RFC 5280 §4.2.1.5).
        all.push(PolicyMappings(terms.mappings.clone()).to_extension(true));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict::Tag;

    fn oid(text: &str) -> Oid {
        Oid::parse(text).unwrap()
    }

    fn terms() -> CrossTerms {
        let country = Name::from_attributes([(oid::COUNTRY, Tag::PRINTABLE_STRING, "CN")]);
        CrossTerms {
            path_len: 0,
            permitted: vec![GeneralName::Directory(country)],
            policies: vec![oid("1.2.156.10260.1.1")],
            mappings: vec![(oid("1.2.156.10260.1.1"), oid("1.2.156.10261.7.1"))],
        }
    }

    fn refused(change: impl FnOnce(&mut CrossTerms)) -> bool {
        let mut terms = terms();
        change(&mut terms);
        terms.check().is_err()
    }

    #[test]
    fn terms_without_a_subtree_of_directory_names_are_refused() {
        assert!(terms().check().is_ok());
        let empty = GeneralName::Directory(Name::from_attributes([]));
        for names in [
            vec![],
            vec![GeneralName::Dns("example.cn".into())],
            vec![empty.clone()],
            vec![terms().permitted.remove(0), empty],
            vec![terms().permitted.remove(0), GeneralName::Dns(".".into())],
            vec![terms().permitted.remove(0), GeneralName::Ip(vec![10, 0, 0, 0, 0, 0, 0, 0])],
            vec![terms().permitted.remove(0), GeneralName::Ip(vec![10, 0, 0, 1])],
            vec![terms().permitted.remove(0), GeneralName::Uri("http://a.cn/".into())],
        ] {
            assert!(refused(|terms| terms.permitted = names.clone()), "{names:?}");
        }
        assert!(!refused(|terms| terms.permitted.push(GeneralName::Dns("b.gov.cn".into()))));
    }

    #[test]
    fn policies_are_named_and_any_policy_is_none_of_them() {
        let any = oid::ANY_POLICY;
        assert!(refused(|terms| terms.policies.clear()));
        assert!(refused(|terms| terms.policies.push(any)));
        assert!(refused(|terms| terms.policies = vec![oid("1.2.3.4"), oid("1.2.3.4")]));
        assert!(refused(|terms| terms.mappings = vec![(any, oid("1.2.3.4"))]));
        assert!(refused(|terms| terms.mappings = vec![(oid("1.2.156.10260.1.1"), any)]));
        assert!(refused(|terms| terms.mappings = vec![(oid("1.2.3.4"), oid("1.2.3.5"))]));
        assert!(refused(
            |terms| terms.mappings = vec![(oid("1.2.156.10260.1.1"), oid("1.2.156.10260.1.1"))]
        ));
        assert!(refused(|terms| terms.mappings.extend_from_within(..)));
        assert!(!refused(|terms| terms.mappings.clear()));
    }

    #[test]
    fn addresses_of_which_none_is_permitted_are_excluded() {
        let excluded = |permitted: GeneralName| {
            let mut terms = terms();
            terms.permitted.push(permitted);
            terms.constraints().excluded
        };
        let (all_v4, all_v6) = (GeneralName::Ip(vec![0; 8]), GeneralName::Ip(vec![0; 32]));
        let domain = excluded(GeneralName::Dns("b.gov.cn".into()));
        assert_eq!(domain, [all_v4, all_v6.clone()]);
        let network = excluded(GeneralName::Ip(vec![10, 0, 0, 0, 255, 0, 0, 0]));
        assert_eq!(network, [GeneralName::Dns(String::new()), all_v6]);
    }
}
