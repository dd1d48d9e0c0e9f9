//! GM/T 0043 §6: authorityKeyIdentifier is present (a self-signed root names no authority above itself).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/authority-key-present",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.1",
    text: "证书应包含颁发机构密钥标识符扩展项",
    effective: source::GMT_0043,
    applies: not_root,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("key_identifier", person_sign), ("root_without", root)],
        bad: &[
            ("absent", || person_sign().without(oid::AUTHORITY_KEY_IDENTIFIER)),
            ("empty", || person_sign().with(oid::AUTHORITY_KEY_IDENTIFIER, seq(&[]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let absent = target.view.authority_key_id().is_none_or(<[u8]>::is_empty);
    Outcome::broken_if(absent, || "没有 authorityKeyIdentifier 的 keyIdentifier".to_owned())
}
