//! Messages of a signature verification server (签名验签服务器, GM/T 0029-2014 Annex A; the same
//! in GB/T 38629-2020): `SVSRequest` in, `SVSRespond` out.
//!
//! | direction | server | client |
//! | --- | --- | --- |
//! | question | [`Request::from_der`] | [`Request::to_der`] |
//! | answer | [`Reply::to_der`] | [`Reply::from_der`] |
//!
//! What the standard leaves open is decided here and said in `docs/integrate/svs.md`:
//!
//! * The encoding rules are not named: DER is wanted, but a default that is written out
//!   (`version`, `ocsp`, `hashFlag`) is read, as deployed clients write it.
//! * The twelve messages in several parts hand SM3's inner state to and fro without the length that
//!   its padding needs: they can't be carried out as they are written, so they are told apart
//!   ([`Body::Parts`]) and not read further.
//!
//! Not here: whether a certificate or a signature holds, who may sign, HTTP.

mod item;
mod reply;
mod request;

pub use item::{Item, ItemValue};
pub use reply::{Content, Reply};
pub use request::{Body, Options, Request, SignOrder, Signer};

use crate::Error;
use crate::error::reasons;

/// Largest message that is read, in octets: a content, and a signed message that carries it.
pub const MAX_OCTETS: usize = 24 << 20;

/// Identifier of SM2 signatures over SM3 (GM/T 0006 §5.2.4).
pub const SGD_SM3_SM2: u64 = 0x0002_0201;

/// Chinese name of the structure in messages.
const WHAT: &str = "签名验签报文（GM/T 0029）";

fn bad(detail: &'static str) -> Error {
    Error::malformed(WHAT, detail)
}

reasons! {
    /// What is wrong with a message of GM/T 0029.
    Defect {
        Version = "svs.version", "协议版本不是 v1(0)";
        Kind = "svs.kind", "请求类型不在 0 至 18 之间";
        Mismatch = "svs.mismatch", "请求类型与请求包不一致";
        Length = "svs.length", "inDataLen 与 inData 的长度不同";
        Signer = "svs.signer", "type 为 1 时应有证书，为 2 时应有证书序列号，不能两者都有";
        Level = "svs.level", "verifyLevel 应为 0、1 或 2";
    }
}

macro_rules! kinds {
    ($($kind:ident $number:literal $name:literal,)*) => {
        /// What is asked for (table A.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $name] $kind = $number,)*
        }

        impl Kind {
            /// All of them, by their number.
            pub const ALL: [Self; 19] = [$(Self::$kind,)*];

            /// The word in addresses and header fields of HTTP (Annex B: `signData` is asked for at
            /// `/SignData`).
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    ExportCert 0 "ExportCert",
    ParseCert 1 "ParseCert",
    ValidateCert 2 "ValidateCert",
    SignData 3 "SignData",
    VerifySignedData 4 "VerifySignedData",
    SignDataInit 5 "SignDataInit",
    SignDataUpdate 6 "SignDataUpdate",
    SignDataFinal 7 "SignDataFinal",
    VerifySignedDataInit 8 "VerifySignedDataInit",
    VerifySignedDataUpdate 9 "VerifySignedDataUpdate",
    VerifySignedDataFinal 10 "VerifySignedDataFinal",
    SignMessage 11 "SignMessage",
    VerifySignedMessage 12 "VerifySignedMessage",
    SignMessageInit 13 "SignMessageInit",
    SignMessageUpdate 14 "SignMessageUpdate",
    SignMessageFinal 15 "SignMessageFinal",
    VerifySignedMessageInit 16 "VerifySignedMessageInit",
    VerifySignedMessageUpdate 17 "VerifySignedMessageUpdate",
    VerifySignedMessageFinal 18 "VerifySignedMessageFinal",
}

impl Kind {
    /// The number of the standard, which is also the tag of the choice.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    pub fn of(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| u64::from(kind.number()) == number)
    }

    /// The kind with this name, in any case of letters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

macro_rules! codes {
    ($($code:ident $number:literal $name:literal $chinese:literal,)*) => {
        /// How it went (table C.1). 0 is the only success.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $chinese] $code = $number,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// Its name in the standard.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// What it means.
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$code => $chinese,)* }
            }
        }
    };
}

codes! {
    Success 0 "GM_SUCCESS" "正常返回",
    CertId 0x0400_0001 "GM_ERROR_CERT_ID" "错误的证书标识",
    CertInfoType 0x0400_0002 "GM_ERROR_CERT_INFO_TYPE" "错误的证书信息类型",
    ServerConnect 0x0400_0003 "GM_ERROR_SERVER_CONNECT" "CRL 或 OCSP 服务器无法连接",
    SignMethod 0x0400_0004 "GM_ERROR_SIGN_METHOD" "签名算法类型错误",
    KeyIndex 0x0400_0005 "GM_ERROR_KEY_INDEX" "签名者私钥索引值错误",
    KeyValue 0x0400_0006 "GM_ERROR_KEY_VALUE" "签名者私钥权限标识码错误",
    Cert 0x0400_0007 "GM_ERROR_CERT" "证书非法或服务器内不存在",
    CertDecode 0x0400_0008 "GM_ERROR_CERT_DECODE" "证书解码错误",
    CertExpired 0x0400_0009 "GM_ERROR_CERT_INVALID_AF" "证书过期",
    CertNotYet 0x0400_000a "GM_ERROR_CERT_INVALID_BF" "证书尚未生效",
    CertRemoved 0x0400_000b "GM_ERROR_CERT_REMOVED" "证书已被撤销",
    InvalidSignature 0x0400_000c "GM_INVALID_SIGNATURE" "签名无效",
    InvalidFormat 0x0400_000d "GM_INVALID_DATA_FORMAT" "数据格式错误",
    SystemFailure 0x0400_000e "GM_SYSTEM_FAILURE" "系统内部错误",
}

impl Code {
    /// The number of the standard.
    pub const fn number(self) -> u64 {
        self as u64
    }

    /// The code with this number.
    pub fn of(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}
