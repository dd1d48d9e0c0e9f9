//! Filters of searches (RFC 4511 §4.5.1.7). Assertion values are octets: whether they are text is for
//! the attribute to say.

use super::attribute::AttributeType;

/// A filter. An attribute that nobody knows is `None`, and what is said of it is undefined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All hold; none at all is true (RFC 4526).
    And(Vec<Filter>),
    /// One holds; none at all is false.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A value is this.
    Equal(Option<AttributeType>, Vec<u8>),
    /// A value has these parts in this order.
    Substrings(Option<AttributeType>, Substrings),
    /// A value is this or comes after it.
    AtLeast(Option<AttributeType>, Vec<u8>),
    /// A value is this or comes before it.
    AtMost(Option<AttributeType>, Vec<u8>),
    /// There is a value.
    Present(Option<AttributeType>),
    /// A value is about this.
    Approx(Option<AttributeType>, Vec<u8>),
    /// A named rule holds for a value.
    Extensible {
        /// Name or identifier of the rule; `None`: the attribute's own.
        rule: Option<Vec<u8>>,
        /// The attribute; the outer `None`: any that the rule fits.
        attribute: Option<Option<AttributeType>>,
        /// What is asserted.
        value: Vec<u8>,
        /// Whether attributes of the entry's name count too.
        dn: bool,
    },
}

/// The parts of a substring filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Substrings {
    /// At the start.
    pub initial: Option<Vec<u8>>,
    /// In between, in this order.
    pub any: Vec<Vec<u8>>,
    /// At the end.
    pub last: Option<Vec<u8>>,
}

impl Filter {
    /// Whether it asks for one of these attributes, or for any at all by a rule.
    #[must_use]
    pub fn mentions(&self, wanted: &dyn Fn(AttributeType) -> bool) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.mentions(wanted)),
            Self::Not(one) => one.mentions(wanted),
            Self::Equal(attribute, _)
            | Self::Substrings(attribute, _)
            | Self::AtLeast(attribute, _)
            | Self::AtMost(attribute, _)
            | Self::Present(attribute)
            | Self::Approx(attribute, _) => attribute.is_some_and(wanted),
            Self::Extensible { attribute, .. } => {
                attribute.is_none_or(|attribute| attribute.is_some_and(wanted))
            }
        }
    }

    /// How much work it is to hold it against an entry, in units of about a kilobyte; 1 for every
    /// ordinary filter.
    #[must_use]
    pub fn weight(&self) -> u32 {
        u32::try_from(1 + self.size() / 1024).unwrap_or(u32::MAX)
    }

    /// Its octets, and 32 for each item.
    fn size(&self) -> usize {
        let own = match self {
            Self::And(all) | Self::Or(all) => all.iter().map(Self::size).sum(),
            Self::Not(one) => one.size(),
            Self::Equal(_, value)
            | Self::AtLeast(_, value)
            | Self::AtMost(_, value)
            | Self::Approx(_, value)
            | Self::Extensible { value, .. } => value.len(),
            Self::Present(_) => 0,
            Self::Substrings(_, parts) => {
                let edges = parts.initial.iter().chain(&parts.last).map(Vec::len).sum::<usize>();
                edges + parts.any.iter().map(|part| part.len() + 32).sum::<usize>()
            }
        };
        own + 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_filters_weigh_more_and_ordinary_ones_one() {
        let name = || Filter::Equal(Some(AttributeType::CommonName), "某市大数据局".into());
        assert_eq!(name().weight(), 1);
        assert_eq!(Filter::And(vec![name(), Filter::Not(Box::new(name()))]).weight(), 1);
        let parts = Substrings { any: vec![b"a".to_vec(); 250], ..Substrings::default() };
        assert_eq!(Filter::Substrings(None, parts).weight(), 9);
        assert_eq!(Filter::Equal(None, vec![b'a'; 60 << 10]).weight(), 61);
    }
}
