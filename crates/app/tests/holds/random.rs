//! Whatever happens in whatever order, from every side: a certificate is good if and only if no hold stands on it,
//! and no hold is gone that whoever acted could not lift. Held against a model that knows the rules of ADR 6 and
//! nothing of the program.

use app::lifecycle::Change;
use ca::{Revocation, RevocationReason, Status};
use ra::{RevocationDecision, RevocationId, Source};

use super::desk::Desk;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    HolderSuspends,
    HolderResumes,
    Orders(usize, &'static str),
    /// By one signature: who, on which ground, a hold on whose word.
    Lifts(usize, &'static str, Source),
    /// By two people, on a document, a hold on whose word; confirmed or not.
    Registers(&'static str, Source, bool),
    ProgramSuspends,
    ProgramResumes,
    Calls,
    /// The oldest open call is decided.
    Rejects,
    Confirms,
    /// The term of every open call passes.
    Lapses,
    ProgramRevokes,
    Sweeps,
}

const ORDERS: [&str; 4] = ["unit-hold", "ordered-hold", "directed-hold", "inquiry"];
const LIFTS: [&str; 4] = ["unit-lifted", "order-lifted", "direction-lifted", "inquiry-cleared"];
const SIDES: [Source; 6] = [
    Source::Holder,
    Source::Phone,
    Source::Unit,
    Source::Authority,
    Source::Regulator,
    Source::Institution,
];

/// A fixed row of numbers: the same walk every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn command(&mut self) -> Command {
        match self.below(34) {
            0..=3 => Command::HolderSuspends,
            4..=6 => Command::HolderResumes,
            7..=11 => Command::Orders(self.below(2), ORDERS[self.below(4)]),
            // The right ground for the side, or any.
            12..=16 => {
                let at = self.below(4);
                Command::Lifts(self.below(2), LIFTS[at], SIDES[at + 2])
            }
            17..=18 => Command::Lifts(self.below(2), LIFTS[self.below(4)], SIDES[self.below(6)]),
            19..=21 => {
                let at = 1 + self.below(2);
                Command::Registers(LIFTS[at], SIDES[at + 2], self.below(4) > 0)
            }
            22 => Command::Registers(LIFTS[self.below(4)], SIDES[self.below(6)], true),
            23 => Command::ProgramSuspends,
            24..=25 => Command::ProgramResumes,
            26..=28 => Command::Calls,
            29..=30 => Command::Rejects,
            31 => Command::Lapses,
            32 => Command::Sweeps,
            _ if self.below(4) == 0 => Command::Confirms,
            _ if self.below(4) == 0 => Command::ProgramRevokes,
            _ => Command::Sweeps,
        }
    }
}

/// On whose word, and who set it: 0 and 1 are the administrators, 2 a program, 3 everybody else.
type Standing = (Source, usize);

#[derive(Default)]
struct Model {
    holds: Vec<Standing>,
    calls: Vec<RevocationId>,
    revoked: bool,
}

impl Model {
    /// Takes the oldest hold on somebody's word away, as pages choose it; false if there is none that `may`.
    fn lift(&mut self, source: Source, may: impl Fn(&Standing) -> bool) -> bool {
        let oldest = self.holds.iter().position(|hold| hold.0 == source);
        match oldest.filter(|at| may(&self.holds[*at])) {
            Some(at) => {
                self.holds.remove(at);
                true
            }
            None => false,
        }
    }

    fn all(&mut self, gone: impl Fn(&Standing) -> bool) -> bool {
        let before = self.holds.len();
        self.holds.retain(|hold| !gone(hold));
        self.holds.len() < before
    }

    fn revoke(&mut self) -> bool {
        self.holds.clear();
        !std::mem::replace(&mut self.revoked, true)
    }
}

fn side(ground: &str) -> Source {
    match ground {
        "unit-hold" | "unit-lifted" => Source::Unit,
        "ordered-hold" | "order-lifted" => Source::Authority,
        "directed-hold" | "direction-lifted" => Source::Regulator,
        _ => Source::Institution,
    }
}

/// Does it; whether it was done, and whether the rules have it so.
async fn run(desk: &Desk, model: &mut Model, serial: &str, command: Command) -> (bool, bool) {
    let open = !model.revoked;
    match command {
        Command::HolderSuspends => {
            let done = desk.applies(("suspend", "mislaid"), serial).await.is_ok();
            let may = open && !model.holds.iter().any(|hold| hold.0 == Source::Holder);
            if may {
                model.holds.push((Source::Holder, 3));
            }
            (done, may)
        }
        Command::HolderResumes => {
            let done = desk.applies(("resume", "cleared"), serial).await.is_ok();
            let reached = |hold: &Standing| matches!(hold.0, Source::Holder | Source::Phone);
            let may = open && model.all(reached);
            if may {
                model.calls.clear();
            }
            (done, may)
        }
        Command::Orders(head, ground) => {
            let done = desk.orders_hold(head, ground, serial).await.is_ok();
            if open {
                model.holds.push((side(ground), head));
            }
            (done, open)
        }
        Command::Lifts(head, ground, of) => lifts(desk, model, serial, (head, ground, of)).await,
        Command::Registers(ground, of, confirmed) => {
            registers(desk, model, serial, (ground, of, confirmed)).await
        }
        Command::ProgramSuspends | Command::ProgramResumes | Command::ProgramRevokes => {
            program(desk, model, serial, command).await
        }
        Command::Calls | Command::Rejects | Command::Confirms | Command::Lapses => {
            calls(desk, model, serial, command).await
        }
        Command::Sweeps => {
            desk.sweep().await;
            (true, true)
        }
    }
}

/// One signature.
async fn lifts(
    desk: &Desk,
    model: &mut Model,
    serial: &str,
    (head, ground, of): (usize, &'static str, Source),
) -> (bool, bool) {
    let hold = desk.hold(serial, of).await;
    let done = desk.orders_lifting(head, (ground, hold), serial).await.is_ok();
    let may = match side(ground) {
        Source::Unit => of == Source::Unit && model.lift(of, |_| true),
        Source::Institution => of == Source::Institution && model.lift(of, |hold| hold.1 != head),
        _ => false,
    };
    (done, may)
}

/// A document and two people.
async fn registers(
    desk: &Desk,
    model: &mut Model,
    serial: &str,
    (ground, of, confirmed): (&'static str, Source, bool),
) -> (bool, bool) {
    let hold = desk.hold(serial, of).await;
    let entered = desk.registers_lifting((ground, hold)).await;
    let ordered = matches!(of, Source::Authority | Source::Regulator);
    let may = ordered && side(ground) == of && model.holds.iter().any(|hold| hold.0 == of);
    let done = entered.is_ok();
    if let Ok(entered) = entered {
        let decision = match confirmed {
            true => RevocationDecision::Confirm,
            false => RevocationDecision::Reject,
        };
        let on = (access::ActKind::ReviewLifting, &entered.id);
        desk.reviews(&desk.reviewer, on, decision).await.unwrap();
    }
    if may && confirmed {
        model.lift(of, |_| true);
    }
    (done, may)
}

async fn program(desk: &Desk, model: &mut Model, serial: &str, command: Command) -> (bool, bool) {
    let open = !model.revoked;
    match command {
        Command::ProgramSuspends => {
            let done = desk.program(serial, Change::Suspend).await.is_ok();
            let may = open && !model.holds.contains(&(Source::Institution, 2));
            if may {
                model.holds.push((Source::Institution, 2));
            }
            (done, may)
        }
        Command::ProgramResumes => {
            let done = desk.program(serial, Change::Resume).await.is_ok();
            (done, open && model.all(|hold| *hold == (Source::Institution, 2)))
        }
        _ => {
            let reason = RevocationReason::KeyCompromise;
            let change = Change::Revoke(Revocation::because(reason));
            let done = desk.program(serial, change).await.is_ok();
            model.revoke();
            (done, true)
        }
    }
}

async fn calls(desk: &Desk, model: &mut Model, serial: &str, command: Command) -> (bool, bool) {
    let open = !model.revoked;
    if command == Command::Calls {
        let call = desk.call(serial).await;
        let done = call.is_ok();
        if let Ok(call) = call {
            model.calls.push(call.id);
            model.holds.push((Source::Phone, 3));
        }
        return (done, open);
    }
    if command == Command::Lapses {
        desk.world.pass(86_400 * 15);
        desk.sweep().await;
        desk.sweep().await;
        model.calls.clear();
        model.all(|hold| hold.0 == Source::Phone);
        return (true, true);
    }
    let Some(call) = model.calls.first().cloned() else { return (true, true) };
    model.calls.remove(0);
    let decision = match command {
        Command::Rejects => RevocationDecision::Reject,
        _ => RevocationDecision::Confirm,
    };
    let done = desk.decides(&call, decision).await.is_ok();
    match command {
        Command::Rejects => drop(model.lift(Source::Phone, |_| true)),
        _ => drop(model.revoke()),
    }
    (done, true)
}

/// What stands, as the model has it.
async fn standing(desk: &Desk, serial: &str) -> Vec<Standing> {
    let heads = [0, 1].map(|at| {
        desk.heads[at].permit(desk.world.institution.access(), access::Action::ReadCertificate)
    });
    let [first, second] = heads;
    let heads = [first.await.actor().to_string(), second.await.actor().to_string()];
    let who = |hold: &ra::Hold| match heads.iter().position(|head| *head == hold.set_by) {
        Some(at) => at,
        None if hold.is_of_program() => 2,
        None => 3,
    };
    let mut holds: Vec<_> =
        desk.holds(serial).await.iter().map(|hold| (hold.source, who(hold))).collect();
    holds.sort_by_key(|hold| (hold.0.word(), hold.1));
    holds
}

async fn walk(desk: &Desk, seed: u64, steps: usize) -> [usize; 2] {
    let mut dice = Dice(seed);
    let serial = desk.certificate().await;
    let (mut model, mut done) = (Model::default(), [0, 0]);
    let mut way = Vec::new();
    for _ in 0..steps {
        let command = dice.command();
        way.push(command);
        let (went, may) = run(desk, &mut model, &serial, command).await;
        assert_eq!(went, may, "seed {seed}: {way:#?}\n{:?}", model.holds);
        done[usize::from(went)] += 1;
        desk.world.pass(1);
        let mut expected = model.holds.clone();
        expected.sort_by_key(|hold| (hold.0.word(), hold.1));
        assert_eq!(standing(desk, &serial).await, expected, "seed {seed}: {way:#?}");
        let status = desk.status(&serial).await;
        let fits = match status {
            Status::Revoked { .. } => model.revoked,
            Status::Suspended { .. } => !model.revoked && !expected.is_empty(),
            Status::Good => !model.revoked && expected.is_empty(),
        };
        assert!(fits, "seed {seed}: {status:?} under {expected:?}: {way:#?}");
        if model.revoked && dice.below(3) == 0 {
            break;
        }
    }
    done
}

async fn walks(database: &str, seeds: std::ops::Range<u64>, steps: usize) {
    let desk = Desk::new(database).await;
    let mut all = [0, 0];
    for seed in seeds {
        let done = walk(&desk, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, steps).await;
        all = [all[0] + done[0], all[1] + done[1]];
    }
    println!("{} commands were done and {} refused", all[1], all[0]);
    assert!(all[0] > 0 && all[1] > all[0] / 2, "the walk sees both: {all:?}");
}

#[tokio::test]
async fn no_sequence_makes_a_certificate_good_under_a_hold_or_leaves_it_suspended_under_none() {
    walks("", 1..13, 30).await;
}

#[tokio::test]
async fn nor_does_one_on_postgresql() {
    let Some(database) = crate::postgres::postgres("holds_walk").await else { return };
    walks(&database, 20..23, 16).await;
}
