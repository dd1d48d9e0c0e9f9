//! Every lint on octets that the strict gate may refuse: none may fall over.
#![no_main]

use pki::lint::{Context, run_der, run_tbs};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let ca = yinxin_fuzz::ca();
    let context = Context::for_der(octets);
    drop(run_der(octets, &context));
    drop(run_der(
        octets,
        &context.issued_by(ca).at(yinxin_fuzz::now()),
    ));
    drop(run_tbs(octets, &context.issued_by(ca)));
});
