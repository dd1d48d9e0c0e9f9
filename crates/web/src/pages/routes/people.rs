//! 管理台: people, roles, invitations, registration offices; and everybody's own credentials.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::account::{self, keys, passphrase};
use crate::pages::admin::{
    home, office, office_form, office_orders, office_records, offices, people, person, person_acts,
    person_form,
};
use crate::pages::guard::PageGate;
use crate::pages::invitation;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    use PageGate::{Public, PublicForm, Staff};
    pages! {
        get "/offices" Public => offices::announced;

        get "/invitation" PublicForm => invitation::show;
        post "/invitation" PublicForm => invitation::begin;
        post "/invitation/passphrase" PublicForm => invitation::set;
        get "/invitation/key" PublicForm => invitation::by_key;
        post "/invitation/key" PublicForm => invitation::enrol_key;
        get "/invitation/done" Public => invitation::done;

        get "/account" Staff => account::show;
        post "/account/end" Staff => account::end_all;
        get "/account/keys/new" Staff => keys::show;
        post "/account/keys/new" Staff => keys::add;
        post "/account/keys/end" Staff => keys::end;
        get "/account/passphrase" Staff => passphrase::show;
        post "/account/passphrase" Staff => passphrase::set;
        post "/account/passphrase/end" Staff => passphrase::end;

        get "/admin" Staff => home::show;

        get "/admin/people" may(A::ReadPeople) => people::show;
        get "/admin/people.csv" may(A::ReadPeople) => people::file;
        get "/admin/people/new" may(A::ManagePeople) => person_form::new;
        post "/admin/people/new" may(A::ManagePeople) => person_form::create;
        get "/admin/people/{id}" may(A::ReadPeople) => person::show;
        get "/admin/people/{id}/change" may(A::ManagePeople) => person_form::show;
        post "/admin/people/{id}/change" may(A::ManagePeople) => person_form::change;
        get "/admin/people/{id}/invite" may(A::ManagePeople) => person_acts::invitation;
        post "/admin/people/{id}/invite" may(A::ManagePeople) => person_acts::invite;
        get "/admin/people/{id}/disable" may(A::ManagePeople) => person_acts::leaving;
        post "/admin/people/{id}/disable" may(A::ManagePeople) => person_acts::disable;
        get "/admin/people/{id}/sessions" may(A::ManageSessions) => person_acts::sessions;
        post "/admin/people/{id}/sessions" may(A::ManageSessions) => person_acts::end_sessions;

        get "/admin/offices" may(A::ReadOffices) => offices::show;
        get "/admin/offices.csv" may(A::ReadOffices) => offices::file;
        get "/admin/offices/new" may(A::ManageOffices) => office_form::new;
        post "/admin/offices/new" may(A::ManageOffices) => office_form::establish;
        get "/admin/offices/{id}" may(A::ReadOffices) => office::show;
        get "/admin/offices/{id}/change" may(A::ManageOffices) => office_form::show;
        post "/admin/offices/{id}/change" may(A::ManageOffices) => office_form::amend;
        post "/admin/offices/{id}/announce" may(A::ManageOffices) => office_orders::announce;
        post "/admin/offices/{id}/filing" may(A::ManageOffices) => office_orders::file;
        post "/admin/offices/{id}/quota" may(A::ManageOffices) => office_orders::limit;
        get "/admin/offices/{id}/suspension" may(A::SuspendOffice) => office_orders::suspension;
        post "/admin/offices/{id}/suspension" may(A::SuspendOffice) => office_orders::suspend;
        post "/admin/offices/{id}/takeover" may(A::ManageOffices) => office_orders::take_over;
        post "/admin/offices/{id}/records" may(A::ManageOffices) => office_records::add;
        get "/admin/offices/{id}/records/{record}" may(A::ReadOffices) => office_records::open;
    }
}
