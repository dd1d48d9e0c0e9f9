//! All SQL of this crate, one file for each subject.

mod acts;
mod clients;
mod cookies;
mod credentials;
mod failures;
mod people;
mod secrets;

pub use acts::*;
pub use clients::*;
pub use cookies::*;
pub use credentials::*;
pub use failures::*;
pub use people::*;
pub use secrets::*;

use crate::Error;
use gm::PublicKey;
use jiff::Timestamp;

/// What every statement here yields.
pub type Answer<T> = Result<T, Error>;

fn instant(seconds: i64) -> Answer<Timestamp> {
    Timestamp::from_second(seconds).map_err(|_| Error::Stored("时间"))
}

/// A point as hexadecimal, as all tables here hold it.
fn public_key(digits: &str) -> Answer<PublicKey> {
    let wrong = || Error::Stored("公钥");
    let octets = hex::decode(digits).map_err(|_| wrong())?;
    PublicKey::from_sec1(&octets).map_err(|_| wrong())
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(store::Error::from(error))
    }
}
