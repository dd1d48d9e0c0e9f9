//! What holders learn of changes that they did not apply for: a court, a unit, the institution itself, or
//! whoever proved to be them on the telephone. Written down in the unit of the change, so that neither is
//! without the other; the letter and the messages follow, once each, whatever cut the program off
//! (Measures Art. 18, Art. 20). What a holder applied for has its letters already.

use jiff::Timestamp;
use pki::crl::Reason;
use ra::{ApplicationId, Catalogue, Contact};
use serde_json::json;
use store::{Actor, Record};

use super::sql;
use crate::error::Error;
use crate::institution::Institution;
use crate::lifecycle::Change;
use crate::notify::{Channel, Content, Message, Sealed};

/// So many are told in one go.
const AT_ONCE: i64 = 200;
/// Under which a client of the institution's own programs changes a certificate.
const BASIS: &str = "《电子政务电子认证服务管理办法》第十八条";

/// What was done to a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeWord {
    /// 暂停.
    Suspend,
    /// 恢复.
    Resume,
    /// 撤销.
    Revoke,
}

impl ChangeWord {
    const ALL: [Self; 3] = [Self::Suspend, Self::Resume, Self::Revoke];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.word() == word)
    }

    /// What the certificate is from then on.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Suspend => "暂停使用",
            Self::Resume => "恢复使用",
            Self::Revoke => "撤销",
        }
    }

    /// What its holder does now.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::Suspend => {
                "暂停期间，请不要使用该证书；您可以申请恢复，也可以申请撤销，由本机构审核。"
            }
            Self::Resume => "自生效时间起，该证书可以继续使用。",
            Self::Revoke => {
                "自生效时间起，请不要再使用该证书；撤销后证书不能恢复，需要时可以重新申请。"
            }
        }
    }
}

impl From<&Change> for ChangeWord {
    fn from(change: &Change) -> Self {
        match change {
            Change::Suspend => Self::Suspend,
            Change::Resume => Self::Resume,
            Change::Revoke(_) => Self::Revoke,
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
}

impl StatusNotice {
    /// In the words of the catalogue: the same as on every page.
    pub(crate) fn told(&self, catalogue: &Catalogue) -> Result<Told, Error> {
        let institution = ra::Source::Institution.chinese();
        let Some(name) = &self.ground else {
            let reason = Reason::from_code(self.reason).ok_or(Error::Stored("原因码"))?;
            let reason = match reason {
                Reason::RemoveFromCrl => "暂停的原因已经消除",
                reason => reason.chinese(),
            };
            let (reason, basis) = (reason.to_owned(), BASIS.to_owned());
            return Ok(Told { reason, basis, source: institution });
        };
        let ground = catalogue.ground(name)?;
        let (reason, basis) = (ground.told(), ground.basis.clone());
        Ok(Told { reason, basis, source: ground.source.chinese() })
    }
}

/// On whose word a certificate is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its holder applied for it, and gets the letter of that application.
    Applied,
    /// Somebody else brought it.
    Brought {
        /// The ground; none where a client gave a reason alone.
        ground: Option<String>,
        /// The number of the revocation, if it is one.
        number: Option<String>,
    },
}

impl Institution {
    /// The notice of a change, if somebody applied for the certificate here.
    pub(crate) async fn notice_of(
        &self,
        serial: &str,
        (change, why): (&Change, &Why),
    ) -> Result<Option<StatusNotice>, Error> {
        let (Why::Brought { ground, number }, Some(ra)) = (why, self.ra()) else {
            return Ok(None);
        };
        let Some(application) = ra.origin_of(serial).await? else { return Ok(None) };
        let reason = match change {
            Change::Suspend => Reason::CertificateHold.code(),
            Change::Resume => Reason::RemoveFromCrl.code(),
            Change::Revoke(revocation) => revocation.reason.code(),
        };
        Ok(Some(StatusNotice {
            application: application.id.to_string(),
            position: 0,
            serial: serial.to_owned(),
            change: change.into(),
            ground: ground.clone(),
            reason,
            number: number.clone(),
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
        for notice in sql::untold(&mut *self.store().read().await?, AT_ONCE).await? {
            match self.tell_of_change(notice).await {
                Ok(done) => told += u64::from(done),
                Err(error) if error.is_unavailable() => return Err(error),
                Err(error) => {
                    tracing::error!(code = error.code(), %error, "a holder is told later");
                }
            }
        }
        Ok(told)
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
        let Told { reason, source, .. } = notice.told(ra.catalogue())?;
        let (number, serial, change) = (&contact.number, &notice.serial, notice.change.chinese());
        let day = law::CivilDate::of(notice.at);
        let text = format!(
            "【{institution}】您在申请 {number} 中取得的证书（序列号 {serial}）已于 {day} {change}。由谁提出：\
             {source}；事由：{reason}。{next}详见《证书状态变更告知书》：在办事大厅“查询进度”中用申请编号和\
             查询码打开申请，进入“我的文书”查看。",
            next = notice.change.next(),
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
