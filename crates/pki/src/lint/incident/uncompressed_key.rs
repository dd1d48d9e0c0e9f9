//! GM/T 0009 §7: a public key is 04 ‖ X ‖ Y. Many readers know no compressed form.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/uncompressed-key",
    severity: Severity::Error,
    citation: "GM/T 0009-2012 §7.1",
    text: "公钥应采用未压缩形式（04‖X‖Y）",
    effective: source::GMT_0015,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("sixty_five_octets", person_sign)],
        bad: &[
            ("compressed", || {
                let point = public_point(LEAF_KEY);
                person_sign().point(&[&[2 + (point[64] & 1)][..], &point[1..33]].concat())
            }),
            ("hybrid", || {
                let mut point = public_point(LEAF_KEY);
                point[0] = 6 + (point[64] & 1);
                person_sign().point(&point)
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let point = target.view.key.point;
    let kept = point.first() == Some(&4) && point.len() == 65;
    Outcome::broken_if(!kept, || {
        format!(
            "公钥共 {} 字节，首字节为 {}",
            point.len(),
            hex::encode(point.get(..1).unwrap_or_default())
        )
    })
}
