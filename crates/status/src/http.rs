//! What HTTP adds to status services, without HTTP itself: questions in paths, times in
//! header fields, caching (RFC 6960 appendix A, RFC 5019 §6, RFC 9110, RFC 9111).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::Caching;

/// Media type of questions.
pub const REQUEST_TYPE: &str = "application/ocsp-request";
/// Media type of answers.
pub const RESPONSE_TYPE: &str = "application/ocsp-response";
/// Media type of revocation lists.
pub const LIST_TYPE: &str = "application/pkix-crl";

/// Longest path that is looked at, in octets; RFC 5019 wants questions by GET to stay
/// below 255.
const MAX_PATH: usize = 8 * 1024;

/// The question in the last part of a GET path: Base64, then percent-encoded. Some clients
/// leave out the second step, and slashes may be doubled or merged on the way; only what
/// decodes strictly counts.
pub fn question_of_path(path: &str) -> Option<Vec<u8>> {
    if path.len() > MAX_PATH {
        return None;
    }
    let text = percent_decode(path.trim_start_matches('/'))?;
    STANDARD.decode(text).ok()
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            out.push(*first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    Some(out)
}

/// An instant as header fields write it, such as `Sun, 22 Nov 2026 04:00:00 GMT`.
pub fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl Caching {
    /// The header fields, for an answer to GET. Answers to POST are never cached by HTTP.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoStore => vec![("cache-control", "no-store".to_owned())],
            Self::Public { etag, last_modified, max_age, expires } => {
                let seconds = max_age.as_secs();
                let control = format!("max-age={seconds}, public, no-transform, must-revalidate");
                vec![
                    ("cache-control", control),
                    ("expires", date(*expires)),
                    ("last-modified", date(*last_modified)),
                    ("etag", format!("\"{etag}\"")),
                ]
            }
        }
    }

    /// Whether the client has these very octets already (304). `If-None-Match` decides when
    /// it is there, otherwise `If-Modified-Since` (RFC 9110 §13.2.2).
    pub fn is_unchanged(
        &self,
        if_none_match: Option<&str>,
        if_modified_since: Option<&str>,
    ) -> bool {
        let Self::Public { etag, last_modified, .. } = self else {
            return false;
        };
        if let Some(tags) = if_none_match {
            let own = format!("\"{etag}\"");
            let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == own;
            return tags.split(',').any(|tag| same(tag.trim()));
        }
        if_modified_since == Some(date(*last_modified).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::caching;
    use jiff::SignedDuration;

    #[test]
    fn questions_come_out_of_paths() {
        let question = [0x30, 0x0b, 0xfb, 0xff, 0xfe, 1];
        assert_eq!(STANDARD.encode(question), "MAv7//4B");
        for path in ["MAv7//4B", "/MAv7//4B", "MAv7%2F%2f4B", "%4DAv7//4B"] {
            assert_eq!(question_of_path(path).as_deref(), Some(&question[..]), "{path}");
        }
        for path in ["MAv7%2", "MAv7%zz4B", "MAv7 4B", "MAv7%+14B", "中文", "MAv7-_4B"] {
            assert_eq!(question_of_path(path), None, "{path}");
        }
        assert_eq!(question_of_path(&"A".repeat(MAX_PATH + 4)), None);
    }

    #[test]
    fn header_fields_say_how_long_and_which_octets() {
        let at: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
        let end = at + SignedDuration::from_hours(1);
        let five = SignedDuration::from_mins(5);
        let headers = caching("0a1b", at, end, at, five).headers();
        let expected = [
            ("cache-control", "max-age=300, public, no-transform, must-revalidate"),
            ("expires", "Sun, 22 Nov 2026 04:05:00 GMT"),
            ("last-modified", "Sun, 22 Nov 2026 04:00:00 GMT"),
            ("etag", "\"0a1b\""),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(headers, expected);
        assert_eq!(Caching::NoStore.headers(), [("cache-control", "no-store".to_owned())]);
    }

    #[test]
    fn clients_that_have_the_octets_are_told_so() {
        let at: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
        let caching = caching("0a1b", at, at, at, SignedDuration::ZERO);
        let since = Some("Sun, 22 Nov 2026 04:00:00 GMT");
        assert!(caching.is_unchanged(Some("\"0a1b\""), None));
        assert!(caching.is_unchanged(Some("\"ffff\", W/\"0a1b\""), None));
        assert!(caching.is_unchanged(Some("*"), None));
        assert!(!caching.is_unchanged(Some("\"ffff\""), since), "the tag decides");
        assert!(caching.is_unchanged(None, since));
        assert!(!caching.is_unchanged(None, Some("Sun, 22 Nov 2026 03:59:59 GMT")));
        assert!(!Caching::NoStore.is_unchanged(Some("*"), since));
    }
}
