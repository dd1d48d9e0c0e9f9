//! The pages: 办事大厅 for applicants and everybody, 业务工作台 for clerks, 管理台 for
//! administrators and auditors.
//!
//! Every page is a row of [`routes::table`] with a [`guard::PageGate`] (Invariant 9), is made on
//! the server from a template under `templates/`, and works without JavaScript and without
//! anything from elsewhere (Invariant 12). A form changes something only by POST, and the guard
//! has looked where it comes from. Problems become pages in [`answer::dress`].
//!
//! Not here: decisions. A page calls `app` and the subjects, and shows what they say.

mod account;
mod address;
mod admin;
mod answer;
mod apply;
mod asset;
mod assistant;
mod attestation;
mod cookies;
mod csv;
mod desk;
mod disclosure;
mod display;
mod downloads;
mod form;
mod frame;
mod generations;
mod guard;
mod guides;
mod headers;
mod holds;
mod home;
mod invitation;
mod letters;
mod list;
mod navigation;
mod order;
mod origin;
mod paging;
mod query;
mod rate;
pub mod routes;
mod sandbox;
mod sign;
mod sign_in;
mod sign_object;
pub mod signing;
mod site;
mod square;
mod verify;
mod visit;
mod voice;
mod wording;
mod words;

use form::Form;

use crate::problem::Problem;

pub use answer::dress;
pub use guard::PageGate;
pub use site::Site;

/// The version that a form was made from: what was changed meanwhile is not overwritten.
fn version(form: &Form) -> Result<i64, Problem> {
    let version = form.text("version").parse();
    version.map_err(|_| Problem::bad_request("web.form", "页面内容不完整；请刷新页面后重新填写"))
}
