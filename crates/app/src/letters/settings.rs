//! What an operator decides about letters.

use serde::{Deserialize, Serialize};

/// `[letters]` of `yinxin.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LettersSettings {
    /// The program that makes PDFs; empty: `yinxin-typeset` beside our own program. Without it letters
    /// are printed from their pages, which have the same content.
    pub typesetter: String,
}
