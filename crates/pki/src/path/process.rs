//! The checks over one path (RFC 5280 §6.1.2 to §6.1.5), from the anchor down to the leaf.

use gm::{Signature, UserId, sm2};

use super::constraints::Constraints;
use super::policy::Policies;
use super::verdict::{Kind, Outcome, Table};
use super::{Request, Revocation, revocation};
use crate::ext::{self, KeyUsage};
use crate::{Certificate, Oid, oid};

/// Extensions that these checks process, so that they may be critical.
const PROCESSED: &[Oid] = &[
    oid::BASIC_CONSTRAINTS,
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::NAME_CONSTRAINTS,
    oid::SUBJECT_ALT_NAME,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::POLICY_CONSTRAINTS,
    oid::INHIBIT_ANY_POLICY,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::AUTHORITY_KEY_IDENTIFIER,
];

/// Holds every check against a path that goes from the leaf to an anchor.
pub(super) fn judge(request: &Request<'_>, path: &[&Certificate]) -> (Table, Vec<Oid>) {
    let mut table = Table::default();
    let below = path.len().saturating_sub(1);
    table.passed(Kind::Path, format!("证书链共 {} 张证书，止于受信任的根证书", path.len()));
    validity(request, path, &mut table);
    for pair in path.windows(2) {
        if let [child, issuer] = pair {
            link(request, child, issuer, &mut table);
        }
    }
    issuers(path, &mut table);
    critical_extensions(path, &mut table);
    constraints(path, &mut table);
    let policies = policies(request, path, &mut table);
    leaf(request, path, &mut table);
    match request.options.revocation {
        Revocation::Required => revocation::check(request, path, &mut table),
        Revocation::NotAsked => table.not_asked(Kind::Revocation, "未要求检查撤销状态"),
    }
    if below == 0 {
        for kind in [
            Kind::Signature,
            Kind::Names,
            Kind::KeyIdentifiers,
            Kind::BasicConstraints,
            Kind::PathLength,
        ] {
            table.passed(kind, "证书本身就是信任锚");
        }
    }
    (table, policies)
}

/// How a certificate is called in reasons.
pub(super) fn called(certificate: &Certificate) -> String {
    let name = certificate
        .subject()
        .common_name()
        .map_or_else(|| certificate.subject().to_string(), str::to_owned);
    format!("证书“{name}”")
}

fn validity(request: &Request<'_>, path: &[&Certificate], table: &mut Table) {
    for certificate in path {
        let (begin, end) = (certificate.not_before(), certificate.not_after());
        if certificate.is_valid_at(request.at) {
            table.passed(Kind::Validity, "各证书均在有效期内");
        } else if request.at < begin {
            table.failed(Kind::Validity, format!("{}自 {begin} 起才有效", called(certificate)));
        } else {
            table.failed(Kind::Validity, format!("{}已于 {end} 到期", called(certificate)));
        }
    }
}

/// What holds between a certificate and its issuer's.
fn link(request: &Request<'_>, child: &Certificate, issuer: &Certificate, table: &mut Table) {
    let (outcome, reason) = signature_outcome(child, issuer, &request.options.user_id);
    table.record(Kind::Signature, outcome, reason);
    if child.issuer().matches(issuer.subject()) {
        table.passed(Kind::Names, "颁发者名称与上级证书的主体名称一致");
    } else {
        table.failed(Kind::Names, format!("{}的颁发者名称与上级证书的主体名称不同", called(child)));
    }
    match contradiction(child, issuer) {
        None => table.passed(Kind::KeyIdentifiers, "密钥标识符没有矛盾"),
        Some(reason) => table.failed(Kind::KeyIdentifiers, format!("{}的{reason}", called(child))),
    }
}

/// Whether the issuer's key made the signature. Only SM2 with SM3 can be verified here.
pub(super) fn signature_outcome(
    child: &Certificate,
    issuer: &Certificate,
    id: &UserId,
) -> (Outcome, String) {
    let algorithm = child.signature_algorithm();
    if !algorithm.is_sm2_with_sm3() {
        return (
            Outcome::Unknown,
            format!("{}的签名算法 {} 不受支持", called(child), algorithm.oid),
        );
    }
    let Ok(key) = issuer.public_key() else {
        return (
            Outcome::Failed,
            format!("{}以 SM2 签名，上级证书的公钥却不是 SM2 公钥", called(child)),
        );
    };
    let signature = Signature::from_der(child.signature());
    let verified =
        signature.is_ok_and(|signature| sm2::verify(&key, id, child.tbs_der(), &signature).is_ok());
    if verified {
        (Outcome::Passed, "各证书的签名均验证通过".to_owned())
    } else {
        (Outcome::Failed, format!("{}的签名验证不通过", called(child)))
    }
}

/// Where the key identifiers of a certificate contradict its issuer's (GM/T 0043 §6, chain).
fn contradiction(child: &Certificate, issuer: &Certificate) -> Option<&'static str> {
    let aki = child.aki()?;
    let stated = issuer.ski().map(|ski| ski.0);
    if aki.key_id.is_some() && stated.is_some() && aki.key_id != stated {
        return Some("颁发机构密钥标识符与上级证书的主体密钥标识符不同");
    }
    if aki.serial.is_some_and(|serial| serial != issuer.serial()) {
        return Some("颁发机构证书序列号与上级证书的序列号不同");
    }
    None
}

/// Every certificate but the leaf is a CA that may sign certificates, and none exceeds a path length
/// (RFC 5280 §6.1.4 (k) to (n)).
fn issuers(path: &[&Certificate], table: &mut Table) {
    let Some((_, above)) = path.split_first() else {
        return;
    };
    let mut followers: usize = 0;
    for (place, issuer) in above.iter().enumerate() {
        let is_anchor = place + 1 == above.len();
        is_authority(issuer, is_anchor, table);
        may_sign(issuer, table);
        let most = issuer.basic_constraints().and_then(|constraints| constraints.path_len);
        match most.filter(|most| usize::try_from(*most).is_ok_and(|most| followers > most)) {
            Some(most) => table.failed(
                Kind::PathLength,
                format!("{}之下至多允许 {most} 级 CA，实有 {followers} 级", called(issuer)),
            ),
            None => table.passed(Kind::PathLength, "没有超过路径长度约束"),
        }
        if !is_self_issued(issuer) {
            followers += 1;
        }
    }
}

fn is_authority(issuer: &Certificate, is_anchor: bool, table: &mut Table) {
    match issuer.basic_constraints() {
        Some(constraints) if constraints.ca => {
            table.passed(Kind::BasicConstraints, "各级颁发者均为 CA")
        }
        // An anchor is trusted by decision; old roots are of version 1.
        None if is_anchor => table.passed(Kind::BasicConstraints, "各级颁发者均为 CA"),
        _ => table.failed(
            Kind::BasicConstraints,
            format!("{}不是 CA 证书，却签发了证书", called(issuer)),
        ),
    }
}

fn may_sign(issuer: &Certificate, table: &mut Table) {
    if issuer.key_usage().is_none_or(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN)) {
        table.passed(Kind::KeyUsage, "密钥用法相符");
    } else {
        table.failed(
            Kind::KeyUsage,
            format!("{}的密钥用法不含 keyCertSign，却签发了证书", called(issuer)),
        );
    }
}

/// Subject and issuer are the same name: the certificate of a CA's new key, for instance.
pub(super) fn is_self_issued(certificate: &Certificate) -> bool {
    certificate.subject().matches(certificate.issuer())
}

fn critical_extensions(path: &[&Certificate], table: &mut Table) {
    for certificate in path {
        let unknown = certificate
            .extensions()
            .iter()
            .find(|one| one.critical && !PROCESSED.contains(&one.oid));
        match unknown {
            None => table.passed(Kind::CriticalExtensions, "关键扩展项均能处理"),
            Some(extension) => table.failed(
                Kind::CriticalExtensions,
                format!("{}含有无法处理的关键扩展项 {}", called(certificate), extension.oid),
            ),
        }
    }
}

/// Names of every certificate below the anchor lie within the constraints above it (RFC 5280 §6.1.3 (b), (c)).
/// Self-issued certificates are exempt unless they are the leaf.
fn constraints(path: &[&Certificate], table: &mut Table) {
    let mut constraints = Constraints::default();
    for (place, certificate) in path.iter().enumerate().rev() {
        let is_anchor = place + 1 == path.len();
        if !is_anchor && (place == 0 || !is_self_issued(certificate)) {
            match constraints.violation(certificate) {
                None => {}
                Some(reason) => table
                    .failed(Kind::NameConstraints, format!("{}的{reason}", called(certificate))),
            }
        }
        if place > 0 {
            constraints.add(certificate);
        }
    }
    let reason = if constraints.is_empty() {
        "上级证书没有名称约束"
    } else {
        "名称均在约束之内"
    };
    table.passed(Kind::NameConstraints, reason);
}

/// The policy processing of RFC 5280 §6.1, with the graph of RFC 9618 in place of the tree.
fn policies(request: &Request<'_>, path: &[&Certificate], table: &mut Table) -> Vec<Oid> {
    let options = request.options;
    let mut policies = Policies::new(options, path.len());
    if let Some((anchor, below)) = path.split_last() {
        if !below.is_empty() {
            policies.constrain(anchor);
        }
        for (place, certificate) in below.iter().enumerate().rev() {
            policies.process(certificate, place == 0);
        }
    }
    match policies.conclude(&options.policies) {
        Ok(valid) if valid.is_empty() => {
            table.passed(Kind::Policies, "没有共同的证书策略，也没有要求");
            valid
        }
        Ok(valid) => {
            table.passed(Kind::Policies, "证书策略相符");
            valid
        }
        Err(reason) => {
            table.failed(Kind::Policies, reason);
            Vec::new()
        }
    }
}

/// What was asked of the leaf: usages and purpose. An issuing CA's certificate that names purposes passes on no other.
fn leaf(request: &Request<'_>, path: &[&Certificate], table: &mut Table) {
    let Some(leaf) = path.first() else { return };
    match request.options.usage {
        Some(asked) if leaf.key_usage().is_some_and(|usage| !usage.contains(asked)) => {
            table.failed(Kind::KeyUsage, format!("{}的密钥用法不含“{asked}”", called(leaf)));
        }
        _ => table.passed(Kind::KeyUsage, "密钥用法相符"),
    }
    let Some(purpose) = request.options.purpose else {
        table.not_asked(Kind::Purpose, "未要求检查用途");
        return;
    };
    for certificate in path {
        match certificate.eku() {
            Some(purposes) if !serves(&purposes, &purpose) => {
                table.failed(Kind::Purpose, format!("{}不用于 {purpose}", called(certificate)));
            }
            _ => table.passed(Kind::Purpose, "用途相符"),
        }
    }
}

fn serves(purposes: &ext::ExtendedKeyUsage, purpose: &Oid) -> bool {
    purposes.contains(purpose) || purposes.contains(&oid::ANY_EXTENDED_KEY_USAGE)
}
