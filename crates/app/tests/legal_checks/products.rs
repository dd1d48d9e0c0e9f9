//! An institution on certified devices, at whose desk somebody's key comes with the attestation of a certified
//! device, and what an inspector gets of it: both journals, the attestations as they were kept, and the register
//! of products with the roots of the makers.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::{Action, Custodians};
use app::setup::{Devices, found_on};
use app::{Institution, Layout, Parts};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::CertificationRequest;
use store::{Clock as _, Filter, FixedClock, Opening, Page, Store, SystemClock};
use testkit::maker::{MAKER, Maker};
use testkit::product::{ProductDevice, product};
use testkit::scratch::Scratch;

use super::export::Record;
use crate::way::{CODE, Staff, Way, key, person};
use crate::world::{founding, request, settings};

/// First and last day of the certificate of the institution's devices.
const TERM: (&str, &str) = ("2020-01-01", "2049-12-31");

/// A product of the register: maker, model, number of the certificate, first and last day, root.
#[derive(Debug, Clone)]
pub struct Listed {
    pub model: String,
    pub certificate: String,
    pub term: (String, String),
    pub root: Vec<u8>,
}

/// What the inspector has in hand about devices.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub records: Vec<Record>,
    /// The journal of the key centre.
    pub centre: Vec<Record>,
    /// Attestations by their SM3, as they were downloaded.
    pub attestations: BTreeMap<String, String>,
    pub products: Vec<Listed>,
}

/// An institution on devices that are certified products.
pub struct OnProducts {
    pub institution: Institution,
    pub maker: Maker,
    clerk: Staff,
    reviewer: Staff,
    _folder: tempfile::TempDir,
}

fn listed(model: &str, root: &[u8]) -> Listed {
    Listed {
        model: model.into(),
        certificate: format!("GM0099{model}"),
        term: (TERM.0.into(), TERM.1.into()),
        root: root.to_vec(),
    }
}

/// The register as the institution's people write it: persons must have an attestation.
fn register(products: &[Listed]) -> String {
    let entry = |one: &Listed| {
        format!(
            "[[product]]\nmaker = \"{MAKER}\"\nmodel = \"{}\"\ncertificate = \"{}\"\nlevel = 2\n\
             valid_from = \"{}\"\nvalid_until = \"{}\"\nuses = [\"subscriber\"]\nroot = \"maker.der\"\n",
            one.model, one.certificate, one.term.0, one.term.1
        )
    };
    let entries: String = products.iter().map(entry).collect();
    format!("[attestation]\nperson = \"required\"\n{entries}")
}

impl OnProducts {
    pub async fn founded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let settings = settings(|settings| {
            settings.institution.credit_code = CODE.into();
            settings.timestamp.enabled = true;
        });
        let client = PrivateKey::generate(&mut OsRandom).unwrap();
        let device = |model| Arc::new(ProductDevice::new(Scratch::new(), product(model, TERM)));
        let (own, centre) = (device("HSM-1"), device("HSM-2"));
        let devices = Devices { own: own.clone(), centre: Some(centre.clone()) };
        found_on(founding(layout.root().into(), settings.clone(), &client), devices).await.unwrap();
        let maker = Maker::new();
        let products = [listed("KEY-200", maker.root.certificate.der())];
        let path = layout.products();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path.with_file_name("maker.der"), &products[0].root).unwrap();
        std::fs::write(&path, register(&products)).unwrap();
        let now = SystemClock.now().as_second() + 60;
        let clock = FixedClock::new(jiff::Timestamp::from_second(now).unwrap());
        let institution = Institution::open(Parts {
            layout,
            settings,
            device: own,
            kmc_device: Some(centre),
            clock: Arc::new(clock),
            opening: Opening::Existing,
        })
        .await
        .unwrap();
        institution.recover().await.unwrap();
        institution.keep_timestamp_key().await.unwrap();
        let access = institution.access();
        let (chief, watch) = (Staff(key()), key());
        let first = person("chief", "super_admin", &chief.0);
        let peer = person("watch", "audit_admin", &watch);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let clerk = head.appoint(access, "clerk", "entry_clerk").await;
        let reviewer = head.appoint(access, "reviewer", "reviewer").await;
        Self { institution, maker, clerk, reviewer, _folder: folder }
    }

    /// An application up to its agreement.
    pub async fn agreed(&self) -> Way<'_> {
        let mut way = Way::begin(&self.institution).await;
        way.fill_and_submit_with(&[]).await;
        way.proof(&self.clerk).await;
        way.approve(&self.reviewer).await.unwrap();
        way.agree().await;
        way
    }

    pub async fn evidence(&self, way: &Way<'_>) -> Evidence {
        let permit = self.reviewer.permit(self.institution.access(), Action::ReadApplication).await;
        let kept = way.ra().key_attestation(&permit, &way.application.id).await.unwrap().unwrap();
        let kept = kept.evidence().unwrap().to_owned();
        Evidence {
            records: records(self.institution.store()).await,
            centre: records(self.institution.kmc().unwrap().store()).await,
            attestations: BTreeMap::from([(crate::openssl::sm3(kept.as_bytes()), kept)]),
            products: vec![listed("KEY-200", self.maker.root.certificate.der())],
        }
    }
}

/// Hands in the request of an application's key, with an attestation.
pub async fn requested(way: &mut Way<'_>, attestation: Option<&str>) -> Result<(), ra::Error> {
    let csr = CertificationRequest::from_der(&request(&way.key, "甄有印")).unwrap();
    let possession = csr.prove_possession(&UserId::default()).unwrap();
    let permit = way.own(Action::RequestCertificate).await;
    let key = (&possession, attestation.map(str::as_bytes));
    way.application = way.ra().request(&permit, &way.application.at(), key).await?;
    Ok(())
}

/// A whole journal.
pub async fn records(store: &Store) -> Vec<Record> {
    let (mut records, mut page) = (Vec::new(), Page { limit: 1000, ..Page::default() });
    loop {
        let part = store.records(&Filter::default(), page).await.unwrap();
        let Some(last) = part.last() else { return records };
        page.after = Some(last.seq);
        records.extend(part.into_iter().map(|one| Record {
            at: one.at,
            kind: one.kind,
            actor: one.actor,
            subject: one.subject,
            body: one.body,
        }));
    }
}
