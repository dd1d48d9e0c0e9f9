//! Certificates of units, devices and servers by their names, for those who have to encrypt to them or
//! check them (Measures Art. 18 (2)). Never of natural persons: their names are in no table that is
//! searched (PIPL Art. 6).
//!
//! A name is searched whole, in a normal form: who knows the name of a unit finds its certificates, and
//! nobody reads the list of units by trying beginnings.

use ca::{CertificateFilter, StoredCertificate};
use pki::{Certificate, Serial, oid};
use store::Tx;

use super::sql;
use crate::error::Error;
use crate::institution::Institution;

/// Kinds whose holders are no natural persons.
const KINDS: [&str; 3] = ["unit", "device", "server"];
/// Most certificates that one search looks up.
pub const MOST_FOUND: u32 = 50;
/// Certificates gone through in one unit.
const BLOCK: u32 = 500;
/// So many are gone through again: of units that were made at the same time a later one may have a
/// smaller number.
const OVERLAP: i64 = 1_000;

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct PublicCertificates {
    /// The certificates, the newest first.
    pub found: Vec<StoredCertificate>,
    /// Whether there are more with this name.
    pub has_more: bool,
}

/// `unit-sign` and `unit-enc`, and so on.
#[must_use]
pub fn is_public(profile: &str) -> bool {
    let kind = profile.split_once('-').map_or(profile, |(kind, _)| kind);
    KINDS.contains(&kind)
}

/// Without white space, full-width letters and digits as half-width, small letters as capitals.
fn normal(name: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    let letters = name.chars().filter(|c| !c.is_whitespace()).map(narrow);
    letters.map(|c| c.to_ascii_uppercase()).collect()
}

/// The names that a certificate is found by.
fn names_of(certificate: &Certificate) -> Vec<String> {
    let subject = certificate.subject();
    let both = [subject.common_name(), subject.text_of(&oid::ORGANIZATION)];
    let mut names: Vec<_> = both.into_iter().flatten().map(normal).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

/// Notes the names of a certificate in the unit that stores it.
pub(crate) async fn note(tx: &mut Tx, stored: &StoredCertificate) -> Result<(), store::Error> {
    let record = &stored.record;
    if !is_public(&record.profile) {
        return Ok(());
    }
    let (serial, issued_at) = (record.serial.to_hex(), record.issued_at.as_second());
    for name in names_of(&stored.certificate) {
        sql::add(tx.conn(), (&name, &serial), issued_at).await?;
    }
    Ok(())
}

impl Institution {
    /// The certificate of a serial number, if it is one of those that are public.
    pub async fn public_certificate(
        &self,
        serial: &Serial,
    ) -> Result<Option<StoredCertificate>, Error> {
        let found = self.ca().find(serial).await?;
        Ok(found.filter(|one| is_public(&one.record.profile)))
    }

    /// The newest certificates with this common name or name of a unit.
    pub async fn public_certificates(&self, name: &str) -> Result<PublicCertificates, Error> {
        let limit = i64::from(MOST_FOUND) + 1;
        let mut reader = self.store().read().await?;
        let mut serials = sql::by_name(&mut reader, &normal(name), limit).await?;
        drop(reader);
        let most = usize::try_from(MOST_FOUND).unwrap_or(usize::MAX);
        let has_more = serials.len() > most;
        serials.truncate(most);
        let mut found = Vec::new();
        for serial in serials {
            found.extend(self.public_certificate(&Serial::from_hex(&serial)?).await?);
        }
        Ok(PublicCertificates { found, has_more })
    }

    /// Notes the names of certificates that were stored without this table: by an older version, or by
    /// the CA alone after a crash. How many certificates were gone through.
    pub async fn note_public_names(&self) -> Result<u64, Error> {
        let mark = sql::mark(&mut *self.store().read().await?).await?;
        let stop = mark.map_or(0, |mark| mark.saturating_sub(OVERLAP));
        let (mut before, mut newest, mut seen) = (None, None, 0);
        loop {
            let page = self.ca().list(&CertificateFilter::default(), before, BLOCK).await?;
            newest = newest.or(page.records.first().map(|first| first.id));
            let mut block = Vec::new();
            for record in page.records.iter().take_while(|record| record.id > stop) {
                seen += 1;
                if is_public(&record.profile) {
                    block.extend(self.ca().find(&record.serial).await?);
                }
            }
            self.note_block(block).await?;
            before = page.next.filter(|next| *next > stop);
            if before.is_none() {
                break;
            }
        }
        // Only now: what was cut off is gone through again.
        if let Some(newest) = newest.filter(|newest| mark.is_none_or(|mark| mark < *newest)) {
            self.store()
                .commit(move |tx| Box::pin(async move { sql::set_mark(tx.conn(), newest).await }))
                .await?;
        }
        Ok(seen)
    }

    async fn note_block(&self, block: Vec<StoredCertificate>) -> Result<(), Error> {
        if block.is_empty() {
            return Ok(());
        }
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    for stored in &block {
                        note(tx, stored).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kinds_without_natural_persons_are_public() {
        for profile in ["unit-sign", "unit-enc", "device-sign", "server-enc"] {
            assert!(is_public(profile), "{profile}");
        }
        for profile in ["person-sign", "person-enc", "staff-sign", "staff-enc", "subca", "units"] {
            assert!(!is_public(profile), "{profile}");
        }
    }

    #[test]
    fn spellings_of_one_name_are_one_name() {
        assert_eq!(normal("演示市虚构事务局（东区）"), normal("演示市 虚构事务局(东区)"));
        assert_eq!(normal("www.Example.cn"), normal("ＷＷＷ.example.cn "));
        assert_ne!(normal("演示市虚构"), normal("演示市虚构事务局"));
    }
}
