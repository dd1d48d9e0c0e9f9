//! Blind indexes: searching for a value that is stored only sealed.

use crate::Error;
use crate::core::Core;

/// HMAC-SM3 over the field and the value in its normal form, as hex.
pub(crate) fn blind(core: &Core, field: &str, value: &str) -> Result<String, Error> {
    let text = format!("yinxin-index/1\n{field}\n{}", normal(value));
    let mut session = core.device.session()?;
    Ok(session.hmac(&core.keys.index, text.as_bytes())?.to_hex())
}

/// Without white space, full-width ASCII as half-width, small letters as capitals.
fn normal(value: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    value
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(narrow)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_have_one_normal_form() {
        assert_eq!(normal(" 11010519491231002x "), "11010519491231002X");
        assert_eq!(normal("１１０１０５　Ｘ"), "110105X");
        assert_eq!(normal("张 三"), "张三");
        assert_ne!(normal("张三"), normal("张三丰"));
    }
}
