//! What the doctor says about responders of other institutions.

use jiff::{SignedDuration, Timestamp};

use super::ForeignAnswerer;

/// Days before the end of a pinned certificate when the doctor starts to warn.
const WARN_DAYS: i64 = 30;

/// What is wrong with any of them; `None` when nothing is. An outage is no failure of ours: lists come first, and what
/// nobody answers is unknown.
pub(super) fn judge(responders: &[ForeignAnswerer], now: Timestamp) -> Option<String> {
    let said: Vec<String> = responders.iter().filter_map(|one| trouble(one, now)).collect();
    let text = "其他机构的 OCSP 应答者：";
    (!said.is_empty()).then(|| format!("{text}{}", said.join("；")))
}

fn trouble(one: &ForeignAnswerer, now: Timestamp) -> Option<String> {
    let ForeignAnswerer { address, pinned_until, state, .. } = one;
    let Some(state) = state else {
        return Some(format!(
            "{address} 写在信任列表中，但没有开通询问（[verification.follow] ask_responders）"
        ));
    };
    let soon = now.saturating_add(SignedDuration::from_hours(24 * WARN_DAYS)).unwrap_or(now);
    if let Some(end) = pinned_until
        && *end < soon
    {
        return Some(format!("{address} 指定的应答者证书有效期至 {end}，请向对方索取新的证书"));
    }
    if state.trouble.is_empty() {
        return None;
    }
    let rest = match state.rests_until {
        Some(until) if until > now => format!("，{until} 之前不再询问"),
        _ => String::new(),
    };
    Some(format!("{address} 最近一次没有得到可以采信的应答（{}{rest}）", state.trouble))
}

#[cfg(test)]
mod tests {
    use super::*;
    use status::foreign::responder::ResponderState;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    #[test]
    fn what_is_wrong_with_a_responder_is_said_and_nothing_else() {
        let one = |change: &dyn Fn(&mut ForeignAnswerer)| {
            let mut one = ForeignAnswerer {
                authority: "甲".into(),
                address: "http://a/ocsp".into(),
                is_pinned: true,
                pinned_until: Some(at(40 * 86_400)),
                state: Some(ResponderState::default()),
            };
            change(&mut one);
            judge(&[one], at(0))
        };
        assert_eq!(one(&|_| ()), None);
        assert_eq!(judge(&[], at(0)), None);
        assert!(one(&|one| one.state = None).unwrap().contains("没有开通询问"));
        let ending = one(&|one| one.pinned_until = Some(at(86_400)));
        assert!(ending.unwrap().contains("请向对方索取"));
        let resting = one(&|one| {
            let state = one.state.as_mut().unwrap();
            (state.trouble, state.rests_until) = ("连接失败".into(), Some(at(30)));
        });
        let text = resting.unwrap();
        assert!(text.contains("连接失败") && text.contains("之前不再询问"), "{text}");
    }
}
