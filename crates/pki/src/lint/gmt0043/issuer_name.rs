//! GM/T 0043 §6 (chain): the issuer's name equals the subject of the issuer's certificate, order and encoding
//! included.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/issuer-name",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "颁发者名称应与颁发者证书的主体名称逐字节一致",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("same_octets", person_sign), ("self_signed_root", root)],
        bad: &[("same_text_in_another_string_type", || {
            person_sign().issuer(dn(&[
                (oid::COUNTRY, UTF8, "CN"),
                (oid::ORGANIZATION, UTF8, "示例电子认证服务机构"),
                (oid::COMMON_NAME, UTF8, "示例签发证书一"),
            ]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法比较颁发者名称");
    };
    Outcome::broken_if(issuer.subject.der != target.view.issuer.der, || {
        "两处名称的编码不同".to_owned()
    })
}
