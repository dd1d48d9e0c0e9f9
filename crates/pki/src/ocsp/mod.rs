//! Online certificate status (RFC 6960, nonces per RFC 9654), with SM2 and SM3.
//!
//! | direction | responder | client |
//! | --- | --- | --- |
//! | question | [`Request::from_der`] | [`Request::new`], [`Request::der`] |
//! | answer | [`Draft`] → [`UnsignedResponse`] → octets; [`Failure::der`] | [`Reply::from_der`], [`BasicResponse::verify`] |
//!
//! The responder names itself by name: GmSSL reads no other form. A CertID comes back octet
//! for octet as it was asked; SHA-1, SHA-256 and SM3 are known.
//!
//! Not here: what the status is, whose key signs, caching, HTTP.

mod cert_id;
mod draft;
mod nonce;
mod reply;
mod request;
mod verify;

pub use cert_id::{CertId, HashAlgorithm, IssuerHashes};
pub use draft::{CertStatus, CheckedSignature, Draft, Failure, Single, UnsignedResponse};
pub use nonce::Nonce;
pub use reply::{BasicResponse, Reply, ResponderId, SingleResponse};
pub use request::{MAX_CERTIFICATES, Request};
pub use verify::Signer;

use crate::error::reasons;

reasons! {
    /// What is wrong with a status request or its answer.
    Defect {
        Version = "ocsp.version", "版本不是 1";
        NoCertificate = "ocsp.no-certificate", "没有查询任何证书";
        TooManyCertificates = "ocsp.too-many-certificates", "一次查询的证书过多";
        CriticalExtension = "ocsp.critical-extension", "含有无法识别的关键扩展";
        Nonce = "ocsp.nonce", "随机数应为 1 至 128 字节";
        HashLength = "ocsp.hash-length", "颁发者杂凑值长度与算法不符";
        Status = "ocsp.status", "应答状态不在标准所列之内";
        ResponseType = "ocsp.response-type", "应答不是基本应答";
        Window = "ocsp.window", "下次更新时间不晚于本次更新时间";
        Reason = "ocsp.reason", "撤销原因不在标准所列之内";
        Responder = "ocsp.responder", "应答者不是颁发者，也不是颁发者授权的应答者";
        NotDelegated = "ocsp.not-delegated", "应答者证书没有 OCSP 签名用途";
        ResponderExpired = "ocsp.responder-expired", "应答者证书不在有效期内";
        NonceMismatch = "ocsp.nonce-mismatch", "应答中的随机数与请求不同";
        NotAnswered = "ocsp.not-answered", "应答没有涉及所查询的证书";
        Stale = "ocsp.stale", "应答已过期或尚未生效";
    }
}
