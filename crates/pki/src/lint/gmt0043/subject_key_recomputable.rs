//! GM/T 0043 §6: subjectKeyIdentifier can be computed again from the key. The national root and the CAs below it
//! use SHA-1 over the point (RFC 5280 §4.2.1.2, method 1).

use sha1::{Digest as _, Sha1};

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/subject-key-recomputable",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.2",
    text: "主体密钥标识符应能由公钥重新计算得出",
    effective: source::GMT_0043,
    applies: |target| target.view.subject_key_id().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("sha1_of_the_point", person_sign)],
        bad: &[
            ("identifier_of_another_key", || {
                person_sign()
                    .with(oid::SUBJECT_KEY_IDENTIFIER, tlv(0x04, &key_id(&public_point(ROOT_KEY))))
            }),
            ("sha1_of_x_and_y_without_the_prefix", || {
                person_sign().with(
                    oid::SUBJECT_KEY_IDENTIFIER,
                    tlv(0x04, &key_id(&public_point(LEAF_KEY)[1..])),
                )
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let stated = target.view.subject_key_id().unwrap_or_default();
    let computed = Sha1::digest(target.view.key.point);
    Outcome::broken_if(stated != computed.as_slice(), || {
        format!("证书中为 {}，由公钥计算为 {}", hex::encode(stated), hex::encode(computed))
    })
}
