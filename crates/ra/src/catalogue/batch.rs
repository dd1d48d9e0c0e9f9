//! What holds for batches: `registration/batch.toml`.

use serde::Deserialize;

/// The data of batches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRules {
    /// What the list is called on which the notices are acknowledged.
    pub acknowledgement: String,
    /// The methods by which identity may be proofed for a whole batch.
    pub methods: Vec<String>,
    /// At least so many applications are opened before a batch is approved.
    pub sample_least: u64,
    /// And so many of a hundred.
    pub sample_percent: u64,
    /// But no more than so many.
    pub sample_most: u64,
}

impl BatchRules {
    /// How many of so many applications the reviewer opens.
    #[must_use]
    pub fn sample(&self, count: u64) -> u64 {
        let part = count.saturating_mul(self.sample_percent).div_ceil(100);
        part.max(self.sample_least).min(self.sample_most).min(count)
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    #[test]
    fn the_sample_grows_with_the_batch_and_never_beyond_it() {
        let catalogue = Catalogue::embedded().unwrap();
        let rules = catalogue.batch();
        let sizes = [0, 1, 4, 5, 6, 250, 251, 1000, 2500, 10_000].map(|count| rules.sample(count));
        assert_eq!(sizes, [0, 1, 4, 5, 5, 5, 6, 20, 50, 50]);
        for method in &rules.methods {
            assert!(catalogue.method(method).is_ok());
        }
    }
}
