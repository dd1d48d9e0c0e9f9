//! What a lint is.

use jiff::civil::Date;
use serde::Serialize;

use super::context::Context;
use super::view::View;

/// One rule.
pub struct Lint {
    /// Stable name: folder and file.
    pub name: &'static str,
    /// How heavy a finding weighs.
    pub severity: Severity,
    /// Where the rule stands.
    pub citation: &'static str,
    /// The rule in Chinese, as the user reads it.
    pub text: &'static str,
    /// Certificates that begin to be valid before this day are not held to the rule.
    pub effective: Date,
    /// Whether the rule speaks about this certificate.
    pub applies: fn(&Target<'_>) -> bool,
    /// The check itself.
    pub check: fn(&Target<'_>) -> Outcome,
    /// Certificates that show the rule at work.
    #[cfg(test)]
    pub examples: super::example::Examples,
}

/// What every rule has, of certificates, CRLs and OCSP answers alike.
pub struct Rule {
    /// Stable name.
    pub name: &'static str,
    /// How heavy a finding weighs.
    pub severity: Severity,
    /// Where the rule stands.
    pub citation: &'static str,
    /// The rule in Chinese.
    pub text: &'static str,
}

/// How heavy a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is broken.
    Notice,
    /// Against a recommendation, or tolerated in what others issue.
    Warn,
    /// Against a rule: must not be signed.
    Error,
}

impl Severity {
    /// The Chinese word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Notice => "提示",
            Self::Warn => "警告",
            Self::Error => "错误",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rule is kept.
    Pass,
    /// The rule is broken; the Chinese detail says where.
    Broken(String),
    /// It cannot be told here; the Chinese reason says what is missing.
    Unknown(&'static str),
}

impl Outcome {
    /// Broken with this detail when the condition holds.
    pub fn broken_if(condition: bool, detail: impl FnOnce() -> String) -> Self {
        if condition { Self::Broken(detail()) } else { Self::Pass }
    }

    /// Broken when there is a detail.
    pub fn from_detail(detail: Option<String>) -> Self {
        detail.map_or(Self::Pass, Self::Broken)
    }

    /// The outcome of the next check when this one is passed.
    pub fn or(self, next: impl FnOnce() -> Self) -> Self {
        if self == Self::Pass { next() } else { self }
    }

    /// Broken when the list of details is not empty.
    pub fn from_details(details: &[String]) -> Self {
        Self::broken_if(!details.is_empty(), || details.join("；"))
    }
}

/// What a lint is applied to: a certificate's fields and what is known around it.
pub struct Target<'a> {
    /// The fields.
    pub view: View<'a>,
    /// What is known around it.
    pub context: &'a Context<'a>,
    /// The fields of the issuer's certificate; of the certificate itself when it is self-issued.
    pub issuer: Option<View<'a>>,
}

impl<'a> Target<'a> {
    pub(super) fn new(view: View<'a>, context: &'a Context<'a>) -> Self {
        let issuer = match context.issuer {
            Some(certificate) => View::of_certificate(certificate.der()),
            None if view.is_self_issued()
                && view.authority_key_id().is_none_or(|id| Some(id) == view.subject_key_id()) =>
            {
                Some(view.clone())
            }
            None => None,
        };
        Self { view, context, issuer }
    }

    /// Whether the certificate is signed by its own key.
    pub fn is_root(&self) -> bool {
        self.issuer.as_ref().is_some_and(|issuer| issuer.key.point == self.view.key.point)
            && self.view.is_self_issued()
    }
}

/// The rule speaks about every certificate.
pub(super) fn always(_: &Target<'_>) -> bool {
    true
}

/// The rule speaks about certificates that are not self-signed.
pub(super) fn not_root(target: &Target<'_>) -> bool {
    !target.is_root()
}

/// The rule speaks about CA certificates.
pub(super) fn is_ca(target: &Target<'_>) -> bool {
    target.context.role.is_ca()
}

/// The rule speaks about certificates of holders that are not CAs.
pub(super) fn is_end_entity(target: &Target<'_>) -> bool {
    !target.context.role.is_ca()
}

/// The rule speaks about certificates of subscribers: people, units, devices, servers.
pub(super) fn is_subscriber(target: &Target<'_>) -> bool {
    target.context.role.is_subscriber()
}
