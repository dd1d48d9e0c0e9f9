//! 密码设备: what it is, whether its work is right at this moment, and its keys by label. Secrets have
//! no way here: a device tells only labels, public halves and counts. What holds no certificate as a
//! commercial product is shown so, and which products are registered (Measures Art. 20 ¶2; checks C20-1,
//! C20-2).

use app::devices::{purpose_of, term_in_words};
use app::doctor::Level;
use askama::Template;
use axum::extract::State;
use gm::{Device, DeviceError, KeyInfo, KeyKind};
use jiff::Timestamp;
use pki::attestation::Listed;

use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::words;

#[derive(Template)]
#[template(path = "admin/devices.html")]
struct Devices {
    frame: Frame,
    name: String,
    kind: &'static str,
    /// The product that the device is; none for software (check C20-2).
    product: Option<ProductRow>,
    /// The products that are registered, and what is demanded for each kind.
    listed: Vec<ProductRow>,
    demands: Vec<(String, &'static str)>,
    tests: Vec<Test>,
    keys: Vec<Key>,
    trouble: Option<String>,
    has_centre: bool,
}

/// A product with its certificate, its term in words.
struct ProductRow {
    maker: String,
    model: String,
    certificate: String,
    level: &'static str,
    uses: String,
    term: String,
    standing: &'static str,
    tag: &'static str,
    blocked: usize,
}

impl ProductRow {
    fn of(product: &gm::Product, now: Timestamp) -> Self {
        let (level, term) = term_in_words(product, now);
        let (standing, tag) = match level {
            Level::Good => ("有效", "tag--good"),
            Level::Warning => ("注意", "tag--wait"),
            Level::Failed => ("已过期", "tag--bad"),
            Level::Unknown => ("未能确定", "tag--unknown"),
        };
        Self {
            maker: product.maker.clone(),
            model: product.model.clone(),
            certificate: product.certificate.clone(),
            level: product.level.chinese(),
            uses: String::new(),
            term,
            standing,
            tag,
            blocked: 0,
        }
    }

    fn listed(listed: &Listed, now: Timestamp) -> Self {
        let uses: Vec<_> = listed.uses.iter().map(|one| one.chinese()).collect();
        let row = Self::of(&listed.product, now);
        Self { uses: uses.join("、"), blocked: listed.blocked.len(), ..row }
    }
}

/// One self-test and how it came out.
struct Test {
    title: &'static str,
    is_good: bool,
    detail: String,
}

struct Key {
    label: String,
    kind: &'static str,
    purpose: &'static str,
    fingerprint: Option<String>,
    since: String,
    uses: u64,
}

/// `GET /admin/devices`.
pub async fn show(State(app): State<App>, frame: Frame) -> Answer {
    let device = app.device().clone();
    // A device may be slow; its tests must not hold up other pages.
    let found = tokio::task::spawn_blocking(move || examine(&*device)).await;
    let (mut tests, keys) = found.map_err(|_| app::Error::Interrupted)?;
    let signing = app.ca().signing_generations();
    let check = signing.iter().try_for_each(ca::Ca::check_key);
    tests.push(Test {
        title: "签发密钥与签发证书一致",
        is_good: check.is_ok(),
        detail: check.err().map(|error| error.to_string()).unwrap_or_default(),
    });
    tests.push(Test {
        title: "没有返回过错误的签名",
        is_good: !signing.iter().any(ca::Ca::is_quarantined),
        detail: String::new(),
    });
    let (info, now) = (app.device().info(), app.clock().now());
    let demand = |name: &str| app.products().demand(name).chinese();
    let kinds = app.kinds().iter().map(|kind| (kind.title().to_owned(), demand(kind.name())));
    let (keys, trouble) = match keys {
        Ok(keys) => (keys.iter().map(key).collect(), None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    page(&Devices {
        frame,
        name: info.name,
        kind: info.kind,
        product: info.product.as_ref().map(|product| ProductRow::of(product, now)),
        listed: app.products().iter().map(|one| ProductRow::listed(one, now)).collect(),
        demands: kinds.collect(),
        tests,
        keys,
        trouble,
        has_centre: app.kmc().is_some(),
    })
}

type Keys = Result<Vec<KeyInfo>, DeviceError>;

/// Random numbers and SM3 through the device, and its keys.
fn examine(device: &dyn Device) -> (Vec<Test>, Keys) {
    let mut session = match device.session() {
        Ok(session) => session,
        Err(error) => {
            let detail = error.to_string();
            return (vec![Test { title: "设备应答", is_good: false, detail }], Err(error));
        }
    };
    let mut draws = [[0_u8; 32]; 2];
    let drawn = draws.iter_mut().try_for_each(|draw| session.fill(draw));
    let random = match drawn {
        Ok(()) => looks_random(&draws),
        Err(_) => false,
    };
    let tests = vec![
        Test { title: "设备应答", is_good: true, detail: String::new() },
        Test {
            title: "随机数（两次各 256 位，不重复、不全同）",
            is_good: random,
            detail: drawn.err().map(|error| error.to_string()).unwrap_or_default(),
        },
        Test {
            title: "程序的 SM3 杂凑（GM/T 0004 附录 A 示例）",
            is_good: gm::sm3::hash(b"abc").to_hex() == SM3_ABC,
            detail: String::new(),
        },
    ];
    let keys = session.keys();
    (tests, keys)
}

/// Of a key that this program didn't make.
const UNKNOWN: &str = "来历不明：名称不是本程序的，请查明是谁放入设备的";

/// GM/T 0004 appendix A.1.
const SM3_ABC: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";

/// Against a source that is stuck: the two draws differ, and neither repeats one octet.
fn looks_random(draws: &[[u8; 32]; 2]) -> bool {
    let [one, other] = draws;
    let is_stuck = |draw: &[u8; 32]| draw.windows(2).all(|pair| pair.first() == pair.last());
    one != other && !is_stuck(one) && !is_stuck(other)
}

fn key(info: &KeyInfo) -> Key {
    let kind = match info.kind {
        KeyKind::Sm2Sign => "SM2 签名",
        KeyKind::Sm2Decrypt => "SM2 解密",
        KeyKind::Sm4 => "SM4 加密",
        KeyKind::Hmac => "HMAC-SM3",
    };
    let since = Timestamp::from_second(info.created).unwrap_or(Timestamp::UNIX_EPOCH);
    Key {
        kind,
        purpose: purpose_of(info.label.as_str()).unwrap_or(UNKNOWN),
        label: info.label.to_string(),
        fingerprint: info.public_key.as_ref().map(|key| words::groups(&key.fingerprint())),
        since: words::minute(since),
        uses: info.uses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_source_of_random_numbers_is_noticed() {
        let one: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let other: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 3).unwrap());
        assert!(looks_random(&[one, other]));
        assert!(!looks_random(&[one, one]));
        assert!(!looks_random(&[[7; 32], other]));
        assert!(!looks_random(&[one, [0; 32]]));
    }
}
