//! Pages of lists: a mark says where the next one begins; nothing is counted by offset, so a list
//! that grows while it is read repeats and skips nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rows of a page unless asked otherwise.
const DEFAULT: u32 = 50;
/// Most rows of a page.
const MOST: u32 = 500;

/// `limit` and `after` of a list.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    /// Rows, 1 to 500.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl PageQuery {
    /// Rows asked for, within bounds.
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT).clamp(1, MOST)
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many rows the whole list has, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}
