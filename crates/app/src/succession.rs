//! Succession of the issuing CA within an institution (ADR 14): the ceremony that makes the next
//! generation, how a running service takes it up, and the end of the key before it.
//!
//! Nothing is switched. The ceremony appoints a generation from an instant; each node looks every two
//! seconds, and every unit that records an intent asks the table itself. Until its last certificate has
//! ended, an older generation signs its lists and the certificates of its status responders.

use std::sync::Arc;

use ca::ceremony::{Ceremony, Participants, Quorum, SealedShare, SuccessionPlan, SuccessionReport};
use ca::{Ca, Generation};
use jiff::{SignedDuration, Timestamp};
use pki::SubjectInput;
use store::{Standing, Store, Warrant};

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::{Institution, Parts, ca_config};
use crate::{root_list, roots};

/// Days before the end of the CA's own certificates when the doctor starts to warn.
const WARN_DAYS: i64 = 90;

/// What a succession is to make.
pub struct Succession {
    /// Names the ceremony; running it again with the same name goes on.
    pub ceremony: String,
    /// Common name of the next generation; absent: that of the founding with its number.
    pub common_name: Option<String>,
    /// From when it issues; absent: from the end of the ceremony on.
    pub from: Option<Timestamp>,
    /// Who is there.
    pub participants: Participants,
    /// The custodians' files.
    pub shares: Vec<SealedShare>,
}

/// A generation with what people want to know of it.
#[derive(Debug, Clone)]
pub struct GenerationView {
    /// Where it stands.
    pub generation: Generation,
    /// The last second of its certificates, those of responders aside.
    pub last_end: Option<Timestamp>,
}

/// Holds the ceremony. The service is stopped, or runs on other machines.
pub async fn succeed(
    parts: &Parts,
    store: &Store,
    succession: Succession,
) -> Result<SuccessionReport, Error> {
    // The name becomes part of request ids and of a folder's name.
    ca::RequestId::new(&succession.ceremony).map_err(ca::Error::from)?;
    let (settings, profiles) = (&parts.settings, Arc::new(parts.settings.profiles()?));
    let config = ca_config(settings);
    let (device, clock) = (parts.device.clone(), parts.clock.clone());
    let line =
        Ca::open(store.clone(), device.clone(), clock.clone(), profiles.clone(), config.clone());
    let begun = Ceremony::generation_of(store, &succession.ceremony).await?;
    let next = line.await?.generations().len() + 1;
    // A ceremony that was cut off goes on with the name that it was begun with.
    let number = begun.and_then(|number| usize::try_from(number).ok()).unwrap_or(next);
    let plan = SuccessionPlan {
        institution: settings.institution.name.clone(),
        subject: subject(number, &settings.institution.name, succession.common_name),
        from: succession.from,
        root_config: root_list::config(settings),
        issuing_config: config,
        shares: succession.shares,
        protocol: parts.layout.succession(&succession.ceremony),
        name: succession.ceremony,
    };
    let quorum = Quorum::of_holders(succession.participants).map_err(ca::Error::from)?;
    Ok(Ceremony::succeed(store.clone(), device, clock, profiles, (plan, quorum)).await?)
}

/// The usual name of the next generation: 某某中心SM2 CA G2.
fn subject(number: usize, institution: &str, common_name: Option<String>) -> SubjectInput {
    let usual = || format!("{institution}SM2 CA G{number}");
    SubjectInput {
        organization: Some(institution.to_owned()),
        ..SubjectInput::named(common_name.unwrap_or_else(usual))
    }
}

impl Institution {
    /// Takes up generations that were made and instants that were appointed elsewhere; whether there
    /// was anything new.
    pub async fn follow_generations(&self) -> Result<bool, Error> {
        if self.roots().follow_line().await? {
            tracing::info!(generations = ?self.roots().generations(), "the root has changed");
        }
        let is_new = self.ca().follow_line().await?;
        if is_new {
            tracing::info!(generations = ?self.ca().generations(), "the issuing CA has changed");
            self.responder().refresh().await?;
            // It may issue from now on, and somebody has to answer for what it issues. What fails is
            // tried again by the work of every minute.
            if let Err(error) = self.keep_responder_key().await {
                tracing::error!(code = error.code(), %error, "nobody answers for a new generation yet");
            }
        }
        Ok(is_new)
    }

    /// Notes the generations that have nothing left to sign. A halted store takes nothing.
    pub async fn note_generations_over(&self) -> Result<(), Error> {
        if self.store().standing() != Standing::Sound {
            return Ok(());
        }
        for _ in 0..self.ca().note_over().await? {
            tracing::warn!("a key of the issuing CA has done its work and can be destroyed");
        }
        for _ in 0..self.roots().note_over().await? {
            tracing::warn!("a key of the root has done its work: its shares can be destroyed");
        }
        Ok(())
    }

    /// The generations of the issuing CA, the first one first.
    pub async fn generations(&self) -> Result<Vec<GenerationView>, Error> {
        let mut views = Vec::new();
        for one in self.ca().generations() {
            let (generation, last_end) = (one.generation()?, one.last_end().await?);
            views.push(GenerationView { generation, last_end });
        }
        Ok(views)
    }

    /// Has a generation that waits for its day issue from now on, by order of two people: the one in office is revoked.
    pub async fn appoint_now(&self, name: &str, warrant: &Warrant) -> Result<Generation, Error> {
        let one = self.ca().generation_named(name);
        let one = one.ok_or_else(|| ca::Error::from(ca::Invalid::NoIssuer(name.to_owned())))?;
        Ok(one.appoint_now(warrant).await?)
    }

    /// Destroys the key of a generation that is over, by order of two people.
    pub async fn destroy_issuing_key(&self, name: &str, warrant: &Warrant) -> Result<(), Error> {
        let one = self.ca().generation_named(name);
        let one = one.ok_or_else(|| ca::Error::from(ca::Invalid::NoIssuer(name.to_owned())))?;
        Ok(one.destroy_key(warrant).await?)
    }

    /// How the generations stand: the one that issues, and what is to be done about the others.
    pub(crate) async fn check_generations(&self) -> Vec<Check> {
        const TITLE: &str = "CA证书有效期";
        let check = |(level, detail)| Check { name: "ca_certificate", title: TITLE, level, detail };
        match self.generations().await {
            Ok(views) => {
                let now = self.clock().now();
                let longest = self.longest_days();
                let of = || views.iter().map(|view| &view.generation);
                let heirs = Heirs {
                    next: of().find(|one| is_next(one, now)),
                    in_office: of().find(|one| one.is_issuing),
                };
                let found = views.iter().filter_map(|view| judge(view, &heirs, (longest, now)));
                found.map(check).collect()
            }
            Err(error) => vec![check((Level::Unknown, error.to_string()))],
        }
    }

    /// Days of the longest term that a subscriber's certificate can have.
    fn longest_days(&self) -> i64 {
        let kinds = self.kinds();
        let mut profiles = Vec::new();
        for kind in kinds.iter() {
            profiles.extend(self.ca().profiles().by_name(kind.sign()));
        }
        let days = profiles.iter().map(|profile| profile.document().validity.default_days);
        days.max().map_or(0, i64::from)
    }
}

/// Who issues, and who will.
struct Heirs<'v> {
    /// The generation that waits for its day.
    next: Option<&'v Generation>,
    in_office: Option<&'v Generation>,
}

impl Heirs<'_> {
    /// A later generation that issues from a day on, or before it: nobody waits for the one of that day.
    fn instead_of(&self, void: &Generation, day: Timestamp) -> Option<&Generation> {
        let is_in_time = |one: &&Generation| {
            one.number > void.number && one.active_from.is_some_and(|from| from <= day)
        };
        [self.in_office, self.next].into_iter().flatten().find(is_in_time)
    }
}

/// Whether it waits for its day and will issue then.
fn is_next(generation: &Generation, now: Timestamp) -> bool {
    let waits = generation.active_from.is_some_and(|from| from > now);
    waits && generation.over_at.is_none() && generation.revoked_at.is_none()
}

fn judge(
    view: &GenerationView,
    heirs: &Heirs<'_>,
    (longest, now): (i64, Timestamp),
) -> Option<(Level, String)> {
    let generation = &view.generation;
    let (end, number) = (generation.certificate.not_after(), generation.number);
    let within = |days: i64| {
        let span = SignedDuration::from_hours(24 * days);
        end <= now.saturating_add(span).unwrap_or(Timestamp::MAX)
    };
    if generation.destroyed_at.is_some() {
        return None;
    }
    if generation.is_given_up() {
        return Some((Level::Warning, roots::halfway(number)));
    }
    if let Some(found) = judge_revoked(view, heirs, now) {
        return Some(found);
    }
    Some(match (generation.is_issuing, generation.over_at) {
        (_, Some(_)) => (
            Level::Warning,
            format!(
                "第 {number} 代签发密钥签发的证书已全部到期；请安全管理人员和审计人员到场，停止服务后运行 \
                 yinxin ceremony destroy-issuing-key --generation {}",
                generation.name
            ),
        ),
        (true, _) if end <= now => (Level::Failed, format!("有效期至 {end}，已经到期")),
        (true, _) if within(WARN_DAYS) => (Level::Warning, format!("有效期至 {end}")),
        (true, _) if within(longest) => (
            Level::Warning,
            format!(
                "有效期至 {end}，已短于用户证书的最长期限，新签发的证书会随之缩短；请安排签发密钥换代（运行手册“签发密钥换代”）"
            ),
        ),
        (true, _) => (Level::Good, format!("有效期至 {end}")),
        (false, _) if generation.is_waiting => (
            Level::Warning,
            format!(
                "第 {number} 代签发密钥已签发证书，启用时刻还没有确定；请用原方案续办换代仪式，不能续办的请放弃（yinxin ceremony abandon）"
            ),
        ),
        (false, _) => (Level::Good, told(view)),
    })
}

/// What is to be done about a generation whose own certificate two people revoked: it issues nothing, and nobody accepts
/// what it issued.
fn judge_revoked(
    view: &GenerationView,
    heirs: &Heirs<'_>,
    now: Timestamp,
) -> Option<(Level, String)> {
    let (generation, since) = (&view.generation, view.generation.revoked_at?);
    let number = generation.number;
    let left = view.last_end.filter(|end| *end >= now);
    let users = left.map(|end| {
        format!("它签发的证书（最后一张 {end} 到期）依赖方不再接受，请通知用户换领新证书")
    });
    let cure = match heirs.next {
        Some(next) => format!(
            "请安全管理人员和审计人员到场，停止服务后运行 yinxin ceremony appoint-now --generation {}，立即启用第 {} 代",
            next.name, next.number
        ),
        None => "请尽快举行签发密钥换代（运行手册“签发密钥换代”）".to_owned(),
    };
    let said = match (generation.is_issuing, generation.over_at, users) {
        (false, None, _) if generation.is_void(now) => {
            let day = generation.active_from.unwrap_or(now);
            if let Some(heir) = heirs.instead_of(generation, day) {
                let said = format!(
                    "第 {number} 代签发机构证书已于 {since} 撤销，没有启用，由第 {} 代接替",
                    heir.number
                );
                return Some((Level::Good, said));
            }
            format!(
                "第 {number} 代签发机构证书已于 {since} 撤销，不能启用；请在它的启用时刻 {day} 以前再举行一次签发密钥换代（运行手册“签发密钥换代”），否则从那时起停止签发"
            )
        }
        (_, Some(_), _) | (false, None, None) => return None,
        (true, None, users) => format!(
            "第 {number} 代签发机构证书已于 {since} 撤销，已停止签发；{cure}{}",
            users.map(|text| format!("；{text}")).unwrap_or_default()
        ),
        (false, None, Some(users)) => {
            format!("第 {number} 代签发机构证书已于 {since} 撤销；{users}")
        }
    };
    Some((Level::Failed, said))
}

fn told(view: &GenerationView) -> String {
    let number = view.generation.number;
    if let Some(since) = view.generation.revoked_at {
        return format!("第 {number} 代签发机构证书已于 {since} 撤销，不签发新证书");
    }
    match (view.generation.active_from, view.last_end) {
        (Some(from), None) => format!("第 {number} 代签发密钥自 {from} 起启用"),
        (_, Some(end)) => {
            format!("第 {number} 代签发密钥不再签发新证书，最后一张证书 {end} 到期")
        }
        (None, None) => format!("第 {number} 代签发密钥不再签发新证书"),
    }
}
