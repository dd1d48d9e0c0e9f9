//! The registration data: what applicants are asked, told and held to. Read once, from
//! `registration/`; refused as a whole when it contradicts itself, the law's order, or a profile.

mod batch;
mod check;
mod decline;
mod ground;
mod kind;
mod procedure;
mod text;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::error::Error;

pub use batch::BatchRules;
pub use decline::DeclineGround;
pub use ground::{
    CALL_HOLD, CALL_LAPSED, CALL_REJECTED, CALL_WITHDRAWN, Evidence, GROUND_FIELD, Ground, Source,
};
pub use kind::{
    Choice, Field, FieldKind, Kind, MaterialForm, MaterialRule, Matter, SearchField, SubjectPart,
    When,
};
pub use procedure::{CheckItem, Means, Method, Need, Service, Services, Step};
pub use text::{AgreementTemplate, AgreementVersion, Notice, NoticeVersion, Section};

macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../registration/", $path)))),+]
    };
}

const KINDS: &[(&str, &str)] = embedded![
    "kinds/person.toml",
    "kinds/staff.toml",
    "kinds/unit.toml",
    "kinds/device.toml",
    "kinds/server.toml",
];

const NOTICES: &[(&str, &str)] = embedded![
    "notices/1-conditions.toml",
    "notices/2-liability.toml",
    "notices/3-information.toml",
    "notices/4-responsibility.toml",
];

const SERVICES: &str = include_str!("../../../../registration/services.toml");
const PROOFING: &str = include_str!("../../../../registration/proofing.toml");
const GROUNDS: &str = include_str!("../../../../registration/grounds.toml");
const DECLINE: &str = include_str!("../../../../registration/decline.toml");
const BATCH: &str = include_str!("../../../../registration/batch.toml");
const CHECKLIST: &str = include_str!("../../../../registration/checklist.toml");
const AGREEMENT: &str = include_str!("../../../../registration/agreement/service.toml");

/// All registration data, checked.
#[derive(Debug, Clone)]
pub struct Catalogue {
    kinds: Vec<Kind>,
    services: Services,
    notices: Vec<Notice>,
    methods: Vec<Method>,
    checklist: Vec<CheckItem>,
    agreement: AgreementTemplate,
    batch: BatchRules,
    grounds: Vec<Ground>,
    declines: Vec<DeclineGround>,
    /// The form of each kind for each service.
    forms: BTreeMap<(String, String), Kind>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Methods {
    method: Vec<Method>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Checklist {
    item: Vec<CheckItem>,
}

impl Catalogue {
    /// The data that was built in.
    pub fn embedded() -> Result<Self, Error> {
        let mut catalogue = Self {
            kinds: KINDS.iter().map(|(path, text)| read(path, text)).collect::<Result<_, _>>()?,
            services: read("services.toml", SERVICES)?,
            notices: NOTICES.iter().map(|(at, text)| read(at, text)).collect::<Result<_, _>>()?,
            methods: read::<Methods>("proofing.toml", PROOFING)?.method,
            checklist: read::<Checklist>("checklist.toml", CHECKLIST)?.item,
            agreement: read("agreement/service.toml", AGREEMENT)?,
            batch: read("batch.toml", BATCH)?,
            grounds: read::<ground::Grounds>("grounds.toml", GROUNDS)?.ground,
            declines: read::<decline::Declines>("decline.toml", DECLINE)?.decline,
            forms: BTreeMap::new(),
        };
        check::all(&catalogue)?;
        for kind in &catalogue.kinds {
            for service in &catalogue.services.list {
                let form = ground::kind_for(kind, service, &catalogue.grounds);
                catalogue.forms.insert((kind.name.clone(), service.name.clone()), form);
            }
        }
        Ok(catalogue)
    }

    /// All kinds of certificates.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The kind of this name.
    pub fn kind(&self, name: &str) -> Result<&Kind, Error> {
        let found = self.kinds.iter().find(|kind| kind.name == name);
        found.ok_or_else(|| Error::Unknown { what: "证书类型", name: name.to_owned() })
    }

    /// The kind of this name with the form that a service asks for.
    pub fn kind_for(&self, name: &str, service: &str) -> Result<&Kind, Error> {
        self.kind(name)?;
        let form = self.forms.get(&(name.to_owned(), service.to_owned()));
        form.ok_or_else(|| Error::Unknown { what: "业务事项", name: service.to_owned() })
    }

    /// All grounds for changes of status and replacements.
    #[must_use]
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }

    /// The ground of this name.
    pub fn ground(&self, name: &str) -> Result<&Ground, Error> {
        let found = self.grounds.iter().find(|ground| ground.name == name);
        found
            .ok_or_else(|| Error::Unknown { what: "事由", name: name.chars().take(64).collect() })
    }

    /// The grounds on which an application is not accepted.
    #[must_use]
    pub fn declines(&self) -> &[DeclineGround] {
        &self.declines
    }

    /// The services with their common limits.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The service of this name.
    pub fn service(&self, name: &str) -> Result<&Service, Error> {
        let found = self.services.list.iter().find(|service| service.name == name);
        found.ok_or_else(|| Error::Unknown { what: "业务事项", name: name.to_owned() })
    }

    /// The four notices of Measures Art. 21, in the order of the article.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The notice of this name.
    pub fn notice(&self, name: &str) -> Result<&Notice, Error> {
        let found = self.notices.iter().find(|notice| notice.name == name);
        found.ok_or_else(|| Error::Unknown { what: "告知事项", name: name.to_owned() })
    }

    /// All proofing methods.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The proofing method of this name.
    pub fn method(&self, name: &str) -> Result<&Method, Error> {
        let found = self.methods.iter().find(|method| method.name == name);
        found.ok_or_else(|| Error::Unknown { what: "身份核验方式", name: name.to_owned() })
    }

    /// The methods that may be used for such an application, the strongest first.
    #[must_use]
    pub fn methods_for(&self, kind: &Kind, service: &str) -> Vec<&Method> {
        let fits = |method: &&Method| {
            method.level >= kind.assurance
                && method.kinds.contains(&kind.name)
                && method.services.iter().any(|name| name == service)
        };
        let mut methods: Vec<&Method> = self.methods.iter().filter(fits).collect();
        methods.sort_by_key(|method| std::cmp::Reverse(method.level));
        methods
    }

    /// What the reviewer examines in such an application.
    #[must_use]
    pub fn checklist_for(&self, kind: &str, service: &str) -> Vec<&CheckItem> {
        self.checklist.iter().filter(|item| item.is_for(kind, service)).collect()
    }

    /// What holds for batches.
    #[must_use]
    pub fn batch(&self) -> &BatchRules {
        &self.batch
    }

    /// The text of the service agreement.
    #[must_use]
    pub fn agreement(&self) -> &AgreementTemplate {
        &self.agreement
    }
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::Catalogue(format!("{path}：{}", error.message())))
}
