//! certificateExactMatch (RFC 4523 §2.5): one certificate by its serial number and issuer, in the
//! GSER text of the standard, in the older form `number$issuer`, or as the whole certificate.

use pki::{Certificate, Serial};

use crate::model::Dn;

/// What is asserted of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assertion {
    /// These octets.
    Whole(Vec<u8>),
    /// This serial number of this issuer.
    Number(Serial, Dn),
}

impl Assertion {
    /// Reads an assertion value.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        if value.first() == Some(&0x30) {
            return Some(Self::Whole(value.to_vec()));
        }
        let text = std::str::from_utf8(value).ok()?.trim();
        match text.strip_prefix('{') {
            Some(inner) => gser(inner.strip_suffix('}')?),
            None => {
                let (number, issuer) = text.split_once('$')?;
                Some(Self::Number(decimal(number.trim())?, Dn::parse(issuer).ok()?))
            }
        }
    }

    /// The serial number to look for.
    #[must_use]
    pub fn serial(&self) -> Option<Serial> {
        match self {
            Self::Whole(der) => Certificate::from_der(der).ok().map(|found| found.serial()),
            Self::Number(serial, _) => Some(*serial),
        }
    }

    /// Whether it holds for a certificate; `None` when that cannot be read.
    #[must_use]
    pub fn holds(&self, der: &[u8]) -> Option<bool> {
        match self {
            Self::Whole(asserted) => Some(asserted == der),
            Self::Number(serial, issuer) => {
                let certificate = Certificate::from_der(der).ok()?;
                let same = certificate.serial() == *serial;
                Some(same && Dn::of_name(certificate.issuer()).key() == issuer.key())
            }
        }
    }
}

/// ` serialNumber 123, issuer rdnSequence:"CN=…,C=CN" ` (RFC 3641).
fn gser(text: &str) -> Option<Assertion> {
    let rest = text.trim().strip_prefix("serialNumber")?;
    let (number, rest) = rest.split_once(',')?;
    let rest = rest.trim().strip_prefix("issuer")?.trim_start();
    let quoted = rest.strip_prefix("rdnSequence:")?.trim_start();
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    // Inside, a quotation mark is written twice; a single one would end the text.
    if inner.replace("\"\"", "").contains('"') {
        return None;
    }
    let issuer = Dn::parse(&inner.replace("\"\"", "\"")).ok()?;
    Some(Assertion::Number(number_of(number.trim())?, issuer))
}

/// `123`, or `'0A1B'H`.
fn number_of(text: &str) -> Option<Serial> {
    match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix("'H")) {
        Some(digits) => Serial::from_hex(digits).ok(),
        None => decimal(text),
    }
}

/// A decimal number of at most 20 octets.
fn decimal(text: &str) -> Option<Serial> {
    if text.is_empty() || text.len() > 49 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut octets = [0_u8; 21];
    for digit in text.bytes() {
        let mut carry = u16::from(digit - b'0');
        for octet in octets.iter_mut().rev() {
            let value = u16::from(*octet) * 10 + carry;
            *octet = u8::try_from(value & 0xff).ok()?;
            carry = value >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Serial::from_magnitude(&octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        match Assertion::read(text.as_bytes())? {
            Assertion::Number(serial, issuer) => Some(format!("{} {issuer}", serial.to_hex())),
            Assertion::Whole(_) => None,
        }
    }

    #[test]
    fn the_forms_of_the_standard_and_the_older_one_are_read() {
        let expected = Some("0102 CN=甲,C=CN".to_owned());
        for same in [
            "{ serialNumber 258, issuer rdnSequence:\"CN=甲,C=CN\" }",
            "{serialNumber '0102'H,issuer rdnSequence:\"CN=甲,C=CN\"}",
            "258$CN=甲,C=CN",
        ] {
            assert_eq!(number(same), expected, "{same}");
        }
        let largest =
            "{ serialNumber 340282366920938463463374607431768211455, issuer rdnSequence:\"C=CN\" }";
        assert_eq!(number(largest), Some(format!("{} C=CN", "ff".repeat(16))));
    }

    #[test]
    fn what_is_no_assertion_is_none() {
        for wrong in [
            "",
            "{",
            "{}",
            "{ serialNumber 1 }",
            "1",
            "$C=CN",
            "-1$C=CN",
            "0$C=CN",
            "1$x",
            "{ serialNumber 1, issuer rdnSequence:C=CN }",
            "{ serialNumber 1, issuer rdnSequence:\"C=C\"N\" }",
            "{ serialNumber 1, issuer rdnSequence:\"\"\"}",
            "{ serialNumber 99999999999999999999999999999999999999999999999999, issuer rdnSequence:\"C=CN\" }",
        ] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
        assert_eq!(Assertion::read(&[0xff, 0xfe]), None);
    }
}
