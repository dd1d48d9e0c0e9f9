//! Notices of expiry: 60, 30, 7 and 1 days before the end of a certificate, once each, so that its holder
//! renews in time (Measures Art. 18 (1)). After downtime only the nearest one is sent: nobody is told today
//! what should have been told a month ago.

use access::{Limit, Permit};
use ca::{CertificateFilter, CertificateRecord, Role, Status};
use jiff::{SignedDuration, Timestamp};
use ra::Contact;
use serde_json::json;
use store::{Actor, Record};

use super::{Channel, Content, Message, sql};
use crate::error::Error;
use crate::institution::Institution;

/// So many days before the end.
pub const NOTICE_DAYS: [i64; 4] = [60, 30, 7, 1];
const DAY_SECONDS: i64 = 86_400;

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
        let mut told = 0;
        for record in self.ending_soon().await? {
            told += u64::from(self.tell_holder(&record).await?);
        }
        Ok(told)
    }

    /// Certificates of subscribers that end within the first step and were neither revoked nor replaced;
    /// the encryption certificate ends with the other of its pair.
    async fn ending_soon(&self) -> Result<Vec<CertificateRecord>, Error> {
        let now = self.clock().now();
        let horizon = SignedDuration::from_hours(24 * NOTICE_DAYS.into_iter().max().unwrap_or(0));
        let filter = CertificateFilter {
            ends_from: Some(now),
            ends_until: now.checked_add(horizon).ok(),
            ..CertificateFilter::default()
        };
        let mut blocks = self.ca().export(filter);
        let mut found = Vec::new();
        loop {
            let block = blocks.next().await?;
            if block.is_empty() {
                break;
            }
            for record in block {
                let live = matches!(record.role, Role::Sign | Role::Service)
                    && !matches!(record.status, Status::Revoked { .. });
                if live && !self.is_replaced(&record).await? {
                    found.push(record);
                }
            }
        }
        found.sort_by_key(|record| (record.not_after, record.id));
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

    /// The certificates that end soon, the soonest first, within the limit of the permit.
    pub async fn expiring(&self, permit: &Permit) -> Result<Vec<Expiring>, Error> {
        permit.is_for(access::Action::ListApplications)?;
        let now = self.clock().now();
        let mut rows = Vec::new();
        for record in self.ending_soon().await? {
            let serial = record.serial.to_hex();
            let contact = match self.ra() {
                Some(ra) => ra.origin_of(&serial).await?,
                None => None,
            };
            let reached = match (permit.limit(), &contact) {
                (Limit::Any, _) => true,
                (_, None) => false,
                (_, Some(application)) => permit.reach(&application.object()).is_ok(),
            };
            if !reached {
                continue;
            }
            let told = sql::told(&mut *self.store().read().await?, &serial).await?;
            rows.push(Expiring {
                days: days_left(now, record.not_after),
                serial,
                subject: record.subject,
                profile: record.profile,
                not_after: record.not_after,
                told,
                application: contact.map(|one| (one.id.to_string(), one.number.to_string())),
            });
        }
        Ok(rows)
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
    fn a_part_of_a_day_counts_whole() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(days_left(at(0), at(DAY_SECONDS)), 1);
        assert_eq!(days_left(at(0), at(DAY_SECONDS + 1)), 2);
        assert_eq!(days_left(at(0), at(1)), 1);
    }
}
