//! What can be wrong with a proof, a head or a tile.

/// Why something was not accepted. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The position or size asked for lies beyond the tree.
    #[error("所求位置超出日志的大小")]
    OutOfRange,
    /// A proof has the wrong number of hashes or leads to another root.
    #[error("证明与日志根不符，日志可能被改动")]
    ProofMismatch,
    /// A needed node could not be read.
    #[error("缺少日志树的节点（第{level}层第{index}个）")]
    MissingNode {
        /// Height above the leaves.
        level: u8,
        /// Position in its level.
        index: u64,
    },
    /// A frontier whose number of hashes does not fit its size.
    #[error("日志前沿与其大小不符")]
    BadFrontier,
    /// Not a hash of 32 octets in the expected form.
    #[error("不是有效的 SM3 杂凑值")]
    BadHash,
    /// Not a checkpoint text.
    #[error("检查点文本格式有误")]
    BadCheckpoint,
    /// Not a signed note.
    #[error("签名文本格式有误")]
    BadNote,
    /// No signature by the expected key, or it does not verify.
    #[error("检查点没有本机构有效的签名")]
    BadSignature,
    /// Not a tile path or tile of the stated width.
    #[error("日志分块的路径或内容有误")]
    BadTile,
    /// Not an export of a log.
    #[error("日志导出文件有误：{0}")]
    BadExport(&'static str),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange => "tlog.out_of_range",
            Self::ProofMismatch => "tlog.proof_mismatch",
            Self::MissingNode { .. } => "tlog.missing_node",
            Self::BadFrontier => "tlog.bad_frontier",
            Self::BadHash => "tlog.bad_hash",
            Self::BadCheckpoint => "tlog.bad_checkpoint",
            Self::BadNote => "tlog.bad_note",
            Self::BadSignature => "tlog.bad_signature",
            Self::BadTile => "tlog.bad_tile",
            Self::BadExport(_) => "tlog.bad_export",
        }
    }
}
