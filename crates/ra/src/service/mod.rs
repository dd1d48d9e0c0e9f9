//! The operations: load, decide, store, journal. Each change is one unit, refused when the application
//! has changed since it was read.

mod agreement;
mod attestation;
mod backing;
mod batch;
mod batch_act;
mod batch_agree;
mod batch_consent;
mod batch_import;
mod batch_member;
mod batch_run;
mod call;
mod comparison;
mod contact;
mod decline;
mod deliver;
mod door;
mod draft;
mod end;
mod foresee;
pub mod hold;
mod issue;
mod lifting;
mod list;
mod material;
mod matter;
mod office;
mod proof;
mod ready;
mod review;
mod revocation;
mod revocation_list;
mod statistics;
mod status;
mod stop;
mod submit;
mod supplement;
mod turn;
mod view;

pub use batch::BatchCounts;
pub use call::{Called, UrgentStop};
pub use comparison::Comparison;
pub use contact::Contact;
pub use matter::{Acknowledged, Matter, SignedAgreement};
pub use proof::Inquiry;
pub use ready::ApprovedChanges;
pub use review::ReviewRecord;
pub use submit::NoticeStatus;
pub use view::Happening;

use std::sync::Arc;

use access::{ActKind, Action, Permit, SignedAct};
use gm::Device;
use jiff::Timestamp;
use law::{Calendar, CivilDate};
use pki::profile::ProfileSet;
use serde::de::DeserializeOwned;
use store::{SealedBlob, Store};
use zeroize::Zeroizing;

use crate::catalogue::{Catalogue, Kind, Service};
use crate::error::{Error, Refusal};
use crate::model::{Application, ApplicationId, At, Form, Institution};
use crate::port::{KeyRegister, PublicData};
use crate::sql;
use crate::sql::code::Purpose;

/// How a registration authority is set up.
#[derive(Clone)]
pub struct RaConfig {
    /// The party of every agreement.
    pub institution: Institution,
    /// The working-day calendar.
    pub calendar: Calendar,
    /// The certificate profiles in use.
    pub profiles: ProfileSet,
    /// Tells which keys are certified.
    pub keys: Arc<dyn KeyRegister>,
    /// The certified devices, and for which kinds a key has to be in one (Measures Art. 20 ¶2).
    pub products: Arc<pki::attestation::Products>,
    /// A public database, or [`crate::Offline`].
    pub public_data: Arc<dyn PublicData>,
}

/// The registration authority. Cheap to clone.
#[derive(Clone)]
pub struct Ra(Arc<Inner>);

struct Inner {
    store: Store,
    device: Arc<dyn Device>,
    catalogue: Catalogue,
    config: RaConfig,
    told: ready::Told,
}

impl std::fmt::Debug for Ra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ra({})", self.0.config.institution.name)
    }
}

impl Ra {
    /// Reads the registration data and is ready. [`Error::Catalogue`] when it contradicts itself.
    pub fn open(store: Store, device: Arc<dyn Device>, config: RaConfig) -> Result<Self, Error> {
        let catalogue = Catalogue::embedded()?;
        let told = ready::Told::default();
        Ok(Self(Arc::new(Inner { store, device, catalogue, config, told })))
    }

    /// What is asked, told and held to.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The party of every agreement.
    #[must_use]
    pub fn institution(&self) -> &Institution {
        &self.0.config.institution
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn config(&self) -> &RaConfig {
        &self.0.config
    }

    pub(crate) fn now(&self) -> Timestamp {
        second(self.0.store.clock().now())
    }

    pub(crate) fn today(&self) -> CivilDate {
        CivilDate::of(self.now())
    }

    pub(crate) fn kind_of(&self, application: &Application) -> Result<&Kind, Error> {
        self.catalogue().kind_for(&application.kind, &application.service)
    }

    pub(crate) fn service_of(&self, application: &Application) -> Result<&Service, Error> {
        self.catalogue().service(&application.service)
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut octets = [0; N];
        self.0.device.session()?.fill(&mut octets)?;
        Ok(octets)
    }

    /// Eight digits.
    pub(crate) fn draw_code(&self) -> Result<String, Error> {
        // 64 bits: the bias of the remainder is one in a hundred thousand million.
        let number = u64::from_be_bytes(self.random()?) % 100_000_000;
        Ok(format!("{number:08}"))
    }

    /// The keyed hash of a code: without the device it cannot be tried against the database.
    pub(crate) fn code_index(
        &self,
        id: &ApplicationId,
        purpose: Purpose,
        code: &str,
    ) -> Result<String, Error> {
        let field = format!("ra.code.{}", purpose.word());
        Ok(self.store().blind_index(&field, &format!("{id}/{code}"))?)
    }

    pub(crate) async fn seal(
        &self,
        content: Vec<u8>,
        purpose: &'static str,
    ) -> Result<SealedBlob, Error> {
        Ok(self.store().seal_blob(Zeroizing::new(content), purpose).await?)
    }

    /// An application that is at the version that was read.
    pub(crate) async fn loaded(&self, at: &At) -> Result<Application, Error> {
        let application = self.load(&at.id).await?;
        if application.version == at.version { Ok(application) } else { Err(Error::Changed) }
    }

    /// The same for somebody who asks: whom the permit does not reach learns nothing of it, not even
    /// that it has changed.
    pub(crate) async fn reached(
        &self,
        (permit, action): (&Permit, Action),
        at: &At,
    ) -> Result<Application, Error> {
        let application = self.load(&at.id).await?;
        permit.covers_object(action, &application.object())?;
        if application.version == at.version { Ok(application) } else { Err(Error::Changed) }
    }

    /// An application as it is.
    pub(crate) async fn load(&self, id: &ApplicationId) -> Result<Application, Error> {
        sql::application::load(&mut *self.store().read().await?, id).await
    }

    /// The form that counts; empty before the first is saved.
    pub(crate) async fn form_of(&self, application: &Application) -> Result<Form, Error> {
        self.form_version(&application.id, application.form).await
    }

    pub(crate) async fn form_version(
        &self,
        id: &ApplicationId,
        version: i64,
    ) -> Result<Form, Error> {
        if version == 0 {
            return Ok(Form::default());
        }
        let mut reader = self.store().read().await?;
        let blob = sql::content::form_blob(&mut reader, id, version).await?;
        drop(reader);
        let content = self.store().open_blob(&blob.ok_or(Error::Stored("form"))?).await?;
        serde_json::from_slice(&content).map_err(|_| Error::Stored("form"))
    }
}

/// What was signed, as an order: it must be signed by the holder of the permit, on this application.
pub(crate) fn ordered<T: DeserializeOwned>(
    act: &SignedAct,
    permit: &Permit,
    (kind, object): (ActKind, &str),
) -> Result<T, Error> {
    act.covers(permit, kind, object)?;
    serde_json::from_value(act.payload().clone())
        .map_err(|error| Refusal::SignedActNeeded.at(error.to_string()))
}

/// The instant as records and tables hold it.
pub(crate) fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
