//! A device that fails when told to.
//!
//! ```
//! use testkit::{fault::{Counted, Fault, FaultyDevice}, scratch::Scratch};
//! let device = FaultyDevice::new(Scratch::new());
//! device.fail(Counted::Signatures, 3, Fault::Gone);      // the third signature only
//! device.fail_from(Counted::Calls, 100, Fault::Busy);    // the hundredth call and all after it
//! device.heal();
//! let held = device.hold_next(Counted::Signatures);      // done, but nobody hears of it yet
//! held.release();
//! ```

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use gm::{
    Ciphertext, Device, DeviceError, DeviceInfo, Digest, EnvelopedKey, KeyInfo, KeyKind, KeyLabel,
    KeyShare, PublicKey, Random, Session, Signature, UserId, WrappedKey,
};
use zeroize::Zeroizing;

type Secret = Zeroizing<Vec<u8>>;
type Answer<T> = Result<T, DeviceError>;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The device is busy; the operation does not happen.
    Busy,
    /// The device is not reachable; the operation does not happen.
    Gone,
    /// The operation happens, but its answer is lost: the caller sees `Gone`.
    AnswerLost,
    /// The device is broken; the operation does not happen.
    Broken,
    /// A signature of something else comes back (incident T-10). Other operations succeed.
    WrongSignature,
    /// The operation takes this long, then succeeds.
    Slow(Duration),
}

/// Which calls a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Every call of a session, and opening one.
    Calls,
    /// Signatures only.
    Signatures,
}

#[derive(Debug, Clone, Copy)]
struct Rule {
    counted: Counted,
    from: u64,
    until: u64,
    fault: Fault,
}

/// Passes every call to `D`, except those that a rule hits. Calls count from 1.
#[derive(Debug)]
pub struct FaultyDevice<D> {
    inner: D,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    calls: AtomicU64,
    signatures: AtomicU64,
    rules: Mutex<Vec<Rule>>,
    holds: Mutex<Vec<(Counted, u64, Arc<Gate>)>>,
}

#[derive(Debug, Default)]
struct Gate {
    /// Whether the call is done, and whether its answer may go.
    state: Mutex<(bool, bool)>,
    moved: Condvar,
}

/// A call whose answer is held back until this is released or dropped.
#[derive(Debug)]
pub struct Held(Arc<Gate>);

impl Held {
    /// Whether the call was made and its answer waits.
    pub fn is_waiting(&self) -> bool {
        self.0.state.lock().unwrap().0
    }

    /// Lets the answer go.
    pub fn release(self) {}
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().1 = true;
        self.0.moved.notify_all();
    }
}

impl Gate {
    fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 = true;
        while !state.1 {
            state = self.moved.wait(state).unwrap();
        }
    }
}

impl<D: Device> FaultyDevice<D> {
    /// No faults yet.
    pub fn new(inner: D) -> Self {
        Self { inner, state: State::default() }
    }

    /// The device behind.
    pub fn inner(&self) -> &D {
        &self.inner
    }

    /// The n-th counted call fails, once.
    pub fn fail(&self, counted: Counted, n: u64, fault: Fault) {
        self.state.rules.lock().unwrap().push(Rule { counted, from: n, until: n, fault });
    }

    /// The n-th counted call and all after it fail.
    pub fn fail_from(&self, counted: Counted, n: u64, fault: Fault) {
        self.state.rules.lock().unwrap().push(Rule { counted, from: n, until: u64::MAX, fault });
    }

    /// The next counted call fails, once.
    pub fn fail_next(&self, counted: Counted, fault: Fault) {
        self.fail(counted, self.count(counted) + 1, fault);
    }

    /// The n-th counted call happens, and its answer is held back.
    pub fn hold(&self, counted: Counted, n: u64) -> Held {
        let gate = Arc::new(Gate::default());
        self.state.holds.lock().unwrap().push((counted, n, gate.clone()));
        Held(gate)
    }

    /// The next counted call happens, and its answer is held back.
    pub fn hold_next(&self, counted: Counted) -> Held {
        self.hold(counted, self.count(counted) + 1)
    }

    /// Forgets all rules; counting goes on.
    pub fn heal(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// How many were counted so far.
    pub fn count(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Calls => self.state.calls.load(Ordering::SeqCst),
            Counted::Signatures => self.state.signatures.load(Ordering::SeqCst),
        }
    }
}

/// What is to happen to a call.
struct Arrival {
    fault: Option<Fault>,
    gate: Option<Arc<Gate>>,
}

impl State {
    /// Counts a call and finds what is to happen to it.
    fn arrive(&self, signature: bool) -> Arrival {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let signed = signature.then(|| self.signatures.fetch_add(1, Ordering::SeqCst) + 1);
        let number = |counted| match counted {
            Counted::Calls => Some(call),
            Counted::Signatures => signed,
        };
        let hit = |rule: &&Rule| {
            number(rule.counted).is_some_and(|number| (rule.from..=rule.until).contains(&number))
        };
        let fault = self.rules.lock().unwrap().iter().find(hit).map(|rule| rule.fault);
        let holds = self.holds.lock().unwrap();
        let held = holds.iter().find(|(counted, at, _)| number(*counted) == Some(*at));
        Arrival { fault, gate: held.map(|(_, _, gate)| gate.clone()) }
    }

    /// Runs an operation under the rules.
    fn run<T>(&self, operation: impl FnOnce() -> Result<T, DeviceError>) -> Result<T, DeviceError> {
        apply(self.arrive(false), operation)
    }
}

fn apply<T>(
    arrival: Arrival,
    operation: impl FnOnce() -> Result<T, DeviceError>,
) -> Result<T, DeviceError> {
    let done = happen(arrival.fault, operation);
    if let Some(gate) = arrival.gate {
        gate.wait();
    }
    done
}

fn happen<T>(
    fault: Option<Fault>,
    operation: impl FnOnce() -> Result<T, DeviceError>,
) -> Result<T, DeviceError> {
    match fault {
        None | Some(Fault::WrongSignature) => operation(),
        Some(Fault::Busy) => Err(DeviceError::Busy),
        Some(Fault::Gone) => Err(DeviceError::Gone),
        Some(Fault::Broken) => Err(DeviceError::Broken("injected".into())),
        Some(Fault::AnswerLost) => operation().and(Err(DeviceError::Gone)),
        Some(Fault::Slow(time)) => {
            thread::sleep(time);
            operation()
        }
    }
}

impl<D: Device> Device for FaultyDevice<D> {
    fn info(&self) -> DeviceInfo {
        self.inner.info()
    }

    fn session(&self) -> Result<Box<dyn Session + '_>, DeviceError> {
        self.state.run(|| {
            let inner = self.inner.session()?;
            Ok(Box::new(FaultySession { inner, state: &self.state }) as Box<dyn Session + '_>)
        })
    }
}

struct FaultySession<'d> {
    inner: Box<dyn Session + 'd>,
    state: &'d State,
}

impl Random for FaultySession<'_> {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        self.state.run(|| self.inner.fill(buf))
    }
}

impl Session for FaultySession<'_> {
    fn keys(&mut self) -> Answer<Vec<KeyInfo>> {
        self.state.run(|| self.inner.keys())
    }

    fn key(&mut self, label: &KeyLabel) -> Answer<KeyInfo> {
        self.state.run(|| self.inner.key(label))
    }

    fn generate(&mut self, label: &KeyLabel, kind: KeyKind) -> Answer<KeyInfo> {
        self.state.run(|| self.inner.generate(label, kind))
    }

    fn destroy(&mut self, label: &KeyLabel) -> Answer<()> {
        self.state.run(|| self.inner.destroy(label))
    }

    fn sign_digest(&mut self, label: &KeyLabel, e: &Digest) -> Answer<Signature> {
        let arrival = self.state.arrive(true);
        let mut e = *e;
        if arrival.fault == Some(Fault::WrongSignature) {
            e.0[0] ^= 1;
        }
        apply(arrival, || self.inner.sign_digest(label, &e))
    }

    fn sign(&mut self, label: &KeyLabel, id: &UserId, message: &[u8]) -> Answer<Signature> {
        let arrival = self.state.arrive(true);
        let mut message = message.to_vec();
        if arrival.fault == Some(Fault::WrongSignature) {
            message.push(0);
        }
        apply(arrival, || self.inner.sign(label, id, &message))
    }

    fn decrypt(&mut self, label: &KeyLabel, ciphertext: &Ciphertext) -> Answer<Secret> {
        self.state.run(|| self.inner.decrypt(label, ciphertext))
    }

    fn hmac(&mut self, label: &KeyLabel, data: &[u8]) -> Answer<Digest> {
        self.state.run(|| self.inner.hmac(label, data))
    }

    fn seal(&mut self, label: &KeyLabel, aad: &[u8], plain: &[u8]) -> Answer<Vec<u8>> {
        self.state.run(|| self.inner.seal(label, aad, plain))
    }

    fn open(&mut self, label: &KeyLabel, aad: &[u8], sealed: &[u8]) -> Answer<Secret> {
        self.state.run(|| self.inner.open(label, aad, sealed))
    }

    fn generate_wrapped(&mut self, kek: &KeyLabel) -> Answer<WrappedKey> {
        self.state.run(|| self.inner.generate_wrapped(kek))
    }

    fn envelope_wrapped(
        &mut self,
        kek: &KeyLabel,
        key: &WrappedKey,
        to: &PublicKey,
    ) -> Answer<EnvelopedKey> {
        self.state.run(|| self.inner.envelope_wrapped(kek, key, to))
    }

    fn import_enveloped(
        &mut self,
        label: &KeyLabel,
        key: &EnvelopedKey,
        owner: &KeyLabel,
    ) -> Answer<KeyInfo> {
        self.state.run(|| self.inner.import_enveloped(label, key, owner))
    }

    fn split(&mut self, label: &KeyLabel, threshold: u8, shares: u8) -> Answer<Vec<KeyShare>> {
        self.state.run(|| self.inner.split(label, threshold, shares))
    }

    fn combine(
        &mut self,
        label: &KeyLabel,
        shares: &[KeyShare],
        expect: &PublicKey,
    ) -> Answer<KeyInfo> {
        self.state.run(|| self.inner.combine(label, shares, expect))
    }
}
