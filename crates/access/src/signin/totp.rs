//! One-time codes: TOTP (RFC 6238) with HMAC-SHA-1, 30 seconds, six digits, as every
//! authenticator makes them.

use crate::Login;
use crate::people::Enrolment;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

/// What the sealed secret is for.
pub const PURPOSE: &str = "access-totp";
const STEP_SECONDS: i64 = 30;
const MODULUS: u32 = 1_000_000;

/// The step whose code this is: the current one, or one before or after for clocks that are a
/// little off (RFC 6238 §5.2).
pub fn step_of(secret: &[u8], typed: &str, now: i64) -> Option<i64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let current = now.div_euclid(STEP_SECONDS);
    let mut found = None;
    // All three are computed, whichever it is.
    for step in [current - 1, current, current + 1] {
        if crate::service::same(code(secret, step).as_bytes(), digits.as_bytes()) {
            found = Some(step);
        }
    }
    found
}

/// The code of a step (RFC 4226 §5.3).
pub fn code(secret: &[u8], step: i64) -> Zeroizing<String> {
    // A key longer than a block is hashed first (RFC 2104 §2); ours have 20 octets.
    let mut block = Zeroizing::new([0_u8; 64]);
    block.iter_mut().zip(secret).for_each(|(to, octet)| *to = *octet);
    let mut mac = <Hmac<Sha1> as KeyInit>::new((&*block).into());
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let [.., last] = digest;
    let mut octets = digest.iter().skip(usize::from(last & 0x0f)).take(4);
    let number = octets.by_ref().fold(0_u32, |sum, octet| (sum << 8) | u32::from(*octet));
    Zeroizing::new(format!("{:06}", (number & 0x7fff_ffff) % MODULUS))
}

/// What the person's device scans.
pub fn enrolment(issuer: &str, login: &Login, secret: &[u8]) -> Enrolment {
    let secret = base32(secret);
    let issuer = percent(issuer);
    let uri = format!(
        "otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        *secret
    );
    Enrolment { uri: Zeroizing::new(uri), secret }
}

/// RFC 4648 §6, for lengths that need no padding.
fn base32(octets: &[u8]) -> Zeroizing<String> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = Zeroizing::new(String::with_capacity(octets.len().div_ceil(5) * 8));
    let (mut held, mut bits) = (0_u32, 0_u32);
    for octet in octets {
        held = ((held << 8) | u32::from(*octet)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let letter = LETTERS.get(((held >> bits) & 31) as usize).copied().unwrap_or(b'A');
            text.push(char::from(letter));
        }
    }
    text
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                out.push(char::from(octet));
            }
            _ => out.push_str(&format!("%{octet:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// The values of RFC 6238, appendix B, without the two digits in front.
    #[test]
    fn codes_are_those_of_the_standard() {
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (now, expected) in vectors {
            assert_eq!(*code(SECRET, now / 30), expected, "{now}");
            assert_eq!(step_of(SECRET, expected, now), Some(now / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_before_and_after() {
        let now = 1_111_111_111;
        assert_eq!(step_of(SECRET, "050 471", now + 30), Some(now / 30));
        assert_eq!(step_of(SECRET, "050471", now - 30), Some(now / 30));
        assert_eq!(step_of(SECRET, "050471", now + 60), None);
        assert_eq!(step_of(SECRET, "050471", now - 60), None);
        assert_eq!(step_of(SECRET, "", now), None);
    }

    /// RFC 4648 §10.
    #[test]
    fn the_secret_is_shown_in_base_32() {
        assert_eq!(*base32(b"fooba"), "MZXW6YTB");
        assert_eq!(*base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn the_uri_has_the_form_that_devices_read() {
        let uri = enrolment("印信 CA", &"zhang.san".parse().unwrap(), SECRET).uri;
        assert_eq!(
            *uri,
            "otpauth://totp/%E5%8D%B0%E4%BF%A1%20CA:zhang.san?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=%E5%8D%B0%E4%BF%A1%20CA&algorithm=SHA1&digits=6&period=30"
        );
    }
}
