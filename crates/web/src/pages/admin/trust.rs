//! 信任列表: the anchors that verification rests on, and the revocation lists of other institutions that are followed,
//! with how each is doing (Measures Art. 18 (2)).

mod crosses;

use access::Action;
use app::foreign::{ForeignAnswerer, ForeignSource, ForeignView};
use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use crate::api::App;
use crate::pages::answer::{Answer, go, page};
use crate::pages::form::Form;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;

const PATH: &str = "/admin/trust";

#[derive(Template)]
#[template(path = "admin/trust.html")]
struct TrustPage {
    frame: Frame,
    snapshot: Option<String>,
    anchors: Vec<Anchor>,
    enabled: bool,
    trouble: Option<String>,
    sources: Vec<Row>,
    responders: Vec<Answerer>,
    may_fetch: bool,
    folder: String,
    crosses: Vec<crosses::Cross>,
}

struct Anchor {
    subject: String,
    until: String,
    sm3: String,
}

struct Row {
    authority: String,
    address: String,
    kind: &'static str,
    word: &'static str,
    tag: &'static str,
    /// Number, times, entries; none before the first list.
    list: Option<List>,
    tried: String,
    next: String,
    trouble: String,
}

struct Answerer {
    authority: String,
    address: String,
    signer: String,
    word: &'static str,
    tag: &'static str,
    counts: String,
    asked: String,
    trouble: String,
}

struct List {
    number: String,
    this_update: String,
    next_update: String,
    entries: u64,
    sm3: String,
    fetched: String,
}

/// `GET /admin/trust`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    let trust = app.trust().await.ok();
    let anchor = |one: &pki::Certificate| Anchor {
        subject: one.subject().to_string(),
        until: words::day(one.not_after()),
        sm3: words::groups(&one.fingerprint()),
    };
    let ForeignView { enabled, trouble, sources } = app.foreign_sources().await?;
    let now = app.clock().now();
    page(&TrustPage {
        frame,
        snapshot: trust.as_ref().map(|trust| words::groups(trust.snapshot())),
        anchors: trust.iter().flat_map(|trust| trust.anchors()).map(anchor).collect(),
        enabled,
        trouble,
        sources: sources.into_iter().map(|source| row(source, now)).collect(),
        responders: app.foreign_responders().into_iter().map(|one| answerer(one, now)).collect(),
        may_fetch: app.permit(visitor.principal(), Action::PublishCrl).is_ok(),
        folder: app.layout().trust().display().to_string(),
        crosses: crosses::rows(&app.cross_certificates().await?, now),
    })
}

/// `POST /admin/trust/fetch`: the list is fetched within seconds. It changes what is known, not what is so: nothing
/// has to be signed.
pub async fn fetch(State(app): State<App>, form: Form) -> Answer {
    app.fetch_foreign(form.text("address")).await?;
    go(PATH)
}

fn row(source: ForeignSource, now: Timestamp) -> Row {
    let ForeignSource { authority, address, is_delta, state } = source;
    let (word, tag) = match (state.holds(), state.is_fresh(now), state.trouble.is_empty()) {
        (false, _, true) => ("还没有取过", "tag--unknown"),
        (false, _, false) => ("没有取到", "tag--bad"),
        (true, false, _) => ("已过期", "tag--bad"),
        (true, true, false) => ("有效，最近没有取到", "tag--wait"),
        (true, true, true) => ("有效", "tag--good"),
    };
    let list = state.holds().then(|| List {
        number: state.number.clone(),
        this_update: at(state.this_update),
        next_update: at(state.next_update),
        entries: state.entries,
        sm3: words::groups(&state.digest),
        fetched: at(state.fetched_at),
    });
    Row {
        authority,
        address,
        kind: if is_delta { "增量" } else { "完整" },
        word,
        tag,
        list,
        tried: if state.tried_at == 0 { "—".to_owned() } else { at(state.tried_at) },
        next: if state.next_at <= now.as_second() {
            "几秒之内".to_owned()
        } else {
            at(state.next_at)
        },
        trouble: state.trouble,
    }
}

fn answerer(one: ForeignAnswerer, now: Timestamp) -> Answerer {
    let ForeignAnswerer { authority, address, is_pinned, pinned_until, state } = one;
    let signer = match (is_pinned, pinned_until) {
        (true, Some(end)) => format!("指定的证书（有效期至 {}）", words::day(end)),
        _ => "颁发者本身，或颁发者授权的应答者".to_owned(),
    };
    let is_off = state.is_none();
    let state = state.unwrap_or_default();
    let rests = state.rests_until.filter(|until| *until > now);
    let (word, tag) = match (is_off, rests.is_some(), state.trouble.is_empty(), state.asked) {
        (true, ..) => ("没有开通询问", "tag--unknown"),
        (_, true, ..) => ("暂停询问", "tag--bad"),
        (_, _, false, _) => ("最近一次没有应答", "tag--wait"),
        (_, _, true, 0) => ("还没有询问过", "tag--unknown"),
        _ => ("正常", "tag--good"),
    };
    let trouble = match rests {
        Some(until) => format!("{}；{} 之前不再询问", state.trouble, words::second(until)),
        None => state.trouble,
    };
    Answerer {
        authority,
        address,
        signer,
        word,
        tag,
        counts: format!("询问 {} 次，采信 {} 次", state.asked, state.answered),
        asked: state.asked_at.map_or_else(|| "—".to_owned(), words::second),
        trouble,
    }
}

fn at(second: i64) -> String {
    Timestamp::from_second(second).map(words::second).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use status::foreign::SourceState;
    use status::foreign::responder::ResponderState;

    fn word(change: impl FnOnce(&mut SourceState)) -> &'static str {
        let mut state = SourceState {
            number: "1f".into(),
            digest: "a".repeat(64),
            fetched_at: 1_000,
            this_update: 1_000,
            next_update: 2_000,
            ..SourceState::default()
        };
        change(&mut state);
        let (authority, address) = ("甲".to_owned(), "http://a/".to_owned());
        let source = ForeignSource { authority, address, is_delta: false, state };
        row(source, Timestamp::from_second(1_500).unwrap()).word
    }

    #[test]
    fn a_responder_is_called_well_only_when_it_was_believed_last() {
        let now = Timestamp::from_second(1_500).unwrap();
        let word = |state: Option<ResponderState>| {
            let (authority, address) = ("甲".to_owned(), "http://a/".to_owned());
            let (is_pinned, pinned_until) = (false, None);
            answerer(ForeignAnswerer { authority, address, is_pinned, pinned_until, state }, now)
                .word
        };
        let asked = ResponderState { asked: 1, answered: 1, ..ResponderState::default() };
        assert_eq!(word(None), "没有开通询问");
        assert_eq!(word(Some(ResponderState::default())), "还没有询问过");
        assert_eq!(word(Some(asked.clone())), "正常");
        let failed = ResponderState { trouble: "连接失败".into(), ..asked };
        assert_eq!(word(Some(failed.clone())), "最近一次没有应答");
        let rests_until = Some(Timestamp::from_second(1_501).unwrap());
        assert_eq!(word(Some(ResponderState { rests_until, ..failed })), "暂停询问");
    }

    #[test]
    fn a_source_is_called_valid_only_while_its_list_counts() {
        assert_eq!(word(|_| ()), "有效");
        assert_eq!(word(|state| state.trouble = "连接失败".into()), "有效，最近没有取到");
        assert_eq!(word(|state| state.next_update = 1_499), "已过期");
        assert_eq!(word(|state| *state = SourceState::default()), "还没有取过");
        let failed = SourceState { trouble: "连接失败".into(), ..SourceState::default() };
        assert_eq!(word(|state| *state = failed), "没有取到");
    }
}
