//! What the inspector has in hand, and what comes of a check.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::Value;

/// A record of the journal; its place is that in the list.
#[derive(Debug, Clone)]
pub struct Record {
    pub at: Timestamp,
    pub kind: String,
    pub actor: String,
    pub subject: String,
    pub body: Value,
}

impl Record {
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    pub fn octets(&self, name: &str) -> Vec<u8> {
        hex::decode(self.text(name)).unwrap_or_default()
    }
}

/// A certificate as it was found somewhere.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `root` or `issuing`: whose signature it should bear.
    pub issuer: &'static str,
    /// The word of its profile; empty for the institution's own.
    pub profile: String,
    pub der: Vec<u8>,
}

/// Everything that was exported.
#[derive(Debug, Clone)]
pub struct Export {
    /// Name and credit code of the institution.
    pub institution: (String, String),
    pub records: Vec<Record>,
    /// The issuing authority and the root.
    pub issuing: Vec<u8>,
    pub root: Vec<u8>,
    /// Certificates of holders.
    pub certificates: Vec<Seen>,
    /// The institution's own, and those of its services.
    pub own: Vec<Seen>,
    pub crl: Vec<u8>,
    /// Of each application, by its subject in the journal: the text of the agreement.
    pub agreements: BTreeMap<String, String>,
    /// And who the certificate is for, by its serial.
    pub holders: BTreeMap<String, String>,
    /// Of each notice: versions with first day and SM3 of the text.
    pub notices: BTreeMap<String, Vec<(String, String, String)>>,
    /// What the policies in certificates have to be, by kind.
    pub policies: BTreeMap<String, String>,
    /// The credit code of the unit whose people have certificates.
    pub unit_code: String,
}

/// All that was issued on the way of an application, in order, each with its place.
pub struct Dossier<'e> {
    pub subject: &'e str,
    pub records: Vec<(usize, &'e Record)>,
}

impl<'e> Dossier<'e> {
    /// The last record of a kind: what counts after returns and repeated steps.
    pub fn last(&self, kind: &str) -> Option<(usize, &'e Record)> {
        let kind = format!("application.{kind}");
        self.records.iter().rev().find(|(_, record)| record.kind == kind).copied()
    }

    pub fn all(&self, kind: &str) -> impl Iterator<Item = (usize, &'e Record)> {
        let kind = format!("application.{kind}");
        self.records.iter().filter(move |(_, record)| record.kind == kind).copied()
    }
}

impl Export {
    /// The applications that led to certificates.
    pub fn dossiers(&self) -> Vec<Dossier<'_>> {
        let of = |record: &&Record| record.kind == "application.issued";
        let issued = self.records.iter().filter(of).map(|record| &*record.subject);
        let dossier = |subject: &'_ str| {
            let own = self.records.iter().enumerate();
            own.filter(|(_, record)| record.subject == subject).collect::<Vec<_>>()
        };
        issued.map(|subject| Dossier { subject, records: dossier(subject) }).collect()
    }

    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = (usize, &Record)> {
        self.records.iter().enumerate().filter(move |(_, record)| record.kind == kind)
    }

    /// A record that is to be tampered with: the last of its kind.
    pub fn record(&mut self, kind: &str) -> &mut Record {
        self.records.iter_mut().rev().find(|record| record.kind == kind).unwrap()
    }

    /// A record about somebody moves before the first of another kind about the same.
    pub fn move_before(&mut self, (kind, about): (&str, &str), before: &str) {
        let of = |one: &Record, kind: &str| one.kind == kind && one.subject == about;
        let from = self.records.iter().rposition(|one| of(one, kind)).unwrap();
        let record = self.records.remove(from);
        let to = self.records.iter().position(|one| of(one, before)).unwrap();
        self.records.insert(to, record);
    }
}

/// What comes of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// So many were judged, and all are in order.
    Pass(usize),
    /// At least one is not.
    Fail(String),
    /// The export does not show it (Invariant 11).
    Unknown(String),
}

/// Judges each, and fails with the first that is not in order; nothing judged is not a pass.
pub fn each<T>(
    things: impl IntoIterator<Item = T>,
    judge: impl Fn(T) -> Result<(), String>,
) -> Verdict {
    let mut judged = 0;
    for thing in things {
        if let Err(why) = judge(thing) {
            return Verdict::Fail(why);
        }
        judged += 1;
    }
    if judged == 0 { Verdict::Unknown("nothing to judge".into()) } else { Verdict::Pass(judged) }
}

pub fn holds(condition: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(why()) }
}

/// The export of the town, made once.
pub fn export() -> &'static Export {
    static EXPORT: LazyLock<Export> = LazyLock::new(super::town::exported);
    &EXPORT
}

/// The check passes on what the services did, and fails on the same tampered with.
pub fn passes_and_can_fail(check: fn(&Export) -> Verdict, tamper: &[fn(&mut Export)]) {
    match check(export()) {
        Verdict::Pass(judged) => assert!(judged > 0),
        other => panic!("{other:?}"),
    }
    for (at, tamper) in tamper.iter().enumerate() {
        let mut tampered = export().clone();
        tamper(&mut tampered);
        let verdict = check(&tampered);
        assert!(matches!(verdict, Verdict::Fail(_)), "counter-case {at}: {verdict:?}");
    }
}
