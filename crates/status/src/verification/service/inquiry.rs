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
use crate::foreign::responder::{ResponderQuestion, Responders, Told, Untold};
use crate::verification::rules::{self, StatusOf};

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
    fn told(&self, question: ResponderQuestion, responders: &Responders) -> Told {
        if let Some(told) = self.told.get(&question.key()) {
            return told.clone();
        }
        if let Some(told) = responders.kept(&question) {
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

    /// What the responder of the issuer says, where one is asked.
    pub(super) fn told(
        &self,
        (child, issuer): (&Certificate, &Certificate),
        at: Timestamp,
        case: &Case,
    ) -> Option<StatusOf> {
        let responders = self.0.responders.as_ref()?;
        let responder = rules::responder_for((child, issuer), &case.followed, at)?;
        let told = case.inquiry.told(responder.question(child, issuer)?, responders);
        Some(rules::by_responder((child, issuer), (responder, &told), &case.followed, at))
    }
}
