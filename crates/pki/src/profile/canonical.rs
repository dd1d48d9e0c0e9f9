//! One text for one meaning: keys sorted, no comments, one way to quote. The
//! hash of a profile is taken over it.

use std::fmt::Write as _;

use toml::{Table, Value};

/// The canonical text of a table, on one line per key.
pub(super) fn text(table: &Table) -> String {
    let mut out = String::new();
    for (key, value) in sorted(table) {
        string(&mut out, key);
        out.push('=');
        write(&mut out, value);
        out.push('\n');
    }
    out
}

fn sorted(table: &Table) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => string(out, text),
        Value::Integer(number) => display(out, number),
        Value::Float(number) => display(out, number),
        Value::Boolean(flag) => display(out, flag),
        Value::Datetime(at) => display(out, at),
        Value::Array(items) => list(out, ('[', ']'), items, write),
        Value::Table(table) => list(out, ('{', '}'), &sorted(table), |out, (key, value)| {
            string(out, key);
            out.push('=');
            write(out, value);
        }),
    }
}

fn list<T>(
    out: &mut String,
    (open, close): (char, char),
    items: &[T],
    mut one: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        one(out, item);
    }
    out.push(close);
}

fn display(out: &mut String, value: &impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(source: &str) -> String {
        text(&source.parse().unwrap())
    }

    #[test]
    fn layout_and_comments_do_not_count() {
        let a = canonical("# 注释\nb = 'x'\na = { d = 1, c = [true, \"y\"] }\n");
        let b = canonical("a.c = [ true, 'y' ]\na.d = 1\n\nb = \"x\"");
        assert_eq!(a, b);
        assert_eq!(a, "\"a\"={\"c\"=[true,\"y\"],\"d\"=1}\n\"b\"=\"x\"\n");
    }

    #[test]
    fn different_values_have_different_texts() {
        assert_ne!(canonical("a = 1"), canonical("a = '1'"));
        assert_ne!(canonical("a = ['b,c']"), canonical("a = ['b', 'c']"));
        assert_ne!(canonical("a = 'b\"'"), canonical("a = 'b'"));
    }
}
