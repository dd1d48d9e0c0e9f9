//! The next application that waits for a clerk: who has a hundred of them goes from one to the other, without the list
//! between them. What would be refused there is not offered (T-22).

use std::collections::BTreeMap;

use access::Action;
use ra::{Application, OfficeId, Selection, State};

use crate::api::App;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// The next one, and what waits to be done with it.
pub struct Next {
    /// Which.
    pub id: String,
    /// The queue that it stands in.
    pub queue: &'static str,
}

/// So many of a queue are read at once.
const PAGE: u32 = 20;
/// So many pages of a queue are looked at: who proofed those that wait there goes to the list.
const MOST_PAGES: usize = 10;
/// What is done, with applications in which state, and what their queue is called.
const QUEUES: [(Action, &str, &str); 2] = [
    (Action::ProofIdentity, "acknowledged", "待核验"),
    (Action::ReviewApplication, "proofed", "待审核"),
];

/// The longest waiting one that the visitor may proof or review, other than this one.
pub async fn next(
    app: &App,
    visitor: &Visitor,
    here: &Application,
) -> Result<Option<Next>, Problem> {
    let mut offices = Offices { app, suspended: BTreeMap::new() };
    for (action, state, queue) in QUEUES {
        if let Some(one) = of_queue((visitor, here), (action, state), &mut offices).await? {
            return Ok(Some(Next { id: one.id.to_string(), queue }));
        }
    }
    Ok(None)
}

async fn of_queue(
    (visitor, here): (&Visitor, &Application),
    (action, state): (Action, &str),
    offices: &mut Offices<'_>,
) -> Result<Option<Application>, Problem> {
    let app = offices.app;
    let permit = |action| app.permit(visitor.principal(), action);
    let (Ok(lists), Ok(permit)) = (permit(Action::ListApplications), permit(action)) else {
        return Ok(None);
    };
    let states = vec![state.to_owned()];
    let mut selection = Selection { states, limit: PAGE, ..Selection::default() };
    for _ in 0..MOST_PAGES {
        let page = app.registration()?.list(&lists, &selection).await?;
        for (one, _) in page.applications {
            let may = one.id != here.id
                && permit.reach(&one.object()).is_ok()
                && !is_of(visitor, &one)
                && !offices.has_suspended(&one).await?;
            if may {
                return Ok(Some(one));
            }
        }
        if page.next.is_none() {
            break;
        }
        selection.after = page.next;
    }
    Ok(None)
}

/// Whether the visitor proofed it: another person reviews it (Invariant 9).
fn is_of(visitor: &Visitor, application: &Application) -> bool {
    let person = visitor.principal().person().map(|person| person.id.as_str());
    matches!(&application.state, State::Proofed { person: by, .. } if person == Some(by.as_str()))
}

/// Which offices are suspended, each asked about once.
struct Offices<'a> {
    app: &'a App,
    suspended: BTreeMap<OfficeId, bool>,
}

impl Offices<'_> {
    async fn has_suspended(&mut self, application: &Application) -> Result<bool, Problem> {
        let Some(office) = &application.office else { return Ok(false) };
        if let Some(known) = self.suspended.get(office) {
            return Ok(*known);
        }
        let found = self.app.registration()?.suspended_office_of(application).await?;
        self.suspended.insert(office.clone(), found.is_some());
        Ok(found.is_some())
    }
}
