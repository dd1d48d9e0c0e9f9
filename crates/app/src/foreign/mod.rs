//! Lists and responders of other institutions within an institution: which the operator's trust list names, how they
//! are fetched and asked, and how that is doing (Measures Art. 18 (2), mutual recognition).
//!
//! Nothing is fetched unless `[verification.follow]` says so and `trust/sources.toml` names the address. What the file
//! says is looked at in each round; while it can't be read nothing is fetched, and what is held goes on until it ends.
//! When it can't be read from the start on, it isn't known which lists count: nothing of others is good then.

mod responders;
mod settings;
mod sources;
mod transport;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use status::foreign::responder::{AskConfig, ResponderState, Responders};
use status::foreign::{Authority, FollowConfig, Follower, SourceState};
use status::verification::Verifier;
use store::Store;

pub use settings::FollowSettings;

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;
use crate::layout::Layout;

/// The follower, and what the trust list says.
pub(crate) struct Foreign {
    follower: Follower,
    responders: Option<Responders>,
    list: Mutex<TrustList>,
}

/// The last look at the file.
#[derive(Clone, Default)]
struct TrustList {
    authorities: Arc<Vec<Authority>>,
    trouble: Option<String>,
}

/// A source as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignSource {
    /// Whose.
    pub authority: String,
    /// Where.
    pub address: String,
    /// Whether it holds changes alone.
    pub is_delta: bool,
    /// How it is doing.
    pub state: SourceState,
}

/// A responder as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignAnswerer {
    /// Whose.
    pub authority: String,
    /// Where.
    pub address: String,
    /// Whether the trust list pins who signs.
    pub is_pinned: bool,
    /// When the last of the pinned certificates ends.
    pub pinned_until: Option<Timestamp>,
    /// How it is doing, since this process started; `None` where responders aren't asked.
    pub state: Option<ResponderState>,
}

/// What is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignView {
    /// Whether anything is fetched at all.
    pub enabled: bool,
    /// What is wrong with the file of sources.
    pub trouble: Option<String>,
    /// Each source.
    pub sources: Vec<ForeignSource>,
}

impl Foreign {
    /// As the settings say; `None` where nothing is to be fetched.
    pub(crate) fn open(settings: &FollowSettings, store: &Store) -> Result<Option<Self>, Error> {
        if !settings.enabled {
            return Ok(None);
        }
        settings.check()?;
        let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
        let config = FollowConfig {
            every: seconds(settings.every_seconds),
            most_octets: usize::try_from(settings.most_octets).unwrap_or(usize::MAX),
            lease: seconds(settings.timeout_seconds.saturating_mul(2)),
        };
        let fetch = transport::over_http(settings.timeout());
        let follower = Follower::new(store.clone(), fetch, config);
        let config = AskConfig {
            patience: settings.ask_timeout(),
            keep: seconds(settings.ask_keep_seconds),
        };
        let ask = transport::ask_over_http(settings.ask_timeout());
        let responders =
            settings.ask_responders.then(|| Responders::new(store.clone(), ask, config));
        Ok(Some(Self { follower, responders, list: Mutex::default() }))
    }

    /// The verifier over what is followed, and over who is asked.
    pub(crate) fn verifier(&self, store: Store) -> Verifier {
        let follower = self.follower.clone();
        match &self.responders {
            Some(responders) => Verifier::asking(store, follower, responders.clone()),
            None => Verifier::following(store, follower),
        }
    }

    /// Each responder of these authorities.
    fn answerers(&self, authorities: &[Authority]) -> Vec<ForeignAnswerer> {
        let row = |authority: &Authority| {
            let one = authority.responder.as_ref()?;
            Some(ForeignAnswerer {
                authority: authority.name.clone(),
                address: one.address.to_string(),
                is_pinned: !one.pinned.is_empty(),
                pinned_until: one.pinned.iter().map(pki::Certificate::not_after).max(),
                state: self.responders.as_ref().map(|all| all.state(&one.address)),
            })
        };
        authorities.iter().filter_map(row).collect()
    }

    fn known(&self) -> TrustList {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the file. What can't be read leaves what was read last.
    async fn look(&self, layout: &Layout) -> Result<TrustList, Error> {
        let folder = layout.trust();
        let read = tokio::task::spawn_blocking(move || sources::read(&folder)).await;
        let list = match read.map_err(|_| Error::Interrupted)? {
            Ok(authorities) => TrustList { authorities: Arc::new(authorities), trouble: None },
            Err(why) => TrustList { trouble: Some(why), ..self.known() },
        };
        *self.list.lock().unwrap_or_else(PoisonError::into_inner) = list.clone();
        Ok(list)
    }
}

impl Institution {
    /// One round: what is due is fetched.
    ///
    /// # Errors
    /// When the database can't be read or written.
    pub async fn follow_foreign(&self) -> Result<(), Error> {
        let Some(foreign) = self.verification().foreign() else { return Ok(()) };
        let list = foreign.look(self.layout()).await?;
        if let Some(why) = &list.trouble {
            tracing::error!(%why, "the sources of followed lists can't be read");
            return Ok(());
        }
        Ok(foreign.follower.round(&list.authorities).await?)
    }

    /// Right after a start what is held is read for the first question, not only with the first round.
    pub(crate) async fn load_foreign(&self) -> Result<(), Error> {
        let Some(foreign) = self.verification().foreign() else { return Ok(()) };
        if !foreign.follower.followed().is_pending {
            return Ok(());
        }
        let list = foreign.look(self.layout()).await?;
        match list.trouble {
            // It isn't known which lists count.
            Some(_) => Ok(()),
            None => Ok(foreign.follower.read_held(&list.authorities).await?),
        }
    }

    /// What is followed and how it is doing.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn foreign_sources(&self) -> Result<ForeignView, Error> {
        let Some(foreign) = self.verification().foreign() else {
            return Ok(ForeignView::default());
        };
        let list = foreign.look(self.layout()).await?;
        let states = foreign.follower.states(&list.authorities).await?;
        let pairs =
            list.authorities.iter().flat_map(|one| one.sources.iter().map(move |s| (one, s)));
        let row = |((authority, source), state): ((&Authority, _), SourceState)| {
            let source: &status::foreign::Source = source;
            ForeignSource {
                authority: authority.name.clone(),
                address: source.address.to_string(),
                is_delta: source.is_delta,
                state,
            }
        };
        let sources = pairs.zip(states).map(row).collect();
        let is_pending = foreign.follower.followed().is_pending;
        let nothing = "启动以来没有读入过来源，其他机构的证书一律“未能判定”，附上列表也不例外";
        let trouble =
            list.trouble.map(|why| if is_pending { format!("{why}；{nothing}") } else { why });
        Ok(ForeignView { enabled: true, trouble, sources })
    }

    /// Each responder that the trust list named at the last look, and how it is doing.
    #[must_use]
    pub fn foreign_responders(&self) -> Vec<ForeignAnswerer> {
        let foreign = self.verification().foreign();
        foreign.map(|one| one.answerers(&one.known().authorities)).unwrap_or_default()
    }

    /// Has a source fetched in the next round, within seconds.
    ///
    /// # Errors
    /// When nothing is followed, or there is no such source.
    pub async fn fetch_foreign(&self, address: &str) -> Result<(), Error> {
        const NONE: Error = Error::NotApplicable("信任列表中没有这个来源；请刷新页面后重试");
        let Some(foreign) = self.verification().foreign() else { return Err(NONE) };
        if foreign.follower.hasten(address).await? { Ok(()) } else { Err(NONE) }
    }

    /// What the doctor says; `None` where nothing is followed.
    pub(crate) async fn check_foreign(&self) -> Option<Check> {
        self.verification().foreign()?;
        let (level, detail) = match self.foreign_sources().await {
            Ok(view) => judge((&view, &self.foreign_responders()), self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "foreign_lists", title: "其他机构的撤销列表", level, detail })
    }
}

fn judge(
    (view, responders): (&ForeignView, &[ForeignAnswerer]),
    now: Timestamp,
) -> (Level, String) {
    if let Some(why) = &view.trouble {
        return (Level::Failed, format!("{why}；在改正之前不取任何列表"));
    }
    if view.sources.is_empty() && responders.is_empty() {
        let text = "已开通取其他机构的撤销列表，但信任列表（trust/sources.toml）没有写明任何来源";
        return (Level::Warning, text.to_owned());
    }
    let say = |found: Vec<&ForeignSource>| {
        found.into_iter().map(|one| said(one, now)).collect::<Vec<_>>().join("、")
    };
    let of = |is: &dyn Fn(&ForeignSource) -> bool| -> Vec<&ForeignSource> {
        view.sources.iter().filter(|one| is(one)).collect()
    };
    // Without a delta the complete list is in force; with one that is over nothing is good (RFC 5280 §5.2.4).
    let is_absent_delta = |one: &ForeignSource| one.is_delta && !one.state.holds();
    let stale = of(&|one| !one.state.is_fresh(now) && !is_absent_delta(one));
    if !stale.is_empty() {
        let text = format!("没有在有效期内的列表：{}；相关证书的撤销状态“未能判定”", say(stale));
        return (Level::Failed, text);
    }
    let absent = of(&is_absent_delta);
    if !absent.is_empty() {
        let text = format!("还没有取到增量列表，暂时只按完整列表判断：{}", say(absent));
        return (Level::Warning, text);
    }
    let troubled = of(&|one| !one.state.trouble.is_empty());
    if !troubled.is_empty() {
        let text = format!("最近一次没有取到，已有的列表仍有效：{}；系统会自动重试", say(troubled));
        return (Level::Warning, text);
    }
    if let Some(text) = responders::judge(responders, now) {
        return (Level::Warning, text);
    }
    (Level::Good, format!("{} 个来源均在有效期内", view.sources.len()))
}

/// A source and what is wrong with it.
fn said(one: &ForeignSource, now: Timestamp) -> String {
    let ForeignSource { address, state, .. } = one;
    let end = Timestamp::from_second(state.next_update).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut parts = Vec::new();
    if state.holds() && !state.is_fresh(now) {
        parts.push(format!("已于 {end} 过期"));
    }
    match state.trouble.as_str() {
        "" if !state.holds() => parts.push("还没有取过".to_owned()),
        "" => {}
        why => parts.push(why.to_owned()),
    }
    format!("{address}（{}）", parts.join("；"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(change: impl FnOnce(&mut SourceState)) -> ForeignView {
        let mut state = SourceState {
            number: "1".into(),
            digest: "a".repeat(64),
            this_update: 1_000,
            next_update: 2_000,
            fetched_at: 1_000,
            ..SourceState::default()
        };
        change(&mut state);
        let (authority, address) = ("甲".to_owned(), "http://a/".to_owned());
        let source = ForeignSource { authority, address, is_delta: false, state };
        ForeignView { enabled: true, trouble: None, sources: vec![source] }
    }

    #[test]
    fn what_is_out_of_date_fails_and_what_could_not_be_fetched_warns() {
        let now = Timestamp::from_second(1_500).unwrap();
        let level = |view: &ForeignView| judge((view, &[]), now).0;
        assert_eq!(level(&view(|_| ())), Level::Good);
        assert_eq!(level(&view(|state| state.trouble = "连接不上".into())), Level::Warning);
        assert_eq!(level(&view(|state| state.next_update = 1_499)), Level::Failed);
        assert_eq!(level(&view(|state| state.digest.clear())), Level::Failed);
        let broken = ForeignView { trouble: Some("文件有误".into()), ..view(|_| ()) };
        assert_eq!(level(&broken), Level::Failed);
        let none = ForeignView { sources: Vec::new(), ..view(|_| ()) };
        assert_eq!(level(&none), Level::Warning);
    }

    #[test]
    fn the_reason_is_never_empty_and_a_delta_that_was_never_there_is_told_from_one_that_is_over() {
        let now = Timestamp::from_second(1_500).unwrap();
        let over = view(|state| state.next_update = 1_499);
        let text = judge((&over, &[]), now).1;
        assert!(text.contains("已于 1970-01-01T00:24:59Z 过期"), "{text}");
        let never = view(|state| *state = SourceState::default());
        assert!(judge((&never, &[]), now).1.contains("还没有取过"));
        let mut delta = view(|_| ());
        let absent = SourceState { trouble: "连接失败".into(), ..SourceState::default() };
        let first = delta.sources.first().unwrap().clone();
        delta.sources.push(ForeignSource { is_delta: true, state: absent, ..first });
        let (level, text) = judge((&delta, &[]), now);
        assert!(level == Level::Warning && text.contains("只按完整列表判断"), "{text}");
        if let Some(last) = delta.sources.last_mut() {
            last.state = over.sources.first().unwrap().state.clone();
        }
        let (level, text) = judge((&delta, &[]), now);
        assert!(level == Level::Failed && text.contains("未能判定"), "{text}");
    }
}
