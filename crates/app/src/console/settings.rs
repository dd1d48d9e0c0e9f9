//! The settings in force, one line each, without secrets.

use toml::{Table, Value};

use crate::error::Error;
use crate::institution::Institution;
use crate::settings::Settings;

/// Names that hold a secret, or part of one.
const SECRET: [&str; 4] = ["password", "passphrase", "secret", "token"];

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingLine {
    /// `section.name`, as in the file.
    pub name: String,
    /// Its value; what is secret is not in it.
    pub value: String,
    /// Whether the file sets it.
    pub is_set: bool,
    /// Whether it is what the program would take by itself.
    pub is_usual: bool,
}

impl Institution {
    /// Every setting that this process works by.
    pub fn setting_lines(&self) -> Result<Vec<SettingLine>, Error> {
        let settings = self.settings();
        let institution = &settings.institution;
        let usual = Settings::new(&institution.name, &institution.origin);
        let file = std::fs::read_to_string(self.layout().settings()).unwrap_or_default();
        let file: Table = toml::from_str(&file).unwrap_or_default();
        let (usual, set) = (flat(&table(&usual)?), flat(&file));
        let has = |lines: &[(String, Value)], name: &str| {
            lines.iter().find(|line| line.0 == name).map(|line| line.1.clone())
        };
        let line = |(name, value): (String, Value)| SettingLine {
            is_set: has(&set, &name).is_some(),
            is_usual: has(&usual, &name) == Some(value.clone()),
            value: shown(&name, &value),
            name,
        };
        Ok(flat(&table(settings)?).into_iter().map(line).collect())
    }
}

fn table(settings: &Settings) -> Result<Table, Error> {
    Table::try_from(settings).map_err(|_| Error::Stored("配置"))
}

/// One line for each value that is no table.
fn flat(table: &Table) -> Vec<(String, Value)> {
    let mut lines = Vec::new();
    below("", table, &mut lines);
    lines
}

fn below(start: &str, table: &Table, lines: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let name = match start {
            "" => name.clone(),
            start => format!("{start}.{name}"),
        };
        match value {
            Value::Table(table) => below(&name, table, lines),
            value => lines.push((name, value.clone())),
        }
    }
}

/// A value without what is secret: neither values of secret names, nor who signs in to a database.
fn shown(name: &str, value: &Value) -> String {
    let is_secret = SECRET.iter().any(|part| name.contains(part));
    match value {
        Value::String(text) if text.is_empty() => String::new(),
        _ if is_secret => "（已设置，不显示）".to_owned(),
        Value::String(text) => without_credentials(text),
        Value::Array(values) => {
            values.iter().map(|value| shown(name, value)).collect::<Vec<_>>().join("、")
        }
        Value::Table(table) => {
            let part = |(name, value): (&String, &Value)| format!("{name}={}", shown(name, value));
            table.iter().map(part).collect::<Vec<_>>().join("，")
        }
        Value::Boolean(yes) => if *yes { "是" } else { "否" }.to_owned(),
        other => other.to_string(),
    }
}

/// `postgres://***@host/db`: name and password of an address stay here, and so do those among its
/// parameters.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (path, has_parameters) = match rest.split_once('?') {
        Some((path, _)) => (path, true),
        None => (rest, false),
    };
    let (authority, path) = path.split_once('/').map_or((path, None), |(a, p)| (a, Some(p)));
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => authority.to_owned(),
    };
    let path = path.map(|path| format!("/{path}")).unwrap_or_default();
    let parameters = if has_parameters { "?***" } else { "" };
    format!("{scheme}://{authority}{path}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_however_it_is_written() {
        for (text, expected) in [
            ("postgres://yinxin:p@ss@db.example/ca", "postgres://***@db.example/ca"),
            ("postgres://db.example/ca?password=x", "postgres://db.example/ca?***"),
            ("http://127.0.0.1:8440", "http://127.0.0.1:8440"),
            ("sqlite:/data/ca.db", "sqlite:/data/ca.db"),
        ] {
            assert_eq!(without_credentials(text), expected);
        }
        let secret = Value::String("hunter2".to_owned());
        assert_eq!(shown("mail.password", &secret), "（已设置，不显示）");
        assert_eq!(shown("mail.password", &Value::String(String::new())), "");
        let inner: Table = toml::from_str("user = \"a\"\npassword = \"hunter2\"").unwrap();
        let several = Value::Array(vec![Value::Table(inner)]);
        let text = shown("relays", &several);
        assert!(text.contains("user=a") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn every_value_has_its_line() {
        let settings = Settings::new("测试中心", "ca.example.cn/journal");
        let lines = flat(&table(&settings).unwrap());
        let value = |name: &str| lines.iter().find(|line| line.0 == name).map(|line| &line.1);
        assert_eq!(value("institution.name"), Some(&Value::String("测试中心".into())));
        assert_eq!(value("crl.full_every"), Some(&Value::Integer(86_400)));
        assert!(value("server").is_none());
    }
}
