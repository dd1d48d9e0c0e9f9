//! Art. 19 (1): the certificate states the name of the institution that issued it (check C19-1).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/institution-name",
    severity: Severity::Error,
    citation: "Measures Art. 19 (1)",
    text: "证书应当载明电子政务电子认证服务机构名称",
    effective: source::MEASURES,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("issuer_with_organization", person_sign)],
        bad: &[
            ("issuer_of_country_only", || {
                person_sign().issuer(dn(&[(oid::COUNTRY, PRINTABLE, "CN")]))
            }),
            ("issuer_with_blank_organization", || {
                person_sign().issuer(dn(&[(oid::ORGANIZATION, UTF8, "  ")]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let name = target.view.issuer.text(oid::ORGANIZATION).unwrap_or_default();
    Outcome::broken_if(name.trim().is_empty(), || "颁发者名称中没有机构（O）一项".to_owned())
}
