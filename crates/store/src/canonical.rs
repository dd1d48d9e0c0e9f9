//! JSON in one form only (RFC 8785, JCS), so that the same record always has the same hash.
//!
//! Members are sorted by the UTF-16 units of their names, nothing is spaced, text is escaped as
//! little as possible. Of numbers only whole ones up to ±(2^53 − 1) are taken: they are the ones that
//! every reader of JSON understands alike. `serde_json`'s own order is not relied upon: a feature of
//! another crate could change it.

use serde_json::Value;

use crate::Error;

const MAX_SAFE: i64 = (1 << 53) - 1;
const MAX_DEPTH: usize = 32;

/// The canonical text of a value.
pub fn to_canonical(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    write(value, 0, &mut out)?;
    Ok(out)
}

fn write(value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::BadRecord("嵌套过深"));
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let whole = number.as_i64().filter(|n| (-MAX_SAFE..=MAX_SAFE).contains(n));
            let whole = whole.ok_or(Error::BadRecord("只接受绝对值小于2的53次方的整数"))?;
            out.push_str(&whole.to_string());
        }
        Value::String(text) => write_text(text, out)?,
        Value::Array(items) => write_list(items, depth, out)?,
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            write_members(&members, depth, out)?;
        }
    }
    Ok(())
}

fn write_list(items: &[Value], depth: usize, out: &mut String) -> Result<(), Error> {
    out.push('[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write(item, depth + 1, out)?;
    }
    out.push(']');
    Ok(())
}

fn write_members(
    members: &[(&String, &Value)],
    depth: usize,
    out: &mut String,
) -> Result<(), Error> {
    out.push('{');
    for (position, (name, value)) in members.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_text(name, out)?;
        out.push(':');
        write(value, depth + 1, out)?;
    }
    out.push('}');
    Ok(())
}

/// `serde_json` escapes text exactly as RFC 8785 §3.2.2.2 asks.
fn write_text(text: &str, out: &mut String) -> Result<(), Error> {
    out.push_str(&serde_json::to_string(text).map_err(|_| Error::BadRecord("文本无法编码"))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_sorted_by_utf16_and_nothing_is_spaced() {
        let value =
            json!({ "\u{fb33}": 1, "\u{1f600}": 2, "b": [true, null, "x\n\u{1f}"], "a": {} });
        let text = to_canonical(&value).unwrap();
        // U+1F600 starts with the surrogate D83D, which sorts before FB33.
        assert_eq!(
            text,
            "{\"a\":{},\"b\":[true,null,\"x\\n\\u001f\"],\"\u{1f600}\":2,\"\u{fb33}\":1}"
        );
    }

    #[test]
    fn numbers_that_readers_disagree_about_are_refused() {
        for bad in [json!(1.5), json!(1u64 << 53), json!(u64::MAX), json!(-1e300)] {
            assert_eq!(to_canonical(&bad).unwrap_err().code(), "store.bad_record", "{bad}");
        }
        assert_eq!(to_canonical(&json!(-9_007_199_254_740_991_i64)).unwrap(), "-9007199254740991");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_canonical(&deep).is_err());
    }
}
