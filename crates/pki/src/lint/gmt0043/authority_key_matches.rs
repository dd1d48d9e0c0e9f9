//! GM/T 0043 §6: authorityKeyIdentifier equals the subjectKeyIdentifier of the issuer.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/authority-key-matches",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "颁发机构密钥标识符应与颁发者证书的主体密钥标识符一致",
    effective: source::GMT_0043,
    applies: |target| target.view.authority_key_id().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("identifier_of_the_issuing_key", person_sign)],
        bad: &[("identifier_of_the_root_key", || {
            let id = key_id(&public_point(ROOT_KEY));
            person_sign().with(oid::AUTHORITY_KEY_IDENTIFIER, seq(&[implicit(0, &id)]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法比较密钥标识符");
    };
    let Some(expected) = issuer.subject_key_id() else {
        return Outcome::Unknown("颁发者证书没有主体密钥标识符");
    };
    let stated = target.view.authority_key_id().unwrap_or_default();
    Outcome::broken_if(stated != expected, || {
        format!("证书中为 {}，颁发者证书中为 {}", hex::encode(stated), hex::encode(expected))
    })
}
