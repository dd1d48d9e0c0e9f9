//! 应用签名服务 in 管理台: keys of applications, ordered by one person, confirmed by another, stopped
//! by either; how often each is used. What is ordered is signed on the page for signing.

pub mod detail;
pub mod list;
pub mod order;

use app::signing::KeyState;

/// The tag of a state; the word beside it says the same.
fn tag(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "tag--good",
        KeyState::Ordered | KeyState::Making => "tag--wait",
        KeyState::Stopped | KeyState::Declined => "tag--bad",
    }
}
