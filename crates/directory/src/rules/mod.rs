//! Pure decisions: how values compare, whether a filter holds, where to look, what to send.

pub mod cookie;
pub mod evaluate;
pub mod exact;
pub mod index;
pub mod plan;
pub mod replica;
pub mod schema;
pub mod select;
pub mod text;
pub mod time;
