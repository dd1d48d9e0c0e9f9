//! What can go wrong, by reader: a stable code for programs, a Chinese sentence
//! that says what to do next for people, and a kind for the caller's decision.

use crate::{
    attestation, certificate, crl, csr, ident, name, ocsp, profile, serial, spki, strict, svs, tbs,
    tsp,
};

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input is readable, but a rule says no.
    Refusal,
    /// The input itself is wrong.
    Invalid,
    /// Our side failed.
    Fault,
}

/// Declares an enum of reasons, each with its stable code and Chinese text.
macro_rules! reasons {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`: `", $text, "`")] $variant,)+
        }

        impl $name {
            /// Every reason, for catalogues and tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code that programs may rely on.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl std::error::Error for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)+ })
            }
        }
    };
}
pub(crate) use reasons;

/// Everything that this crate refuses or fails at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes break the distinguished encoding rules (X.690).
    #[error("编码不符合 DER 规则（第 {offset} 字节起：{defect}）；请用符合 DER 规则的程序重新生成")]
    Der {
        /// The rule that was broken.
        defect: strict::Defect,
        /// Offset of the element in the input, in octets.
        offset: usize,
    },
    /// Input beyond the size limit, refused before it was parsed.
    #[error("{what}共 {actual} 字节，超过上限 {limit} 字节；请检查是否选错了文件")]
    TooLarge {
        /// Chinese name of the structure.
        what: &'static str,
        /// Size of the input, in octets.
        actual: usize,
        /// Largest size accepted, in octets.
        limit: usize,
    },
    /// Correct DER, but not the structure that was expected.
    #[error("不是有效的{what}：{detail}；请核对文件种类或重新生成")]
    Malformed {
        /// Chinese name of the structure.
        what: &'static str,
        /// Chinese description of the difference.
        detail: &'static str,
    },
    /// Text armour that is not PEM, or holds something else.
    #[error("不是有效的 PEM 文本：{0}；请提交 PEM 或 DER 格式的文件")]
    Pem(&'static str),
    /// A certificate that breaks RFC 5280 or GB/T 20518.
    #[error("证书不符合规范：{0}；请向签发机构核实")]
    Certificate(#[from] certificate::Defect),
    /// A serial number out of its range.
    #[error("证书序列号不符合规范：{0}")]
    Serial(#[from] serial::Defect),
    /// A distinguished name that cannot be used.
    #[error("名称不符合规范：{0}；请改正后重新提交")]
    Name(#[from] name::Defect),
    /// A public key that cannot be used.
    #[error("公钥不可用：{0}；请重新生成密钥对")]
    Key(#[from] spki::Defect),
    /// An algorithm that this operation does not know.
    #[error("不支持{what}的算法 {oid}；电子政务证书应使用 SM2/SM3")]
    Algorithm {
        /// Chinese name of the structure.
        what: &'static str,
        /// Dotted object identifier.
        oid: String,
    },
    /// A signature that does not verify.
    #[error("{what}的签名验证不通过；内容可能被改动，或验证所用的公钥、签名者标识不对")]
    Signature {
        /// Chinese name of the structure.
        what: &'static str,
    },
    /// A certification request that is refused.
    #[error("证书申请不予接受：{0}")]
    Request(#[from] csr::Refusal),
    /// A revocation list, or what should become one.
    #[error("证书撤销列表不符合规范：{0}")]
    Crl(#[from] crl::Defect),
    /// A status request or its answer.
    #[error("证书状态查询报文不符合规范：{0}")]
    Ocsp(#[from] ocsp::Defect),
    /// A timestamp, its request or its answer.
    #[error("时间戳报文不符合规范：{0}")]
    Tsp(#[from] tsp::Defect),
    /// A message of a signature verification server.
    #[error("签名验签报文不符合规范：{0}；请按 GM/T 0029 附录 A 重新生成")]
    Svs(#[from] svs::Defect),
    /// The register of certified devices.
    #[error("密码产品登记有误（{place}）：{problem}；请改正 devices/products.toml")]
    Products {
        /// Which entry, or which file.
        place: String,
        /// What is wrong.
        problem: attestation::Problem,
    },
    /// An attestation that proves nothing, or one that is missing where there has to be one.
    #[error("{refusal}{detail}（《电子政务电子认证服务管理办法》第二十条第二款）")]
    Attestation {
        /// Why.
        refusal: attestation::Refusal,
        /// What was found, in Chinese.
        detail: String,
    },
    /// An identifier with a wrong form or check digit.
    #[error("证件号码有误：{0}；请核对后重新填写")]
    Identifier(#[from] ident::Defect),
    /// A profile that contradicts itself or the standards.
    #[error("证书模板“{profile}”有误：{problem}；请改正模板文件")]
    Profile {
        /// Name of the profile, or of its file.
        profile: String,
        /// What is wrong.
        problem: profile::Problem,
        /// Where: field or value.
        detail: String,
    },
    /// A certificate that must not be made.
    #[error("不能按此要求签发证书：{refusal}（{detail}）")]
    Plan {
        /// The rule that says no.
        refusal: tbs::Refusal,
        /// The item concerned.
        detail: String,
    },
    /// A file or stream of ours failed.
    #[error("{what}读写失败（{cause}）；请检查磁盘空间和访问权限")]
    Io {
        /// Chinese name of the file or stream.
        what: &'static str,
        /// What the operating system said.
        cause: String,
    },
    /// Our side failed.
    #[error("系统内部错误：{0}；请联系系统管理员")]
    Internal(&'static str),
}

impl Error {
    /// The stable code that programs may rely on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Der { defect, .. } => defect.code(),
            Self::TooLarge { .. } => "input.too-large",
            Self::Malformed { .. } => "structure.malformed",
            Self::Pem(_) => "pem.malformed",
            Self::Certificate(defect) => defect.code(),
            Self::Serial(defect) => defect.code(),
            Self::Name(defect) => defect.code(),
            Self::Key(defect) => defect.code(),
            Self::Algorithm { .. } => "algorithm.unsupported",
            Self::Signature { .. } => "signature.wrong",
            Self::Request(refusal) => refusal.code(),
            Self::Crl(defect) => defect.code(),
            Self::Ocsp(defect) => defect.code(),
            Self::Tsp(defect) => defect.code(),
            Self::Svs(defect) => defect.code(),
            Self::Identifier(defect) => defect.code(),
            Self::Products { problem, .. } => problem.code(),
            Self::Attestation { refusal, .. } => refusal.code(),
            Self::Io { .. } => "pki.io",
            Self::Profile { problem, .. } => problem.code(),
            Self::Plan { refusal, .. } => refusal.code(),
            Self::Internal(_) => "pki.internal",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Request(_) | Self::Plan { .. } | Self::Attestation { .. } => ErrorKind::Refusal,
            Self::Io { .. } | Self::Internal(_) => ErrorKind::Fault,
            _ => ErrorKind::Invalid,
        }
    }

    /// Correct DER of the wrong shape: `what` names the structure in Chinese.
    pub(crate) const fn malformed(what: &'static str, detail: &'static str) -> Self {
        Self::Malformed { what, detail }
    }
}
