//! What a device is as a commercial cryptographic product: who made it, and the certificate that it was
//! tested and certified under (Measures Art. 20 ¶2; checks C20-1, C20-2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A security level of GM/T 0028: 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct SecurityLevel(u8);

impl SecurityLevel {
    /// The level of a number from 1 to 4.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if level >= 1 && level <= 4 { Some(Self(level)) } else { None }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self.0 {
            1 => "一级",
            2 => "二级",
            3 => "三级",
            _ => "四级",
        }
    }
}

impl TryFrom<u8> for SecurityLevel {
    type Error = &'static str;

    fn try_from(level: u8) -> Result<Self, Self::Error> {
        Self::new(level).ok_or("安全等级应为 1 至 4")
    }
}

impl From<SecurityLevel> for u8 {
    fn from(level: SecurityLevel) -> Self {
        level.0
    }
}

/// A product with its certificate (商用密码产品认证证书).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Who makes it, as the certificate says.
    pub maker: String,
    /// Its model, as the certificate says.
    pub model: String,
    /// The number of the certificate.
    pub certificate: String,
    /// The level it was certified for.
    pub level: SecurityLevel,
    /// First day of the certificate, in China.
    pub valid_from: Date,
    /// Last day of the certificate, in China.
    pub valid_until: Date,
}

/// How a certificate of a product stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// It begins later.
    NotYet,
    /// It is in force, and for this many days after this one.
    InForce(i32),
    /// It is over.
    Over,
}

impl Product {
    /// How its certificate stands on a day.
    #[must_use]
    pub fn term_on(&self, day: Date) -> Term {
        if day < self.valid_from {
            return Term::NotYet;
        }
        match day.until(self.valid_until).map(|span| span.get_days()) {
            Ok(days) if days >= 0 => Term::InForce(days),
            _ => Term::Over,
        }
    }
}

/// Where a key came from, as the record of its generation says it: the kind of device and its product
/// certificate at that time, or that it had none (check C20-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// As [`crate::DeviceInfo::kind`].
    pub kind: &'static str,
    /// None: the device holds no certificate as a product.
    pub product: Option<Product>,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_certificate_is_in_force_from_its_first_to_its_last_day() {
        let product = Product {
            maker: "示例密码设备厂".into(),
            model: "HSM-1".into(),
            certificate: "GM009900020260001".into(),
            level: SecurityLevel::new(2).unwrap(),
            valid_from: date(2026, 1, 1),
            valid_until: date(2030, 12, 31),
        };
        assert_eq!(product.term_on(date(2025, 12, 31)), Term::NotYet);
        assert_eq!(product.term_on(date(2030, 12, 31)), Term::InForce(0));
        assert_eq!(product.term_on(date(2030, 12, 1)), Term::InForce(30));
        assert_eq!(product.term_on(date(2031, 1, 1)), Term::Over);
        assert!(matches!(product.term_on(date(2026, 1, 1)), Term::InForce(days) if days > 1800));
        let text = serde_json::to_string(&product).unwrap();
        assert!(text.contains(r#""valid_from":"2026-01-01""#) && text.contains(r#""level":2"#));
        assert_eq!(serde_json::from_str::<Product>(&text).unwrap(), product);
        assert!(serde_json::from_str::<SecurityLevel>("5").is_err());
    }
}
