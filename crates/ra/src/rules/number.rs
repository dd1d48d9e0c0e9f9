//! Application numbers, with the check digit of GB/T 17710 (ISO 7064 MOD 11,10): one wrong digit
//! or two swapped neighbours are noticed before anybody's application is looked up.

use law::CivilDate;

/// `YYYYMMDD`, six digits, a check digit.
pub(crate) fn compose(day: CivilDate, sequence: u32) -> String {
    let body =
        format!("{:04}{:02}{:02}{:06}", day.year(), day.month(), day.day(), sequence % 1_000_000);
    let check = check_digit(&body);
    format!("{body}{check}")
}

/// Whether fifteen digits agree.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.len() == 15 && text.bytes().all(|b| b.is_ascii_digit());
    digits
        && text
            .split_at_checked(14)
            .is_some_and(|(body, check)| check == check_digit(body).to_string())
}

fn check_digit(body: &str) -> u32 {
    let mut product = 10;
    for digit in body.chars().filter_map(|c| c.to_digit(10)) {
        let sum = match (product + digit) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2 % 11;
    }
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        // ISO 7064: 0794 has the check digit 5.
        assert_eq!(check_digit("0794"), 5);
        // A sum of ten goes on as ten, not as nothing.
        assert_eq!(check_digit("0"), 2);
        let with_letter = "2026112200a417";
        assert!(!is_number(&format!("{with_letter}{}", check_digit(with_letter))));
    }

    #[test]
    fn one_wrong_digit_and_most_swaps_are_noticed() {
        let number = compose(CivilDate::new(2026, 11, 22).unwrap(), 417);
        assert_eq!(&number[..14], "20261122000417");
        assert!(is_number(&number));
        for at in 0..15 {
            for digit in '0'..='9' {
                let mut wrong: Vec<char> = number.chars().collect();
                if wrong[at] != digit {
                    wrong[at] = digit;
                    assert!(!is_number(&wrong.iter().collect::<String>()), "{at} {digit}");
                }
            }
        }
        assert!(!is_number("") && !is_number("2026") && !is_number("２０２６１１２２００００１"));
    }
}
