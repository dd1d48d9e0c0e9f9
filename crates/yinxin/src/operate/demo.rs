//! `yinxin demo …`: a demonstration institution, made through the same doors as a real one. Its
//! passphrases are random, lie in its data folder, and are good for nothing else.

mod applications;
mod desk;
mod offices;
mod sandbox;
mod staff;
mod stranger;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use app::{Layout, Settings};
use clap::Subcommand;

use super::runtime;
use crate::out::{self, Outcome};
use crate::secret;

/// How long the service may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Commands of the demonstration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 建立演示机构（首次）并在后台启动，签发几张证书
    Up {
        /// 数据目录
        #[arg(long, value_name = "目录", default_value = "data", env = "YINXIN_DATA")]
        data: PathBuf,
        /// 监听端口（仅首次建立时生效；只在本机监听）
        #[arg(long, value_name = "端口", default_value_t = 8440)]
        port: u16,
        /// 建立沙箱：供应用系统接入调试，备好接口客户端和各种状态的测试证书（仅首次建立时生效）
        #[arg(long)]
        sandbox: bool,
    },
    /// 停止后台服务；数据保留
    Stop {
        /// 数据目录
        #[arg(long, value_name = "目录", default_value = "data", env = "YINXIN_DATA")]
        data: PathBuf,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Up { data, port, sandbox } => up(&data, (port, sandbox)),
        Command::Stop { data } => {
            let stopped = stop(&data)?;
            out::line(if stopped {
                "演示服务已停止，数据保留"
            } else {
                "演示服务没有在运行"
            });
            Ok(Outcome::Fine)
        }
    }
}

fn up(data: &Path, (port, sandbox): (u16, bool)) -> anyhow::Result<Outcome> {
    let layout = Layout::new(data);
    if is_of_others(&layout) {
        bail!(
            "{} 是正式机构的数据目录，不能用来建立演示机构；请用 --data 另指定一个目录",
            data.display()
        );
    }
    if sandbox && layout.settings().exists() && !sandbox::is(&layout) {
        bail!("{} 中是普通的演示机构；沙箱请用 --data 另指定一个数据目录", data.display());
    }
    if !layout.demo_secrets().join("founded").exists() {
        out::note("正在建立演示机构：生成密钥、举行密钥仪式、准备备用密钥……");
        runtime()?.block_on(world::create(&layout, (port, sandbox)))?;
        secret::write_private(&layout.demo_secrets().join("founded"), b"")?;
    }
    let settings = Settings::load(&layout.settings())?;
    let url = settings.server.public_url;
    if is_ready(&url) {
        out::note("服务已在运行");
    } else {
        stop(data)?;
        if sandbox::is(&layout) {
            out::note("正在准备沙箱的接口客户端和测试证书……");
            runtime()?.block_on(sandbox::prepare(&layout))?;
        }
        let service = start(data, &layout)?;
        wait(&url, data, service)?;
    }
    world::issue(&layout, &url)?;
    if sandbox::is(&layout) {
        sandbox::issue(&layout, &url)?;
    }
    world::tell(&layout, &url)?;
    if sandbox::is(&layout) {
        sandbox::tell(&layout, &url);
    }
    Ok(Outcome::Fine)
}

/// Whether an institution is in the folder that is no demonstration: nothing is put beside it, or all its pages
/// would say that it is one.
fn is_of_others(layout: &Layout) -> bool {
    layout.settings().exists() && !layout.demo_secrets().exists()
}

/// Starts this very program as a service in the background.
fn start(data: &Path, layout: &Layout) -> anyhow::Result<Child> {
    use std::os::unix::process::CommandExt;
    let log =
        std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log"))?;
    let secrets = layout.demo_secrets();
    let child = std::process::Command::new(std::env::current_exe()?)
        .args(["serve", "--data"])
        .arg(data)
        .env(secret::DEVICE_FILE, secrets.join("device"))
        .env(secret::KMC_DEVICE_FILE, secrets.join("kmc"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("无法启动服务进程")?;
    std::fs::write(data.join("server.pid"), child.id().to_string())?;
    Ok(child)
}

/// Waits until the service is ready; tells at once, with what it said last, when it has ended.
fn wait(url: &str, data: &Path, mut service: Child) -> anyhow::Result<()> {
    let start = Instant::now();
    let log = data.join("server.log");
    while start.elapsed() < PATIENCE {
        if let Some(status) = service.try_wait()? {
            bail!("服务没有启动（{status}）：\n{}\n全部记录见 {}", last_words(&log), log.display());
        }
        if is_ready(url) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!(
        "服务没有在 {} 秒内就绪；最后的记录：\n{}\n全部记录见 {}",
        PATIENCE.as_secs(),
        last_words(&log),
        log.display()
    )
}

/// The last lines of a record.
fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let (_, last) = lines.split_at(lines.len().saturating_sub(5));
    last.join("\n")
}

fn is_ready(url: &str) -> bool {
    ureq::get(format!("{url}/readyz")).call().is_ok()
}

/// Asks the service of this folder to end and waits for it; whether there was one.
fn stop(data: &Path) -> anyhow::Result<bool> {
    let file = data.join("server.pid");
    let Ok(text) = std::fs::read_to_string(&file) else {
        return Ok(false);
    };
    let process = PathBuf::from("/proc").join(text.trim());
    let ours = || {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let at = std::fs::read_link(process.join("cwd")).unwrap_or_default();
        serves(&line, &at, data)
    };
    let was_running = ours();
    if was_running {
        std::process::Command::new("kill").arg(text.trim()).status()?;
        let start = Instant::now();
        while ours() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    std::fs::remove_file(&file)?;
    Ok(was_running)
}

/// Whether a command line, of a process that works at a folder, is that of a service of this data folder: numbers of
/// processes come back, and another's must not be ended.
fn serves(line: &[u8], at: &Path, data: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let words: Vec<&[u8]> = line.split(|octet| *octet == 0).collect();
    let is_here = |word: &[u8]| {
        let named = at.join(std::ffi::OsStr::from_bytes(word)).canonicalize();
        named.is_ok_and(|named| data.canonicalize().is_ok_and(|data| data == named))
    };
    words.windows(3).any(|three| {
        matches!(three, [verb, option, folder]
            if *verb == b"serve" && *option == b"--data" && is_here(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_service_of_the_same_folder_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let is = |line: &str| serves(line.replace(' ', "\0").as_bytes(), folder.path(), &data);
        assert!(is("/opt/yinxin serve --data data "));
        assert!(is(&format!("/opt/yinxin serve --data {} ", data.display())));
        for other in ["python3 -m http.server", "/opt/yinxin serve --data other", "less serve", ""]
        {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn a_real_institution_is_made_no_demonstration() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        assert!(!is_of_others(&layout), "nobody's");
        std::fs::write(layout.settings(), "").unwrap();
        assert!(up(folder.path(), (8440, false)).is_err());
        assert!(!layout.demo_secrets().exists(), "nothing was put there");
        std::fs::create_dir(layout.demo_secrets()).unwrap();
        assert!(!is_of_others(&layout), "a demonstration that was begun");
    }
}
