//! The next application that waits for a clerk: who has a hundred of them goes from one to the other, without the list
//! between them.

use access::Action;
use ra::{Application, Selection};

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

/// So many of a queue are looked at: some may be nobody's to review who proofed them (Invariant 9).
const LOOKED_AT: u32 = 20;
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
    let Ok(lists) = app.permit(visitor.principal(), Action::ListApplications) else {
        return Ok(None);
    };
    for (action, state, queue) in QUEUES {
        let Ok(permit) = app.permit(visitor.principal(), action) else { continue };
        let states = vec![state.to_owned()];
        let selection = Selection { states, limit: LOOKED_AT, ..Selection::default() };
        let waiting = app.registration()?.list(&lists, &selection).await?.applications;
        let is_open = |one: &Application| one.id != here.id && permit.reach(&one.object()).is_ok();
        if let Some(one) = waiting.iter().map(|(one, _)| one).find(|one| is_open(one)) {
            return Ok(Some(Next { id: one.id.to_string(), queue }));
        }
    }
    Ok(None)
}
