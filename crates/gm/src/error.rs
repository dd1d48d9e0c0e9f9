//! What can go wrong, by who has to act: the caller, the operator of the device, or nobody.
//!
//! `code()` is stable and goes into answers and logs; the text is Chinese and says what to do.

use thiserror::Error;

/// A key, a label or a user ID is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not 65 octets starting with 04 (GM/T 0009 §7.1).
    #[error("公钥格式不正确：应为 65 字节、以 04 开头的未压缩点，请重新生成密钥")]
    PointForm,
    /// A coordinate is not below p, or the point is not on the curve of GB/T 32918.5.
    #[error("公钥不在 SM2 曲线上，请重新生成密钥")]
    OffCurve,
    /// A private key outside 1..=n-2 (GM/T 0009 §5.1).
    #[error("私钥超出取值范围，请重新生成密钥")]
    Scalar,
    /// Neither PKCS#8 nor SEC 1 of an SM2 key.
    #[error("私钥文件不是有效的 SM2 私钥（PKCS#8 或 SEC 1），请检查文件")]
    Encoding,
    /// A label that is not `[a-z0-9][a-z0-9._-]{0,62}`.
    #[error("密钥名称只能用小写字母、数字、点、下划线和连字符，以字母或数字开头，最长 63 个字符")]
    Label,
    /// A user ID of more than 8191 octets: its bit length must fit in 16 bits.
    #[error("SM2 用户标识过长，最多 8191 字节")]
    UserId,
}

impl KeyError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PointForm => "gm.key.point-form",
            Self::OffCurve => "gm.key.off-curve",
            Self::Scalar => "gm.key.scalar",
            Self::Encoding => "gm.key.encoding",
            Self::Label => "gm.key.label",
            Self::UserId => "gm.key.user-id",
        }
    }
}

/// A signature or ciphertext is not in the one permitted encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FormatError {
    /// Not strict DER: wrong tag, long-form length, leading zero, trailing octets.
    #[error("编码不是严格的 DER，请用符合 GM/T 0009 的软件重新生成")]
    Der,
    /// r or s is outside 1..=n-1.
    #[error("签名值超出取值范围，请重新签名")]
    Range,
    /// The point C1 of a ciphertext is not on the curve.
    #[error("密文中的点不在 SM2 曲线上，请重新加密")]
    OffCurve,
    /// A fixed-size part has another size, or the ciphertext is empty.
    #[error("数据长度不正确，请检查来源是否完整")]
    Length,
}

impl FormatError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Der => "gm.format.der",
            Self::Range => "gm.format.range",
            Self::OffCurve => "gm.format.off-curve",
            Self::Length => "gm.format.length",
        }
    }
}

/// The signature does not belong to this key, ID and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("签名验证不通过：签名与公钥、用户标识或原文不符")]
pub struct VerifyError;

impl VerifyError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        "gm.verify"
    }
}

/// What was sealed or encrypted does not open: wrong key, or changed on the way.
/// One value for every cause, so that an answer tells an attacker nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("解密不成功：密钥不符，或数据已被改动")]
pub struct DecryptError;

impl DecryptError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        "gm.decrypt"
    }
}

/// Why a device says no. Retrying the same call will not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RefusedReason {
    /// No key has this label.
    #[error("设备中没有这个名称的密钥，请用 yinxin key 查看现有密钥")]
    NoSuchKey,
    /// The key exists but serves another purpose.
    #[error("这把密钥的用途不符，不能用于该操作")]
    WrongKind,
    /// A key of this label exists already.
    #[error("设备中已有同名密钥，请换一个名称")]
    LabelTaken,
    /// The folder holds a device already.
    #[error("该目录中已有密码设备，请换一个空目录")]
    DeviceExists,
    /// The passphrase does not open the device.
    #[error("口令不正确，请重新输入")]
    WrongPassphrase,
    /// The input does not open, does not fit, or makes no sense.
    #[error("输入数据不正确或已被改动，设备拒绝处理")]
    BadInput,
    /// The device does not offer this operation.
    #[error("该密码设备不支持此操作，请换用支持的设备")]
    NotSupported,
    /// The device waits for its operator.
    #[error("密码设备尚未解锁，请由管理员解锁")]
    Locked,
}

/// What a device answers instead of a result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// In use by another process, or out of sessions: try again later.
    #[error("密码设备正忙，或已被另一个进程占用，请稍后再试")]
    Busy,
    /// Not reachable: unplugged, folder removed, link down.
    #[error("密码设备不可用：找不到设备或其数据目录，请检查连接和路径")]
    Gone,
    /// The device says no; see the reason.
    #[error("{0}")]
    Refused(RefusedReason),
    /// The device must not be used any more until someone has looked at it.
    #[error("密码设备故障，已停止使用，请立即通知管理员：{0}")]
    Broken(String),
}

impl DeviceError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy => "device.busy",
            Self::Gone => "device.gone",
            Self::Refused(reason) => reason.code(),
            Self::Broken(_) => "device.broken",
        }
    }
}

impl RefusedReason {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchKey => "device.no-such-key",
            Self::WrongKind => "device.wrong-kind",
            Self::LabelTaken => "device.label-taken",
            Self::DeviceExists => "device.exists",
            Self::WrongPassphrase => "device.wrong-passphrase",
            Self::BadInput => "device.bad-input",
            Self::NotSupported => "device.not-supported",
            Self::Locked => "device.locked",
        }
    }
}

impl From<RefusedReason> for DeviceError {
    fn from(reason: RefusedReason) -> Self {
        Self::Refused(reason)
    }
}

impl From<DecryptError> for DeviceError {
    fn from(_: DecryptError) -> Self {
        Self::Refused(RefusedReason::BadInput)
    }
}
