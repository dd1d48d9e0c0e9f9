//! The table of numbers, as data.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::Sor;

/// One number.
#[derive(Debug, Serialize, ToSchema)]
pub struct SofErrorView {
    /// The number.
    pub code: u32,
    /// The same in hexadecimal, as documents write it.
    pub hex: String,
    /// Its name.
    pub name: &'static str,
    /// What it means and what to do, in Chinese.
    pub message: &'static str,
}

/// Every number that this interface answers with.
#[utoipa::path(get, path = "/api/sof/errors", tag = "sof",
    responses((status = 200, body = Vec<SofErrorView>)))]
pub async fn list() -> Json<Vec<SofErrorView>> {
    let view = |code: &Sor| SofErrorView {
        code: code.number(),
        hex: format!("0x{:08X}", code.number()),
        name: code.name(),
        message: code.chinese(),
    };
    Json(Sor::ALL.iter().map(view).collect())
}
