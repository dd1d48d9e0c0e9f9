//! OpenSSL reads certificates and lists for the inspector.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What OpenSSL says about these octets; an error with its words if it cannot.
pub fn reads(arguments: &[&str], input: &[u8]) -> Result<String, String> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A reader that has seen enough hangs up.
    let _ = child.stdin.take().unwrap().write_all(input);
    let done = child.wait_with_output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
}

/// A certificate in DER, asked with these options.
pub fn x509(der: &[u8], options: &[&str]) -> Result<String, String> {
    let start = ["x509", "-inform", "DER", "-noout", "-nameopt", "multiline,-esc_msb,utf8"];
    reads(&[&start[..], options].concat(), der)
}

/// The values of an attribute in a name that was printed in lines.
pub fn attribute(name: &str, which: &str) -> Vec<String> {
    let lines = name.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(left, _)| left.trim() == which)
        .map(|(_, right)| right.trim().to_owned())
        .collect()
}

/// The section of an extension in the text of a certificate: its line, and the lines below it.
pub fn extension<'t>(text: &'t str, heading: &str) -> Option<&'t str> {
    let from = text.find(heading)?;
    let after = &text[from + heading.len()..];
    let depth = "            ".len();
    let ends = after.lines().skip(1).scan(after.find('\n')? + 1, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, line))
    });
    let end = ends.filter(|(_, line)| line.len() - line.trim_start().len() <= depth).map(|e| e.0);
    after.get(..end.min().unwrap_or(after.len()))
}

/// Whether OpenSSL verifies one certificate by another, as of an instant.
pub fn verifies(issuer: &[u8], certificate: &[u8], at: i64) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, der: &[u8]| {
        let pem = reads(&["x509", "-inform", "DER"], der)?;
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        Ok::<_, String>(path.to_str().unwrap().to_owned())
    };
    let (issuer, certificate) = (path("issuer.pem", issuer)?, path("one.pem", certificate)?);
    // OpenSSL 3.0 gives the SM2 identity to the last certificate only: one link at a time.
    let options =
        ["verify", "-partial_chain", "-x509_strict", "-vfyopt", "distid:1234567812345678"];
    let at = at.to_string();
    let rest = ["-attime", &*at, "-CAfile", &*issuer, &*certificate];
    reads(&[&options[..], &rest].concat(), b"").map(drop)
}

/// SM3 of these octets, in hexadecimal.
pub fn sm3(octets: &[u8]) -> String {
    let text = reads(&["dgst", "-sm3", "-r"], octets).unwrap();
    text.split_whitespace().next().unwrap().to_owned()
}

/// These octets with a part replaced by another of the same length, everywhere.
pub fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut octets = octets.to_vec();
    let mut at = 0;
    let mut found = false;
    while let Some(next) = octets[at..].windows(from.len()).position(|part| part == from) {
        octets[at + next..at + next + from.len()].copy_from_slice(to);
        at += next + from.len();
        found = true;
    }
    assert!(found, "nothing to be replaced");
    octets
}
