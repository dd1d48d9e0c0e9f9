//! Certificate policies along a path (RFC 5280 §6.1.2 to §6.1.5), kept as the graph of RFC 9618: a tree can be made to
//! grow exponentially by the certificates of a stranger, the graph has at most one node per policy and level.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::process::is_self_issued;
use crate::ext::{self, CertificatePolicies, InhibitAnyPolicy, PolicyConstraints, PolicyMappings};
use crate::{Certificate, Oid, oid};

const ANY: Oid = oid::ANY_POLICY;

/// A policy at one level: what it is expected to be called below, and its parents one level above.
struct Node {
    expected: BTreeSet<Oid>,
    parents: BTreeSet<Oid>,
}

type Level = BTreeMap<Oid, Node>;

/// The state variables of RFC 5280 §6.1.2 (a), (d), (e), (f).
pub(super) struct Policies {
    /// Levels from the anchor down; empty when the graph is NULL.
    levels: Vec<Level>,
    explicit_policy: usize,
    policy_mapping: usize,
    inhibit_any_policy: usize,
    /// explicit_policy was 0 and the graph NULL at some certificate.
    broken: bool,
}

impl Policies {
    pub(super) fn new(options: &Options, length: usize) -> Self {
        let start = |inhibited: bool| if inhibited { 0 } else { length };
        let any = Node { expected: BTreeSet::from([ANY]), parents: BTreeSet::new() };
        Self {
            levels: vec![Level::from([(ANY, any)])],
            explicit_policy: start(options.require_explicit_policy),
            policy_mapping: start(options.inhibit_policy_mapping),
            inhibit_any_policy: start(options.inhibit_any_policy),
            broken: false,
        }
    }

    /// Takes the constraints of an anchor (RFC 5937); its policies are not processed.
    pub(super) fn constrain(&mut self, certificate: &Certificate) {
        if let Some(PolicyConstraints { require_explicit, inhibit_mapping }) = certificate.typed() {
            lower(&mut self.explicit_policy, require_explicit);
            lower(&mut self.policy_mapping, inhibit_mapping);
        }
        if let Some(InhibitAnyPolicy(skip)) = certificate.typed() {
            lower(&mut self.inhibit_any_policy, Some(skip));
        }
    }

    /// Processes a certificate (RFC 5280 §6.1.3 (d) to (f)) and, unless it is the leaf, prepares for the next (§6.1.4).
    pub(super) fn process(&mut self, certificate: &Certificate, is_leaf: bool) {
        let self_issued = is_self_issued(certificate);
        match certificate.policies() {
            Some(policies) => {
                self.descend(&policies, self.inhibit_any_policy > 0 || (!is_leaf && self_issued))
            }
            None => self.levels.clear(),
        }
        self.broken |= self.explicit_policy == 0 && self.levels.is_empty();
        if is_leaf {
            self.wrap_up(certificate);
            return;
        }
        if let Some(PolicyMappings(mappings)) = certificate.typed() {
            self.map(&mappings);
        }
        if !self_issued {
            for counter in
                [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any_policy]
            {
                *counter = counter.saturating_sub(1);
            }
        }
        self.constrain(certificate);
    }

    /// §6.1.5 (a), (b).
    fn wrap_up(&mut self, leaf: &Certificate) {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if let Some(PolicyConstraints { require_explicit: Some(0), .. }) = leaf.typed() {
            self.explicit_policy = 0;
        }
    }

    /// §6.1.3 (d): one level deeper.
    fn descend(&mut self, policies: &CertificatePolicies, any_counts: bool) {
        let Some(above) = self.levels.last() else {
            return;
        };
        let mut level = Level::new();
        for ext::PolicyInformation { policy, .. } in &policies.0 {
            if *policy == ANY {
                continue;
            }
            let mut parents = expecting(above, policy);
            if parents.is_empty() && above.contains_key(&ANY) {
                parents.insert(ANY);
            }
            if !parents.is_empty() {
                level.insert(*policy, Node { expected: BTreeSet::from([*policy]), parents });
            }
        }
        if any_counts && policies.0.iter().any(|information| information.policy == ANY) {
            let expected: BTreeSet<Oid> =
                above.values().flat_map(|node| node.expected.iter().copied()).collect();
            for policy in expected {
                let parents = expecting(above, &policy);
                level
                    .entry(policy)
                    .or_insert_with(|| Node { expected: BTreeSet::from([policy]), parents });
            }
        }
        self.levels.push(level);
        self.prune();
    }

    /// §6.1.4 (a), (b). Mappings from or to anyPolicy make the path invalid.
    fn map(&mut self, mappings: &[(Oid, Oid)]) {
        if mappings.iter().any(|(issuer, subject)| [*issuer, *subject].contains(&ANY)) {
            self.levels.clear();
            self.broken = true;
            return;
        }
        let mut by_issuer: BTreeMap<Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (issuer, subject) in mappings {
            by_issuer.entry(*issuer).or_default().insert(*subject);
        }
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        for (issuer, subjects) in by_issuer {
            if self.policy_mapping == 0 {
                level.remove(&issuer);
            } else if let Some(node) = level.get_mut(&issuer) {
                node.expected = subjects;
            } else if level.contains_key(&ANY) {
                level.insert(issuer, Node { expected: subjects, parents: BTreeSet::from([ANY]) });
            }
        }
        self.prune();
    }

    /// Drops nodes that have no child, from the bottom up; an empty level makes the graph NULL.
    fn prune(&mut self) {
        let mut needed: Option<BTreeSet<Oid>> = None;
        for level in self.levels.iter_mut().rev() {
            if let Some(needed) = &needed {
                level.retain(|policy, _| needed.contains(policy));
            }
            needed = Some(level.values().flat_map(|node| node.parents.iter().copied()).collect());
        }
        if self.levels.last().is_none_or(BTreeMap::is_empty) {
            self.levels.clear();
        }
    }

    /// §6.1.5 (g): the policies for which the path is valid, or the Chinese reason why there must be one and is none.
    pub(super) fn conclude(self, acceptable: &[Oid]) -> Result<Vec<Oid>, String> {
        let granted = self.authorities();
        let any_granted = granted.contains(&ANY);
        let valid: Vec<Oid> = if acceptable.is_empty() || acceptable.contains(&ANY) {
            granted.into_iter().collect()
        } else {
            acceptable
                .iter()
                .filter(|policy| any_granted || granted.contains(policy))
                .copied()
                .collect()
        };
        if self.broken {
            return Err("某级证书要求明示证书策略，而证书链没有共同的策略".to_owned());
        }
        if self.explicit_policy == 0 && valid.is_empty() {
            return Err("证书链不适用于所要求的证书策略".to_owned());
        }
        Ok(valid)
    }

    /// The authorities-constrained policies, in the anchor's domain: nodes below anyPolicy that reach the leaf.
    fn authorities(&self) -> BTreeSet<Oid> {
        let mut granted = BTreeSet::new();
        for level in self.levels.iter().skip(1) {
            for (policy, node) in level {
                if *policy != ANY && node.parents.contains(&ANY) {
                    granted.insert(*policy);
                }
            }
        }
        if self.levels.len() > 1 && self.levels.last().is_some_and(|level| level.contains_key(&ANY))
        {
            granted.insert(ANY);
        }
        granted
    }
}

/// The policies of a level that expect this one below them.
fn expecting(level: &Level, policy: &Oid) -> BTreeSet<Oid> {
    level
        .iter()
        .filter(|(_, node)| node.expected.contains(policy))
        .map(|(policy, _)| *policy)
        .collect()
}

fn lower(counter: &mut usize, to: Option<u32>) {
    if let Some(to) = to.and_then(|to| usize::try_from(to).ok()) {
        *counter = to.min(*counter);
    }
}
