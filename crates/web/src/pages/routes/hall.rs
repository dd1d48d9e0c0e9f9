//! 办事大厅: pages for everybody, and the ways in.

use super::{PageRoute, pages};
use crate::pages::apply::{begin, existing, progress};
use crate::pages::guard::PageGate;
use crate::pages::{
    asset, display, downloads, guides, home, query, sandbox, sign, sign_in, verify,
};

/// For everybody.
pub(super) fn table() -> Vec<PageRoute> {
    use PageGate::{Public, PublicForm, Staff};
    pages! {
        get "/" Public => home::show;
        get "/query" Public => query::show;
        get "/verify" PublicForm => verify::ask;
        post "/verify" PublicForm => verify::verify;
        get "/downloads" Public => downloads::show;
        get "/sandbox" Public => sandbox::show;
        get "/guides" Public => guides::list;
        get "/guides/{service}/{kind}" Public => guides::show;
        get "/notices/{name}" Public => guides::notice;
        post "/display" Public => display::change;
        get "/assets/{file}" Public => asset::download;
        get "/assets/{set}/{file}" Public => asset::script_file;

        get "/login" PublicForm => sign_in::by_passphrase;
        post "/login" PublicForm => sign_in::with_passphrase;
        get "/login/key" PublicForm => sign_in::by_key;
        post "/login/key" PublicForm => sign_in::with_key;
        post "/logout" PublicForm => sign_in::sign_out;
        get "/sign/{id}" Staff => sign::show;
        post "/sign/{id}" Staff => sign::complete;

        get "/apply" Public => begin::choose;
        get "/apply/existing" Public => existing::show;
        get "/apply/{service}/{kind}" PublicForm => begin::show;
        post "/apply/{service}/{kind}" PublicForm => begin::create;
        get "/progress" PublicForm => progress::show;
        post "/progress" PublicForm => progress::open;
    }
}
