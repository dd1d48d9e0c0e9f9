//! Lists of other institutions within an institution: which the operator's trust list names, how they are fetched, and
//! how that is doing (Measures Art. 18 (2), mutual recognition).
//!
//! Nothing is fetched unless `[verification.follow]` says so and `trust/sources.toml` names the address. What the file
//! says is looked at in each round; while it can't be read nothing is fetched, and what is held goes on until it ends.

mod settings;
mod sources;
mod transport;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use status::foreign::{Authority, FollowConfig, Follower, SourceState};
use store::Store;

pub use settings::FollowSettings;

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;
use crate::layout::Layout;

/// The follower, and what the trust list says.
pub(crate) struct Foreign {
    follower: Follower,
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

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        Ok(Some(Self { follower, list: Mutex::default() }))
    }

    pub(crate) fn follower(&self) -> &Follower {
        &self.follower
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

    /// What is followed and how it is doing.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn foreign_sources(&self) -> Result<ForeignView, Error> {
        let Some(foreign) = self.verification().foreign() else {
            return Ok(ForeignView { enabled: false, trouble: None, sources: Vec::new() });
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
        Ok(ForeignView { enabled: true, trouble: list.trouble, sources })
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
            Ok(view) => judge(&view, self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "foreign_lists", title: "其他机构的撤销列表", level, detail })
    }
}

fn judge(view: &ForeignView, now: Timestamp) -> (Level, String) {
    if let Some(why) = &view.trouble {
        return (Level::Failed, format!("{why}；在改正之前不取任何列表"));
    }
    let is_stale = |one: &&ForeignSource| !one.state.is_fresh(now);
    let stale: Vec<_> = view.sources.iter().filter(is_stale).collect();
    let troubled: Vec<_> =
        view.sources.iter().filter(|one| !one.state.trouble.is_empty()).collect();
    let say = |one: &&ForeignSource| format!("{}（{}）", one.address, one.state.trouble);
    if !stale.is_empty() {
        let text = stale.iter().map(say).collect::<Vec<_>>().join("、");
        return (
            Level::Failed,
            format!("没有在有效期内的列表：{text}；相关证书的撤销状态“未能判定”"),
        );
    }
    if !troubled.is_empty() {
        let text = troubled.iter().map(say).collect::<Vec<_>>().join("、");
        return (
            Level::Warning,
            format!("最近一次没有取到，已有的列表仍有效：{text}；系统会自动重试"),
        );
    }
    (Level::Good, format!("{} 个来源均在有效期内", view.sources.len()))
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
        let level = |view: &ForeignView| judge(view, now).0;
        assert_eq!(level(&view(|_| ())), Level::Good);
        assert_eq!(level(&view(|state| state.trouble = "连接不上".into())), Level::Warning);
        assert_eq!(level(&view(|state| state.next_update = 1_499)), Level::Failed);
        assert_eq!(level(&view(|state| state.digest.clear())), Level::Failed);
        let broken = ForeignView { trouble: Some("文件有误".into()), ..view(|_| ()) };
        assert_eq!(level(&broken), Level::Failed);
    }
}
