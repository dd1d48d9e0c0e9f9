//! Verification codes: random, in an alphabet that nobody misreads.

/// Digits and capitals without I, L, O and U: 32 signs, five bits each.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Twenty signs are 100 bits: they cannot be guessed.
const LENGTH: usize = 20;
const GROUP: usize = 4;

/// The verification code of a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationCode(String);

impl VerificationCode {
    /// Of random octets.
    #[must_use]
    pub fn from_random(octets: [u8; 16]) -> Self {
        let mut bits = u128::from_be_bytes(octets);
        let mut text = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let sign = usize::try_from(bits & 31).unwrap_or(0);
            text.push(char::from(ALPHABET.get(sign).copied().unwrap_or(b'0')));
            bits >>= 5;
        }
        Self(text)
    }

    /// As people type it: in groups or not, small or capital, with O for 0 and I or l for 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let narrow = |c: char| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        };
        let signs = text.chars().map(narrow).filter(|c| !c.is_whitespace() && *c != '-');
        let meant = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        let code: String = signs.map(meant).collect();
        let known = |octet: u8| ALPHABET.contains(&octet);
        (code.len() == LENGTH && code.bytes().all(known)).then_some(Self(code))
    }

    /// Without groups.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In groups of four, as it is printed.
    #[must_use]
    pub fn grouped(&self) -> String {
        let signs: Vec<char> = self.0.chars().collect();
        signs
            .chunks(GROUP)
            .map(|group| group.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join("-")
    }
}

impl std::fmt::Debug for VerificationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerificationCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_carries_a_hundred_bits_in_five_groups() {
        let code = VerificationCode::from_random([0xff; 16]);
        assert_eq!(code.grouped(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        // Each of the lowest 100 bits makes another code.
        let plain = VerificationCode::from_random([0; 16]);
        for bit in 0..100 {
            let other = VerificationCode::from_random((1u128 << bit).to_be_bytes());
            assert_ne!(other, plain, "bit {bit}");
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = VerificationCode::parse("01AB-CDEF-GHJK-MNPQ-RSTV").unwrap();
        for typed in [
            "01abcdefghjkmnpqrstv",
            " 01AB CDEF GHJK MNPQ RSTV ",
            "OIAB-CDEF-GHJK-MNPQ-RSTV",
            "Olab-cdef-ghjk-mnpq-rstv",
            "０１ＡＢ－ＣＤＥＦ－ＧＨＪＫ－ＭＮＰＱ－ＲＳＴＶ",
        ] {
            assert_eq!(VerificationCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "01AB", "01AB-CDEF-GHJK-MNPQ-RST", "01AB-CDEF-GHJK-MNPQ-RSTU", "验证码"]
        {
            assert_eq!(VerificationCode::parse(wrong), None, "{wrong}");
        }
    }
}
