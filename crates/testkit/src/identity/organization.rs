//! Units: name and unified social credit code (GB 32100) with its organisation code (GB 11714).

use super::{
    REGIONS,
    names::{BODIES, PLACES},
};
use crate::random::Seeded;

/// The alphabet of GB 32100: no I, O, S, V, Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A made-up unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Chinese name.
    pub name: String,
    /// 18 characters.
    pub credit_code: String,
    /// Characters 9 to 17 of the credit code.
    pub organization_code: String,
    /// Province of the registration.
    pub province: String,
    /// Place within the province.
    pub locality: String,
}

impl Organization {
    /// The unit of this seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Seeded::new(seed ^ 0x756e_6974);
        let (region, province, locality) = REGIONS[random.below(REGIONS.len())];
        let kind = random.pick(&["11", "12", "91", "93"]).to_owned();
        let serial: String = (0..6).map(|_| letter(random.below(ALPHABET.len()))).collect();
        let code = format!("YX{serial}");
        let organization_code = format!("{code}{}", organization_code_check(&code));
        let body = format!("{kind}{region}{organization_code}");
        Self {
            name: format!("{}{}", random.pick(PLACES), random.pick(BODIES)),
            credit_code: format!("{body}{}", credit_code_check(&body)),
            organization_code,
            province: province.to_owned(),
            locality: locality.to_owned(),
        }
    }
}

fn letter(value: usize) -> char {
    ALPHABET.chars().nth(value).unwrap()
}

/// The check character for 17 characters: (31 − Σ Cᵢ·3^(i−1) mod 31) mod 31 (GB 32100).
pub fn credit_code_check(body: &str) -> char {
    assert_eq!(body.len(), 17);
    let mut weight = 1;
    let mut sum = 0;
    for character in body.chars() {
        sum += ALPHABET.find(character).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    letter((31 - sum % 31) % 31)
}

/// The check character for 8 characters of an organisation code (GB 11714).
pub fn organization_code_check(code: &str) -> char {
    assert_eq!(code.len(), 8);
    let sum: u32 = code
        .chars()
        .zip([3, 7, 9, 10, 5, 8, 4, 2])
        .map(|(character, weight)| character.to_digit(36).unwrap() * weight)
        .sum();
    "0X987654321".chars().nth((sum % 11).try_into().unwrap()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_match_a_published_code() {
        assert_eq!(credit_code_check("91110000600037341"), 'L');
        assert_eq!(organization_code_check("60003734"), '1');
    }

    #[test]
    fn the_same_seed_gives_the_same_unit_and_codes_stay_in_the_alphabet() {
        for seed in 0..500 {
            let unit = Organization::from_seed(seed);
            assert_eq!(unit, Organization::from_seed(seed));
            assert!(unit.credit_code.chars().all(|c| ALPHABET.contains(c)));
            assert_eq!(unit.credit_code[8..17], unit.organization_code);
        }
    }
}
