//! What can go wrong when something is kept.

use std::sync::Arc;

/// Who has to act on an error. Shared by all subject crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The rules say no; the text names the basis.
    Refusal,
    /// The input is wrong; the sender can mend it.
    Invalid,
    /// Our side is at fault; the operator can mend it.
    Fault,
}

/// An error of the store. Cheap to clone: a failed commit is told to every unit of its batch.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The journal or its anchor is not what it should be; nothing is written until this is settled.
    #[error("日志完整性校验未通过，已停止一切写入：{0}。请停机核对，按《故障与恢复手册》处理")]
    Halted(Arc<str>),
    /// More units wait than the queue holds.
    #[error("系统繁忙，请稍后重试")]
    Busy,
    /// The store is shutting down.
    #[error("系统正在关闭，请稍后重试")]
    Closed,
    /// A unit took longer than allowed and was taken back.
    #[error("本次操作超时，未作任何更改，请重试")]
    UnitTimeout,
    /// A unit panicked and was taken back.
    #[error("本次操作发生程序错误，未作任何更改，请联系管理员")]
    UnitPanicked,
    /// The commit was sent but its outcome is not known.
    #[error("提交结果未知，请用同一请求编号重试以确认结果")]
    OutcomeUnknown(#[source] Arc<sqlx::Error>),
    /// The record is durable, but the anchor could not be written.
    #[error("日志锚点无法写入，结果未确认：{0}。请检查锚点所在磁盘后用同一请求编号重试")]
    AnchorUnwritten(Arc<str>),
    /// The clock is behind the last record of the journal.
    #[error("系统时钟早于日志的最后一条记录（{last}），已停止写入。请校准时钟后重试")]
    ClockBehind {
        /// The instant of the last record.
        last: jiff::Timestamp,
    },
    /// A record that cannot be a leaf.
    #[error("日志记录无效：{0}")]
    BadRecord(&'static str),
    /// The database.
    #[error("数据库操作失败，请联系管理员：{0}")]
    Database(#[source] Arc<sqlx::Error>),
    /// Creating or upgrading the tables.
    #[error("数据库结构无法升级，请联系管理员：{0}")]
    Migration(#[source] Arc<sqlx::migrate::MigrateError>),
    /// A newer program brought the tables to where this one cannot follow (ADR 17).
    #[error(
        "数据库已由更新的版本升级（迁移 {version}），本版本（到迁移 {known}）不能再使用它，请安装新版本后启动；\
         要退回本版本，只能恢复升级以前的备份（《运行手册》十三）。原因：{}",
        reason_of(.why)
    )]
    SchemaAhead {
        /// The migration that this program doesn't have.
        version: i64,
        /// The last one that it has.
        known: i64,
        /// Why it can't go on, in the words of the migration.
        why: Arc<str>,
    },
    /// The cryptographic device.
    #[error("密码设备：{0}")]
    Device(#[source] Arc<gm::DeviceError>),
    /// The tree.
    #[error("{0}")]
    Tree(#[from] tlog::Error),
    /// A file of the anchor or the database.
    #[error("无法读写文件 {path}：{cause}")]
    File {
        /// Which file.
        path: Arc<str>,
        /// Why.
        cause: Arc<std::io::Error>,
    },
    /// The configuration.
    #[error("存储配置有误：{0}")]
    Config(Arc<str>),
    /// An act that sets a safeguard back, without two people or a reason.
    #[error("不能执行：{0}")]
    Warrant(&'static str),
    /// An audit mark whose range leaves a gap, overlaps another or reaches too far.
    #[error(
        "审计范围应从第 {next} 号记录开始，到第 {size} 号之前结束，中间不留空缺；请刷新页面，按所示范围重新填写"
    )]
    AuditRange {
        /// Where it has to begin.
        next: u64,
        /// How many records there are.
        size: u64,
    },
    /// The tree is another than the one that was signed.
    #[error(
        "第 {0} 号记录处的日志树根与签名时看到的不一致，没有标记；请刷新页面重新审计，仍不一致时请停机核对"
    )]
    AuditRoot(u64),
    /// No such record, checkpoint, tile or blob.
    #[error("未找到{0}")]
    NotFound(&'static str),
    /// The blob was erased at the end of its term; its commitment remains.
    #[error("该材料已按保存期限销毁，仅保留其承诺值")]
    Erased,
    /// Stored data that cannot be: changed outside of this program, or a defect.
    #[error("存储的数据不完整或已被改动：{0}。请停机核对")]
    Damaged(Arc<str>),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Halted(_) => "store.halted",
            Self::Busy => "store.busy",
            Self::Closed => "store.closed",
            Self::UnitTimeout => "store.unit_timeout",
            Self::UnitPanicked => "store.unit_panicked",
            Self::OutcomeUnknown(_) => "store.outcome_unknown",
            Self::AnchorUnwritten(_) => "store.anchor_unwritten",
            Self::ClockBehind { .. } => "store.clock_behind",
            Self::BadRecord(_) => "store.bad_record",
            Self::Database(_) => "store.database",
            Self::Migration(_) => "store.migration",
            Self::SchemaAhead { .. } => "store.schema_ahead",
            Self::Device(_) => "store.device",
            Self::Tree(error) => error.code(),
            Self::File { .. } => "store.file",
            Self::Config(_) => "store.config",
            Self::Warrant(_) => "store.warrant",
            Self::AuditRange { .. } => "store.audit_range",
            Self::AuditRoot(_) => "store.audit_root",
            Self::NotFound(_) => "store.not_found",
            Self::Erased => "store.erased",
            Self::Damaged(_) => "store.damaged",
        }
    }

    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BadRecord(_) | Self::Config(_) | Self::NotFound(_) => ErrorKind::Invalid,
            Self::Erased | Self::Warrant(_) | Self::AuditRange { .. } => ErrorKind::Refusal,
            Self::Tree(tlog::Error::OutOfRange | tlog::Error::BadTile) => ErrorKind::Invalid,
            _ => ErrorKind::Fault,
        }
    }

    /// Whether the same request may simply be sent again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Closed | Self::UnitTimeout | Self::OutcomeUnknown(_))
    }

    /// Whether the database cannot write at the moment: it is out of reach, its disk is full or
    /// broken, it is read-only, or it stays locked. The same request may succeed once an operator
    /// has seen to that (T-23).
    pub fn is_outage(&self) -> bool {
        let Self::Database(cause) = self else {
            return false;
        };
        let Some(error) = cause.as_database_error() else {
            return matches!(
                **cause,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            );
        };
        error.code().is_some_and(|code| is_outage_code(&code))
    }

    /// Whether a UNIQUE or PRIMARY KEY constraint said no.
    pub fn is_unique_violation(&self) -> bool {
        let Self::Database(cause) = self else {
            return false;
        };
        cause.as_database_error().is_some_and(|e| e.is_unique_violation())
    }

    pub(crate) fn file(path: &std::path::Path, cause: std::io::Error) -> Self {
        Self::File { path: path.display().to_string().into(), cause: Arc::new(cause) }
    }

    pub(crate) fn damaged(what: impl Into<Arc<str>>) -> Self {
        Self::Damaged(what.into())
    }
}

fn reason_of(why: &str) -> &str {
    if why.is_empty() { "没有标明可以与旧版本同时运行" } else { why }
}

/// SQLite: busy, locked, read-only, input or output, full, cannot open (low octet of the code).
/// PostgreSQL: connection (08), resources and disk (53), operator (57), read-only (25006), input or
/// output (58030).
fn is_outage_code(code: &str) -> bool {
    let is_class = |class: &str| code.len() == 5 && code.starts_with(class);
    let sqlite =
        code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14));
    match code.len() {
        5 => ["08", "53", "57"].into_iter().any(is_class) || code == "25006" || code == "58030",
        _ => sqlite,
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        Self::Database(Arc::new(cause))
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(cause: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(Arc::new(cause))
    }
}

impl From<gm::DeviceError> for Error {
    fn from(cause: gm::DeviceError) -> Self {
        Self::Device(Arc::new(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_cannot_write_now_is_told_from_one_that_refuses() {
        for outage in ["5", "8", "10", "13", "778", "2826", "53100", "57P01", "25006", "08006"] {
            assert!(is_outage_code(outage), "{outage}");
        }
        for refusal in ["19", "2067", "1", "23505", "42P01", "40001"] {
            assert!(!is_outage_code(refusal), "{refusal}");
        }
    }
}
