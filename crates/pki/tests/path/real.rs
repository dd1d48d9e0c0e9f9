//! Two real certificates: the national root of 2012 and an institution's CA below it. Public certificates of
//! authorities, as found in the test data of GmSSL and gmsm.

use pki::lint::{self, Context};
use pki::path::{Kind, Options, Outcome, Request, Revocation, Validity, Verdict, validate};
use pki::{Certificate, crl::Crl};

use crate::world::instant;

fn national_root() -> Certificate {
    Certificate::from_pem_or_der(include_bytes!("../data/rootca-2012.pem"))
        .expect("the national root")
}

fn institution() -> Certificate {
    Certificate::from_pem_or_der(include_bytes!("../data/sheca-sm2.pem"))
        .expect("the institution's CA")
}

fn ask(at: &str, options: &Options) -> Verdict {
    let crls: [Crl; 0] = [];
    let (leaf, anchors) = (institution(), [national_root()]);
    let request = Request {
        leaf: &leaf,
        untrusted: &[],
        anchors: &anchors,
        crls: &crls,
        at: instant(at),
        options,
    };
    validate(&request)
}

fn without_status() -> Options {
    Options { revocation: Revocation::NotAsked, ..Options::default() }
}

#[test]
fn the_institution_is_valid_under_the_national_root() {
    assert_eq!(ask("2026-11-22T00:00:00Z", &without_status()).valid, Validity::Valid);
    assert_eq!(ask("2033-09-08T08:10:26Z", &without_status()).valid, Validity::Invalid);
    assert_eq!(ask("2026-11-22T00:00:00Z", &Options::default()).valid, Validity::Unknown);
}

#[test]
fn their_signatures_hold_with_the_default_identity_only() {
    let empty =
        Options { user_id: gm::UserId::new(*b"").expect("an identity"), ..without_status() };
    let answer = ask("2026-11-22T00:00:00Z", &empty);
    assert_eq!(answer.outcome(Kind::Signature), Some(Outcome::Failed));
}

#[test]
fn lints_see_what_the_national_root_leaves_uncritical() {
    let root = national_root();
    let report = lint::run_certificate(&root, &Context::for_certificate(&root));
    let names: Vec<&str> = report.findings.iter().map(|finding| finding.lint).collect();
    assert_eq!(
        names,
        ["rfc5280/ca-constraints-critical", "rfc5280/key-usage-critical"],
        "{report}"
    );
}

#[test]
fn lints_find_nothing_on_the_institution() {
    let (root, leaf) = (national_root(), institution());
    let report = lint::run_certificate(&leaf, &Context::for_certificate(&leaf).issued_by(&root));
    assert!(report.passed() && report.findings.is_empty(), "{report}");
}
