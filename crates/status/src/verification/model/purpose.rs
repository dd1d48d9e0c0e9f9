//! What a certificate is to serve for.

use pki::ext::KeyUsage;
use pki::{Oid, oid};

/// A purpose that an asker may state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// None stated: usage is shown and doesn't weigh.
    #[default]
    Any,
    /// Signing: digitalSignature or nonRepudiation.
    Signature,
    /// Encryption: keyEncipherment, dataEncipherment or keyAgreement.
    Encryption,
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
    /// E-mail.
    Email,
    /// Program code.
    Code,
    /// Timestamps.
    Timestamp,
    /// OCSP answers.
    Responder,
}

impl Purpose {
    /// Every purpose, in the order of the form.
    pub const ALL: [Self; 9] = [
        Self::Any,
        Self::Signature,
        Self::Encryption,
        Self::Server,
        Self::Client,
        Self::Email,
        Self::Code,
        Self::Timestamp,
        Self::Responder,
    ];

    /// Its word in interfaces.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Signature => "signature",
            Self::Encryption => "encryption",
            Self::Server => "server",
            Self::Client => "client",
            Self::Email => "email",
            Self::Code => "code",
            Self::Timestamp => "timestamp",
            Self::Responder => "ocsp",
        }
    }

    /// Its Chinese name.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Any => "不限用途",
            Self::Signature => "签名",
            Self::Encryption => "加密",
            Self::Server => "服务器身份",
            Self::Client => "客户端身份",
            Self::Email => "电子邮件",
            Self::Code => "代码签名",
            Self::Timestamp => "时间戳",
            Self::Responder => "状态应答（OCSP）",
        }
    }

    /// The purpose of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }

    /// Key usages of which the certificate must have one (RFC 5280 §4.2.1.3).
    pub const fn usages(self) -> Option<KeyUsage> {
        match self {
            Self::Any => None,
            Self::Encryption => Some(KeyUsage::ENCRYPTION),
            Self::Server => Some(KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::ENCRYPTION)),
            _ => Some(KeyUsage::SIGNING),
        }
    }

    /// The extended key usage that must be there where the certificate names any.
    pub const fn extended(self) -> Option<Oid> {
        match self {
            Self::Any | Self::Signature | Self::Encryption => None,
            Self::Server => Some(oid::SERVER_AUTH),
            Self::Client => Some(oid::CLIENT_AUTH),
            Self::Email => Some(oid::EMAIL_PROTECTION),
            Self::Code => Some(oid::CODE_SIGNING),
            Self::Timestamp => Some(oid::TIME_STAMPING),
            Self::Responder => Some(oid::OCSP_SIGNING),
        }
    }
}
