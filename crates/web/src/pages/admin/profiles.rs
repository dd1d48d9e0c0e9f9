//! 证书模板: what each kind of certificate holds, read out in Chinese, and what two of them have
//! different (the policy among it, check C19-6). Profiles are compiled in; here they are read and never changed.

use askama::Template;
use axum::extract::State;
use pki::profile::Profile;
use serde::Deserialize;

use super::profiles_rows::{Line, lines};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::words;
use crate::problem::Problem;

/// Which.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    profile: String,
    with: String,
}

#[derive(Template)]
#[template(path = "admin/profiles.html")]
struct Profiles {
    frame: Frame,
    all: Vec<(String, String)>,
    here: String,
    with: String,
    title: String,
    sm3: String,
    is_placeholder: bool,
    other: Option<(String, String)>,
    rows: Vec<Row>,
    different: usize,
}

struct Row {
    name: String,
    value: String,
    /// What the other profile says, if there is one.
    other: Option<String>,
    differs: bool,
}

/// `GET /admin/profiles`.
pub async fn show(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let set = app.ca().profiles();
    let here = match query.profile.as_str() {
        "" => set.iter().next(),
        name => set.by_name(name),
    };
    let here = here.ok_or_else(missing)?;
    let other = match query.with.as_str() {
        "" => None,
        name => Some(set.by_name(name).ok_or_else(missing)?),
    };
    let rows = rows(here, other);
    page(&Profiles {
        frame,
        all: set.iter().map(|one| (one.name().to_owned(), one.title().to_owned())).collect(),
        here: here.name().to_owned(),
        with: query.with,
        title: here.title().to_owned(),
        sm3: words::groups(&here.hash().to_hex()),
        is_placeholder: here.has_placeholder_policy(),
        other: other.map(|one| (one.title().to_owned(), words::groups(&one.hash().to_hex()))),
        different: rows.iter().filter(|row| row.differs).count(),
        rows,
    })
}

fn missing() -> Problem {
    Problem::not_found("没有这个证书模板；请从列表中选择")
}

/// The lines of one, beside those of another where there is one: every line of either.
fn rows(here: &Profile, other: Option<&Profile>) -> Vec<Row> {
    let own = lines(here.document());
    let Some(other) = other else {
        let alone = |line: Line| Row { name: line.0, value: line.1, other: None, differs: false };
        return own.into_iter().map(alone).collect();
    };
    let theirs = lines(other.document());
    let value = |lines: &[Line], name: &str| {
        lines
            .iter()
            .find(|line| line.0 == name)
            .map_or_else(|| "—".to_owned(), |line| line.1.clone())
    };
    let mut names: Vec<&String> = own.iter().map(|line| &line.0).collect();
    names.extend(
        theirs.iter().map(|line| &line.0).filter(|name| !own.iter().any(|line| line.0 == **name)),
    );
    let row = |name: &String| {
        let (value, other) = (value(&own, name), value(&theirs, name));
        Row { name: name.clone(), differs: value != other, value, other: Some(other) }
    };
    names.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pki::profile::ProfileSet;

    #[test]
    fn two_profiles_of_a_pair_differ_in_their_key_usage_and_agree_in_their_subject() {
        let set = ProfileSet::embedded().unwrap();
        let (sign, enc) = (set.by_name("person-sign").unwrap(), set.by_name("person-enc").unwrap());
        let rows = rows(sign, Some(enc));
        let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert!(row("密钥用法").differs && row("密钥用法").value.contains("数字签名"));
        assert!(!row("主体：国家（C）").differs);
        let same = super::rows(sign, Some(sign));
        assert!(same.iter().all(|row| !row.differs));
    }

    #[test]
    fn every_profile_is_told_whole() {
        for profile in ProfileSet::embedded().unwrap().iter() {
            let rows = rows(profile, None);
            for name in ["有效期", "密钥用法", "依据", "签名算法参数"] {
                assert!(rows.iter().any(|row| row.name == name), "{} {name}", profile.name());
            }
        }
    }
}
