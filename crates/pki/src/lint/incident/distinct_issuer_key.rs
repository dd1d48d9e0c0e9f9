//! A certificate that carries its issuer's own key to another name gives that name the issuer's power.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/distinct-issuer-key",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.2",
    text: "证书持有人的公钥不得与颁发者的公钥相同",
    effective: source::RFC_5280,
    applies: |target| !target.view.is_self_issued(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("own_key", person_sign)],
        bad: &[("key_of_the_issuer", || person_sign().point(&public_point(CA_KEY)))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法比较公钥");
    };
    Outcome::broken_if(issuer.key.point == target.view.key.point, || {
        "与颁发者证书的公钥相同".to_owned()
    })
}
