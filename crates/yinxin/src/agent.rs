//! `yinxin agent`: the local signing assistant over key files (`docs/agent.md`).

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use gm::UserId;
use web::agent::{Agent as Assistant, KeyOffer, Keys, Origin, Signed};

use crate::operate::{log, runtime, until_stopped};
use crate::out::{self, Outcome, Unusable};
use crate::subscriber;

/// `yinxin agent`
#[derive(Debug, clap::Args)]
pub struct Agent {
    /// 私钥文件，或存放 `*.key.pem` 的目录，可多次给出；有口令保护的，签名时在页面上输入口令
    #[arg(long = "key", value_name = "文件或目录", required = true)]
    keys: Vec<PathBuf>,
    /// 允许请您签名的网站，可多次给出，如 `https://ca.example.cn`
    #[arg(long = "origin", value_name = "网站", required = true)]
    origins: Vec<String>,
    /// 本机监听端口
    #[arg(long, value_name = "端口", default_value_t = 8450)]
    port: u16,
}

/// Serves until stopped.
pub fn run(command: Agent) -> anyhow::Result<Outcome> {
    log();
    let files = KeyFiles::of(in_folders(command.keys)?)?;
    let origins: Result<Vec<Origin>, _> = command.origins.iter().map(|o| o.parse()).collect();
    let origins = origins.map_err(Unusable::error)?;
    // Loopback only, always: whoever reaches the assistant can show its owner a page.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, command.port));
    runtime()?.block_on(async {
        let assistant = Assistant::new(Box::new(files), origins, address);
        let running = web::agent::serve(assistant).await.map_err(|error| {
            anyhow::anyhow!(
                "无法在 {address} 监听：{error}；可能已有一个签名助手在运行，或用 --port 换一个端口"
            )
        })?;
        out::line(format!("签名助手已启动：http://{}（只在本机）", running.address()));
        until_stopped().await?;
        running.stop().await?;
        Ok(Outcome::Fine)
    })
}

/// Folders stand for the key files in them, by name.
fn in_folders(paths: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        let entries = std::fs::read_dir(&path)?.collect::<Result<Vec<_>, _>>()?;
        let is_key = |path: &PathBuf| path.to_string_lossy().ends_with(".key.pem");
        let mut found: Vec<_> = entries.into_iter().map(|e| e.path()).filter(is_key).collect();
        if found.is_empty() {
            return Err(Unusable::error(format!("{} 中没有 *.key.pem 文件", path.display())));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Keys in files of `yinxin subscriber new` or OpenSSL.
struct KeyFiles(Vec<(PathBuf, KeyOffer)>);

impl KeyFiles {
    /// Files that can be read now; a plain key is tried at once.
    fn of(paths: Vec<PathBuf>) -> anyhow::Result<Self> {
        let offer = |path: PathBuf| {
            let sealed = subscriber::is_sealed(&path)?;
            if !sealed {
                subscriber::load(&path, None)?;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            anyhow::Ok((path, KeyOffer { name, sealed }))
        };
        paths.into_iter().map(offer).collect::<Result<_, _>>().map(Self)
    }
}

impl Keys for KeyFiles {
    fn offers(&self) -> Vec<KeyOffer> {
        self.0.iter().map(|(_, offer)| offer.clone()).collect()
    }

    fn sign(&self, at: usize, passphrase: &[u8], text: &[u8]) -> Result<Signed, String> {
        let (path, _) = self.0.get(at).ok_or("没有选择密钥，请选择一把再签名。")?;
        let key = subscriber::unseal(path, passphrase).map_err(|error| format!("{error:#}。"))?;
        Ok(Signed {
            signature: key.sign(&UserId::default(), text).to_der(),
            public_key: key.public_key().to_sec1(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gm::sm2::PrivateKey;

    #[test]
    fn a_sealed_key_signs_with_its_passphrase_only() {
        let dir = tempfile::tempdir().unwrap();
        let (file, phrase) = (dir.path().join("a.key.pem"), dir.path().join("phrase"));
        std::fs::write(&phrase, "correct horse\n").unwrap();
        let key = PrivateKey::generate(&mut gm::OsRandom).unwrap();
        subscriber::save(&file, &key, Some(&phrase)).unwrap();
        let keys = KeyFiles::of(vec![file]).unwrap();
        assert!(keys.offers()[0].sealed);
        let signed = keys.sign(0, b"correct horse", b"text").unwrap();
        assert_eq!(signed.public_key, key.public_key().to_sec1());
        assert!(keys.sign(0, b"battery", b"text").unwrap_err().contains("口令不对"));
        assert!(keys.sign(1, b"correct horse", b"text").is_err());
    }

    #[test]
    fn a_file_that_is_no_key_is_told_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.pem");
        std::fs::write(&file, "hello").unwrap();
        assert!(KeyFiles::of(vec![file]).is_err());
        assert!(KeyFiles::of(vec![dir.path().join("missing")]).is_err());
    }
}
