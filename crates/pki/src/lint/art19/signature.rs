//! Art. 19 (6): the certificate bears the signature of the institution (check C19-7).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/signature",
    severity: Severity::Error,
    citation: "Measures Art. 19 (6)",
    text: "证书应当载有电子政务电子认证服务机构的电子签名",
    effective: source::MEASURES,
    applies: |target| target.view.outer.is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("signed_by_the_issuer", person_sign), ("root_signed_by_itself", root)],
        bad: &[
            ("signature_that_is_no_sm2_signature", || person_sign().signature(vec![0; 64])),
            ("signature_of_another_key", || person_sign().signer(ROOT_KEY)),
        ],
    },
};

/// The signature is verified with the user identity of GM/T 0009 §10.
fn check(target: &Target<'_>) -> Outcome {
    let Some(outer) = target.view.outer else {
        return Outcome::Pass;
    };
    let Ok(signature) = gm::Signature::from_der(outer.signature) else {
        return Outcome::Broken("签名值不是 SM2 签名的 DER 编码".to_owned());
    };
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法验证机构签名");
    };
    let Some(key) = issuer.key.sm2() else {
        return Outcome::Unknown("颁发者证书的公钥不是可用的 SM2 公钥");
    };
    let verified = gm::sm2::verify(&key, &gm::UserId::default(), target.view.tbs, &signature);
    Outcome::broken_if(verified.is_err(), || "用颁发者公钥验证签名不通过".to_owned())
}
