//! `trust/sources.toml`: the authorities of other institutions and where their lists are.
//!
//! ```toml
//! [[authority]]
//! name = "示例省电子认证中心"
//! certificates = ["authorities/example.pem"]
//! lists = [
//!     { address = "http://crl.example.gov.cn/ca.crl" },
//!     { address = "http://crl.example.gov.cn/ca-delta.crl", kind = "delta" },
//! ]
//! responder = { address = "http://ocsp.example.gov.cn/" }
//! ```
//!
//! A responder is one that the issuer certified for it, or, with `certificates`, one of these and nobody else
//! (RFC 6960 §4.2.2.2).

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Component, Path};
use std::sync::Arc;

use pki::ocsp::HashAlgorithm;
use pki::{Certificate, pem};
use serde::Deserialize;
use status::foreign::responder::ForeignResponder;
use status::foreign::{Address, Authority, Source};

/// The file in the folder of trust anchors.
const FILE: &str = "sources.toml";
/// Largest file, in octets.
const MOST_OCTETS: u64 = 1 << 20;
/// Most authorities.
const MOST_AUTHORITIES: usize = 200;
/// Most sources of all authorities.
const MOST_SOURCES: usize = 500;
/// Most certificates of one authority.
const MOST_CERTIFICATES: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    authority: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    certificates: Vec<String>,
    #[serde(default)]
    lists: Vec<ListEntry>,
    responder: Option<ResponderEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponderEntry {
    address: String,
    #[serde(default)]
    certificates: Vec<String>,
    #[serde(default)]
    digest: Digest,
    #[serde(default)]
    nonce: NonceRule,
}

/// The digest under which issuers are named: SHA-1 is what every responder knows, and it protects nothing here.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Digest {
    #[default]
    Sha1,
    Sha256,
    Sm3,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NonceRule {
    #[default]
    Optional,
    Required,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListEntry {
    address: String,
    #[serde(default)]
    kind: Kind,
    point: Option<String>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Complete,
    Delta,
}

/// Reads the file of a folder. No file: no sources. One that is there and can't be looked at is none of these: its lists
/// would silently count no more.
pub(super) fn read(folder: &Path) -> Result<Vec<Authority>, String> {
    let path = folder.join(FILE);
    let look = std::fs::symlink_metadata(&path);
    if look.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(Vec::new());
    }
    let text = limited(&path)
        .and_then(|octets| String::from_utf8(octets).map_err(|_| "文件不是 UTF-8 文本".to_owned()));
    let read = text.and_then(|text| parse(&text, |name| certificates(folder, name)));
    read.map_err(|why| format!("{}：{why}", path.display()))
}

fn limited(path: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("不能读取（{error}）"))?.len();
    if size > MOST_OCTETS {
        return Err("文件过大".to_owned());
    }
    std::fs::read(path).map_err(|error| format!("不能读取（{error}）"))
}

/// The certificates of a file below the folder.
fn certificates(folder: &Path, name: &str) -> Result<Vec<Certificate>, String> {
    let is_below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !is_below {
        return Err(format!("“{name}”应是 trust 文件夹之内的文件"));
    }
    let said = |why: String| format!("{name}：{why}");
    let octets = limited(&folder.join(name)).map_err(said)?;
    let blocks = pem::blocks(&octets, pem::CERTIFICATE).map_err(|why| said(why.to_string()))?;
    let read = blocks.iter().map(|der| Certificate::from_der(der));
    read.collect::<Result<_, _>>().map_err(|why| said(why.to_string()))
}

/// What the text says; files of certificates are read by `load`.
fn parse(
    text: &str,
    load: impl Fn(&str) -> Result<Vec<Certificate>, String>,
) -> Result<Vec<Authority>, String> {
    let file: File = toml::from_str(text).map_err(|why| format!("内容有误：{why}"))?;
    if file.authority.len() > MOST_AUTHORITIES {
        return Err(format!("机构超过 {MOST_AUTHORITIES} 家"));
    }
    let (mut addresses, mut keys, mut authorities) = (HashSet::new(), HashSet::new(), Vec::new());
    let mut count = 0_usize;
    for entry in file.authority {
        let authority = authority(entry, &load)?;
        for source in &authority.sources {
            if !addresses.insert(source.address.clone()) {
                return Err(format!("地址 {} 出现两次", source.address));
            }
        }
        count = count.saturating_add(authority.sources.len());
        for one in &authority.certificates {
            if !keys.insert((one.subject().to_string(), one.spki().der().to_vec())) {
                return Err(format!("“{}”的同一把密钥出现两次", one.subject()));
            }
        }
        authorities.push(authority);
    }
    // One responder may answer for several authorities; one that is also a list, of whichever authority, is a mistake.
    let mut responders = authorities.iter().filter_map(|one| one.responder.as_ref());
    if let Some(one) = responders.find(|one| addresses.contains(&one.address)) {
        return Err(format!("地址 {} 出现两次", one.address));
    }
    match count {
        0..=MOST_SOURCES => Ok(authorities),
        _ => Err(format!("来源超过 {MOST_SOURCES} 个")),
    }
}

fn authority(
    entry: Entry,
    load: impl Fn(&str) -> Result<Vec<Certificate>, String>,
) -> Result<Authority, String> {
    let Entry { name, certificates, lists, responder } = entry;
    let called = |why: String| format!("“{name}”：{why}");
    let found = loaded(&certificates, &load).map_err(called)?;
    let Some(first) = found.first() else { return Err(called("没有证书".to_owned())) };
    if !found.iter().all(|one| one.subject().matches(first.subject())) {
        return Err(called("各张证书的主体名称不同；一家机构有几个名称的，请分开写".to_owned()));
    }
    if name.trim().is_empty() || name.chars().count() > 100 {
        return Err("机构名称（name）应有 1 至 100 个字".to_owned());
    }
    let sources = lists.into_iter().map(source).collect::<Result<Vec<_>, _>>().map_err(called)?;
    let responder = responder.map(|entry| answering(entry, &load)).transpose().map_err(called)?;
    let lacks_complete = sources.iter().all(|source| source.is_delta);
    if lacks_complete && (responder.is_none() || !sources.is_empty()) {
        return Err(called("没有完整列表的地址；增量列表不能单独使用".to_owned()));
    }
    Ok(Authority { certificates: found, sources, responder: responder.map(Arc::new), name })
}

/// The certificates of these files.
fn loaded(
    files: &[String],
    load: impl Fn(&str) -> Result<Vec<Certificate>, String>,
) -> Result<Vec<Certificate>, String> {
    let mut found = Vec::new();
    for file in files {
        found.extend(load(file)?);
        if found.len() > MOST_CERTIFICATES {
            return Err(format!("证书超过 {MOST_CERTIFICATES} 张"));
        }
    }
    Ok(found)
}

fn answering(
    entry: ResponderEntry,
    load: impl Fn(&str) -> Result<Vec<Certificate>, String>,
) -> Result<ForeignResponder, String> {
    let ResponderEntry { address, certificates, digest, nonce } = entry;
    let parsed = Address::parse(&address).map_err(|why| format!("{address}：{why}"))?;
    let pinned = loaded(&certificates, load)?;
    if !certificates.is_empty() && pinned.is_empty() {
        return Err("应答者的证书文件中没有证书".to_owned());
    }
    let hash = match digest {
        Digest::Sha1 => HashAlgorithm::Sha1,
        Digest::Sha256 => HashAlgorithm::Sha256,
        Digest::Sm3 => HashAlgorithm::Sm3,
    };
    let is_nonce_required = nonce == NonceRule::Required;
    Ok(ForeignResponder { address: parsed, hash, pinned, is_nonce_required })
}

fn source(entry: ListEntry) -> Result<Source, String> {
    let ListEntry { address, kind, point } = entry;
    let parsed = Address::parse(&address).map_err(|why| format!("{address}：{why}"))?;
    Ok(Source { address: parsed, is_delta: kind == Kind::Delta, point })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<usize, String> {
        let found = parse(text, |_| Ok(vec![root()]));
        found.map(|authorities| authorities.iter().map(|one| one.sources.len()).sum())
    }

    /// The national root of 2012: any certificate of an authority does.
    fn root() -> Certificate {
        let pem = include_bytes!("../../../pki/tests/data/rootca-2012.pem");
        Certificate::from_pem_or_der(pem).unwrap()
    }

    fn entry(lists: &str) -> String {
        format!("[[authority]]\nname = \"甲\"\ncertificates = [\"a.pem\"]\nlists = [{lists}]\n")
    }

    #[test]
    fn a_file_names_authorities_and_addresses_and_says_what_is_wrong() {
        assert_eq!(said(""), Ok(0));
        let both = "{ address = \"http://a/1\" }, { address = \"http://a/2\", kind = \"delta\" }";
        assert_eq!(said(&entry(both)), Ok(2));
        for (text, why) in [
            (entry(""), "没有完整列表的地址"),
            (entry("{ address = \"http://a/1\", kind = \"delta\" }"), "没有完整列表的地址"),
            (entry("{ address = \"https://a/1\" }"), "不支持 https"),
            (entry("{ address = \"ldap://a/1\" }"), "不支持 ldap"),
            (entry("{ address = \"http://a/1\" }, { address = \"http://a/1\" }"), "出现两次"),
            (entry("{ address = \"http://a/1\", kind = \"half\" }"), "内容有误"),
            (entry("{ address = \"http://a/1\", url = \"\" }"), "内容有误"),
            (
                entry("{ address = \"http://a/1\" }") + &entry("{ address = \"http://a/2\" }"),
                "同一把密钥出现两次",
            ),
            ("authority = 1".to_owned(), "内容有误"),
        ] {
            let error = said(&text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_responder_stands_beside_lists_or_alone_and_says_who_may_sign() {
        let with = |lists: &str, responder: &str| entry(lists) + "responder = " + responder + "\n";
        let list = "{ address = \"http://a/1\" }";
        let read = |text: &str| parse(text, |_| Ok(vec![root()])).map(|mut all| all.remove(0));
        let plain = read(&with("", "{ address = \"http://a/ocsp\" }")).unwrap();
        let responder = plain.responder.unwrap();
        assert!(responder.pinned.is_empty() && !responder.is_nonce_required);
        assert_eq!(responder.hash, HashAlgorithm::Sha1);
        let strict = "{ address = \"http://a/ocsp\", certificates = [\"r.pem\"], digest = \"sm3\", nonce = \"required\" }";
        let responder = read(&with(list, strict)).unwrap().responder.unwrap();
        assert!(responder.pinned.len() == 1 && responder.is_nonce_required);
        assert_eq!(responder.hash, HashAlgorithm::Sm3);
        for (text, why) in [
            (with("", "{ address = \"https://a/\" }"), "不支持 https"),
            (with(list, "{ address = \"http://a/1\" }"), "出现两次"),
            (with("", "{ address = \"http://a/\", digest = \"md5\" }"), "内容有误"),
            (with("", "{ address = \"http://a/\", trust = true }"), "内容有误"),
            (
                with(
                    "{ address = \"http://a/1\", kind = \"delta\" }",
                    "{ address = \"http://a/ocsp\" }",
                ),
                "没有完整列表的地址",
            ),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        // In whichever order they stand.
        let first = with("", "{ address = \"http://a/1\" }");
        let second = entry(list).replace("a.pem", "b.pem");
        let other = include_bytes!("../../../pki/tests/data/sheca-sm2.pem");
        let other = Certificate::from_pem_or_der(other).unwrap();
        let load = |name: &str| Ok(vec![if name == "b.pem" { other.clone() } else { root() }]);
        let error = parse(&(first + &second), load).unwrap_err();
        assert!(error.contains("http://a/1 出现两次"), "{error}");
        let none = parse(&with("", strict), |name| {
            Ok(if name == "r.pem" { Vec::new() } else { vec![root()] })
        });
        assert!(none.unwrap_err().contains("没有证书"));
    }

    #[test]
    fn certificates_lie_within_the_folder() {
        for name in ["../a.pem", "/etc/passwd", "", "authorities/../../a.pem", "./a.pem"] {
            let error = certificates(Path::new("/nowhere"), name).unwrap_err();
            assert!(error.contains("文件夹之内"), "{name}: {error}");
        }
    }

    #[test]
    fn no_file_means_no_sources_and_one_that_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Ok(Vec::new()));
        assert_eq!(read(&folder.path().join("nowhere")), Ok(Vec::new()));
        // A folder that is a file: looking into it fails in another way than that nothing is there.
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(read(&file).unwrap_err().contains("不能读取"));
        std::os::unix::fs::symlink("gone.toml", folder.path().join(FILE)).unwrap();
        assert!(read(folder.path()).unwrap_err().contains("不能读取"));
    }
}
