//! What `chronyc -c -n tracking` says of the system's clock: one line, fields between commas.

use jiff::SignedDuration;

use super::clock::Comparison;

/// Number of fields.
const FIELDS: usize = 14;
/// The reference of a chrony that follows nobody but its own clock (directive `local`).
const OWN_CLOCK: &str = "7F7F0101";

/// Reads the line. The magnitude of the offset counts, so its sign is not looked at. The error is
/// chrony's own bound: root dispersion, which grows while no source answers, and half of the root
/// delay.
///
/// # Errors
/// A Chinese sentence: the line has another form, or chrony is not synchronised itself.
pub fn read(line: &str) -> Result<Comparison, String> {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    if fields.len() < FIELDS {
        return Err("chronyc 的输出格式不符，请确认 chrony 的版本".to_owned());
    }
    let stratum: u8 = field(2).parse().unwrap_or_default();
    let leap = field(FIELDS - 1);
    if field(0) == OWN_CLOCK {
        return Err("chrony 没有外部时间源，只以本机时钟为准".to_owned());
    }
    if !(1..=15).contains(&stratum) || !matches!(leap, "Normal" | "Insert second" | "Delete second")
    {
        return Err(format!("chrony 尚未与时间源同步（层级 {stratum}，{leap}）"));
    }
    let number = |at: usize| {
        let seconds = field(at).parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e9);
        let seconds = seconds.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
        seconds.ok_or_else(|| format!("chronyc 输出的第 {} 项不是数字", at + 1))
    };
    let (offset, delay, dispersion) = (number(4)?, number(10)?, number(11)?);
    Ok(Comparison {
        offset: offset.abs(),
        error: (delay.abs() / 2).saturating_add(dispersion.abs()),
        with: format!("chrony（{}，层级 {stratum}）", field(1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "C0000201,192.0.2.1,2,1795320000.123456789,-0.000012345,0.000004,0.000031,\
                        -12.345,0.001,0.045,0.010000000,0.002000000,64.2,Normal";

    #[test]
    fn the_offset_and_the_error_of_the_path_to_the_source_are_read() {
        let comparison = read(&format!("{LINE}\n")).unwrap();
        assert_eq!(comparison.offset, SignedDuration::from_nanos(12_345));
        assert_eq!(comparison.error, SignedDuration::from_millis(7));
        assert_eq!(comparison.with, "chrony（192.0.2.1，层级 2）");
    }

    #[test]
    fn a_chrony_that_is_not_synchronised_vouches_for_nothing() {
        for wrong in [
            LINE.replace("Normal", "Not synchronised"),
            LINE.replace("C0000201", "7F7F0101"),
            LINE.replace(",2,", ",0,"),
            LINE.replace(",2,", ",16,"),
            LINE.replace("0.002000000", "nan"),
            LINE.replace("-0.000012345", "1e300"),
            LINE.replace(",64.2,", ","),
            String::new(),
            "506 Cannot talk to daemon".to_owned(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
