//! A point off the curve lets an attacker learn the other side's key; the point at infinity is no key at all.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/key-on-curve",
    severity: Severity::Error,
    citation: "GB/T 32918.1 §6.2.1",
    text: "公钥应为 SM2 曲线上的点，不得为无穷远点",
    effective: source::GMT_0015,
    applies: |target| !matches!(target.view.key.point, [2 | 3, ..]),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("point_on_the_curve", person_sign)],
        bad: &[
            ("last_bit_of_y_flipped", || {
                let mut point = public_point(LEAF_KEY);
                point[64] ^= 1;
                person_sign().point(&point)
            }),
            ("infinity", || person_sign().point(&[0])),
            ("all_zero", || person_sign().point(&[&[4][..], &[0; 64]].concat())),
            ("coordinates_beyond_the_field", || {
                person_sign().point(&[&[4][..], &[0xff; 64]].concat())
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.key.sm2().is_none(), || "公钥不是曲线上的点".to_owned())
}
