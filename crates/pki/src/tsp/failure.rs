//! Why no timestamp was given: `PKIFailureInfo` (RFC 3161 §2.4.2; GM/T 0033 has the same bits).

use super::{Defect, reply};
use crate::Error;

/// A reason that goes to whoever asked. It is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The algorithm is unknown or no longer safe.
    BadAlg = 0,
    /// The request is not permitted or not supported.
    BadRequest = 2,
    /// The data have the wrong format.
    BadDataFormat = 5,
    /// The source of time is not available, or not to be relied on.
    TimeNotAvailable = 14,
    /// The policy asked for is not one of ours.
    UnacceptedPolicy = 15,
    /// An extension asked for is not supported.
    UnacceptedExtension = 16,
    /// Additional information asked for is not available.
    AddInfoNotAvailable = 17,
    /// Our side failed.
    SystemFailure = 25,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    /// The bit of the standard.
    pub const fn bit(self) -> u8 {
        self as u8
    }

    /// The failure with this bit.
    pub fn from_bit(bit: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.bit() == bit)
    }

    /// The failure that a request which cannot be read is answered with.
    pub const fn of(error: &Error) -> Self {
        match error {
            Error::Tsp(Defect::Algorithm) => Self::BadAlg,
            Error::Tsp(Defect::Version) | Error::TooLarge { .. } => Self::BadRequest,
            Error::Tsp(Defect::Extension) => Self::UnacceptedExtension,
            _ => Self::BadDataFormat,
        }
    }

    /// What happened and what to do, for the statusString of the answer.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::BadAlg => "杂凑算法不受支持，请使用 SM3、SHA-256、SHA-384 或 SHA-512",
            Self::BadRequest => "不支持这种请求，请按 RFC 3161 第 1 版重新生成",
            Self::BadDataFormat => "请求格式有误，请按 RFC 3161 以 DER 编码重新生成",
            Self::TimeNotAvailable => "可信时间暂不可用，未签发时间戳，请稍后重试",
            Self::UnacceptedPolicy => {
                "不支持所请求的时间戳策略，请不指定策略，或按公布的策略标识重新请求"
            }
            Self::UnacceptedExtension => "不支持请求中的扩展，请去掉扩展后重新请求",
            Self::AddInfoNotAvailable => "无法提供所请求的附加信息",
            Self::SystemFailure => "系统故障，未签发时间戳，请稍后重试",
        }
    }

    /// The whole `TimeStampResp`.
    pub fn der(self) -> Vec<u8> {
        reply::refused(self)
    }
}
