//! The answer: a table of checks.

use serde::Serialize;

use crate::{Certificate, Oid};

/// The answer to a [`super::Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// All in all.
    pub valid: Validity,
    /// The path, from the certificate in question to the anchor; as far as it was found.
    pub path: Vec<PathEntry>,
    /// The policies for which the path is valid, dotted; `2.5.29.32.0` for any.
    pub policies: Vec<String>,
    /// One row per check.
    pub checks: Vec<Check>,
}

/// The sum of all checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// Every check is passed.
    Valid,
    /// At least one check failed.
    Invalid,
    /// None failed, but at least one could not be determined.
    Unknown,
}

/// One certificate of the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathEntry {
    /// Subject as text.
    pub subject: String,
    /// Issuer as text.
    pub issuer: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    /// SM3 of the DER, in hexadecimal.
    pub fingerprint: String,
    /// Whether it is the anchor.
    pub anchor: bool,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub check: Kind,
    /// Its Chinese name.
    pub title: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in Chinese.
    pub reason: String,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It could not be determined.
    Unknown,
    /// It does not hold.
    Failed,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There is a path to an anchor.
    Path,
    /// Every signature verifies.
    Signature,
    /// Every certificate is valid at the instant.
    Validity,
    /// Issuer and subject names chain.
    Names,
    /// Key identifiers do not contradict each other.
    KeyIdentifiers,
    /// Every issuer is a CA.
    BasicConstraints,
    /// No path length is exceeded.
    PathLength,
    /// Every issuer may sign certificates; the leaf has the usage asked for.
    KeyUsage,
    /// Names lie within the constraints of the issuers.
    NameConstraints,
    /// Policies.
    Policies,
    /// Every critical extension is one that is processed here.
    CriticalExtensions,
    /// The purpose asked for.
    Purpose,
    /// No certificate is revoked or suspended.
    Revocation,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::Path,
        Self::Signature,
        Self::Validity,
        Self::Names,
        Self::KeyIdentifiers,
        Self::BasicConstraints,
        Self::PathLength,
        Self::KeyUsage,
        Self::NameConstraints,
        Self::Policies,
        Self::CriticalExtensions,
        Self::Purpose,
        Self::Revocation,
    ];

    /// The Chinese name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Path => "证书链",
            Self::Signature => "签名",
            Self::Validity => "有效期",
            Self::Names => "名称衔接",
            Self::KeyIdentifiers => "密钥标识符",
            Self::BasicConstraints => "基本约束",
            Self::PathLength => "路径长度",
            Self::KeyUsage => "密钥用法",
            Self::NameConstraints => "名称约束",
            Self::Policies => "证书策略",
            Self::CriticalExtensions => "关键扩展项",
            Self::Purpose => "用途",
            Self::Revocation => "撤销状态",
        }
    }
}

impl Verdict {
    /// The row of a check; every verdict has each row once.
    #[must_use]
    pub fn check(&self, kind: Kind) -> Option<&Check> {
        self.checks.iter().find(|check| check.check == kind)
    }

    /// How a check ended.
    #[must_use]
    pub fn outcome(&self, kind: Kind) -> Option<Outcome> {
        self.check(kind).map(|check| check.outcome)
    }
}

/// Findings as they come; the worst of a kind becomes its row.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<(Kind, Outcome, String)>,
    not_asked: Vec<(Kind, &'static str)>,
}

impl Table {
    pub(super) fn passed(&mut self, kind: Kind, reason: impl Into<String>) {
        self.rows.push((kind, Outcome::Passed, reason.into()));
    }

    pub(super) fn failed(&mut self, kind: Kind, reason: impl Into<String>) {
        self.rows.push((kind, Outcome::Failed, reason.into()));
    }

    pub(super) fn unknown(&mut self, kind: Kind, reason: impl Into<String>) {
        self.rows.push((kind, Outcome::Unknown, reason.into()));
    }

    pub(super) fn record(&mut self, kind: Kind, outcome: Outcome, reason: impl Into<String>) {
        self.rows.push((kind, outcome, reason.into()));
    }

    /// A check that nobody asked for: shown as unknown, without weight.
    pub(super) fn not_asked(&mut self, kind: Kind, reason: &'static str) {
        self.not_asked.push((kind, reason));
    }

    /// How many checks failed or stayed unknown: less is better.
    pub(super) fn badness(&self) -> (usize, usize) {
        let count = |outcome| self.rows.iter().filter(|row| row.1 == outcome).count();
        (count(Outcome::Failed), count(Outcome::Unknown))
    }

    pub(super) fn validity(&self) -> Validity {
        match self.badness() {
            (0, 0) => Validity::Valid,
            (0, _) => Validity::Unknown,
            _ => Validity::Invalid,
        }
    }

    /// The verdict, with one row per kind. A kind without any finding was not reached: it is unknown.
    pub(super) fn into_verdict(
        mut self,
        path: &[&Certificate],
        anchored: bool,
        policies: &[Oid],
    ) -> Verdict {
        for kind in Kind::ALL {
            let reached = self.rows.iter().any(|row| row.0 == kind)
                || self.not_asked.iter().any(|row| row.0 == kind);
            if !reached {
                self.unknown(kind, "没有完整的证书链，未能检查");
            }
        }
        Verdict {
            valid: self.validity(),
            path: entries(path, anchored),
            policies: policies.iter().map(Oid::to_string).collect(),
            checks: Kind::ALL.into_iter().map(|kind| self.row(kind)).collect(),
        }
    }

    fn row(&self, kind: Kind) -> Check {
        if let Some((_, reason)) = self.not_asked.iter().find(|row| row.0 == kind) {
            return Check {
                check: kind,
                title: kind.title(),
                outcome: Outcome::Unknown,
                reason: (*reason).to_owned(),
            };
        }
        let of_kind = || self.rows.iter().filter(|row| row.0 == kind);
        let outcome = of_kind().map(|row| row.1).max().unwrap_or(Outcome::Unknown);
        let mut reasons: Vec<&str> =
            of_kind().filter(|row| row.1 == outcome).map(|row| row.2.as_str()).collect();
        reasons.dedup();
        Check { check: kind, title: kind.title(), outcome, reason: reasons.join("；") }
    }
}

fn entries(path: &[&Certificate], anchored: bool) -> Vec<PathEntry> {
    let last = path.len().saturating_sub(1);
    let entry = |(place, certificate): (usize, &&Certificate)| PathEntry {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: certificate.serial().to_hex(),
        fingerprint: certificate.fingerprint(),
        anchor: anchored && place == last,
    };
    path.iter().enumerate().map(entry).collect()
}
