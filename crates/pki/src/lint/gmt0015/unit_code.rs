//! GB 32100, GB 11714: the organisation code is a unified credit code of 18 characters or an old code of 9, each
//! with its check character (check C19-8).

use super::text;
use crate::ident::CreditCode;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/unit-code",
    severity: Severity::Error,
    citation: "GM/T 0015 OrganizationCode; GB 32100-2015; GB 11714-1997",
    text: "组织机构代码（统一社会信用代码）应书写正确，校验码相符",
    effective: source::GMT_0015,
    applies: |target| target.view.extension(oid::ORGANIZATION_CODE).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("credit_code", || with("91110000600037341L")),
            ("old_code", || with("D2143569X")),
            ("old_code_with_hyphen", || with("D2143569-X")),
        ],
        bad: &[
            ("wrong_check_character", || with("91110000600037341M")),
            ("letter_o_for_zero", || with("9111O000600037341L")),
            ("old_code_with_wrong_check", || with("D21435691")),
        ],
    },
};

#[cfg(test)]
fn with(code: &str) -> Example {
    person_sign().and(oid::ORGANIZATION_CODE, false, printable(code))
}

fn check(target: &Target<'_>) -> Outcome {
    let extension = target.view.extension(oid::ORGANIZATION_CODE);
    let octets = extension.and_then(|extension| text(&target.view, extension)).unwrap_or_default();
    let code = String::from_utf8_lossy(octets);
    if is_old_code(&code) {
        return Outcome::Pass;
    }
    match CreditCode::parse(&code) {
        Ok(_) => Outcome::Pass,
        Err(error) => Outcome::Broken(format!("“{code}”：{error}")),
    }
}

/// GB 11714: eight characters and a check character, with or without a hyphen between them.
fn is_old_code(code: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let bare: Vec<char> = code.chars().filter(|character| *character != '-').collect();
    let Some((check, body)) = bare.split_last().filter(|(_, body)| body.len() == 8) else {
        return false;
    };
    let value =
        |character: &char| character.to_digit(36).filter(|_| !character.is_ascii_lowercase());
    let Some(values) = body.iter().map(value).collect::<Option<Vec<u32>>>() else {
        return false;
    };
    let sum: u32 = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    let expected = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    *check == expected
}
