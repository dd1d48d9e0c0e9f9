//! Pure decisions: clock, randomness and data are arguments.

pub(crate) mod agreement;
pub(crate) mod backing;
pub(crate) mod batch;
pub(crate) mod batch_consent;
pub(crate) mod batch_party;
pub(crate) mod clock;
pub(crate) mod comparison;
pub(crate) mod concern;
pub(crate) mod dossier;
pub(crate) mod form;
pub(crate) mod hold;
mod intact;
pub(crate) mod mask;
pub(crate) mod material;
pub(crate) mod number;
pub(crate) mod office;
pub(crate) mod order;
pub(crate) mod proof;
pub(crate) mod review;
pub(crate) mod revocation;
pub(crate) mod statistics;
pub(crate) mod subject;
pub(crate) mod supplement;
