//! What is wrong with stored data: told to the log once, however often it is met.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tracing::error;

/// Most complaints that are remembered; what is beyond is not told at all, but counted by whoever met it.
const MOST: usize = 1_000;

/// A row that is wrong, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Complaint {
    /// Of `issuer`: nobody answers for it.
    Issuer(i64),
    /// Of `certificate`: no answer can be made about it.
    Certificate(i64),
    /// A certificate of ours by this issuer: its key doesn't sign by it.
    Responder(i64),
}

/// What was told so far.
#[derive(Debug, Default)]
pub struct Complaints(Mutex<HashSet<Complaint>>);

impl Complaints {
    /// Tells the log, unless it knows already.
    pub fn tell(&self, complaint: Complaint) {
        if self.is_news(complaint) {
            error!(?complaint, "a stored row is wrong and was left out");
        }
    }

    fn is_news(&self, complaint: Complaint) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.len() < MOST && known.insert(complaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_told_of_once_and_memory_is_bounded() {
        let complaints = Complaints::default();
        assert!(complaints.is_news(Complaint::Certificate(7)));
        assert!(!complaints.is_news(Complaint::Certificate(7)));
        assert!(complaints.is_news(Complaint::Issuer(7)));
        let told = (0..10_000).filter(|at| complaints.is_news(Complaint::Responder(*at))).count();
        assert_eq!(told, MOST - 2);
    }
}
