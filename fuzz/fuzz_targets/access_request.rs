//! The headers of a signed request, one to a line: method, path, query, digest, input,
//! signature; the rest is the body.
#![no_main]

use access::signature::{Claim, Incoming};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut lines = octets.splitn(7, |octet| *octet == b'\n');
    let mut line = || lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let (Some(method), Some(path)) = (line(), line()) else {
        return;
    };
    let mut header = || line().filter(|line| !line.is_empty());
    let (query, content_digest) = (header(), header());
    let (signature_input, signature) = (header(), header());
    let body = lines.next().unwrap_or_default();
    let request = Incoming {
        method,
        path,
        query,
        body,
        content_digest,
        signature_input,
        signature,
    };
    let Ok(claim) = Claim::read(&request, yinxin_fuzz::now()) else {
        return;
    };
    // A body is never outside of the signature.
    assert!(body.is_empty() || content_digest.is_some());
    let _ = claim.client().to_string();
    let _ = claim.verify(yinxin_fuzz::key().public_key());
});
