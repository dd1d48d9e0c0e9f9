//! The operations: read what our tables say, decide by the rules, report.

mod certificate;
mod inquiry;
mod records;
mod signature;
mod signer;
mod stamp;

use std::sync::Arc;

use jiff::Timestamp;
use pki::Certificate;
use store::Store;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::model::{
    CertificateQuestion, CertificateReport, Evidence, SignatureQuestion, SignatureReport,
    StampQuestion, StampReport, Trust,
};
use crate::error::Error;
use crate::foreign::responder::Responders;
use crate::foreign::{Followed, Follower};
use inquiry::Inquiry;
use records::{Memory, Records};

/// Questions that are worked on at a time: the rest of the machine answers status questions.
const MOST_WORKING: usize = 4;

/// Answers whether certificates and signatures hold. Clones are the same verifier.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    store: Store,
    working: Arc<Semaphore>,
    follower: Option<Follower>,
    responders: Option<Responders>,
    memory: Memory,
}

/// One question as the operations pass it on.
#[derive(Clone)]
struct Case {
    trust: Arc<Trust>,
    evidence: Evidence,
    records: Arc<Records>,
    followed: Arc<Followed>,
    inquiry: Inquiry,
    now: Timestamp,
}

impl Verifier {
    /// A verifier over the tables of the CA.
    pub fn new(store: Store) -> Self {
        Self::over(store, None, None)
    }

    /// One that also reads the lists of other institutions that are followed.
    pub fn following(store: Store, follower: Follower) -> Self {
        Self::over(store, Some(follower), None)
    }

    /// One that also asks their responders, where no list decides.
    pub fn asking(store: Store, follower: Follower, responders: Responders) -> Self {
        Self::over(store, Some(follower), Some(responders))
    }

    fn over(store: Store, follower: Option<Follower>, responders: Option<Responders>) -> Self {
        let working = Arc::new(Semaphore::new(MOST_WORKING));
        Self(Arc::new(Inner { store, working, follower, responders, memory: Memory::default() }))
    }

    /// The institution's own roots: they are anchors.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn own_roots(&self) -> Result<Vec<Certificate>, Error> {
        Ok(self.records().await?.roots())
    }

    /// The report on a certificate.
    ///
    /// # Errors
    /// When the question is wrong, or the database can't be read.
    pub async fn verify_certificate(
        &self,
        trust: Arc<Trust>,
        question: CertificateQuestion,
    ) -> Result<CertificateReport, Error> {
        let job = |question, inquiry| {
            let trust = trust.clone();
            async move |this: Self| this.certificate(trust, question, inquiry).await
        };
        self.inquire(question, job).await
    }

    /// The report on a signature.
    ///
    /// # Errors
    /// When the question is wrong, or the database can't be read.
    pub async fn verify_signature(
        &self,
        trust: Arc<Trust>,
        question: SignatureQuestion,
    ) -> Result<SignatureReport, Error> {
        let job = |question, inquiry| {
            let trust = trust.clone();
            async move |this: Self| this.signature(trust, question, inquiry).await
        };
        self.inquire(question, job).await
    }

    /// The report on a timestamp.
    ///
    /// # Errors
    /// When the question is wrong, or the database can't be read.
    pub async fn verify_stamp(
        &self,
        trust: Arc<Trust>,
        question: StampQuestion,
    ) -> Result<StampReport, Error> {
        let job = |question, inquiry| {
            let trust = trust.clone();
            async move |this: Self| this.stamp(trust, question, inquiry).await
        };
        self.inquire(question, job).await
    }

    /// Reads what came with a question: that too takes the processor, and has its place among the working.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        at_a_place(&self.0.working, move || Ok(reading())).await
    }

    async fn work<T, J>(&self, job: J) -> Result<T, Error>
    where
        T: Send + 'static,
        J: AsyncFnOnce(Self) -> Result<T, Error> + Send + 'static,
    {
        let (this, handle) = (self.clone(), Handle::current());
        at_a_place(&self.0.working, move || handle.block_on(job(this))).await
    }

    async fn case(
        &self,
        trust: Arc<Trust>,
        evidence: Evidence,
        inquiry: Inquiry,
    ) -> Result<Case, Error> {
        let records = Arc::new(self.records().await?);
        let followed = self.0.follower.as_ref().map(Follower::followed).unwrap_or_default();
        Ok(Case { trust, evidence, now: records.as_of, records, followed, inquiry })
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

/// Works on a thread of its own: verifying takes the processor, and others wait for answers. The place is the work's, not
/// that of whoever asked: one who hangs up and asks again would have any number of threads otherwise.
async fn at_a_place<T: Send + 'static>(
    places: &Arc<Semaphore>,
    job: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let place = places.clone().acquire_owned().await.map_err(|_| Error::Closing)?;
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        job()
    });
    done.await.map_err(|_| Error::Closing)?
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn who_hangs_up_leaves_the_place_taken_until_the_work_is_done() {
        let places = Arc::new(Semaphore::new(MOST_WORKING));
        let begun = Arc::new(AtomicUsize::new(0));
        let mut gates = Vec::new();
        for _ in 0..100 {
            let (open, closed) = mpsc::channel::<()>();
            let count = begun.clone();
            let mut asked = pin!(at_a_place(&places, move || {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = closed.recv();
                Ok(())
            }));
            let mut context = Context::from_waker(Waker::noop());
            assert!(asked.as_mut().poll(&mut context).is_pending(), "the gate is closed");
            gates.push(open);
        }
        assert_eq!(places.available_permits(), 0, "all of them hung up, and the work goes on");
        drop(gates);
        let all = places.acquire_many(u32::try_from(MOST_WORKING).unwrap()).await.unwrap();
        assert_eq!(begun.load(Ordering::SeqCst), MOST_WORKING);
        drop(all);
        at_a_place(&places, || Ok(())).await.unwrap();
    }
}
