//! Finding paths (RFC 4158): from the leaf towards an anchor, depth first, the likeliest issuer first.
//!
//! The search is bounded in every direction, because the untrusted certificates come from strangers: paths have a
//! greatest length, no key stands twice under the same name in a path (loops, cross-certificates), and the number of
//! steps and of signature checks is limited.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::process::{self, signature_outcome};
use super::verdict::{Kind, Outcome, Table, Validity, Verdict};
use super::{Options, Request};
use crate::{Certificate, Oid};

/// Steps of the search.
const MOST_STEPS: usize = 2_000;
/// Complete paths that are judged.
const MOST_PATHS: usize = 64;
/// Signatures that are verified.
const MOST_SIGNATURES: usize = 500;
/// Certificates that are looked at.
const MOST_CANDIDATES: usize = 2_000;

/// Runs the search and returns the best verdict.
pub(super) fn search(request: &Request<'_>) -> Verdict {
    let mut search = Search::new(request);
    let mut path = vec![0];
    search.extend(&mut path);
    search.conclude()
}

/// A certificate that may stand in a path.
#[derive(Clone, Copy)]
struct Node<'a> {
    certificate: &'a Certificate,
    anchor: bool,
}

struct Search<'a> {
    request: &'a Request<'a>,
    /// The leaf is the first.
    nodes: Vec<Node<'a>>,
    signatures: HashMap<(usize, usize), Outcome>,
    best: Option<Judged<'a>>,
    /// The longest path that found no issuer.
    dead_end: Vec<usize>,
    steps: usize,
    paths: usize,
    too_long: bool,
    exhausted: bool,
}

/// A complete path and its table.
struct Judged<'a> {
    path: Vec<&'a Certificate>,
    table: Table,
    policies: Vec<Oid>,
}

impl<'a> Search<'a> {
    fn new(request: &'a Request<'a>) -> Self {
        let is_anchor = |certificate: &Certificate| {
            request.anchors.iter().any(|one| one.der() == certificate.der())
        };
        let mut nodes = vec![Node { certificate: request.leaf, anchor: is_anchor(request.leaf) }];
        for certificate in request.anchors.iter().chain(request.untrusted).take(MOST_CANDIDATES) {
            if !nodes.iter().any(|node| node.certificate.der() == certificate.der()) {
                nodes.push(Node { certificate, anchor: is_anchor(certificate) });
            }
        }
        Self {
            request,
            nodes,
            signatures: HashMap::new(),
            best: None,
            dead_end: vec![0],
            steps: 0,
            paths: 0,
            too_long: false,
            exhausted: request.anchors.len() + request.untrusted.len() > MOST_CANDIDATES,
        }
    }

    fn node(&self, place: usize) -> Option<Node<'a>> {
        self.nodes.get(place).copied()
    }

    /// Follows a path; true when a valid one was found and the search is over.
    fn extend(&mut self, path: &mut Vec<usize>) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.paths >= MOST_PATHS {
            self.exhausted = true;
            return true;
        }
        let Some(last) = path.last().copied() else {
            return false;
        };
        if self.node(last).is_some_and(|node| node.anchor) {
            return self.judge(path);
        }
        let issuers = self.issuers(last, path);
        if issuers.is_empty() && path.len() > self.dead_end.len() {
            self.dead_end.clone_from(path);
        }
        if !issuers.is_empty() && path.len() >= self.most_certificates() {
            self.too_long = true;
            return false;
        }
        for issuer in issuers {
            path.push(issuer);
            let done = self.extend(path);
            path.pop();
            if done {
                return true;
            }
        }
        false
    }

    fn most_certificates(&self) -> usize {
        self.request.options.most_certificates.clamp(1, Options::MOST_CERTIFICATES)
    }

    /// Who may have issued a certificate: those of the right name that are not in the path yet. Issuers whose key did
    /// not make the signature are followed only when there is no other, so that the verdict can name the failure.
    fn issuers(&mut self, child: usize, path: &[usize]) -> Vec<usize> {
        let Some(subject) = self.node(child) else {
            return Vec::new();
        };
        let named: Vec<usize> = (0..self.nodes.len())
            .filter(|place| {
                self.is_candidate(*place, subject.certificate) && !self.repeats(*place, path)
            })
            .collect();
        let mut rated: Vec<(usize, Outcome)> =
            named.into_iter().map(|place| (place, self.signature(child, place))).collect();
        if rated.iter().any(|(_, outcome)| *outcome != Outcome::Failed) {
            rated.retain(|(_, outcome)| *outcome != Outcome::Failed);
        }
        rated.sort_by_key(|(place, outcome)| {
            (*outcome, Reverse(self.likelihood(*place, subject.certificate)))
        });
        rated.into_iter().map(|(place, _)| place).collect()
    }

    fn is_candidate(&self, place: usize, child: &Certificate) -> bool {
        self.node(place).is_some_and(|node| node.certificate.subject().matches(child.issuer()))
    }

    /// The same name and key twice in a path is a loop, whichever certificates carry them.
    fn repeats(&self, place: usize, path: &[usize]) -> bool {
        let Some(node) = self.node(place) else {
            return true;
        };
        path.iter().filter_map(|one| self.node(*one)).any(|one| {
            one.certificate.spki() == node.certificate.spki()
                && one.certificate.subject().matches(node.certificate.subject())
        })
    }

    fn signature(&mut self, child: usize, issuer: usize) -> Outcome {
        if let Some(known) = self.signatures.get(&(child, issuer)) {
            return *known;
        }
        let (Some(subject), Some(signer)) = (self.node(child), self.node(issuer)) else {
            return Outcome::Unknown;
        };
        if self.signatures.len() >= MOST_SIGNATURES {
            self.exhausted = true;
            return Outcome::Unknown;
        }
        let (outcome, _) = signature_outcome(
            subject.certificate,
            signer.certificate,
            &self.request.options.user_id,
        );
        self.signatures.insert((child, issuer), outcome);
        outcome
    }

    /// Anchors first, then matching key identifiers, then certificates valid at the instant.
    fn likelihood(&self, place: usize, child: &Certificate) -> (bool, bool, bool) {
        let Some(node) = self.node(place) else {
            return (false, false, false);
        };
        let stated = child.aki().and_then(|aki| aki.key_id);
        let matches = stated.is_some() && stated == node.certificate.ski().map(|ski| ski.0);
        (node.anchor, matches, node.certificate.is_valid_at(self.request.at))
    }

    /// Holds every check against a complete path and keeps it when it is better than the best before.
    fn judge(&mut self, path: &[usize]) -> bool {
        self.paths += 1;
        let certificates: Vec<&'a Certificate> = path
            .iter()
            .filter_map(|place| self.node(*place))
            .map(|node| node.certificate)
            .collect();
        let (table, policies) = process::judge(self.request, &certificates);
        let valid = table.validity() == Validity::Valid;
        if self.best.as_ref().is_none_or(|best| table.badness() < best.table.badness()) {
            self.best = Some(Judged { path: certificates, table, policies });
        }
        valid
    }

    fn conclude(mut self) -> Verdict {
        if let Some(Judged { path, table, policies }) = self.best.take() {
            return table.into_verdict(&path, true, &policies);
        }
        let mut table = Table::default();
        let path: Vec<&Certificate> = self
            .dead_end
            .iter()
            .filter_map(|place| self.node(*place))
            .map(|node| node.certificate)
            .collect();
        self.explain(&mut table, path.last().copied());
        table.into_verdict(&path, false, &[])
    }

    /// Why there is no path.
    fn explain(&self, table: &mut Table, last: Option<&Certificate>) {
        if self.exhausted {
            table.unknown(Kind::Path, "可能的证书链过多，未能全部检查；请只提供有关的证书");
        } else if self.too_long {
            table.failed(Kind::Path, format!("证书链超过 {} 张证书", self.most_certificates()));
        } else if last.is_some_and(|last| last.subject().matches(last.issuer())) {
            table.failed(Kind::Path, "证书链止于一张自签名证书，它不是受信任的根证书");
        } else {
            let name = last.map(|last| last.issuer().to_string()).unwrap_or_default();
            table.unknown(Kind::Path, format!("没有找到颁发者“{name}”的证书；请补充该证书"));
        }
    }
}
