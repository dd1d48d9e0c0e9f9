//! Commands of the institution's own people, on the data folder.

pub mod batch;
pub mod ceremony;
pub mod demo;
pub mod device;
pub mod doctor;
pub mod key;
pub mod kmc;
pub mod person;
pub mod reanchor;
pub mod serve;
mod warrant;

use app::{Institution, Layout, Parts, Secrets, Settings};
use tokio::runtime::Runtime;

use crate::args::DataArgs;
use crate::secret;

/// Octets of a thread's stack: futures that nothing optimised, as in a build for tests, are large.
const STACK: usize = 16 << 20;

/// The runtime of a command.
pub fn runtime() -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if cfg!(debug_assertions) {
        builder.thread_stack_size(STACK);
    }
    Ok(builder.enable_all().build()?)
}

/// The passphrases that the settings call for.
pub fn secrets(data: &DataArgs) -> anyhow::Result<(Layout, Secrets)> {
    let layout = Layout::new(&data.data);
    let settings = Settings::load(&layout.settings())?;
    let file = data.passphrase_file.as_deref();
    let device = secret::passphrase(file, secret::DEVICE_FILE, "机构密码设备")?;
    let kmc = match settings.kmc.remote.is_empty() {
        true => {
            let file = data.kmc_passphrase_file.as_deref();
            Some(secret::passphrase(file, secret::KMC_DEVICE_FILE, "密钥管理中心密码设备")?)
        }
        false => None,
    };
    Ok((layout, Secrets { device, kmc }))
}

/// Opens the institution of a data folder.
pub async fn open(data: &DataArgs) -> anyhow::Result<Institution> {
    let (layout, secrets) = secrets(data)?;
    Ok(Institution::open(Parts::of(layout, &secrets)?).await?)
}

/// The same for a node that serves, perhaps beside others.
pub async fn open_node(data: &DataArgs) -> anyhow::Result<Institution> {
    let (layout, secrets) = secrets(data)?;
    Ok(Institution::open(Parts::of_node(layout, &secrets)?).await?)
}

/// Waits for Ctrl-C or a request to end.
pub async fn until_stopped() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = end.recv() => {}
    }
    Ok(())
}

/// Logs to standard error: `RUST_LOG` chooses, `info` by default; JSON with
/// `YINXIN_LOG=json`.
pub fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = std::env::var("YINXIN_LOG").is_ok_and(|v| v == "json");
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}
