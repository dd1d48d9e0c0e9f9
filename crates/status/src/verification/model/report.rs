//! What is answered.

use jiff::Timestamp;
use pki::path::PathEntry;

use super::{Outcome, Purpose};

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked; stable.
    pub check: &'static str,
    /// Its Chinese name.
    pub title: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// How it ended, more exactly; stable.
    pub code: String,
    /// Why, in Chinese.
    pub reason: String,
    /// The serial number of the certificate that it is about, if about one.
    pub about: Option<String>,
    /// Whether it counts for the verdict. What nobody asked for is shown and doesn't.
    pub weighs: bool,
    /// What it was judged by.
    pub basis: Option<Basis>,
}

/// What a check was judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The trust anchors of a snapshot.
    Anchors {
        /// Names the snapshot.
        snapshot: String,
    },
    /// Our own tables.
    Records {
        /// Who issued the certificate.
        issuer: String,
        /// When they were read.
        as_of: Timestamp,
        /// Journal number of the last change of any status; -1 before the first.
        change: i64,
    },
    /// A revocation list that was enclosed.
    List {
        /// Who issued it.
        issuer: String,
        /// Its number in hexadecimal.
        number: Option<String>,
        /// When it was issued.
        this_update: Timestamp,
        /// When the next one is due.
        next_update: Option<Timestamp>,
    },
    /// A revocation list of another institution that is followed here.
    Followed {
        /// Where it was fetched.
        source: String,
        /// Who issued it.
        issuer: String,
        /// Its number in hexadecimal.
        number: Option<String>,
        /// When it was issued.
        this_update: Timestamp,
        /// When the next one is due.
        next_update: Option<Timestamp>,
        /// SM3 of its DER, hexadecimal.
        digest: String,
        /// When it was fetched or seen unchanged.
        fetched_at: Timestamp,
    },
    /// The responder of another institution, which was asked.
    Asked {
        /// Where it is.
        source: String,
        /// Who signed its answer.
        responder: String,
        /// The moment for which it is known to be right.
        this_update: Timestamp,
        /// When newer information is there.
        next_update: Option<Timestamp>,
        /// When it answered.
        asked_at: Timestamp,
    },
    /// An OCSP answer that was enclosed.
    Answer {
        /// Who signed it.
        responder: String,
        /// When it was signed.
        produced_at: Timestamp,
        /// The moment for which it is known to be right.
        this_update: Timestamp,
        /// When newer information is there.
        next_update: Option<Timestamp>,
    },
    /// A timestamp within the signature.
    Stamp {
        /// Who issued it.
        authority: String,
        /// Its number in hexadecimal.
        serial: String,
        /// What it says.
        at: Timestamp,
    },
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Subject; withheld where the certificate was found by its number alone and nothing proves that
    /// the asker knows its holder.
    pub subject: Option<String>,
    /// Issuer.
    pub issuer: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
    /// SM3 of the DER.
    pub fingerprint: String,
}

/// A certificate that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// All in all.
    pub verdict: Outcome,
    /// The instant for which it was judged.
    pub at: Timestamp,
    /// What it says; `None` when it could not be read.
    pub facts: Option<Facts>,
    /// From the certificate to the anchor, as far as it was found.
    pub path: Vec<PathEntry>,
    /// The policies for which the path is valid.
    pub policies: Vec<String>,
    /// Every check.
    pub checks: Vec<Check>,
}

/// The report on a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReport {
    /// When the report was made.
    pub made_at: Timestamp,
    /// The trust anchors it rests on.
    pub snapshot: String,
    /// How many they are.
    pub anchors: usize,
    /// SM3 of what was sent as the certificate.
    pub input: String,
    /// What the certificate was to serve for.
    pub purpose: Purpose,
    /// What came of it.
    pub judged: Judged,
}

/// Why a signer's certificate was judged at the instant it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBasis {
    /// A timestamp proves that the signature was there.
    Timestamp,
    /// Nothing proves when it was made.
    Now,
}

/// One signature of a message, or the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerReport {
    /// All in all, the certificate included.
    pub verdict: Outcome,
    /// How the signature names its signer: issuer and serial number.
    pub named: Option<(String, String)>,
    /// When the signer says to have signed; nothing vouches for it.
    pub claimed_at: Option<Timestamp>,
    /// Why the certificate was judged at its instant.
    pub time_basis: TimeBasis,
    /// The checks of the signature.
    pub checks: Vec<Check>,
    /// The signer's certificate, where there is one.
    pub certificate: Option<Judged>,
}

/// The report on a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureReport {
    /// All in all: every signer's signature must hold.
    pub verdict: Outcome,
    /// When the report was made.
    pub made_at: Timestamp,
    /// The trust anchors it rests on.
    pub snapshot: String,
    /// How many they are.
    pub anchors: usize,
    /// SM3 of the signature as it came.
    pub input: String,
    /// SM3 of the content, as far as it is known.
    pub content: Option<String>,
    /// The form of the signature: `raw`, `gmt0010`, `cms`, `pdf`.
    pub form: &'static str,
    /// Whether the signature carries its content.
    pub attached: bool,
    /// Checks of the whole.
    pub checks: Vec<Check>,
    /// Each signature.
    pub signers: Vec<SignerReport>,
}
