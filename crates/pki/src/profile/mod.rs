//! Certificate profiles: what each kind of certificate holds, as data.
//!
//! One TOML file per kind under `profiles/`. A profile is checked against the
//! standards when it is read ([`Problem`] says what it breaks), so that none can
//! ask for what GM/T 0043 or RFC 5280 forbids. Its hash goes into the intent of
//! every issuance: the plan is bound to the very text of the profile (T-05).
//!
//! Standards: GB/T 20518 and GM/T 0015 (fields and extensions), GM/T 0043 §6
//! (names, key usage), RFC 5280, RFC 6960 (responders), RFC 3161 (time stamps).

mod canonical;
mod check;
mod document;
mod policies;
mod set;

use gm::Digest;

use crate::error::{Error, reasons};
use crate::lint;
use crate::oid::{self, Oid};

pub use document::{
    AccessRules, AlternativeNames, AttributeKind, AttributeRule, Document, ExtensionPresence,
    IdentityKind, IdentityRule, Kind, PolicyRule, Presence, Role, SignatureParameters, StringType,
    Validity,
};
pub use policies::Policies;
pub use set::ProfileSet;

reasons! {
    /// What is wrong with a profile.
    Problem {
        Toml = "profile.toml", "不是有效的模板文件";
        Unreadable = "profile.unreadable", "模板文件无法读取";
        Duplicate = "profile.duplicate", "同名模板出现两次";
        Name = "profile.name", "模板名称只能用小写字母、数字和连字符";
        Role = "profile.role", "证书种类与用途（签名、加密、单证书）不相配";
        Pair = "profile.pair", "签名模板与加密模板没有一致地互相指明";
        CaForbidden = "profile.ca-forbidden", "只有根证书和下级机构证书可以是 CA";
        CaMissing = "profile.ca-missing", "根证书和下级机构证书应有关键的基本约束 CA:TRUE";
        PathLength = "profile.path-length", "下级机构证书应限定路径长度";
        NameConstraints = "profile.name-constraints", "名称约束只能、也必须出现在下级机构证书中，且为关键项";
        KeyUsage = "profile.key-usage", "密钥用途不是该种证书规定的组合，或不是关键项";
        ExtendedKeyUsage = "profile.extended-key-usage", "扩展密钥用途与证书种类不符";
        Subject = "profile.subject", "主体各项应按 C、S、L、O、OU、E、CN 的次序，C 和 CN 为必有项";
        StringType = "profile.string-type", "字符串类型应为：C 用 printable，E 用 ia5，其余用 utf8";
        Length = "profile.length", "长度上限应大于零且不超过 X.520 的上限";
        Validity = "profile.validity", "有效期天数应大于零，默认值不超过最大值，最大值不超过四十年";
        Serial = "profile.serial", "序列号应取 128 位随机数";
        KeyIdentifiers = "profile.key-identifiers", "应有主体密钥标识和颁发机构密钥标识";
        Crl = "profile.crl", "除根证书和免查状态的 OCSP 证书外，都应有 CRL 分发点";
        Nocheck = "profile.ocsp-nocheck", "免查状态扩展只能用于 OCSP 证书";
        Policy = "profile.policy", "证书策略标识缺失、重复或不是有效的对象标识符";
        ExamplePolicy = "profile.example-policy", "证书策略标识属于示例或测试用的编号，不得用于证书；请改为本机构注册的标识";
        PolicyOwner = "profile.policy-owner", "可以改换证书策略标识的，只有 person、staff、unit、device、server、ocsp、tsa 各种证书，或其中一个模板（如 person-sign）；没有这个名称";
        Identity = "profile.identity", "身份扩展项重复、对象标识符无效，或不适用于该种证书";
        AlternativeNames = "profile.alternative-names", "服务器证书应有域名，其他证书不应要求域名";
    }
}

fn refuse(profile: &str, problem: Problem, detail: impl Into<String>) -> Error {
    Error::Profile { profile: profile.to_owned(), problem, detail: detail.into() }
}

/// A profile that has been checked.
#[derive(Debug, Clone)]
pub struct Profile {
    document: Document,
    hash: Digest,
}

impl Profile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// [`Error::Profile`] with what is wrong and where.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            refuse("", Problem::Toml, error.message().to_owned())
        })?;
        Self::from_table(table)
    }

    /// The same from a table. The hash is taken over the table as it is here: with the policies
    /// of the institution where it has set its own ([`Policies`]).
    fn from_table(table: toml::Table) -> Result<Self, Error> {
        let hash = gm::sm3::hash(canonical::text(&table).as_bytes());
        let name = table.get("name").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let document: Document = table.try_into().map_err(|error: toml::de::Error| {
            refuse(&name, Problem::Toml, error.message().to_owned())
        })?;
        check::check(&document).map_err(|(problem, detail)| refuse(&name, problem, detail))?;
        Ok(Self { document, hash })
    }

    /// Name, by which others refer to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// Chinese title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.document.title
    }

    /// Kind of holder.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.document.kind
    }

    /// Signing, encryption, or a certificate that stands alone.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.document.role
    }

    /// Name of the other profile of the pair.
    #[must_use]
    pub fn pair(&self) -> Option<&str> {
        self.document.pair.as_deref()
    }

    /// Whether certificates of this profile may sign certificates.
    #[must_use]
    pub const fn is_ca(&self) -> bool {
        self.document.kind.is_ca()
    }

    /// Days of validity.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.document.validity
    }

    /// Whether it still names a policy that only holds the place of one of the institution's own.
    #[must_use]
    pub fn has_placeholder_policy(&self) -> bool {
        let policies = self.document.policy.iter().filter_map(|rule| Oid::parse(&rule.oid));
        policies.into_iter().any(|policy| policy.is_below(&oid::PLACEHOLDER_POLICIES))
    }

    /// Every rule.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// SM3 over the canonical text: comments and layout do not count.
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// The role under which the certificates are linted.
    #[must_use]
    pub const fn lint_role(&self) -> lint::Role {
        match (self.document.kind, self.document.role) {
            (Kind::Root, _) => lint::Role::Root,
            (Kind::Subca | Kind::Link, _) => lint::Role::SubordinateCa,
            (Kind::Ocsp, _) => lint::Role::OcspResponder,
            (Kind::Tsa, _) => lint::Role::TimestampAuthority,
            (_, Role::Enc) => lint::Role::Encrypt,
            (Kind::Server, _) => lint::Role::Server,
            _ => lint::Role::Sign,
        }
    }
}
