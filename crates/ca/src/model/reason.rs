//! Reasons for which a certificate can be revoked.

use pki::crl::Reason;

use crate::error::Invalid;

/// A reason of RFC 5280 §5.3.1 that ends a certificate. certificateHold is a suspension and
/// removeFromCRL is a notation of delta CRLs: neither is a value of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// 未指明
    Unspecified,
    /// 密钥泄露: blocks the key for ever.
    KeyCompromise,
    /// CA 密钥泄露
    CaCompromise,
    /// 从属关系变更
    AffiliationChanged,
    /// 证书已被取代
    Superseded,
    /// 停止使用
    CessationOfOperation,
    /// 权限撤回
    PrivilegeWithdrawn,
    /// 属性机构密钥泄露
    AaCompromise,
}

impl RevocationReason {
    /// Every reason, for forms and tests.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The same reason as CRLs and OCSP answers write it.
    #[must_use]
    pub const fn as_crl(self) -> Reason {
        match self {
            Self::Unspecified => Reason::Unspecified,
            Self::KeyCompromise => Reason::KeyCompromise,
            Self::CaCompromise => Reason::CaCompromise,
            Self::AffiliationChanged => Reason::AffiliationChanged,
            Self::Superseded => Reason::Superseded,
            Self::CessationOfOperation => Reason::CessationOfOperation,
            Self::PrivilegeWithdrawn => Reason::PrivilegeWithdrawn,
            Self::AaCompromise => Reason::AaCompromise,
        }
    }

    /// The code of RFC 5280.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.as_crl().code()
    }

    /// The reason with this code; 6 (hold), 7 and 8 (removeFromCRL) are refused.
    pub fn from_code(code: u8) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.code() == code)
            .ok_or_else(|| Invalid::Reason(code.to_string()))
    }

    /// The stable name of the interfaces, as RFC 5280 spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// The reason of this name.
    pub fn from_name(name: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.name() == name)
            .ok_or_else(|| Invalid::Reason(name.to_owned()))
    }

    /// The Chinese name shown to people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        self.as_crl().chinese()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_leads_back_from_its_code_and_name() {
        for reason in RevocationReason::ALL {
            assert_eq!(RevocationReason::from_code(reason.code()), Ok(reason));
            assert_eq!(RevocationReason::from_name(reason.name()), Ok(reason));
        }
    }

    #[test]
    fn hold_and_removal_are_no_reasons_for_revocation() {
        for code in [6, 7, 8, 11] {
            assert!(RevocationReason::from_code(code).is_err());
        }
    }
}
