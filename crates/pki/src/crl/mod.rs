//! Certificate revocation lists (X.509 v2; RFC 5280 §5, GM/T 0043 §6).
//!
//! A list of millions of entries is made and read with bounded memory:
//!
//! 1. [`CrlWriter`] takes the entries in ascending order of serials and spools them;
//! 2. [`CrlWriter::finish`] knows all lengths, hashes `Z ‖ TBS` and yields the digest to sign;
//! 3. [`UnsignedCrl::assemble`] takes the signature, verifies it, and writes the list.
//!
//! [`Crl`] reads a list back and keeps its original bytes; its entries are read lazily.
//! [`compare`] holds a new list against the one before it, independently of the writer, and
//! [`compose`] holds a delta against its base and the full list.
//!
//! Full, delta and partitioned lists differ only in their extensions: [`Kind`], [`Scope`].
//! Indirect lists are read and recognised, never written.

mod compare;
mod compose;
mod entry;
pub(crate) mod extension;
mod list;
mod reason;
mod scope;
mod writer;

pub use compare::{Comparison, Difference, compare};
pub use compose::{Mismatch, compose};
pub use entry::{Entry, RevokedEntry};
pub use list::{Crl, Entries, Number};
pub use reason::Reason;
pub use scope::Scope;
pub use writer::{CrlWriter, Kind, Params, UnsignedCrl};

use crate::error::reasons;

/// Chinese name of the structure in messages.
const WHAT: &str = "证书撤销列表";

/// Largest list that is read unless the caller says otherwise: 512 MiB (about ten million
/// entries).
pub const MAX_OCTETS: usize = 512 * 1024 * 1024;

reasons! {
    /// What is wrong with a revocation list, or with what should become one.
    Defect {
        Duplicate = "crl.duplicate-serial", "同一序列号出现两次";
        Unsorted = "crl.unsorted", "条目未按序列号升序给出";
        RemoveOutsideDelta = "crl.remove-outside-delta", "“从增量列表移除”只能用于增量列表";
        Window = "crl.window", "下次更新时间不晚于本次更新时间";
        Base = "crl.base", "增量列表的基础编号应小于本列表编号";
        FreshestInDelta = "crl.freshest-in-delta", "增量列表不能再指向增量列表";
        Url = "crl.url", "发布地址应为非空的 ASCII 地址";
        ScopeEmpty = "crl.scope-empty", "发布点扩展没有任何内容";
        ScopeContradiction = "crl.scope-contradiction", "发布点扩展的范围自相矛盾";
        Version = "crl.version", "不是第 2 版";
        Algorithm = "crl.algorithm", "签名算法应为 SM2 与 SM3";
        AlgorithmMismatch = "crl.algorithm-mismatch", "内外两处签名算法不同";
        TimeType = "crl.time-type", "2049 年以前应使用 UTCTime，2050 年起应使用 GeneralizedTime";
        EmptyList = "crl.empty-list", "没有条目时应当省略条目序列";
        Reason = "crl.reason", "撤销原因不在标准所列之内";
        ExtensionTwice = "crl.extension-twice", "同一扩展出现两次";
        ExtensionCritical = "crl.extension-critical", "扩展的关键性不符合标准";
        Extension = "crl.extension", "扩展内容不符合标准";
        Number = "crl.number", "列表编号超过 20 字节";
        Changed = "crl.changed", "待签内容在签名期间被改动";
    }
}
