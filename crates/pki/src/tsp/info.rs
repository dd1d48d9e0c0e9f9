//! What is signed: `TSTInfo` (RFC 3161 §2.4.2).

use jiff::Timestamp;

use super::{Defect, Imprint, Nonce, bad};
use crate::ext::GeneralName;
use crate::strict::{Reader, Tag, Tlv, Writer};
use crate::{Error, Oid, Serial, time};

/// Most digits of a fraction of a second.
const MAX_DIGITS: u8 = 9;

/// How far genTime may be from true time, in either direction. More than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accuracy {
    micros: u64,
}

impl Accuracy {
    /// From microseconds.
    ///
    /// # Errors
    /// When it is zero: then nothing is said, and nothing is to be written.
    pub fn from_micros(micros: u64) -> Result<Self, Error> {
        if micros == 0 { Err(Defect::Accuracy.into()) } else { Ok(Self { micros }) }
    }

    /// In microseconds.
    pub const fn micros(self) -> u64 {
        self.micros
    }

    fn write(self, w: &mut Writer) {
        let (seconds, millis) = (self.micros / 1_000_000, self.micros / 1_000 % 1_000);
        let micros = self.micros % 1_000;
        w.sequence(|w| {
            if seconds > 0 {
                w.uint(seconds);
            }
            for (tag, part) in [(0, millis), (1, micros)] {
                if part > 0 {
                    let whole = Writer::build(|w| w.uint(part));
                    w.implicit(tag, whole.get(2..).unwrap_or_default());
                }
            }
        });
    }

    fn read(element: &Tlv<'_>) -> Result<Self, Error> {
        let mut fields = element.reader();
        let seconds = match fields.peek() {
            Some(Tag::INTEGER) => fields.uint()?,
            _ => 0,
        };
        let millis = thousandths(&mut fields, 0)?;
        let micros = thousandths(&mut fields, 1)?;
        fields.finish()?;
        let whole =
            seconds.checked_mul(1_000_000).and_then(|s| s.checked_add(millis * 1_000 + micros));
        Self::from_micros(whole.ok_or(Defect::Accuracy)?)
    }
}

/// `[number] INTEGER (1..999) OPTIONAL`.
fn thousandths(fields: &mut Reader<'_>, number: u8) -> Result<u64, Error> {
    let Some(part) = fields.optional(Tag::context(number))? else {
        return Ok(0);
    };
    let value = match *part.value() {
        [low @ 1..=0x7f] => u64::from(low),
        [0, low] if low >= 0x80 => u64::from(low),
        [high @ 1..=0x7f, low] => u64::from(high) << 8 | u64::from(low),
        _ => return Err(Defect::Accuracy.into()),
    };
    if value > 999 { Err(Defect::Accuracy.into()) } else { Ok(value) }
}

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TstInfo {
    /// The policy under which it was issued.
    pub policy: Oid,
    /// What is stamped.
    pub imprint: Imprint,
    /// Names the token; the authority never uses it again.
    pub serial: Serial,
    /// When.
    pub gen_time: Timestamp,
    /// How exact that is.
    pub accuracy: Option<Accuracy>,
    /// Whether any two tokens of the authority can be ordered by genTime alone.
    pub ordering: bool,
    /// The nonce of the request.
    pub nonce: Option<Nonce>,
    /// The name of the authority.
    pub authority: Option<GeneralName>,
}

impl TstInfo {
    /// Encodes it.
    pub(super) fn encode(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                w.oid(&self.policy);
                w.raw(self.imprint.der());
                w.unsigned(self.serial.as_bytes());
                w.tlv(Tag::GENERALIZED_TIME, gen_time_text(self.gen_time).as_bytes());
                if let Some(accuracy) = self.accuracy {
                    accuracy.write(w);
                }
                if self.ordering {
                    w.boolean(true);
                }
                if let Some(nonce) = &self.nonce {
                    nonce.write(w);
                }
                if let Some(name) = &self.authority {
                    w.explicit(0, |w| name.write(w));
                }
            });
        })
    }

    /// Reads it. Critical extensions are refused; others say nothing that we rely on.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut fields = Reader::sequence_of(der)?;
        if fields.uint()? != 1 {
            return Err(Defect::Version.into());
        }
        let policy = fields.oid()?;
        let imprint = Imprint::read(&mut fields)?;
        let serial = Serial::from_integer(fields.integer()?)?;
        let gen_time = read_gen_time(&fields.read()?)?;
        let accuracy = fields.optional(Tag::SEQUENCE)?;
        let accuracy = accuracy.as_ref().map(Accuracy::read).transpose()?;
        let ordering = fields.boolean_default_false()?;
        let nonce = Nonce::read(&mut fields)?;
        let authority = match fields.explicit(0)? {
            Some(mut inner) => {
                let name = GeneralName::read(&mut inner)?;
                inner.finish()?;
                Some(name)
            }
            None => None,
        };
        if let Some(extensions) = fields.optional(Tag::context_constructed(1))? {
            refuse_critical(&extensions)?;
        }
        fields.finish()?;
        Ok(Self { policy, imprint, serial, gen_time, accuracy, ordering, nonce, authority })
    }
}

fn refuse_critical(extensions: &Tlv<'_>) -> Result<(), Error> {
    crate::crl::extension::for_each(extensions, |_, critical, _| {
        if critical { Err(Defect::Extension.into()) } else { Ok(()) }
    })
}

/// The instant with so many digits of its second; the rest is dropped.
pub(super) fn truncated(at: Timestamp, digits: u8) -> Timestamp {
    let unit = 10_i128.pow(u32::from(MAX_DIGITS - digits.min(MAX_DIGITS)));
    let nanos = at.as_nanosecond().div_euclid(unit) * unit;
    Timestamp::from_nanosecond(nanos).unwrap_or(at)
}

/// `YYYYMMDDHHMMSS[.s…]Z`: no trailing zeros, and no point without digits (RFC 3161 §2.4.2).
fn gen_time_text(at: Timestamp) -> String {
    let whole = time::generalized_text(time::whole_seconds(at));
    let nanos = at.as_nanosecond().rem_euclid(1_000_000_000);
    if nanos == 0 {
        return whole;
    }
    let fraction = format!("{nanos:09}");
    format!("{}.{}Z", whole.trim_end_matches('Z'), fraction.trim_end_matches('0'))
}

fn read_gen_time(element: &Tlv<'_>) -> Result<Timestamp, Error> {
    if element.tag() != Tag::GENERALIZED_TIME {
        return Err(bad("缺少签发时间"));
    }
    parse_gen_time(element.value()).ok_or(Defect::GenTime.into())
}

fn parse_gen_time(text: &[u8]) -> Option<Timestamp> {
    let (body, zone) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if zone != b"Z" {
        return None;
    }
    let mut parts = body.splitn(2, |octet| *octet == b'.');
    let whole = time::parse_generalized(&[parts.next()?, b"Z"].concat())?;
    let Some(digits) = parts.next() else {
        return Some(whole);
    };
    let fits = (1..=usize::from(MAX_DIGITS)).contains(&digits.len());
    if !fits || !digits.iter().all(u8::is_ascii_digit) || digits.last() == Some(&b'0') {
        return None;
    }
    let fraction = digits.iter().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let missing = u32::try_from(usize::from(MAX_DIGITS) - digits.len()).ok()?;
    Timestamp::from_nanosecond(whole.as_nanosecond() + fraction * 10_i128.pow(missing)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn fractions_have_no_trailing_zeros_and_no_lonely_point() {
        for (instant, digits, text) in [
            ("2026-11-22T04:00:00Z", 3, "20261122040000Z"),
            ("2026-11-22T04:00:00.5Z", 3, "20261122040000.5Z"),
            ("2026-11-22T04:00:00.120999Z", 3, "20261122040000.12Z"),
            ("2026-11-22T04:00:00.120999Z", 6, "20261122040000.120999Z"),
            ("2026-11-22T04:00:00.999999999Z", 0, "20261122040000Z"),
            ("2026-11-22T04:00:00.000000001Z", 9, "20261122040000.000000001Z"),
            ("1969-12-31T23:59:59.25Z", 3, "19691231235959.25Z"),
        ] {
            let instant = truncated(at(instant), digits);
            assert_eq!(gen_time_text(instant), text);
            assert_eq!(parse_gen_time(text.as_bytes()), Some(instant), "{text}");
        }
    }

    #[test]
    fn loose_times_are_refused() {
        for text in [
            "20261122040000.Z",
            "20261122040000.50Z",
            "20261122040000,5Z",
            "20261122040000.5",
            "20261122040000.5+0800",
            "202611220400Z",
            "20261122040000.1234567891Z",
            "20261122040000.-1Z",
            "20261322040000Z",
            "Z",
            "",
        ] {
            assert_eq!(parse_gen_time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn accuracies_are_written_and_read_back() {
        for micros in [1, 127, 128, 255, 256, 999, 1_000, 128_000, 999_999, 1_000_000, 61_002_003] {
            let accuracy = Accuracy::from_micros(micros).unwrap();
            let der = Writer::build(|w| accuracy.write(w));
            let element = Reader::new(&der).read().unwrap();
            assert_eq!(Accuracy::read(&element), Ok(accuracy), "{micros}");
        }
        assert!(Accuracy::from_micros(0).is_err());
        for wrong in
            ["3000", "3003800100", "3003800200", "300480020400", "3003810180", "3004800203e8"]
        {
            let der = hex::decode(wrong).unwrap();
            let element = Reader::new(&der).read();
            assert!(element.and_then(|element| Accuracy::read(&element)).is_err(), "{wrong}");
        }
    }
}
