//! A certificate dated back to before a deadline deceives its reader; one institution lost the browsers' trust over
//! it. At the moment of signing the validity begins now, give or take two days.

use jiff::SignedDuration;

use crate::lint::prelude::*;

const SLACK: SignedDuration = SignedDuration::from_hours(48);

pub(super) const LINT: Lint = Lint {
    name: "incident/backdated",
    severity: Severity::Error,
    citation: "CA/Browser Forum BR §7.1.2 (incident: backdated SHA-1 certificates, 2016)",
    text: "签发时，有效期起始时间与当前时间相差不得超过 48 小时",
    effective: source::RFC_5280,
    applies: |target| target.context.now.is_some() && !target.context.role.is_ca(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("one_hour_ago", || person_sign().now("2026-11-22T01:00:00Z"))],
        bad: &[
            ("three_days_ago", || person_sign().now("2026-11-25T00:00:00Z")),
            ("in_three_days", || person_sign().now("2026-11-19T00:00:00Z")),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let (Some(now), Some(begin)) = (target.context.now, target.view.not_before.instant()) else {
        return Outcome::Unknown("有效期不可读");
    };
    Outcome::broken_if(begin.duration_since(now).abs() > SLACK, || {
        format!("当前时间为 {now}，有效期自 {begin} 起")
    })
}
