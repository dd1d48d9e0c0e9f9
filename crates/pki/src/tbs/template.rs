//! Everything of a certificate that does not change from one to the next is
//! encoded once; planning one is then a few copies.

use gm::Digest;

use super::issuer::Ca;
use super::linted::Planned;
use super::{Issuer, Order, Refusal, Urls, addresses, subject, validity};
use crate::error::Error;
use crate::ext::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, ExtendedKeyUsage, Extension,
    GeneralName, KeyUsage, NameConstraints, OcspNoCheck, PolicyInformation, PolicyQualifier,
    SubjectKeyIdentifier, TypedExtension,
};
use crate::name::Name;
use crate::oid::{self, Oid};
use crate::profile::{Document, Kind, Presence, Profile, SignatureParameters};
use crate::spki::{AlgorithmIdentifier, Spki};
use crate::strict::{Tag, Writer};
use crate::weak;

/// A profile bound to an issuer and its addresses.
#[derive(Debug, Clone)]
pub struct Template {
    profile: Profile,
    issuer: Option<Ca>,
    algorithm: AlgorithmIdentifier,
    /// Extensions between the key identifiers and what the subject brings.
    middle: Vec<u8>,
    /// Extensions after it.
    tail: Vec<u8>,
}

impl Template {
    /// Binds a profile to an issuer and its addresses.
    ///
    /// # Errors
    /// [`Error::Plan`] when they do not go together.
    pub fn new(profile: &Profile, issuer: &Issuer, urls: &Urls) -> Result<Self, Error> {
        let document = profile.document();
        if issuer.0.is_none() != (document.kind == Kind::Root) {
            return Err(Refusal::SelfSigned.at(profile.title()));
        }
        if matches!(document.kind, Kind::Subca | Kind::Link) {
            check_path_length(document, issuer)?;
        }
        let oid = oid::SM2_WITH_SM3;
        let algorithm = match document.signature.parameters {
            SignatureParameters::Absent => AlgorithmIdentifier::bare(oid),
            SignatureParameters::Null => AlgorithmIdentifier::with_null(oid),
        };
        let mut tail = addresses::extensions(document, urls)?;
        if document.ocsp_nocheck {
            tail.push(OcspNoCheck.to_extension(false));
        }
        let middle = encoded(&fixed_extensions(document, urls)?);
        Ok(Self {
            profile: profile.clone(),
            issuer: issuer.0.clone(),
            algorithm,
            middle,
            tail: encoded(&tail),
        })
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Hash of the profile.
    #[must_use]
    pub const fn profile_hash(&self) -> Digest {
        self.profile.hash()
    }

    /// The name that a certificate for this subject would bear; the two
    /// certificates of a pair bear the same.
    ///
    /// # Errors
    /// [`Error::Plan`] when the subject does not fit the profile.
    pub fn subject_name(&self, input: &super::SubjectInput) -> Result<Name, Error> {
        subject::name(self.profile.document(), input)
    }

    /// Makes the bytes to be signed.
    ///
    /// # Errors
    /// [`Error::Plan`] with the rule that says no.
    pub fn plan(&self, order: &Order<'_>) -> Result<Planned, Error> {
        let document = self.profile.document();
        let subject = self.subject_name(order.subject)?;
        self.check_issuer(order, &subject)?;
        let period = validity::bounds(
            document.validity,
            self.issuer.as_ref(),
            order.not_before,
            order.not_after,
        )?;
        let alternative = subject::alternative_names(document, order.subject)?;
        let identity = subject::identity(document, order.subject)?;
        let spki = Spki::of(order.key);
        let tbs = Writer::build(|w| {
            w.sequence(|w| {
                w.explicit(0, |w| w.uint(2));
                w.unsigned(order.serial.as_bytes());
                self.algorithm.write(w);
                w.raw(self.issuer.as_ref().map_or(subject.der(), |ca| ca.name.der()));
                w.sequence(|w| [period.0, period.1].into_iter().for_each(|at| w.time(at)));
                w.raw(subject.der());
                w.raw(spki.der());
                w.explicit(3, |w| {
                    w.sequence(|w| {
                        self.write_key_identifiers(w, &spki);
                        w.raw(&self.middle);
                        alternative
                            .iter()
                            .chain(&identity)
                            .for_each(|extension| extension.write(w));
                        w.raw(&self.tail);
                    });
                });
            });
        });
        Ok(Planned::new(tbs, self.profile.hash(), self.profile.lint_role()))
    }

    fn write_key_identifiers(&self, w: &mut Writer, spki: &Spki) {
        let own = spki.key_identifier().to_vec();
        let issuer = self.issuer.as_ref().map_or_else(|| own.clone(), |ca| ca.key_id.clone());
        AuthorityKeyIdentifier::of_key(issuer).to_extension(false).write(w);
        SubjectKeyIdentifier(own).to_extension(false).write(w);
    }

    fn check_issuer(&self, order: &Order<'_>, subject: &Name) -> Result<(), Error> {
        if weak::is_known_weak(order.key) {
            return Err(Refusal::WeakKey.at("公钥"));
        }
        let Some(ca) = &self.issuer else {
            return Ok(());
        };
        if ca.key == *order.key {
            return Err(Refusal::IssuerKey.at("公钥"));
        }
        let is_link = self.profile.document().kind == Kind::Link;
        if is_link && *subject != ca.name {
            return Err(Refusal::LinkName.at(subject.to_string()));
        }
        let permitted =
            ca.permitted.is_empty() || ca.permitted.iter().any(|base| subject.is_within(base));
        if permitted { Ok(()) } else { Err(Refusal::IssuerNames.at(subject.to_string())) }
    }
}

/// RFC 5280 §4.2.1.9: a CA below this issuer must fit under its path length. A self-issued certificate
/// doesn't count against it (RFC 5280 §6.1.4 (l)), and may allow as much as its issuer.
fn check_path_length(document: &Document, issuer: &Issuer) -> Result<(), Error> {
    let allowed = issuer.0.as_ref().and_then(|ca| ca.path_len);
    let wanted = document.basic_constraints.and_then(|constraints| constraints.path_len);
    match (allowed, wanted) {
        (None, _) => Ok(()),
        (Some(allowed), Some(wanted)) if wanted < allowed => Ok(()),
        (Some(allowed), Some(wanted)) if document.kind == Kind::Link && wanted == allowed => Ok(()),
        _ => Err(Refusal::IssuerPathLength.at(document.title.as_str())),
    }
}

/// Extensions that depend on the profile and the CPS address only.
fn fixed_extensions(document: &Document, urls: &Urls) -> Result<Vec<Extension>, Error> {
    let mut all = Vec::new();
    let usages = document.key_usage.usages.iter().filter_map(|name| KeyUsage::named(name));
    let usage = usages.reduce(KeyUsage::with).ok_or(Error::Internal("模板没有密钥用途"))?;
    all.push(usage.to_extension(document.key_usage.critical));
    if let Some(rule) = &document.extended_key_usage {
        let purposes = rule.purposes.iter().filter_map(|text| Oid::parse(text)).collect();
        all.push(ExtendedKeyUsage(purposes).to_extension(rule.critical));
    }
    if let Some(rule) = document.basic_constraints.filter(|_| document.kind.is_ca()) {
        all.push(
            BasicConstraints { ca: rule.ca, path_len: rule.path_len }.to_extension(rule.critical),
        );
    }
    if let Some(rule) = &document.name_constraints {
        let country = Name::from_attributes([(
            oid::COUNTRY,
            Tag::PRINTABLE_STRING,
            rule.permitted_country.as_str(),
        )]);
        let permitted = vec![GeneralName::Directory(country)];
        all.push(NameConstraints { permitted, excluded: Vec::new() }.to_extension(rule.critical));
    }
    all.extend(policies(document, urls)?);
    Ok(all)
}

fn policies(document: &Document, urls: &Urls) -> Result<Option<Extension>, Error> {
    let mut list = Vec::new();
    for rule in &document.policy {
        let policy = Oid::parse(&rule.oid).ok_or(Error::Internal("证书策略标识"))?;
        let cps = if rule.cps == Presence::None { None } else { addresses::cps(rule.cps, urls)? };
        let qualifiers = cps.map(|uri| PolicyQualifier::Cps(uri.to_owned())).into_iter().collect();
        list.push(PolicyInformation { policy, qualifiers });
    }
    Ok(if list.is_empty() { None } else { Some(CertificatePolicies(list).to_extension(false)) })
}

fn encoded(extensions: &[Extension]) -> Vec<u8> {
    Writer::build(|w| extensions.iter().for_each(|extension| extension.write(w)))
}
