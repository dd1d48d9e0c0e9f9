//! The texts of the letters, in versions: `letters/*.toml` at the root of the repository. Read once,
//! refused as a whole when a text names a place that its letter does not have, or lacks one that the
//! law wants told.

mod check;

use law::CivilDate;
use serde::Deserialize;

use crate::error::Error;
use crate::model::LetterKind;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../letters/", $name)))),+]
    };
}

const FILES: &[(&str, &str)] = embedded![
    "receipt.toml",
    "notices.toml",
    "supplement.toml",
    "not-accepted.toml",
    "not-issued.toml",
    "agreement.toml",
    "delivery.toml",
    "revocation.toml",
    "suspension.toml",
    "resumption.toml",
    "status-notice.toml",
];

/// The texts of every kind, checked.
#[derive(Debug, Clone)]
pub struct Catalogue(Vec<Template>);

/// The texts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Which kind.
    pub kind: LetterKind,
    /// The title of the letter.
    pub title: String,
    /// Under which articles it is given.
    pub basis: String,
    /// Oldest first; a version once in force stays.
    #[serde(rename = "version")]
    pub versions: Vec<Version>,
}

/// A text as it is from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its number.
    pub number: String,
    /// From which day.
    pub effective: CivilDate,
    /// From top to bottom.
    #[serde(rename = "block")]
    pub blocks: Vec<TemplateBlock>,
}

/// A block of a text, with `{places}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateBlock {
    /// A paragraph.
    Paragraph(String),
    /// A heading.
    Heading(String),
    /// A numbered list.
    List(Vec<String>),
    /// Labels and values; a row whose value comes out empty is left out.
    Rows(Vec<[String; 2]>),
    /// Blocks that come out of the application.
    Insert(String),
}

impl Template {
    /// The version in force on a day.
    #[must_use]
    pub fn on(&self, day: CivilDate) -> Option<&Version> {
        self.versions.iter().rfind(|version| version.effective <= day)
    }
}

impl Catalogue {
    /// The texts that were built in.
    pub fn embedded() -> Result<Self, Error> {
        Self::read(FILES)
    }

    fn read(files: &[(&str, &str)]) -> Result<Self, Error> {
        let template = |(name, text): &(&str, &str)| {
            let wrong = |why: String| Error::Catalogue(format!("{name}：{why}"));
            let template: Template = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
            check::template(&template).map_err(wrong)?;
            Ok::<_, Error>(template)
        };
        let templates: Vec<Template> = files.iter().map(template).collect::<Result<_, _>>()?;
        for kind in LetterKind::ALL {
            if templates.iter().filter(|template| template.kind == *kind).count() != 1 {
                let text = format!("“{}”应当有且只有一个文件", kind.chinese());
                return Err(Error::Catalogue(text));
            }
        }
        Ok(Self(templates))
    }

    /// The texts of a kind.
    pub fn template(&self, kind: LetterKind) -> Result<&Template, Error> {
        let found = self.0.iter().find(|template| template.kind == kind);
        found.ok_or_else(|| Error::Catalogue(kind.chinese().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl Fn(&str, &str) -> String) -> Result<Catalogue, Error> {
        let texts: Vec<(&str, String)> =
            FILES.iter().map(|(name, text)| (*name, change(name, text))).collect();
        let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, &**text)).collect();
        Catalogue::read(&files)
    }

    #[test]
    fn the_texts_of_every_kind_are_there_and_hold() {
        let catalogue = Catalogue::embedded().unwrap();
        for kind in LetterKind::ALL {
            assert!(!catalogue.template(*kind).unwrap().title.is_empty());
        }
    }

    #[test]
    fn a_text_that_names_an_unknown_place_or_lacks_a_needed_one_is_refused() {
        for (from, to) in [
            ("{reason}", "{raeson}"),
            ("{reason}", "见附件"),
            ("{basis}", "有关规定"),
            ("{complaints}", "本机构"),
            ("{supervision}", "主管部门"),
            ("effective = \"2026-01-01\"", "effective = \"2026-02-30\""),
            ("[[version]]", "note = 1\n[[version]]"),
        ] {
            let changed = with(|name, text| match name {
                "not-issued.toml" => text.replace(from, to),
                _ => text.to_owned(),
            });
            let error = changed.unwrap_err();
            assert_eq!(error.code(), "letters.catalogue");
            assert!(error.to_string().contains("not-issued.toml"), "{from} → {to}: {error}");
        }
        let without = with(|_, text| text.replace("insert = \"items\"", "paragraph = \"略\""));
        assert!(without.unwrap_err().to_string().contains("supplement.toml"));
        let twice = with(|_, text| text.replace("kind = \"receipt\"", "kind = \"delivery\""));
        assert!(twice.is_err());
    }
}
