//! Why a certificate was revoked: `CRLReason` (RFC 5280 §5.3.1).
//!
//! The same enumeration serves CRL entries and OCSP answers (RFC 6960 §4.2.1).
//! Value 7 is unused by the standard and does not exist here.

/// A reason code of RFC 5280 §5.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// 未指明: written as an absent extension, never as the value 0.
    Unspecified = 0,
    /// 密钥泄露
    KeyCompromise = 1,
    /// CA 密钥泄露
    CaCompromise = 2,
    /// 从属关系变更
    AffiliationChanged = 3,
    /// 证书已被取代
    Superseded = 4,
    /// 停止使用
    CessationOfOperation = 5,
    /// 暂停: the only reason that can be lifted again.
    CertificateHold = 6,
    /// 从增量 CRL 中移除: only in delta CRLs.
    RemoveFromCrl = 8,
    /// 权限撤回
    PrivilegeWithdrawn = 9,
    /// 属性机构密钥泄露
    AaCompromise = 10,
}

impl Reason {
    /// Every reason, in the order of its code.
    pub const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::RemoveFromCrl,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The code of the standard.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this code; 7 and everything above 10 are nothing.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The Chinese name shown to people.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Unspecified => "未指明",
            Self::KeyCompromise => "密钥泄露",
            Self::CaCompromise => "CA 密钥泄露",
            Self::AffiliationChanged => "从属关系变更",
            Self::Superseded => "证书已被取代",
            Self::CessationOfOperation => "停止使用",
            Self::CertificateHold => "暂停",
            Self::RemoveFromCrl => "从增量列表移除",
            Self::PrivilegeWithdrawn => "权限撤回",
            Self::AaCompromise => "属性机构密钥泄露",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_reason() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
    }

    #[test]
    fn unused_and_unknown_codes_are_no_reason() {
        for code in [7, 11, 255] {
            assert_eq!(Reason::from_code(code), None);
        }
    }
}
