//! What holders learn of changes that they did not apply for: a court, a unit, the institution itself, or
//! whoever proved to be them on the telephone. Written down in the unit of the change, so that neither is
//! without the other; the letter and the messages follow, once each, whatever cut the program off
//! (Measures Art. 18, Art. 20). What a holder applied for has its letters already.

use jiff::Timestamp;
use pki::crl::Reason;
use ra::{ApplicationId, Catalogue, Contact, Source};
use serde_json::json;
use store::{Actor, Record};

use super::holds::Asked;
use super::sql;
use crate::error::Error;
use crate::institution::Institution;
use crate::notify::{Channel, Content, Message, Sealed};

/// So many are told in one go.
const AT_ONCE: i64 = 200;
/// Under which a client of the institution's own programs changes a certificate.
const BASIS: &str = "《电子政务电子认证服务管理办法》第十八条";

/// How long what failed so often waits: a minute, then twice as long each time, six hours at most.
const fn pause_seconds(tries: i64) -> i64 {
    match tries {
        ..=0 => 60,
        1..=8 => 60 << tries,
        _ => 21_600,
    }
}

/// What was done to a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeWord {
    /// 暂停.
    Suspend,
    /// 恢复.
    Resume,
    /// 撤销.
    Revoke,
    /// One more hold on what is suspended.
    HoldAdded,
    /// A hold is lifted and another stands.
    HoldLifted,
    /// The holder resumed the certificate, and a call in the holder's name is over with that.
    CallClosed,
}

impl ChangeWord {
    const ALL: [Self; 6] = [
        Self::Suspend,
        Self::Resume,
        Self::Revoke,
        Self::HoldAdded,
        Self::HoldLifted,
        Self::CallClosed,
    ];

    /// The change, and what it came to where the certificate stays as it is: the columns of the table.
    pub(super) const fn stored(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Suspend => ("suspend", None),
            Self::Resume => ("resume", None),
            Self::Revoke => ("revoke", None),
            Self::HoldAdded => ("suspend", Some(self.word())),
            Self::HoldLifted | Self::CallClosed => ("resume", Some(self.word())),
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
            Self::HoldAdded => "hold-added",
            Self::HoldLifted => "hold-lifted",
            Self::CallClosed => "call-closed",
        }
    }

    pub(crate) fn of(change: &str, effect: Option<&str>) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.stored() == (change, effect))
    }

    /// What the certificate is from then on.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Suspend => "暂停使用",
            Self::Resume => "恢复使用",
            Self::Revoke => "撤销",
            Self::HoldAdded => "另增一项暂停（此前已经暂停使用）",
            Self::HoldLifted => "解除一项暂停（仍有其他暂停，尚不能使用）",
            Self::CallClosed => "终结来电撤销的办理",
        }
    }

    /// What its holder does now; who lifts a hold depends on who brought it.
    #[must_use]
    pub fn next(self, source: Source) -> String {
        match self {
            Self::Suspend => {
                format!("暂停期间，请不要使用该证书。这项暂停{}。", source.lifted_by())
            }
            Self::HoldAdded => format!(
                "各项暂停全部解除后，证书才恢复使用；在此之前，请不要使用该证书。这项暂停{}。",
                source.lifted_by()
            ),
            Self::HoldLifted => {
                "各项暂停全部解除后，证书才恢复使用；在此之前，请不要使用该证书。还有哪些暂停、\
                 由谁解除，请在办事大厅打开申请查看，或者与本机构联系。"
                    .to_owned()
            }
            Self::Resume => "自生效时间起，该证书可以继续使用。".to_owned(),
            Self::Revoke => {
                "自生效时间起，请不要再使用该证书；撤销后证书不能恢复，需要时可以重新申请。"
                    .to_owned()
            }
            Self::CallClosed => {
                "此前来电提出的撤销不再办理，来电时的先行暂停已经解除。恢复不是您本人申请的，\
                 请立即与本机构联系。"
                    .to_owned()
            }
        }
    }
}

/// A change that the holder of a certificate is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusNotice {
    /// The application that led to the certificate.
    pub application: String,
    /// The how manieth of the application.
    pub position: u32,
    /// Serial of the certificate that was named.
    pub serial: String,
    /// What was done.
    pub change: ChangeWord,
    /// On which ground; none where a client of the institution's own gave a reason alone.
    pub ground: Option<String>,
    /// The reason code of RFC 5280.
    pub reason: u8,
    /// The number of the revocation that it came of.
    pub number: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Why a change is told: the words of the letter and of the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub reason: String,
    pub basis: String,
    pub source: &'static str,
    pub next: String,
}

impl StatusNotice {
    /// In the words of the catalogue: the same as on every page.
    pub(crate) fn told(&self, catalogue: &Catalogue) -> Result<Told, Error> {
        let institution = Source::Institution;
        let Some(name) = &self.ground else {
            let reason = Reason::from_code(self.reason).ok_or(Error::Stored("原因码"))?;
            let reason = match reason {
                Reason::RemoveFromCrl => "暂停的原因已经消除",
                reason => reason.chinese(),
            };
            let (reason, basis) = (reason.to_owned(), BASIS.to_owned());
            let next = self.change.next(institution);
            return Ok(Told { reason, basis, source: institution.chinese(), next });
        };
        let ground = catalogue.ground(name)?;
        let (reason, basis) = (ground.told(), ground.basis.clone());
        let next = self.change.next(ground.source);
        Ok(Told { reason, basis, source: ground.source.chinese(), next })
    }
}

/// On whose word a certificate is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its holder applied for it on a ground, and gets the letter of that application.
    Applied {
        /// The ground.
        ground: String,
    },
    /// Somebody else brought it.
    Brought {
        /// The ground; none where a client gave a reason alone.
        ground: Option<String>,
        /// The number of the revocation, if it is one.
        number: Option<String>,
    },
}

impl Why {
    /// Why other certificates than the one that was named are changed with it: their holder applied for nothing.
    pub(crate) fn of_others(self) -> Self {
        match self {
            Self::Applied { ground } => Self::Brought { ground: Some(ground), number: None },
            brought @ Self::Brought { .. } => brought,
        }
    }
}

impl Institution {
    /// The notice of a change, if somebody applied for the certificate here.
    pub(crate) async fn notice_of(
        &self,
        serial: &str,
        (asked, why): (&Asked, &Why),
    ) -> Result<Option<StatusNotice>, Error> {
        let Some(ra) = self.ra() else { return Ok(None) };
        let (ground, number) = match why {
            Why::Applied { ground } => (Some(ground.clone()), None),
            Why::Brought { ground, number } => (ground.clone(), number.clone()),
        };
        let Some(application) = ra.origin_of(serial).await? else { return Ok(None) };
        let (change, reason) = match asked {
            Asked::Hold(_) => (ChangeWord::Suspend, Reason::CertificateHold.code()),
            Asked::Lift(_) => (ChangeWord::Resume, Reason::RemoveFromCrl.code()),
            Asked::Revoke(revocation) => (ChangeWord::Revoke, revocation.reason.code()),
        };
        Ok(Some(StatusNotice {
            application: application.id.to_string(),
            position: 0,
            serial: serial.to_owned(),
            change,
            ground,
            reason,
            number,
            at: self.clock().now(),
        }))
    }

    /// What the holder of an application is told of, oldest first.
    pub(crate) async fn status_notices(
        &self,
        id: &ApplicationId,
    ) -> Result<Vec<StatusNotice>, Error> {
        sql::notices(&mut *self.store().read().await?, id.as_str()).await
    }

    /// Gives out the letters and messages that are open; how many changes were told of. One that fails
    /// holds up no other.
    pub async fn tell_holders(&self) -> Result<u64, Error> {
        if self.ra().is_none() {
            return Ok(0);
        }
        let mut told = 0;
        let now = self.clock().now().as_second();
        // Read before the loop: who tells asks for connections of their own.
        let due = sql::untold(&mut *self.store().read().await?, now, AT_ONCE).await?;
        for notice in due {
            let notice = match notice {
                Ok(notice) => notice,
                Err(which) => {
                    tracing::error!(application = which.0, "a notice of a change can't be read");
                    self.tell_later(which).await?;
                    continue;
                }
            };
            let which = (notice.application.clone(), notice.position);
            match self.tell_of_change(notice).await {
                Ok(done) => told += u64::from(done),
                Err(error) if error.is_unavailable() => return Err(error),
                Err(error) => {
                    tracing::error!(code = error.code(), %error, "a holder is told later");
                    self.tell_later(which).await?;
                }
            }
        }
        Ok(told)
    }

    /// What failed gives way to the others for a while.
    async fn tell_later(&self, (application, position): (String, u32)) -> Result<(), Error> {
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let which = (&*application, position);
                    let tries = sql::tries(tx.conn(), which).await?;
                    let next = tx.now().as_second().saturating_add(pause_seconds(tries));
                    Ok(sql::put_off(tx.conn(), which, next).await?)
                })
            })
            .await
    }

    async fn tell_of_change(&self, notice: StatusNotice) -> Result<bool, Error> {
        let id: ApplicationId = notice.application.parse()?;
        self.ensure_or_owe(&id).await?;
        let contact = self.registration()?.contact_of(&notice.serial).await?;
        let mut sealed: Vec<Sealed> = Vec::new();
        let mut channels = Vec::new();
        for message in self.messages_of(&notice, contact.as_ref())? {
            channels.push(message.channel.word());
            sealed.push(self.seal_message(message).await?);
        }
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now().as_second();
                    let which = (&*notice.application, notice.position);
                    if !sql::told(tx.conn(), which, now).await? {
                        return Ok(false);
                    }
                    for message in sealed {
                        message.insert(tx).await?;
                    }
                    let body = json!({ "serial": notice.serial, "change": notice.change.word(),
                        "ground": notice.ground, "reason": notice.reason, "channels": channels });
                    let about = format!("application:{}", notice.application);
                    let kind = "application.status-told";
                    tx.append(Record::new(kind, Actor::system(), about, body)).await?;
                    Ok::<_, Error>(true)
                })
            })
            .await
    }

    /// To the telephone and the mailbox that were proofed with the application. No message has a code in
    /// it: who reads it learns how the certificate stands, which anybody may ask.
    fn messages_of(
        &self,
        notice: &StatusNotice,
        contact: Option<&Contact>,
    ) -> Result<Vec<Message>, Error> {
        let ra = self.registration()?;
        let (Some(contact), institution) = (contact, &ra.institution().name) else {
            return Ok(Vec::new());
        };
        let Told { reason, source, next, .. } = notice.told(ra.catalogue())?;
        let (number, serial, change) = (&contact.number, &notice.serial, notice.change.chinese());
        let day = law::CivilDate::of(notice.at);
        let text = format!(
            "【{institution}】您在申请 {number} 中取得的证书（序列号 {serial}）已于 {day} {change}。由谁提出：\
             {source}；事由：{reason}。{next}详见《证书状态变更告知书》：在办事大厅“查询进度”中用申请编号和\
             查询码打开申请，进入“我的文书”查看。"
        );
        let message = |channel, to: &String| Message {
            kind: "status",
            channel,
            subject: format!("application:{}", notice.application),
            content: Content {
                name: format!("status-{number}-{}", notice.position),
                to: to.clone(),
                title: format!("【{institution}】证书状态变更：{change}"),
                text: text.clone(),
            },
        };
        let phone = contact.phone.as_ref().map(|to| message(Channel::Phone, to));
        let mail = contact.email.as_ref().map(|to| message(Channel::Mail, to));
        Ok(phone.into_iter().chain(mail).collect())
    }
}
