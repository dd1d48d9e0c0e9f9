//! Timestamps (RFC 3161, RFC 5816, GM/T 0033), with SM2 and SM3.
//!
//! | direction | authority | client |
//! | --- | --- | --- |
//! | question | [`Request::from_der`] | [`Request::new`], [`Request::der`] |
//! | answer | [`Draft`] → [`UnsignedToken`] → [`granted`]; [`Failure::der`] | [`Reply::from_der`], [`Token::verify`] |
//!
//! The two standards say the same and differ in a few numbers, which are data: [`Format`]. With
//! an SM2 key GM/T 0033 wants the content types of GM/T 0010 around the token; other software
//! knows those of RFC 5652 alone.
//!
//! Not here: what time it is, whether the clock is right, whose key signs, HTTP.

mod ess;
mod failure;
mod imprint;
mod info;
mod reply;
mod request;
mod token;
mod unsigned;
mod verify;

pub use failure::Failure;
pub use imprint::{HashAlgorithm, Imprint};
pub use info::{Accuracy, TstInfo};
pub use reply::{Reply, granted};
pub use request::{MAX_REQUEST, Nonce, Request};
pub use token::{Format, Token};
pub use unsigned::{Draft, UnsignedToken};
pub use verify::{Trust, Verified, is_time_stamping};

use crate::Error;
use crate::error::reasons;

/// Chinese name of the structure in messages.
const WHAT: &str = "时间戳";

fn bad(detail: &'static str) -> Error {
    Error::malformed(WHAT, detail)
}

reasons! {
    /// What is wrong with a timestamp, its request or its answer.
    Defect {
        Version = "tsp.version", "版本不是 1";
        Algorithm = "tsp.algorithm", "杂凑算法不受支持，请使用 SM3、SHA-256、SHA-384 或 SHA-512";
        HashLength = "tsp.hash-length", "杂凑值长度与算法不符";
        Nonce = "tsp.nonce", "随机数不得超过 160 位";
        Extension = "tsp.extension", "含有无法识别的扩展";
        Accuracy = "tsp.accuracy", "精度应大于零，毫秒、微秒各不超过 999";
        GenTime = "tsp.gen-time", "时间不是以 Z 结尾的有效时刻，或小数末尾有零";
        Status = "tsp.status", "应答状态不在标准所列之内，或与内容不符";
        Purpose = "tsp.purpose", "签名者证书不是时间戳证书：扩展密钥用途应为关键扩展，且只有时间戳";
        CertificateExpired = "tsp.certificate-expired", "签名者证书在所签时间不在有效期内";
        NoCertificate = "tsp.no-certificate", "没有签名者的证书";
        NotNamed = "tsp.not-named", "签名属性没有指明签名者的证书，或指明的是另一证书";
        ImprintMismatch = "tsp.imprint-mismatch", "时间戳所盖的杂凑值与请求不同";
        NonceMismatch = "tsp.nonce-mismatch", "时间戳中的随机数与请求不同";
        PolicyMismatch = "tsp.policy-mismatch", "时间戳的策略与请求不同";
        CertificateAnswer = "tsp.certificate-answer", "请求了签名者证书而应答没有带上，或未请求而带上";
    }
}
