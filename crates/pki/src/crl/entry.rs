//! One entry of a revocation list (RFC 5280 §5.3).

use jiff::Timestamp;

use super::{Defect, Reason, extension};
use crate::strict::{Reader, Tag, Tlv, Writer};
use crate::{Error, Oid, Serial, oid, time};

/// A revoked or suspended certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedEntry {
    /// Serial number of the certificate.
    pub serial: Serial,
    /// When it was revoked; part seconds are dropped.
    pub at: Timestamp,
    /// Why; [`Reason::Unspecified`] is expressed by the absence of the extension.
    pub reason: Reason,
    /// Since when the key was not to be trusted, if that is known to be earlier
    /// (`invalidityDate`, RFC 5280 §5.3.2).
    pub invalid_since: Option<Timestamp>,
}

impl RevokedEntry {
    /// The DER of the entry.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(64);
        writer.sequence(|w| {
            w.unsigned(self.serial.as_bytes());
            w.time(self.at);
            if self.reason != Reason::Unspecified || self.invalid_since.is_some() {
                w.sequence(|w| self.encode_extensions(w));
            }
        });
        writer.finish()
    }

    fn encode_extensions(&self, w: &mut Writer) {
        if self.reason != Reason::Unspecified {
            extension::write(w, &oid::CRL_REASON, false, |w| w.enumerated(self.reason.code()));
        }
        if let Some(since) = self.invalid_since {
            extension::write(w, &oid::INVALIDITY_DATE, false, |w| w.generalized_time(since));
        }
    }
}

/// An entry as it stands in a list that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What the entry says of its certificate.
    pub revoked: RevokedEntry,
    /// DER of the GeneralNames of another issuer, in indirect lists. It counts for the
    /// entries that follow too, until the next one (RFC 5280 §5.3.3).
    pub certificate_issuer: Option<&'a [u8]>,
    /// An extension that we do not know is marked critical: the list must not be used to
    /// conclude that this certificate is good or bad (RFC 5280 §5.3).
    pub unknown_critical: bool,
}

impl<'a> Entry<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        let mut entry = Self {
            revoked: RevokedEntry {
                serial: Serial::from_integer(fields.integer()?)?,
                at: read_time(&mut fields)?,
                reason: Reason::Unspecified,
                invalid_since: None,
            },
            certificate_issuer: None,
            unknown_critical: false,
        };
        if !fields.is_empty() {
            let extensions = fields.expect(Tag::SEQUENCE)?;
            extension::for_each(&extensions, |id, critical, value| {
                entry.extension(&id, critical, value)
            })?;
        }
        fields.finish()?;
        Ok(entry)
    }

    fn extension(&mut self, id: &Oid, critical: bool, value: Tlv<'a>) -> Result<(), Error> {
        let mut reader = value.reader();
        match *id {
            oid::CRL_REASON => {
                let code = reader.enumerated()?;
                self.revoked.reason = Reason::from_code(code).ok_or(Defect::Reason)?;
            }
            oid::INVALIDITY_DATE => {
                let at = reader.expect(Tag::GENERALIZED_TIME)?.instant()?;
                self.revoked.invalid_since = Some(at);
            }
            oid::CERTIFICATE_ISSUER => {
                self.certificate_issuer = Some(reader.expect(Tag::SEQUENCE)?.raw());
            }
            _ => {
                self.unknown_critical |= critical;
                return Ok(());
            }
        }
        reader.finish()
    }
}

/// A Time with the type that its year demands (RFC 5280 §5.1.2.4).
pub(super) fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, Error> {
    let element = reader.read()?;
    let at = element.instant()?;
    if time::has_right_tag(at, element.tag()) { Ok(at) } else { Err(Defect::TimeType.into()) }
}
