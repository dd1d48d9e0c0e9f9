//! Notices of expiry: 60, 30, 7 and 1 days before the end of a certificate, once each, so that its holder
//! renews in time (Measures Art. 18 (1)). After downtime only the nearest one is sent: nobody is told today
//! what should have been told a month ago.

use std::collections::BTreeSet;

use access::{Limit, Permit};
use ca::{CertificateRecord, EndMark, Role, Status};
use jiff::{SignedDuration, Timestamp};
use pki::Serial;
use ra::{Application, Contact};
use serde_json::json;
use store::{Actor, Record};

use super::{Channel, Content, Message, sql};
use crate::error::Error;
use crate::institution::Institution;

/// So many days before the end.
pub const NOTICE_DAYS: [i64; 4] = [60, 30, 7, 1];
/// What ends within so many days ends soon: the first step.
pub const HORIZON: i64 = 60;
const DAY_SECONDS: i64 = 86_400;
/// Certificates that are read at once.
const BLOCK: u32 = 500;

/// Which of the certificates that end soon are looked at.
#[derive(Debug, Clone, Default)]
pub struct Endings {
    /// Within so many days.
    pub days: Option<i64>,
    /// One registration office; `-` is the institution itself.
    pub office: Option<String>,
    /// These alone, by their serial numbers in hexadecimal.
    pub serials: Option<BTreeSet<String>>,
}

impl Endings {
    fn fits(&self, origin: Option<&Application>) -> bool {
        let Some(asked) = &self.office else { return true };
        let office = origin.map(|one| one.office.as_ref().map_or("-", |office| office.as_str()));
        office == Some(asked.as_str())
    }
}

/// A certificate that ends soon, for clerks.
#[derive(Debug, Clone)]
pub struct Expiring {
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// Whose, as it says.
    pub subject: String,
    /// The profile.
    pub profile: String,
    /// Its last second.
    pub not_after: Timestamp,
    /// Days left, counted up.
    pub days: i64,
    /// Of which step its holder was told last.
    pub told: Option<i64>,
    /// The registration office of its application; none at the institution itself.
    pub office: Option<String>,
    /// The application that led to it.
    pub application: Option<(String, String)>,
}

/// The step that is due with so many days left: the nearest one.
fn due(days: i64) -> Option<i64> {
    NOTICE_DAYS.into_iter().filter(|step| days <= *step).min()
}

/// Days left, a part of one counted whole.
fn days_left(now: Timestamp, not_after: Timestamp) -> i64 {
    let seconds = not_after.as_second() - now.as_second();
    seconds.div_euclid(DAY_SECONDS) + i64::from(seconds.rem_euclid(DAY_SECONDS) > 0)
}

impl Institution {
    /// Tells the holders of certificates that end soon. How many were told.
    pub async fn tell_of_expiry(&self) -> Result<u64, Error> {
        let (mut told, mut behind) = (0, None);
        loop {
            let block = self.ending_block((&Endings::default(), HORIZON), behind).await?;
            let Some(last) = block.last() else { return Ok(told) };
            behind = Some(EndMark::from(last));
            for record in &block {
                if !self.is_replaced(record).await? {
                    told += u64::from(self.tell_holder(record).await?);
                }
            }
        }
    }

    /// The next certificates of subscribers that end within so many days and were not revoked, the soonest
    /// first; none behind the last. The encryption certificate ends with the other of its pair.
    async fn ending_block(
        &self,
        (asked, days): (&Endings, i64),
        behind: Option<EndMark>,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let now = self.clock().now();
        let until = now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        let Some(serials) = &asked.serials else {
            return Ok(self.ca().ending((now, until), behind, BLOCK).await?);
        };
        // Those that are asked for are few, and each is found by its number.
        let serials = serials.iter().map(|serial| Serial::from_hex(serial));
        let found = self.ca().find_all(&serials.collect::<Result<Vec<_>, _>>()?).await?;
        let mut found: Vec<_> = found.into_iter().map(|one| one.record).collect();
        let place = |mark: EndMark| (mark.not_after, mark.id);
        found.retain(|record| {
            let is_live = matches!(record.role, Role::Sign | Role::Service)
                && !matches!(record.status, Status::Revoked { .. });
            let is_soon = (now..until).contains(&record.not_after);
            is_live && is_soon && behind.is_none_or(|it| place(it) < place(record.into()))
        });
        found.sort_by_key(|record| place(record.into()));
        Ok(found)
    }

    async fn is_replaced(&self, record: &CertificateRecord) -> Result<bool, Error> {
        let serial = record.serial.to_hex();
        Ok(sql::is_replaced(&mut *self.store().read().await?, &serial).await?)
    }

    async fn tell_holder(&self, record: &CertificateRecord) -> Result<bool, Error> {
        let (serial, days) =
            (record.serial.to_hex(), days_left(self.clock().now(), record.not_after));
        let Some(step) = due(days) else { return Ok(false) };
        let told = sql::told(&mut *self.store().read().await?, &serial).await?;
        if told.is_some_and(|told| told <= step) {
            return Ok(false);
        }
        // Nobody applied here for what a client ordered: there is nobody to be told.
        let Some(ra) = self.ra() else { return Ok(false) };
        let Some(contact) = ra.contact_of(&serial).await? else { return Ok(false) };
        let mut sealed = Vec::new();
        let mut channels = Vec::new();
        for message in self.notices(record, &contact, days)? {
            channels.push(message.channel.word());
            sealed.push(self.seal_message(message).await?);
        }
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now().as_second();
                    if !sql::tell(tx.conn(), (&serial, step), now).await? {
                        return Ok(false);
                    }
                    for message in sealed {
                        message.insert(tx).await?;
                    }
                    let body = json!({ "days": step, "left": days, "channels": channels });
                    let about = format!("certificate:{serial}");
                    let record = Record::new("expiry.notified", Actor::system(), about, body);
                    tx.append(record).await?;
                    Ok::<_, Error>(true)
                })
            })
            .await
    }

    fn notices(
        &self,
        record: &CertificateRecord,
        contact: &Contact,
        days: i64,
    ) -> Result<Vec<Message>, Error> {
        let institution = &self.registration()?.institution().name;
        let (serial, number) = (record.serial.to_hex(), &contact.number);
        let end = law::CivilDate::of(record.not_after);
        let text = format!(
            "【{institution}】您在申请 {number} 中取得的证书（序列号 {serial}）将于 {end} 到期，还有 {days} 天。\
             请在到期前到办事大厅办理证书更新，以免影响使用；不再使用的，不用办理。"
        );
        let message = |channel, to: &String| Message {
            kind: "expiry",
            channel,
            subject: format!("certificate:{serial}"),
            content: Content {
                name: format!("expiry-{number}"),
                to: to.clone(),
                title: format!("【{institution}】证书将于 {end} 到期"),
                text: text.clone(),
            },
        };
        let phone = contact.phone.as_ref().map(|to| message(Channel::Phone, to));
        let mail = contact.email.as_ref().map(|to| message(Channel::Mail, to));
        Ok(phone.into_iter().chain(mail).collect())
    }

    /// So many of the certificates that end soon, the soonest first, within the limit of the permit, behind a
    /// mark; and the mark of the last one, if there are more.
    pub async fn expiring(
        &self,
        permit: &Permit,
        asked: &Endings,
        (behind, rows): (Option<EndMark>, usize),
    ) -> Result<(Vec<Expiring>, Option<EndMark>), Error> {
        permit.is_for(access::Action::ListApplications)?;
        let days = asked.days.unwrap_or(HORIZON).clamp(1, HORIZON);
        let (mut found, mut behind) = (Vec::new(), behind);
        let mut last = None;
        loop {
            let block = self.ending_block((asked, days), behind).await?;
            if block.is_empty() {
                return Ok((found, None));
            }
            for record in block {
                let here = EndMark::from(&record);
                behind = Some(here);
                let Some(origin) = self.fitting(permit, asked, &record).await? else { continue };
                if found.len() == rows {
                    return Ok((found, last));
                }
                last = Some(here);
                found.push(self.expiring_of(record, origin).await?);
            }
        }
    }

    /// The application of a certificate that is looked at, if there is one; nothing where it is not.
    async fn fitting(
        &self,
        permit: &Permit,
        asked: &Endings,
        record: &CertificateRecord,
    ) -> Result<Option<Option<Application>>, Error> {
        if self.is_replaced(record).await? {
            return Ok(None);
        }
        let origin = match self.ra() {
            Some(ra) => ra.origin_of(&record.serial.to_hex()).await?,
            None => None,
        };
        let fits = is_reached(permit, origin.as_ref()) && asked.fits(origin.as_ref());
        Ok(fits.then_some(origin))
    }

    async fn expiring_of(
        &self,
        record: CertificateRecord,
        origin: Option<Application>,
    ) -> Result<Expiring, Error> {
        let serial = record.serial.to_hex();
        let told = sql::told(&mut *self.store().read().await?, &serial).await?;
        Ok(Expiring {
            days: days_left(self.clock().now(), record.not_after),
            serial,
            subject: record.subject,
            profile: record.profile,
            not_after: record.not_after,
            told,
            office: origin.as_ref().and_then(|one| one.office.as_ref()).map(ToString::to_string),
            application: origin.map(|one| (one.id.to_string(), one.number.to_string())),
        })
    }
}

/// Whether a permit reaches the certificate of an application; what a client ordered is everybody's who
/// sees all.
fn is_reached(permit: &Permit, origin: Option<&Application>) -> bool {
    match (permit.limit(), origin) {
        (Limit::Any, _) => true,
        (_, None) => false,
        (_, Some(application)) => permit.reach(&application.object()).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_step_is_due_and_none_before_the_first() {
        let steps = [61, 60, 59, 31, 30, 8, 7, 2, 1, 0].map(due);
        let wanted = [None, Some(60), Some(60), Some(60), Some(30), Some(30), Some(7), Some(7)];
        assert_eq!(steps[..8], wanted);
        assert_eq!(steps[8..], [Some(1), Some(1)]);
    }

    #[test]
    fn what_ends_soon_has_a_step() {
        assert_eq!(due(HORIZON), Some(HORIZON));
        assert_eq!(due(HORIZON + 1), None);
    }

    #[test]
    fn a_part_of_a_day_counts_whole() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(days_left(at(0), at(DAY_SECONDS)), 1);
        assert_eq!(days_left(at(0), at(DAY_SECONDS + 1)), 2);
        assert_eq!(days_left(at(0), at(1)), 1);
    }
}
