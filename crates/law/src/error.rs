//! What can be wrong with dates, notices and terms.

use crate::CivilDate;

/// Why a date, a holiday notice or a change of a term was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no date, or lies outside of 1900 to 2999.
    #[error("“{0}”不是有效日期，请按“2026-02-17”的格式填写 1900 至 2999 年之间的日期")]
    Date(String),
    /// A holiday notice cannot be read, or contradicts itself.
    #[error("节假日安排数据有误：{0}；请对照国务院办公厅通知原文更正")]
    Notice(String),
    /// A second extension was asked for.
    #[error("期限只能延长一次，本期限已经延长过")]
    ExtendedBefore,
    /// An extension was granted after the term was over.
    #[error("期限已于{due}届满，届满之后（{granted}）不能再延长")]
    ExtendedTooLate {
        /// The last day of the term.
        due: CivilDate,
        /// The day on which the extension was granted.
        granted: CivilDate,
    },
    /// A pause without a notice that was served in time, or outside of the term.
    #[error("不能暂停计算期限：{0}")]
    Pause(&'static str),
}

impl Error {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Date(_) => "law.date",
            Self::Notice(_) => "law.notice",
            Self::ExtendedBefore => "law.extended-before",
            Self::ExtendedTooLate { .. } => "law.extended-too-late",
            Self::Pause(_) => "law.pause",
        }
    }
}
