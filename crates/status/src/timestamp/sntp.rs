//! Asking time servers: the client's part of RFC 5905 in its simple form (§14), octets only, and
//! what several servers agree on. The question tells nothing of us: its transmit timestamp is a
//! random number that the answer must give back, so that nobody answers who did not see it.

use jiff::{SignedDuration, Timestamp};

use super::clock::Comparison;

/// Octets of a packet without extensions.
pub const PACKET: usize = 48;
/// Seconds from 1900 to 1970.
const TO_UNIX: i64 = 2_208_988_800;
/// Seconds of an era: the 32 bits wrap in 2036 (RFC 5905 §6).
const ERA: i64 = 1 << 32;

/// What one server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its time less ours.
    pub offset: SignedDuration,
    /// How far that may be wrong: half of the way there and back, and what the server says of
    /// itself.
    pub error: SignedDuration,
    /// How many servers stand between it and a clock.
    pub stratum: u8,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is not the answer to our question: somebody else's, or made up. The right one may come.
    Foreign,
    /// The server cannot say what time it is, or does not want to; a Chinese phrase.
    Useless(&'static str),
}

/// The question: version 4, client, everything else empty but the cookie.
pub fn question(cookie: [u8; 8]) -> [u8; PACKET] {
    let mut packet = [0; PACKET];
    let (head, tail) = packet.split_at_mut(PACKET - 8);
    if let Some(first) = head.first_mut() {
        *first = 4 << 3 | 3;
    }
    tail.copy_from_slice(&cookie);
    packet
}

/// Reads the answer to the question with this cookie that was sent and received at these times.
///
/// # Errors
/// It answers something else, or the server is not synchronised or wants to be left alone.
pub fn read(
    packet: &[u8],
    cookie: [u8; 8],
    (sent, received): (Timestamp, Timestamp),
) -> Result<Sample, Flaw> {
    let packet = packet.first_chunk::<PACKET>().ok_or(Flaw::Foreign)?;
    let (words, _) = packet.as_chunks::<4>();
    let word = |at: usize| words.get(at).copied().map_or(0, u32::from_be_bytes);
    let [first, stratum, ..] = *packet;
    let echoed = [word(6).to_be_bytes(), word(7).to_be_bytes()].concat();
    if first & 7 != 4 || !matches!(first >> 3 & 7, 3 | 4) || echoed != cookie {
        return Err(Flaw::Foreign);
    }
    if first >> 6 == 3 || !(1..=15).contains(&stratum) {
        return Err(Flaw::Useless("自身未同步，或要求停止查询"));
    }
    let (heard, told) = ((word(8), word(9)), (word(10), word(11)));
    if told == (0, 0) || heard == (0, 0) {
        return Err(Flaw::Useless("应答中没有时间"));
    }
    let [t1, t4] = [sent, received].map(|at| at.as_nanosecond());
    let [t2, t3] = [heard, told].map(|stamp| nanos_of(stamp, received));
    let delay = (t4 - t1) - (t3 - t2);
    if delay < -1_000_000 || t3 < t2 {
        return Err(Flaw::Useless("应答中的时间自相矛盾"));
    }
    let own = short(word(1)) / 2 + short(word(2));
    let far = |_| Flaw::Useless("应答中的时间相差过大");
    let nanos = |value: i128| i64::try_from(value).map_err(far);
    Ok(Sample {
        offset: SignedDuration::from_nanos(nanos(((t2 - t1) + (t3 - t4)) / 2)?),
        error: SignedDuration::from_nanos(nanos(delay.max(0) / 2 + own)?),
        stratum,
    })
}

/// A short number of RFC 5905 §6, 16 and 16 bits, in nanoseconds.
fn short(value: u32) -> i128 {
    (i128::from(value) * 1_000_000_000) >> 16
}

/// The instant of a timestamp, in the era that lies nearest to `about`.
fn nanos_of((seconds, fraction): (u32, u32), about: Timestamp) -> i128 {
    let plain = i64::from(seconds) - TO_UNIX;
    let eras = (about.as_second() - plain + ERA / 2).div_euclid(ERA);
    let fraction = (i128::from(fraction) * 1_000_000_000) >> 32;
    i128::from(plain + eras * ERA) * 1_000_000_000 + fraction
}

/// What more than half of all servers that were asked agree on: the middle of their offsets, with
/// an error that holds for each of those. A server whose interval does not reach the middle is
/// left out (a falseticker of RFC 5905 §11.2.1). `None` when there is no such majority.
pub fn agree(samples: &[Sample], asked: usize) -> Option<Comparison> {
    let mut offsets: Vec<_> = samples.iter().map(|sample| sample.offset).collect();
    offsets.sort();
    let middle = *offsets.get(offsets.len() / 2)?;
    let distance = |sample: &Sample| sample.offset.saturating_sub(middle).abs();
    let truthful: Vec<_> =
        samples.iter().filter(|sample| distance(sample) <= sample.error).collect();
    if truthful.len() * 2 <= asked {
        return None;
    }
    let error =
        truthful.iter().map(|sample| distance(sample).saturating_add(sample.error)).max()?;
    let stratum = truthful.iter().map(|sample| sample.stratum).min().unwrap_or_default();
    let with = format!("{} 个时间源中的 {} 个（层级 {stratum}）", asked, truthful.len());
    Some(Comparison { offset: middle, error, with })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: [u8; 8] = *b"a cookie";

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_320_000_000 + millis).unwrap()
    }

    fn stamp(instant: Timestamp) -> [u8; 8] {
        let seconds = u32::try_from((instant.as_second() + TO_UNIX) % ERA).unwrap();
        let nanos = u64::try_from(instant.subsec_nanosecond()).unwrap();
        let fraction = u32::try_from((nanos << 32) / 1_000_000_000).unwrap();
        [seconds.to_be_bytes(), fraction.to_be_bytes()].concat().try_into().unwrap()
    }

    /// An answer of a server of stratum 2 with 10 ms root delay and 5 ms root dispersion.
    fn answer(heard: Timestamp, told: Timestamp) -> [u8; PACKET] {
        let mut packet = [0; PACKET];
        packet[0] = 4 << 3 | 4;
        packet[1] = 2;
        packet[4..8].copy_from_slice(&655_u32.to_be_bytes());
        packet[8..12].copy_from_slice(&328_u32.to_be_bytes());
        packet[24..32].copy_from_slice(&COOKIE);
        packet[32..40].copy_from_slice(&stamp(heard));
        packet[40..48].copy_from_slice(&stamp(told));
        packet
    }

    fn millis(duration: SignedDuration) -> i128 {
        // To the nearest: fractions of the wire are binary.
        (duration.as_nanos() + 500_000).div_euclid(1_000_000)
    }

    #[test]
    fn offset_and_error_follow_from_the_four_times() {
        // The server is 500 ms ahead; 20 ms there, 20 ms back, 2 ms to answer.
        let packet = answer(at(520), at(522));
        let sample = read(&packet, COOKIE, (at(0), at(42))).unwrap();
        assert_eq!(millis(sample.offset), 500);
        assert_eq!(millis(sample.error), 20 + 5 + 5);
        assert_eq!(sample.stratum, 2);
    }

    #[test]
    fn the_next_era_is_read_right() {
        let late = Timestamp::from_second(2_085_978_496 + 100).unwrap();
        let packet = answer(late, late);
        let sample = read(&packet, COOKIE, (late, late)).unwrap();
        assert_eq!(millis(sample.offset), 0);
    }

    #[test]
    fn answers_to_others_and_of_servers_without_time_are_refused() {
        let good = answer(at(1), at(1));
        let with = |place: usize, octet: u8| {
            let mut packet = good;
            packet[place] = octet;
            read(&packet, COOKIE, (at(0), at(2)))
        };
        assert!(with(0, 4 << 3 | 4).is_ok());
        let foreign = Err(Flaw::Foreign);
        assert_eq!(with(0, 4 << 3 | 3), foreign, "a client");
        assert_eq!(with(24, 0), foreign, "another cookie");
        assert_eq!(read(&good[..47], COOKIE, (at(0), at(2))), foreign);
        assert_eq!(read(&question(COOKIE), COOKIE, (at(0), at(2))), foreign);
        let useless = |result| matches!(result, Err(Flaw::Useless(_)));
        assert!(useless(with(0, 0xc0 | 4 << 3 | 4)), "not synchronised");
        assert!(useless(with(1, 0)), "a kiss of death");
        assert!(useless(with(1, 16)));
        let backwards = answer(at(5), at(1));
        assert!(useless(read(&backwards, COOKIE, (at(0), at(2)))));
    }

    fn says(offset: i64, error: i64) -> Sample {
        Sample {
            offset: SignedDuration::from_millis(offset),
            error: SignedDuration::from_millis(error),
            stratum: 2,
        }
    }

    #[test]
    fn a_majority_decides_and_who_is_far_from_it_is_left_out() {
        let agreed = agree(&[says(1, 10), says(3, 10), says(9_000, 10)], 3).unwrap();
        assert_eq!(agreed.offset, SignedDuration::from_millis(3));
        assert_eq!(agreed.error, SignedDuration::from_millis(12));
        assert_eq!(agree(&[says(1, 10), says(9_000, 10)], 2), None, "one against one");
        assert_eq!(agree(&[says(1, 10)], 3), None, "too few answered");
        assert!(agree(&[says(1, 10)], 1).is_some());
        assert_eq!(agree(&[], 0), None);
        assert_eq!(agree(&[says(0, 1), says(500, 1), says(900, 1)], 3), None, "no two agree");
    }
}
