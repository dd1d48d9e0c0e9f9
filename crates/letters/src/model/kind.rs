//! The kinds of letters, and what each has to say.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

macro_rules! kinds {
    ($($kind:ident $word:literal $chinese:literal $prefix:literal [$($place:literal)*] [$($insert:literal)*],)*) => {
        /// The kinds of letters about an application.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum LetterKind {
            $(#[doc = $chinese] $kind,)*
        }

        impl LetterKind {
            /// All of them, in the order of the way.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in tables and files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// The name for people.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$kind => $chinese,)* }
            }

            /// What its numbers begin with.
            #[must_use]
            pub const fn prefix(self) -> &'static str {
                match self { $(Self::$kind => $prefix,)* }
            }

            /// What only this kind says, beside [`LetterKind::COMMON`].
            #[must_use]
            pub const fn places(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($place,)*],)* }
            }

            /// Blocks that come out of the application; the text must have each.
            #[must_use]
            pub const fn inserts(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($insert,)*],)* }
            }
        }
    };
}

kinds! {
    Receipt "receipt" "受理回执" "受" ["submitted" "promise"] ["materials"],
    Notices "notices" "告知书" "告" ["acknowledged"] ["notices"],
    Supplement "supplement" "补正通知" "补" ["round" "until"] ["items"],
    NotAccepted "not-accepted" "不予受理告知" "不受" ["reason" "basis"] [],
    NotIssued "not-issued" "不予签发告知" "不签" ["reason" "basis"] [],
    Agreement "agreement" "服务协议" "协" ["signatures"] ["agreement"],
    Delivery "delivery" "领取确认书" "领" ["serial" "enc_serial" "received" "way"] [],
    Revocation "revocation" "撤销确认书" "撤" ["serial" "done"] [],
    Suspension "suspension" "暂停确认书" "停" ["serial" "done"] [],
    Resumption "resumption" "恢复确认书" "复" ["serial" "done"] [],
    StatusNotice "status-notice" "证书状态变更告知书" "状" ["serial" "change" "done" "reason" "basis" "source" "number" "next"] [],
}

impl LetterKind {
    /// What every kind can say.
    pub const COMMON: [&'static str; 11] = [
        "institution",
        "institution_code",
        "addressee",
        "application",
        "service",
        "kind",
        "office",
        "date",
        "contact",
        "complaints",
        "supervision",
    ];

    /// Whether it says no: then reason, basis and what can be done about it stand in it.
    #[must_use]
    pub const fn refuses(self) -> bool {
        matches!(self, Self::NotAccepted | Self::NotIssued)
    }
}

impl FromStr for LetterKind {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word).ok_or(Error::Stored("kind"))
    }
}
