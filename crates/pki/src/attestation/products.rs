//! The register of certified products, as the institution keeps it (`devices/products.toml`): text and files
//! in, checked entries out.
//!
//! ```toml
//! [attestation]            # required: no certificate without; recorded: it is written down that there is none
//! default = "recorded"
//! unit = "required"
//!
//! [[product]]
//! maker = "示例密码设备厂"
//! model = "KEY-200"
//! certificate = "GM009900020260001"
//! level = 2
//! valid_from = "2026-01-01"
//! valid_until = "2030-12-31"
//! uses = ["subscriber"]
//! root = "example-maker.pem"
//! blocked = ["SN-0007"]
//! ```

use std::collections::{BTreeMap, BTreeSet};

use gm::{Product, SecurityLevel};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;

use super::Problem;
use crate::Certificate;
use crate::error::Error;
use crate::pem;

/// Octets of the register.
pub const MOST_REGISTER_OCTETS: usize = 256 * 1024;
/// Octets of a file with roots.
pub const MOST_ROOT_OCTETS: usize = 64 * 1024;
const MOST_PRODUCTS: usize = 1000;
const MOST_ROOTS: usize = 16;
const MOST_CHARACTERS: usize = 200;
/// China has one time, eight hours ahead, without summer time.
const CHINA: Offset = Offset::constant(8);
/// What [attestation] may name beside `default`: the kinds of subscribers.
const KINDS: [&str; 5] = ["person", "staff", "unit", "device", "server"];

/// The day in China.
#[must_use]
pub fn day_in_china(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::fixed(CHINA)).date()
}

/// Whether certificates of a kind are issued for keys without attestation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Demand {
    /// No.
    Required,
    /// Yes, and it is written down that there was none.
    #[default]
    Recorded,
}

impl Demand {
    /// The words for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Required => "必须提交设备证明",
            Self::Recorded => "可以不提交，如实记录",
        }
    }
}

/// What a product is used for here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Keys of subscribers.
    Subscriber,
    /// Keys of the institution.
    Institution,
}

impl Use {
    /// The words for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Subscriber => "用户密钥",
            Self::Institution => "本机构密钥",
        }
    }
}

/// An entry of the register.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The product and its certificate.
    pub product: Product,
    /// What it is used for here.
    pub uses: BTreeSet<Use>,
    /// Roots of the maker that its devices lead to.
    pub roots: Vec<Certificate>,
    /// Numbers of devices that are not to be trusted, in capitals, without spaces around.
    pub blocked: BTreeSet<String>,
}

impl Listed {
    /// Whether a device of this number is not to be trusted.
    #[must_use]
    pub fn blocks(&self, number: &str) -> bool {
        self.blocked.contains(&plain(number))
    }
}

/// A number of a device as numbers are compared: people copy them with spaces around and in small letters.
fn plain(number: &str) -> String {
    number.trim().to_ascii_uppercase()
}

/// The register. Without one, nothing is certified and nothing is demanded.
#[derive(Debug, Clone, Default)]
pub struct Products {
    listed: Vec<Listed>,
    default: Demand,
    demands: BTreeMap<String, Demand>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    attestation: BTreeMap<String, String>,
    #[serde(default)]
    product: Vec<RawProduct>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProduct {
    maker: String,
    model: String,
    certificate: String,
    level: i64,
    valid_from: toml::Value,
    valid_until: toml::Value,
    #[serde(default)]
    uses: Vec<String>,
    root: Option<String>,
    #[serde(default)]
    blocked: BTreeSet<String>,
}

impl Products {
    /// Reads the register; `files` are those beside it, by name.
    ///
    /// # Errors
    /// [`Error::Products`] with the first entry that is wrong, and what about it.
    pub fn from_toml(text: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Self, Error> {
        if text.len() > MOST_REGISTER_OCTETS {
            return Err(wrong("文件", Problem::TooLarge));
        }
        let raw: Raw =
            toml::from_str(text).map_err(|error| wrong(&place_of(text, &error), Problem::Toml))?;
        if raw.product.len() > MOST_PRODUCTS {
            return Err(wrong("文件", Problem::TooLarge));
        }
        let mut products = Self::default();
        for (kind, word) in raw.attestation {
            products.demand_of(kind, &word)?;
        }
        for (at, product) in raw.product.into_iter().enumerate() {
            let place = format!("第 {} 个产品", at + 1);
            let listed = read(product, files).map_err(|problem| wrong(&place, problem))?;
            let number = &listed.product.certificate;
            if products.iter().any(|one| one.product.certificate == *number) {
                return Err(wrong(&place, Problem::Duplicate));
            }
            products.listed.push(listed);
        }
        Ok(products)
    }

    fn demand_of(&mut self, kind: String, word: &str) -> Result<(), Error> {
        let demand = match word {
            "required" => Demand::Required,
            "recorded" => Demand::Recorded,
            _ => return Err(wrong(&kind, Problem::Demand)),
        };
        match &*kind {
            "default" => self.default = demand,
            known if KINDS.contains(&known) => drop(self.demands.insert(kind, demand)),
            _ => return Err(wrong(&kind, Problem::Kind)),
        }
        Ok(())
    }

    /// All entries, in the order of the register.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter()
    }

    /// What is demanded for certificates of a kind.
    #[must_use]
    pub fn demand(&self, kind: &str) -> Demand {
        self.demands.get(kind).copied().unwrap_or(self.default)
    }
}

fn read(raw: RawProduct, files: &BTreeMap<String, Vec<u8>>) -> Result<Listed, Problem> {
    let level = u8::try_from(raw.level).ok().and_then(SecurityLevel::new).ok_or(Problem::Level)?;
    let (valid_from, valid_until) = (day(&raw.valid_from)?, day(&raw.valid_until)?);
    if valid_until < valid_from {
        return Err(Problem::Date);
    }
    let mut uses = BTreeSet::new();
    for word in &raw.uses {
        uses.insert(match &**word {
            "subscriber" => Use::Subscriber,
            "institution" => Use::Institution,
            _ => return Err(Problem::Uses),
        });
    }
    let roots = match &raw.root {
        Some(name) => roots(files.get(name).ok_or(Problem::RootMissing)?)?,
        None if uses.contains(&Use::Subscriber) => return Err(Problem::RootMissing),
        None => Vec::new(),
    };
    if uses.is_empty() {
        return Err(Problem::Uses);
    }
    let product = Product {
        maker: name(raw.maker)?,
        model: name(raw.model)?,
        certificate: name(raw.certificate)?,
        level,
        valid_from,
        valid_until,
    };
    let blocked = raw.blocked.into_iter().map(|number| Ok(plain(&name(number)?)));
    let blocked = blocked.collect::<Result<_, Problem>>()?;
    Ok(Listed { product, uses, roots, blocked })
}

fn name(text: String) -> Result<String, Problem> {
    let bad = text.trim().is_empty()
        || text.chars().count() > MOST_CHARACTERS
        || text.chars().any(char::is_control);
    if bad { Err(Problem::Text) } else { Ok(text.trim().to_owned()) }
}

/// A day in quotes, or TOML's own.
fn day(value: &toml::Value) -> Result<Date, Problem> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Datetime(day) => day.to_string(),
        _ => return Err(Problem::Date),
    };
    let plain = text.len() == 10 && text.is_ascii();
    if plain { text.parse().map_err(|_| Problem::Date) } else { Err(Problem::Date) }
}

fn roots(file: &[u8]) -> Result<Vec<Certificate>, Problem> {
    let unreadable = |_| Problem::RootUnreadable;
    if file.len() > MOST_ROOT_OCTETS {
        return Err(Problem::RootUnreadable);
    }
    let ders = match file.first() {
        Some(0x30) => vec![file.to_vec()],
        _ => pem::blocks(file, pem::CERTIFICATE).map_err(unreadable)?,
    };
    if ders.is_empty() || ders.len() > MOST_ROOTS {
        return Err(Problem::RootUnreadable);
    }
    let roots: Result<Vec<_>, _> = ders.iter().map(|der| Certificate::from_der(der)).collect();
    let roots = roots.map_err(unreadable)?;
    if roots.iter().all(Certificate::is_ca) { Ok(roots) } else { Err(Problem::RootUnreadable) }
}

/// The line on which TOML stumbled.
fn place_of(text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else { return "文件".to_owned() };
    let before = text.get(..span.start).unwrap_or_default();
    format!("第 {} 行：{}", before.matches('\n').count() + 1, error.message())
}

fn wrong(place: &str, problem: Problem) -> Error {
    Error::Products { place: place.to_owned(), problem }
}
