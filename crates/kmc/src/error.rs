//! What can go wrong in the key centre. Each text tells a Chinese reader what to do next.

use store::ErrorKind;

/// A refusal, an invalid input or a fault of the key management centre.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The CA is not in the register, or was closed.
    #[error("认证机构未在密钥管理中心登记或已停用，请先由管理员登记该机构及其公钥")]
    UnknownCa,
    /// A CA of this name or key is registered already with other data.
    #[error("该认证机构的名称或公钥已被登记，请核对登记信息；更换公钥请使用“更换机构公钥”")]
    CaTaken,
    /// This CA has no pair for that certificate serial.
    #[error("本机构名下没有该加密证书序列号对应的密钥，请核对序列号")]
    UnknownCertificate,
    /// The serial was assigned to another signing key.
    #[error("该加密证书序列号已分配给另一签名公钥，请改用新的序列号重新申请")]
    SerialTaken,
    /// The pair of this serial has left use.
    #[error("该加密证书的密钥已转入历史库，不能再次签发，请改用新的序列号重新申请")]
    KeyEnded,
    /// The validity is empty or over.
    #[error("证书有效期不正确：起始时间应早于终止时间，且终止时间应晚于当前时间")]
    Validity,
    /// Recovery to a signing key that was used before.
    #[error("恢复加密密钥须先产生新的签名密钥对，不能使用已用过的签名公钥")]
    RestoreNeedsNewKey,
    /// A text field is empty, too long, or holds control characters.
    #[error("“{field}”应为1至128个可见字符，首尾不得有空白，请修改后重试")]
    BadText {
        /// The Chinese name of the field.
        field: &'static str,
    },
    /// The person or key of an officer is registered already.
    #[error("该人员或其公钥已登记，一人只能承担一种角色，请核对人员登记")]
    OfficerTaken,
    /// The officer is not registered, or was closed.
    #[error("签名人未登记或已停用，请由已登记的人员签名")]
    UnknownOfficer,
    /// There is no such case.
    #[error("没有该司法恢复记录，请先开立恢复记录")]
    UnknownCase,
    /// The same case of the same authority is open for this key.
    #[error("该机关的同一案件已就此密钥开立恢复记录，请使用原记录")]
    CaseTaken,
    /// The record was not signed within its time.
    #[error("司法恢复记录已超过签署期限，请重新开立")]
    CaseExpired,
    /// Not exactly one operator and one judicial officer.
    #[error("司法恢复须由密钥管理中心操作员和司法人员各一人同时签名，请补齐双方签名")]
    TwoPartiesNeeded,
    /// A signature over the record does not verify.
    #[error("{party}的签名与恢复记录不符，记录可能被改动，请核对后重新签名")]
    ApprovalInvalid {
        /// The Chinese name of the party.
        party: &'static str,
    },
    /// Done before with other signatures.
    #[error("该司法恢复已由他人签名办结，不能重复办理")]
    CaseDone,
    /// No subject notice is due for this case.
    #[error("该案件没有待履行的告知义务，请核对案件编号")]
    NoNoticeDue,
    /// A GM/T 0014 request that was refused, with the number that the answer carries.
    #[error("{0}")]
    Protocol(#[from] ProtocolError),
    /// Bytes that are no GM/T 0014 message.
    #[error("密钥服务消息格式不正确：{0}")]
    Message(#[source] pki::Error),
    /// The remote centre failed, or does not take our requests: a matter between the two
    /// centres, never the subscriber's.
    #[error("密钥管理中心未能办理（错误号{number}）：{text}")]
    Remote {
        /// errNo of the answer.
        number: u64,
        /// errDesc of the answer.
        text: String,
    },
    /// The answer of the remote centre cannot be trusted or used.
    #[error("密钥管理中心的响应不可信：{0}；请核对中心公钥、两端时钟和通道")]
    BadAnswer(&'static str),
    /// The remote centre was not reached.
    #[error("无法连接密钥管理中心：{0}；请检查网络后以同一请求重试")]
    Unreachable(String),
    /// The device failed or refused.
    #[error("密钥管理中心的密码设备不可用：{0}")]
    Device(#[from] gm::DeviceError),
    /// The database failed, or the journal halted.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A stored row cannot be read back.
    #[error("数据库中的密钥记录已损坏（{0}），请停止使用并联系运维人员从备份恢复")]
    StoredData(&'static str),
    /// A background task was torn down.
    #[error("密钥管理中心内部任务中断，请重试")]
    Interrupted,
}

/// Why a GM/T 0014 request as a whole was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The CA named in the request is not registered.
    #[error("请求中的认证机构未登记")]
    UnknownCa,
    /// The signature does not verify by the registered key.
    #[error("请求签名验证失败")]
    BadSignature,
    /// Outside the time window.
    #[error("请求时间超出允许范围，请校准时钟")]
    StaleRequest,
    /// taskNO was used before.
    #[error("任务编号已使用过，请以新的任务编号重新发送")]
    Replay,
    /// Not SM2, or not 256 bits.
    #[error("只支持SM2算法、256位密钥，私钥以SM2、SM4和SM3返回")]
    UnsupportedAlgorithm,
    /// Empty or oversized request list, or one serial twice.
    #[error("请求列表为空、过长，或含有重复的证书序列号")]
    BadList,
    /// The subscriber's public key is no point of the SM2 curve.
    #[error("用户公钥不是有效的SM2公钥")]
    BadUserKey,
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownCa => "kmc.unknown_ca",
            Self::CaTaken => "kmc.ca_taken",
            Self::UnknownCertificate => "kmc.unknown_certificate",
            Self::SerialTaken => "kmc.serial_taken",
            Self::KeyEnded => "kmc.key_ended",
            Self::Validity => "kmc.validity",
            Self::RestoreNeedsNewKey => "kmc.restore_needs_new_key",
            Self::BadText { .. } => "kmc.bad_text",
            Self::OfficerTaken => "kmc.officer_taken",
            Self::UnknownOfficer => "kmc.unknown_officer",
            Self::UnknownCase => "kmc.unknown_case",
            Self::CaseTaken => "kmc.case_taken",
            Self::CaseExpired => "kmc.case_expired",
            Self::TwoPartiesNeeded => "kmc.two_parties_needed",
            Self::ApprovalInvalid { .. } => "kmc.approval_invalid",
            Self::CaseDone => "kmc.case_done",
            Self::NoNoticeDue => "kmc.no_notice_due",
            Self::Protocol(inner) => inner.code(),
            Self::Message(_) => "kmc.message",
            Self::Remote { .. } => "kmc.remote_refused",
            Self::BadAnswer(_) => "kmc.bad_answer",
            Self::Unreachable(_) => "kmc.unreachable",
            Self::Device(_) => "kmc.device",
            Self::Store(inner) => inner.code(),
            Self::StoredData(_) => "kmc.stored_data",
            Self::Interrupted => "kmc.interrupted",
        }
    }

    /// Whether the same order may simply be sent again after a while.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Interrupted => true,
            Self::Remote { number, .. } => *number == crate::protocol::error_number::INTERNAL,
            Self::Device(error) => matches!(error, gm::DeviceError::Busy),
            Self::Store(error) => error.is_retryable() || error.is_outage(),
            _ => false,
        }
    }

    /// Whether the centre as a whole cannot serve at the moment: not reached, halted, without
    /// its device, or not on terms with this CA. No fault of the order.
    pub fn is_unavailable(&self) -> bool {
        let halted = matches!(
            self,
            Self::Remote { .. }
                | Self::BadAnswer(_)
                | Self::Device(gm::DeviceError::Gone)
                | Self::Store(store::Error::Halted(_) | store::Error::AnchorUnwritten(_))
        );
        halted || self.is_retryable()
    }

    /// Whether the rules say no, the input is bad, or the fault is ours.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BadText { .. } | Self::Message(_) | Self::Validity => ErrorKind::Invalid,
            Self::BadAnswer(_)
            | Self::Unreachable(_)
            | Self::Remote { .. }
            | Self::Device(_)
            | Self::StoredData(_)
            | Self::Interrupted => ErrorKind::Fault,
            Self::Store(inner) => inner.kind(),
            _ => ErrorKind::Refusal,
        }
    }
}

impl ProtocolError {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownCa => "kmc.protocol.unknown_ca",
            Self::BadSignature => "kmc.protocol.bad_signature",
            Self::StaleRequest => "kmc.protocol.stale_request",
            Self::Replay => "kmc.protocol.replay",
            Self::UnsupportedAlgorithm => "kmc.protocol.unsupported_algorithm",
            Self::BadList => "kmc.protocol.bad_list",
            Self::BadUserKey => "kmc.protocol.bad_user_key",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_speaks_chinese_and_has_a_code_of_this_crate() {
        let errors = [
            Error::UnknownCa,
            Error::SerialTaken,
            Error::RestoreNeedsNewKey,
            Error::TwoPartiesNeeded,
            Error::Protocol(ProtocolError::Replay),
        ];
        for error in errors {
            assert!(error.code().starts_with("kmc."), "{}", error.code());
            assert!(error.to_string().chars().any(|c| c > '\u{4e00}'));
            assert_eq!(error.kind(), ErrorKind::Refusal);
        }
    }
}
