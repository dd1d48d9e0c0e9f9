//! What the applicant filled in. Lives in memory and in sealed blobs only.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Field, Kind, Matter};
use crate::error::FieldError;

use super::application::Application;

/// Values by name of the field. Lists have one value a line.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Of names and values.
    pub fn new<N: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value without white space around it; empty if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// The value as it was typed.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The lines of a list that hold something.
    #[must_use]
    pub fn lines(&self, name: &str) -> Vec<&str> {
        lines(self.raw(name))
    }

    /// Names that were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Puts a value in.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Whether the field is asked for with the choices made.
    #[must_use]
    pub fn asks(&self, field: &Field) -> bool {
        field.when.as_ref().is_none_or(|when| {
            let chosen = self.value(&when.field);
            when.is.iter().any(|value| value == chosen)
        })
    }

    /// The fields of the kind that are asked for and filled in.
    pub fn filled<'k>(&self, kind: &'k Kind) -> impl Iterator<Item = &'k Field> {
        kind.fields.iter().filter(|field| self.asks(field) && !self.value(&field.name).is_empty())
    }
}

/// The lines of a text that hold something.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Personal data stay out of logs.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({} 项)", self.0.len())
    }
}

/// One value that has to be proofed. Each needs exactly one row of evidence (T-18).
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    /// `holder_name`, `domains/0`: the field, and the line of a list.
    pub key: String,
    /// The field.
    pub field: String,
    /// Its label.
    pub label: String,
    /// What is proofed about it.
    pub matter: Matter,
    /// The value itself.
    pub value: String,
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({}, {:?})", self.key, self.matter)
    }
}

/// A form as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormView {
    /// The application.
    pub application: Application,
    /// Field by field, in order.
    pub rows: Vec<FormRow>,
    /// Whether personal data are masked.
    pub masked: bool,
    /// All that is wrong with it, at once.
    pub errors: Vec<FieldError>,
}

/// One field as it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FormRow {
    /// The field.
    pub name: String,
    /// Its label.
    pub label: String,
    /// The value as typed, masked if it must be.
    pub value: String,
    /// The value for reading: the title of a choice.
    pub shown: String,
}

impl fmt::Debug for FormRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormRow({})", self.name)
    }
}

/// What saving a form led to: it is kept in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The application, one version on.
    pub application: Application,
    /// All that is wrong, at once.
    pub errors: Vec<FieldError>,
}
