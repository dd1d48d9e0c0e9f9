//! What is wrong with a filled form, told at the top and at the field.

/// The mistakes of one form, in the order of its fields.
#[derive(Debug, Clone, Default)]
pub struct Mistakes(Vec<Mistake>);

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The name of the field, which is also its anchor.
    pub field: String,
    /// What is wrong and how to put it right.
    pub text: String,
}

impl Mistakes {
    /// Of a form without any.
    pub fn none() -> Self {
        Self::default()
    }

    /// Of a form with one.
    pub fn one(field: &str, text: impl Into<String>) -> Self {
        let mut mistakes = Self::none();
        mistakes.add(field, text);
        mistakes
    }

    /// Adds one.
    pub fn add(&mut self, field: &str, text: impl Into<String>) {
        self.0.push(Mistake { field: field.to_owned(), text: text.into() });
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> &[Mistake] {
        &self.0
    }

    /// The mistake of a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.text.as_str())
    }
}
