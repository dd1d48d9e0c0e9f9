//! What a parser says, in Chinese: which field, and what belongs there. Values are left out.
//!
//! The parsers of JSON and of queries write English sentences around names and values. Names come
//! back as they are, if they look like names at all; what is expected is told in our own words;
//! the rest stays here.

use serde_json::error::Category;

/// Fields that hold an instant, wherever they stand.
const INSTANTS: [&str; 6] =
    ["not_after", "invalid_since", "from", "until", "ends_from", "ends_until"];
const INSTANT: &str = "RFC 3339 的时间，例如 2027-06-30T23:59:59Z";

/// Why a JSON body could not be read; `path` leads to the place.
pub fn json(path: &str, error: &serde_json::Error) -> String {
    let place = format!("第 {} 行第 {} 列", error.line(), error.column());
    match error.classify() {
        Category::Io | Category::Syntax => {
            format!("请求内容在{place}处不是合法的 JSON；请检查引号、逗号和括号")
        }
        Category::Eof => format!("请求内容在{place}处中断，JSON 不完整；请检查是否发送完整"),
        Category::Data => {
            let text = error.to_string();
            let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
            format!("请求内容有误：{}；各字段见 /api/openapi.json", data(path, said))
        }
    }
}

/// Why a query could not be read.
pub fn query(said: &str) -> String {
    let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(said);
    let (path, said) = match said.split_once(": ") {
        Some((path, rest)) if is_name(path) => (path, rest),
        _ => (".", said),
    };
    let number = ["digit", "integer", "number", "out of range"];
    let text = match number.iter().any(|word| said.contains(word)) && !is_instant(path) {
        true => format!("{}应为非负整数", field(path)),
        false => data(path, said),
    };
    format!("查询参数有误：{text}；各参数见 /api/openapi.json")
}

/// What is wrong with the data at a place.
fn data(path: &str, said: &str) -> String {
    if let Some(rest) = said.strip_prefix("missing field ") {
        return format!("缺少{}", named(rest));
    }
    if let Some(rest) = said.strip_prefix("duplicate field ") {
        return format!("{}重复出现", named(rest));
    }
    if let Some(rest) = said.strip_prefix("unknown field ") {
        return format!("不认识的{}{}", named(rest), choices("可用的字段有", rest));
    }
    if let Some(rest) = said.strip_prefix("unknown variant ") {
        return format!("{}不在可选的范围内{}", field(path), choices("可用的值有", rest));
    }
    let expected = match said.rsplit_once(", expected ") {
        _ if is_instant(path) => INSTANT,
        Some((_, expected)) => belongs(expected),
        None => "接口说明所要求的内容",
    };
    format!("{}应为{expected}", field(path))
}

/// The words of a parser for a kind of value.
fn belongs(expected: &str) -> &'static str {
    match expected {
        "a string" | "a borrowed string" | "str" | "string" => "文本",
        "u8" => "0 至 255 的整数",
        "u16" => "0 至 65535 的整数",
        "u32" | "u64" | "usize" => "非负整数",
        "i64" | "i32" => "整数",
        "a boolean" => "true 或 false",
        "a sequence" => "数组",
        _ if expected.starts_with("struct ") || expected == "a map" => "对象（写在 { } 内）",
        _ => "接口说明所要求的内容",
    }
}

fn is_instant(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    INSTANTS.contains(&last)
}

/// A place in the data: the fields that lead to it.
fn field(path: &str) -> String {
    match is_name(path) && path != "." {
        true => format!("字段 {path} "),
        false => "整个请求内容".to_owned(),
    }
}

/// The name between the first two backquotes.
fn named(rest: &str) -> String {
    match rest.split('`').nth(1).filter(|name| is_short(name)) {
        Some(name) => format!("字段 {name} "),
        None => "字段".to_owned(),
    }
}

/// The names that would have been right: they stand behind the wrong one.
fn choices(lead: &str, rest: &str) -> String {
    let Some((_, right)) = rest.rsplit_once(", expected ") else {
        return String::new();
    };
    let names: Vec<_> = right.split('`').skip(1).step_by(2).filter(|name| is_name(name)).collect();
    if names.is_empty() { String::new() } else { format!("；{lead} {}", names.join("、")) }
}

/// Whether it can be a name of ours: nothing else is repeated.
fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.[]-".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(letter)
}

/// Whether a name that nobody knows may be repeated: secrets are longer and mixed.
fn is_short(name: &str) -> bool {
    is_name(name) && name.len() <= 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_told_which_parameter_is_wrong() {
        for (said, parts) in [
            ("limit: invalid digit found in string", &["字段 limit ", "非负整数"][..]),
            ("limit: number too large to fit in target type", &["limit", "非负整数"]),
            ("limit: cannot parse integer from empty string", &["limit", "非负整数"]),
            ("from: premature end of input", &["from", "RFC 3339"]),
            ("ends_until: failed to parse year in date \"x\"", &["ends_until", "RFC 3339"]),
            ("missing field `to`", &["缺少字段 to "]),
            ("duplicate field `limit`", &["limit", "重复"]),
            ("some sentence of a parser", &["接口说明"]),
        ] {
            let text = query(&format!("Failed to deserialize query string: {said}"));
            assert!(parts.iter().all(|part| text.contains(part)), "{said}: {text}");
            assert!(!text.contains("parse") && !text.contains("string"), "{text}");
        }
    }

    #[test]
    fn what_looks_like_no_name_is_not_repeated() {
        assert_eq!(field("a.b[2]"), "字段 a.b[2] ");
        for wrong in ["", "A", "密码", "x y", &"a".repeat(65)] {
            assert_eq!(field(wrong), "整个请求内容");
        }
        assert_eq!(named("`0123456789abcdef0123456789abcdef0`"), "字段");
    }
}
