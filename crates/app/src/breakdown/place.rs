//! Where in the program a panic was. What it says is formatted and may hold data of people, so it goes to nobody but the
//! log of the process; its place and what stands literally in the program can't.

use std::any::Any;
use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    /// Where the last panic of this thread was.
    static LAST: Cell<Option<String>> = const { Cell::new(None) };
}

/// From now on places are noted; what was told of panics before goes on.
pub(crate) fn watch() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            // A thread that ends has nobody who asks.
            let _ = LAST.try_with(|last| last.set(place));
            before(info);
        }));
    });
}

/// What may be kept of a panic that was just caught on this thread.
pub(crate) fn of(panic: &(dyn Any + Send)) -> String {
    let place = LAST.try_with(Cell::take).ok().flatten();
    let literal = panic.downcast_ref::<&'static str>().map(|text| (*text).to_owned());
    place.into_iter().chain(literal).collect::<Vec<_>>().join(" ")
}
