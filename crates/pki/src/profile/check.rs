//! What no profile may say. An operator can narrow the rules, not widen them.

use super::Problem;
use super::document::{AttributeKind, Document, Kind, Presence, Role, StringType};
use crate::ext::KeyUsage;
use crate::name::upper_bound;
use crate::oid::{self, Oid};

type Checked = Result<(), (Problem, String)>;

/// Longest validity of any certificate: forty years.
const MAX_DAYS: u32 = 40 * 366;

/// Holds a profile against the standards.
pub(super) fn check(document: &Document) -> Checked {
    let rules = [
        name,
        roles,
        ca,
        name_constraints,
        key_usage,
        purposes,
        subject,
        lengths,
        validity,
        serial,
        key_identifiers,
        crl,
        policies,
        identity,
        alternative_names,
    ];
    rules.iter().try_for_each(|rule| rule(document))
}

fn require(holds: bool, problem: Problem, detail: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err((problem, detail.into())) }
}

fn name(document: &Document) -> Checked {
    let plain =
        document.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    require(plain && !document.name.is_empty(), Problem::Name, "name")?;
    require(!document.title.trim().is_empty(), Problem::Name, "title")
}

/// GM/T 0034: subscribers hold pairs, services and CAs single certificates.
fn roles(document: &Document) -> Checked {
    let paired = document.role != Role::Single;
    require(paired == document.kind.is_subscriber(), Problem::Role, "role")?;
    require(paired == document.pair.is_some(), Problem::Pair, "pair")
}

/// T-19: CA:TRUE for root, link and subca only, and there always, critical.
fn ca(document: &Document) -> Checked {
    let Some(constraints) = document.basic_constraints else {
        return require(!document.kind.is_ca(), Problem::CaMissing, "basic_constraints");
    };
    require(document.kind.is_ca(), Problem::CaForbidden, "basic_constraints")?;
    require(constraints.ca && constraints.critical, Problem::CaMissing, "basic_constraints")?;
    require(
        document.kind == Kind::Root || constraints.path_len.is_some(),
        Problem::PathLength,
        "path_len",
    )
}

/// T-19: a CA below a root is bound to its names.
fn name_constraints(document: &Document) -> Checked {
    let Some(constraints) = &document.name_constraints else {
        return require(document.kind != Kind::Subca, Problem::NameConstraints, "name_constraints");
    };
    let country = &constraints.permitted_country;
    let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    let holds = document.kind == Kind::Subca && constraints.critical && is_country;
    require(holds, Problem::NameConstraints, "name_constraints")
}

/// GM/T 0043 §6: the exact sets.
fn key_usage(document: &Document) -> Checked {
    let mut usage: Option<KeyUsage> = None;
    for name in &document.key_usage.usages {
        let one = KeyUsage::named(name).ok_or((Problem::KeyUsage, name.clone()))?;
        usage = Some(usage.map_or(one, |all| all.with(one)));
    }
    let exact = match (document.kind, document.role) {
        (Kind::Root | Kind::Link | Kind::Subca, _) => usage == Some(KeyUsage::CA),
        (_, Role::Sign) => usage == Some(KeyUsage::SIGNING),
        (_, Role::Enc) => usage == Some(KeyUsage::ENCRYPTION),
        (_, Role::Single) => usage.is_some_and(|usage| {
            KeyUsage::SIGNING.contains(usage) && usage.contains(KeyUsage::DIGITAL_SIGNATURE)
        }),
    };
    require(exact && document.key_usage.critical, Problem::KeyUsage, "key_usage")
}

/// RFC 6960 §4.2.2.2, RFC 3161 §2.3: services have their one purpose; nobody
/// else may have it, and nobody has every purpose.
fn purposes(document: &Document) -> Checked {
    let rule = document.extended_key_usage.as_ref();
    let mut purposes = Vec::new();
    for text in rule.iter().flat_map(|rule| &rule.purposes) {
        purposes.push(Oid::parse(text).ok_or((Problem::ExtendedKeyUsage, text.clone()))?);
    }
    let critical = rule.is_some_and(|rule| rule.critical);
    let reserved = [oid::OCSP_SIGNING, oid::TIME_STAMPING, oid::ANY_EXTENDED_KEY_USAGE];
    let holds = match document.kind {
        Kind::Ocsp => purposes == [oid::OCSP_SIGNING],
        Kind::Tsa => purposes == [oid::TIME_STAMPING] && critical,
        Kind::Root | Kind::Link => rule.is_none(),
        _ => {
            rule.is_none()
                || !(purposes.is_empty()
                    || purposes.iter().any(|purpose| reserved.contains(purpose)))
        }
    };
    require(holds, Problem::ExtendedKeyUsage, "extended_key_usage")
}

/// GM/T 0043 §6: order and string types.
fn subject(document: &Document) -> Checked {
    let ordered =
        document.subject.windows(2).all(|pair| matches!(pair, [a, b] if a.attribute < b.attribute));
    let needed = |kind| {
        document
            .subject
            .iter()
            .any(|rule| rule.attribute == kind && rule.presence == Presence::Required)
    };
    require(
        ordered && needed(AttributeKind::C) && needed(AttributeKind::CN),
        Problem::Subject,
        "subject",
    )?;
    for rule in &document.subject {
        let expected = match rule.attribute {
            AttributeKind::C => StringType::Printable,
            AttributeKind::E => StringType::Ia5,
            _ => StringType::Utf8,
        };
        require(
            rule.string == expected,
            Problem::StringType,
            format!("subject.{:?}", rule.attribute),
        )?;
    }
    Ok(())
}

fn lengths(document: &Document) -> Checked {
    document.subject.iter().try_for_each(|rule| {
        let holds = (1..=upper_bound(&rule.attribute.oid())).contains(&rule.max);
        require(holds, Problem::Length, format!("subject.{:?}", rule.attribute))
    })
}

fn validity(document: &Document) -> Checked {
    let days = document.validity;
    let holds =
        days.default_days > 0 && days.default_days <= days.max_days && days.max_days <= MAX_DAYS;
    require(holds, Problem::Validity, "validity")
}

/// T-01.
fn serial(document: &Document) -> Checked {
    require(document.serial.random_bits == 128, Problem::Serial, "serial.random_bits")
}

fn key_identifiers(document: &Document) -> Checked {
    require(
        document.key_identifiers.authority == Presence::Required,
        Problem::KeyIdentifiers,
        "key_identifiers",
    )
}

/// GM/T 0043 §6 asks for a CRL address; RFC 6960 §4.2.2.2.1 lets a responder do
/// without.
fn crl(document: &Document) -> Checked {
    require(
        !document.ocsp_nocheck || document.kind == Kind::Ocsp,
        Problem::Nocheck,
        "ocsp_nocheck",
    )?;
    let points = document.crl.distribution_points;
    let exempt = document.kind == Kind::Root || document.ocsp_nocheck;
    require(points == Presence::Required || exempt, Problem::Crl, "crl.distribution_points")?;
    require(
        points != Presence::None || document.crl.freshest == Presence::None,
        Problem::Crl,
        "crl.freshest",
    )
}

/// Measures (Order No. 4) Art. 19 (5): subscribers' certificates name a policy.
fn policies(document: &Document) -> Checked {
    let mut seen = Vec::new();
    for rule in &document.policy {
        let policy = Oid::parse(&rule.oid).filter(|policy| !seen.contains(policy));
        seen.push(policy.ok_or((Problem::Policy, rule.oid.clone()))?);
    }
    require(!seen.is_empty() || !document.kind.is_subscriber(), Problem::Policy, "policy")?;
    let example =
        |policy: &&Oid| policy.is_example() && !policy.is_below(&oid::PLACEHOLDER_POLICIES);
    let foreign = seen.iter().find(example).map(ToString::to_string);
    require(foreign.is_none(), Problem::ExamplePolicy, foreign.unwrap_or_default())?;
    let any = seen.contains(&oid::ANY_POLICY);
    require(!any || document.kind.is_ca(), Problem::Policy, "2.5.29.32.0")
}

fn identity(document: &Document) -> Checked {
    let mut seen: Vec<Oid> = Vec::new();
    for (at, rule) in document.identity.iter().enumerate() {
        let again = document.identity.iter().take(at).any(|earlier| earlier.kind == rule.kind);
        let identifier = Oid::parse(&rule.oid)
            .filter(|known| !seen.contains(known) && !again && !reserved(known));
        seen.push(identifier.ok_or((Problem::Identity, rule.oid.clone()))?);
    }
    require(seen.is_empty() || document.kind.is_subscriber(), Problem::Identity, "identity")
}

/// Extensions of X.509 itself: an identity extension must not pose as one.
fn reserved(identifier: &Oid) -> bool {
    identifier.as_bytes().starts_with(&[0x55, 0x1d])
        || *identifier == oid::AUTHORITY_INFO_ACCESS
        || *identifier == oid::OCSP_NOCHECK
}

fn alternative_names(document: &Document) -> Checked {
    let is_server = document.kind == Kind::Server;
    let dns = document.alternative_names.dns;
    let holds = if is_server { dns == Presence::Required } else { dns != Presence::Required };
    require(holds, Problem::AlternativeNames, "alternative_names.dns")
}
