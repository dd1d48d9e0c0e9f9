//! The schema as clients read it (RFC 4512 §4.2), made from the tables.

use crate::model::{AttributeType, ClassKind, ObjectClass, Syntax, Usage};

/// Attribute and value of the subschema entry.
pub type Line = (AttributeType, String);

/// Every description of the subschema.
#[must_use]
pub fn lines() -> Vec<Line> {
    let syntaxes = SYNTAXES
        .iter()
        .map(|(_, oid, name)| (AttributeType::LdapSyntaxes, format!("( {oid} DESC '{name}' )")));
    let rules = RULES.iter().map(|(oid, name, syntax)| {
        (AttributeType::MatchingRules, format!("( {oid} NAME '{name}' SYNTAX {syntax} )"))
    });
    let types = AttributeType::ALL.iter();
    let types = types.map(|known| (AttributeType::AttributeTypes, attribute(*known)));
    let classes = ObjectClass::ALL.into_iter();
    let classes = classes.map(|known| (AttributeType::ObjectClasses, class(known)));
    syntaxes.chain(rules).chain(types).chain(classes).collect()
}

const SYNTAXES: [(Syntax, &str, &str); 10] = [
    (Syntax::Text, "1.3.6.1.4.1.1466.115.121.1.15", "Directory String"),
    (Syntax::Oid, "1.3.6.1.4.1.1466.115.121.1.38", "OID"),
    (Syntax::Time, "1.3.6.1.4.1.1466.115.121.1.24", "Generalized Time"),
    (Syntax::Certificate, "1.3.6.1.4.1.1466.115.121.1.8", "X.509 Certificate"),
    (Syntax::List, "1.3.6.1.4.1.1466.115.121.1.9", "X.509 Certificate List"),
    (Syntax::Pair, "1.3.6.1.4.1.1466.115.121.1.10", "X.509 Certificate Pair"),
    (Syntax::Dn, "1.3.6.1.4.1.1466.115.121.1.12", "DN"),
    (Syntax::Boolean, "1.3.6.1.4.1.1466.115.121.1.7", "Boolean"),
    (Syntax::Integer, "1.3.6.1.4.1.1466.115.121.1.27", "INTEGER"),
    (Syntax::Description, "1.3.6.1.4.1.1466.115.121.1.3", "Attribute Type Description"),
];

const RULES: [(&str, &str, &str); 10] = [
    ("2.5.13.0", "objectIdentifierMatch", "1.3.6.1.4.1.1466.115.121.1.38"),
    ("2.5.13.1", "distinguishedNameMatch", "1.3.6.1.4.1.1466.115.121.1.12"),
    ("2.5.13.2", "caseIgnoreMatch", "1.3.6.1.4.1.1466.115.121.1.15"),
    ("2.5.13.4", "caseIgnoreSubstringsMatch", "1.3.6.1.4.1.1466.115.121.1.58"),
    ("2.5.13.5", "caseExactMatch", "1.3.6.1.4.1.1466.115.121.1.15"),
    ("2.5.13.13", "booleanMatch", "1.3.6.1.4.1.1466.115.121.1.7"),
    ("2.5.13.14", "integerMatch", "1.3.6.1.4.1.1466.115.121.1.27"),
    ("2.5.13.27", "generalizedTimeMatch", "1.3.6.1.4.1.1466.115.121.1.24"),
    ("2.5.13.28", "generalizedTimeOrderingMatch", "1.3.6.1.4.1.1466.115.121.1.24"),
    ("2.5.13.34", "certificateExactMatch", "1.3.6.1.1.15.1"),
];

/// An attribute type, as RFC 4512 §4.1.2 writes it.
fn attribute(known: AttributeType) -> String {
    let rules = match known.syntax() {
        Syntax::Text => " EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch",
        Syntax::Oid => " EQUALITY objectIdentifierMatch",
        Syntax::Time => " EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch",
        Syntax::Certificate => " EQUALITY certificateExactMatch",
        Syntax::Dn => " EQUALITY distinguishedNameMatch",
        Syntax::Boolean => " EQUALITY booleanMatch",
        Syntax::Integer => " EQUALITY integerMatch",
        Syntax::List | Syntax::Pair | Syntax::Description => "",
    };
    let syntax = SYNTAXES.iter().find(|(one, ..)| *one == known.syntax());
    let syntax = syntax.map(|(_, oid, _)| *oid).unwrap_or_default();
    let single = if known.is_single() { " SINGLE-VALUE" } else { "" };
    let usage = match known.usage() {
        Usage::User => "",
        Usage::Operational => " NO-USER-MODIFICATION USAGE directoryOperation",
    };
    format!(
        "( {} NAME {}{rules} SYNTAX {syntax}{single}{usage} )",
        known.oid(),
        names(known.names())
    )
}

/// An object class, as RFC 4512 §4.1.1 writes it.
fn class(known: &ObjectClass) -> String {
    let kind = match known.kind {
        ClassKind::Abstract => "ABSTRACT",
        ClassKind::Structural => "SUP top STRUCTURAL",
        ClassKind::Auxiliary => "SUP top AUXILIARY",
    };
    let list = |word: &str, of: &[AttributeType]| match of {
        [] => String::new(),
        of => format!(
            " {word} ( {} )",
            of.iter().map(|one| one.name()).collect::<Vec<_>>().join(" $ ")
        ),
    };
    let (must, may) = (list("MUST", known.must), list("MAY", known.may));
    format!("( {} NAME '{}' {kind}{must}{may} )", known.oid, known.name)
}

fn names(names: &[&str]) -> String {
    match names {
        [name] => format!("'{name}'"),
        names => {
            let quoted: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
            format!("( {} )", quoted.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_the_form_of_the_standard() {
        let lines = lines();
        let has = |attribute, text: &str| lines.contains(&(attribute, text.to_owned()));
        assert!(has(
            AttributeType::AttributeTypes,
            "( 2.5.4.36 NAME 'userCertificate' EQUALITY certificateExactMatch SYNTAX \
             1.3.6.1.4.1.1466.115.121.1.8 )"
        ));
        assert!(has(
            AttributeType::ObjectClasses,
            "( 2.5.6.21 NAME 'pkiUser' SUP top AUXILIARY MAY ( userCertificate ) )"
        ));
        for (_, line) in &lines {
            assert!(line.starts_with("( ") && line.ends_with(" )"), "{line}");
            assert_eq!(line.matches('(').count(), line.matches(')').count(), "{line}");
        }
    }
}
