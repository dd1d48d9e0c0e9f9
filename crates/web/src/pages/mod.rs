//! The pages: 办事大厅 for applicants and everybody, 业务工作台 for clerks, 管理台 for
//! administrators and auditors.
//!
//! Every page is a row of [`routes::table`] with a [`guard::PageGate`] (Invariant 10), is made on
//! the server from a template under `templates/`, and works without JavaScript and without
//! anything from elsewhere (Invariant 12). A form changes something only by POST, and the guard
//! has looked where it comes from. Problems become pages in [`answer::dress`].
//!
//! Not here: decisions. A page calls `app` and the subjects, and shows what they say.

mod answer;
mod asset;
mod display;
mod downloads;
mod form;
mod frame;
mod guard;
mod headers;
mod home;
mod navigation;
mod query;
pub mod routes;
mod site;
mod visit;
mod words;

pub use answer::dress;
pub use guard::PageGate;
pub use site::Site;
