//! What is still to be asked of responders of other institutions while a question is worked on.
//!
//! Judging never waits for a stranger: what is open is noted, the place among the working is given back, the responders
//! are asked, and the question is judged once more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use pki::Certificate;

use super::{Case, Verifier};
use crate::error::Error;
use crate::foreign::responder::rules::is_final;
use crate::foreign::responder::{Known, ResponderQuestion, Responders, Told, Untold};
use crate::verification::rules::{self, Heard};

/// How often a question is judged: another chain or a timestamp may bring up what the first round did not.
const MOST_ROUNDS: usize = 3;

/// What was told for one question, and what is open. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Inquiry {
    told: Arc<HashMap<[u8; 32], Told>>,
    open: Arc<Mutex<Vec<ResponderQuestion>>>,
}

impl Inquiry {
    /// What is open, each once.
    fn take_open(&self) -> Vec<ResponderQuestion> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = std::collections::HashSet::new();
        open.retain(|one| seen.insert(one.key()));
        std::mem::take(&mut *open)
    }

    /// What was told, or else that it is to be asked.
    fn told(&self, question: ResponderQuestion, responders: &Responders, known: &Known) -> Told {
        if let Some(told) = self.told.get(&question.key()) {
            return told.clone();
        }
        if let Some(told) = responders.kept(&question, known) {
            return told;
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        Err(Untold::NotAsked)
    }
}

impl Verifier {
    /// Works on a question, and again with what responders told, until nothing is open.
    pub(super) async fn inquire<Q, T, J>(
        &self,
        question: Q,
        job: impl Fn(Q, Inquiry) -> J,
    ) -> Result<T, Error>
    where
        Q: Clone,
        T: Send + 'static,
        J: AsyncFnOnce(Self) -> Result<T, Error> + Send + 'static,
    {
        let Some(responders) = &self.0.responders else {
            return self.work(job(question, Inquiry::default())).await;
        };
        let mut told = HashMap::new();
        for _ in 1..MOST_ROUNDS {
            let inquiry = Inquiry { told: Arc::new(told.clone()), ..Inquiry::default() };
            let report = self.work(job(question.clone(), inquiry.clone())).await?;
            let open = inquiry.take_open();
            if open.is_empty() {
                return Ok(report);
            }
            told.extend(responders.ask(open).await);
        }
        let inquiry = Inquiry { told: Arc::new(told), ..Inquiry::default() };
        self.work(job(question, inquiry)).await
    }

    /// What the responder of the issuer says, where one is asked, and what is known of the certificate by what it said
    /// before, wherever one is named: a list that is in force now may know less (Invariant 7).
    pub(super) async fn hear(
        &self,
        (child, issuer): (&Certificate, &Certificate),
        at: Timestamp,
        case: &Case,
    ) -> Heard {
        let responder = case.followed.of(issuer).and_then(|held| held.responder.as_ref());
        let (Some(responders), Some(responder)) = (self.0.responders.as_ref(), responder) else {
            return Heard::default();
        };
        let Some(question) = responder.question(child, issuer) else { return Heard::default() };
        let by = |told: Told| {
            rules::by_responder((child, issuer), (responder, &told), &case.followed, at)
        };
        let known = match responders.known(&question).await {
            Ok(known) => known,
            Err(why) => {
                let (told, is_unrecorded) = (Some(by(Err(why))), true);
                return Heard { told, is_unrecorded, ..Heard::default() };
            }
        };
        let is_asked = known.direct().is_none()
            && rules::is_to_be_asked((child, issuer), (&case.followed, &known), at);
        let mut told = is_asked.then(|| case.inquiry.told(question, responders, &known));
        let is_final = |told: &Told| told.as_ref().is_ok_and(|said| is_final(said.status));
        if let Some(revoked) = &known.revoked
            && !told.as_ref().is_some_and(is_final)
        {
            told = Some(Ok(revoked.clone()));
        }
        Heard { told: told.map(by), known, is_unrecorded: false }
    }
}
