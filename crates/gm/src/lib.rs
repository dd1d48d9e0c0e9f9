//! The contract of a cryptographic device, and a device in software.
//!
//! Everything that Yinxin signs, decrypts, seals or draws at random goes through a
//! [`Device`]: keys are named by [`KeyLabel`] and their private halves stay inside.
//! [`soft::SoftDevice`] keeps them in a folder under a passphrase; a certified module
//! will stand behind the same two traits. `testkit::device::conforms` is the one suite
//! that every device passes.
//!
//! Beside the devices stand the public operations that need no secret of ours
//! ([`sm3`], [`sm2::verify`], [`sm2::encrypt`]) and [`sm2::PrivateKey`] for the
//! subscriber's own tool.
//!
//! | standard | here |
//! | --- | --- |
//! | GB/T 32918 / GM/T 0003 (SM2), parameters of GB/T 32918.5 | [`sm2`], [`PublicKey`] |
//! | GB/T 32905 / GM/T 0004 (SM3), HMAC per GB/T 15852.2 | [`sm3`] |
//! | GB/T 32907 / GM/T 0002 (SM4), modes per GB/T 17964 | [`sm4`] |
//! | GM/T 0009 (forms of SM2 signatures and ciphertexts) | [`Signature`], [`Ciphertext`] |
//!
//! Not here: X.509, files of others, who may use a key.

pub mod passphrase;
pub mod sm2;
pub mod sm3;
pub mod sm4;
pub mod soft;

mod ciphertext;
mod der;
mod device;
mod error;
mod label;
mod product;
mod public_key;
mod random;
mod share;
mod signature;
mod user_id;

pub use ciphertext::Ciphertext;
pub use device::{Device, DeviceInfo, EnvelopedKey, KeyInfo, KeyKind, Session, WrappedKey};
pub use error::{DecryptError, DeviceError, FormatError, KeyError, RefusedReason, VerifyError};
pub use label::KeyLabel;
pub use product::{Product, Provenance, SecurityLevel, Term};
pub use public_key::PublicKey;
pub use random::{OsRandom, Random, Tested};
pub use share::KeyShare;
pub use signature::Signature;
pub use sm3::Digest;
pub use user_id::UserId;
