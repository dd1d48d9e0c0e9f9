//! People: name and citizen identification number (GB 11643).

use super::{REGIONS, names::PEOPLE};
use crate::random::Seeded;

/// As the parity of the sequence code tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Even sequence code.
    Female,
    /// Odd sequence code.
    Male,
}

/// A made-up person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Chinese name.
    pub name: String,
    /// 18 characters; the check character may be `X`.
    pub id_number: String,
    /// Year, month, day.
    pub born: (u16, u8, u8),
    /// In agreement with the number.
    pub sex: Sex,
    /// A mailbox in a domain that cannot exist.
    pub email: String,
}

impl Person {
    /// The person of this seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Seeded::new(seed ^ 0x7065_7273_6f6e);
        let (region, _, _) = REGIONS[random.below(REGIONS.len())];
        let year = 1900 + random.below(10);
        let (month, day) = (1 + random.below(12), 1 + random.below(28));
        let sequence = 1 + random.below(999);
        let body = format!("{region}{year:04}{month:02}{day:02}{sequence:03}");
        let check = id_number_check(&body);
        Self {
            name: random.pick(PEOPLE).to_owned(),
            id_number: format!("{body}{check}"),
            born: (narrow(year), narrow(month), narrow(day)),
            sex: if sequence.is_multiple_of(2) { Sex::Female } else { Sex::Male },
            email: format!("person-{seed}@example.invalid"),
        }
    }
}

fn narrow<T: TryFrom<usize, Error: std::fmt::Debug>>(value: usize) -> T {
    T::try_from(value).unwrap()
}

/// The check character for 17 digits: Σ aᵢ·2^(18−i) mod 11 (GB 11643, ISO 7064 MOD 11-2).
pub fn id_number_check(digits: &str) -> char {
    assert_eq!(digits.len(), 17);
    let sum: u32 = digits
        .chars()
        .zip([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
        .map(|(digit, weight)| digit.to_digit(10).unwrap() * weight)
        .sum();
    "10X98765432".chars().nth((sum % 11).try_into().unwrap()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_match_published_numbers() {
        assert_eq!(id_number_check("11010519491231002"), 'X');
        assert_eq!(id_number_check("36042619910101007"), '1');
    }

    #[test]
    fn the_same_seed_gives_the_same_person_and_every_check_character_occurs() {
        let people: Vec<_> = (0..500).map(Person::from_seed).collect();
        assert_eq!(people[3], Person::from_seed(3));
        for check in "10X98765432".chars() {
            assert!(people.iter().any(|person| person.id_number.ends_with(check)));
        }
        assert!(people.iter().any(|person| person.sex == Sex::Female));
        assert!(people.iter().any(|person| person.name == "周𠮷"));
        assert!(people.iter().all(|person| person.id_number.len() == 18));
    }
}
