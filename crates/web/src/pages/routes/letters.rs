//! Letters and their verification, rating, complaints, disclosure.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::disclosure::{self, certificates, cps};
use crate::pages::guard::PageGate;
use crate::pages::letters::{desk, list, own, verify};
use crate::pages::voice::{complaints, desk as voice, keep, problems, rating_list, ratings};

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    use Action as A;
    use PageGate::{Applicant, Person, Public, PublicForm};
    pages! {
        get "/application/letters" Applicant(A::ReadLetters) => own::list;
        get "/application/letters/{id}" Applicant(A::ReadLetters) => own::show;
        get "/application/letters/{id}/pdf" Applicant(A::ReadLetters) => own::pdf;
        get "/application/letters/{id}/data" Applicant(A::ReadLetters) => own::data;
        get "/desk/applications/{id}/letters" Person(A::ReadLetters) => desk::list;
        get "/desk/applications/{id}/letters/{letter}" Person(A::ReadLetters) => desk::show;
        get "/desk/applications/{id}/letters/{letter}/pdf" Person(A::ReadLetters) => desk::pdf;
        get "/desk/applications/{id}/letters/{letter}/data" Person(A::ReadLetters) => desk::data;
        get "/desk/letters" Person(A::ReadLetters) => list::show;
        get "/desk/letters/export.csv" Person(A::ReadLetters) => list::export;
        get "/letters/verify" PublicForm => verify::ask;
        post "/letters/verify" PublicForm => verify::verify;
        get "/letters/key.pem" Public => verify::key;

        get "/application/rating" Applicant(A::RateService) => ratings::form;
        post "/application/rating" Applicant(A::RateService) => ratings::rate;
        get "/ratings" Public => ratings::figures;
        get "/admin/ratings" Person(A::ReadVoice) => rating_list::list;
        get "/admin/ratings/export" Person(A::ReadVoice) => rating_list::export;
        post "/admin/ratings/{application}" Person(A::HandleVoice) => rating_list::answer;
        get "/complaints" PublicForm => complaints::ask;
        post "/complaints" PublicForm => complaints::lodge;
        get "/complaints/progress" PublicForm => complaints::progress;
        post "/complaints/progress" PublicForm => complaints::show;
        get "/problems" PublicForm => problems::ask;
        post "/problems" PublicForm => problems::lodge;
        get "/admin/complaints" Person(A::ReadVoice) => voice::list;
        get "/admin/complaints/export" Person(A::ReadVoice) => voice::export;
        get "/admin/complaints/{id}" Person(A::ReadVoice) => voice::show;
        get "/admin/complaints/{id}/evidence/{position}" Person(A::HandleVoice) => voice::evidence;
        post "/admin/complaints/{id}" Person(A::HandleVoice) => voice::handle;
        post "/admin/complaints/{id}/keep" Person(A::HandleVoice) => keep::keep;

        get "/disclosure" Public => disclosure::show;
        get "/cps" Public => cps::show;
        get "/cps/files/{name}" Public => cps::file;
        get "/certificates" Public => certificates::show;
        get "/certificates/{serial}" Public => certificates::download;
    }
}
