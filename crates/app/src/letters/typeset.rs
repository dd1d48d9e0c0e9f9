//! The typesetter as a child process: one letter in, one PDF out. It has no environment, little time
//! and a limit of output; two run at once at most.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use letters::Sheet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::institution::Institution;

/// The program beside ours.
const PROGRAM: &str = "yinxin-typeset";
/// How long one letter may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Largest PDF, in octets.
const MOST_OCTETS: u64 = 16 << 20;
/// Largest message, in octets.
const MOST_WORDS: u64 = 4 << 10;
/// A typesetter takes a processor and a hundred megabytes of fonts.
static SEATS: Semaphore = Semaphore::const_new(2);

impl Institution {
    /// The typesetter, if it is installed.
    #[must_use]
    pub fn typesetter(&self) -> Option<PathBuf> {
        let set = self.settings().letters.typesetter.trim();
        let path = match set.is_empty() {
            true => std::env::current_exe().ok()?.parent()?.join(PROGRAM),
            false => PathBuf::from(set),
        };
        path.is_file().then_some(path)
    }
}

/// Makes the PDF of a letter.
pub(super) async fn typeset(program: PathBuf, sheet: &Sheet) -> Result<Vec<u8>, Error> {
    let _seat = SEATS.acquire().await.map_err(|_| Error::Interrupted)?;
    let input = serde_json::to_vec(sheet).map_err(|_| Error::Stored("文书"))?;
    match tokio::time::timeout(LIMIT, run(program, input)).await {
        Ok(done) => done,
        Err(_) => Err(Error::Typeset("排版超过 10 秒，已中止".to_owned())),
    }
}

/// Dropped by the timeout, the child is killed.
async fn run(program: PathBuf, input: Vec<u8>) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::Typeset(format!("排版程序不能运行：{error}"));
    let mut child = Command::new(&program)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(Error::Interrupted);
    };
    let write = async move {
        // A worker that ends early says why on its way out.
        let _ = stdin.write_all(&input).await;
        drop(stdin);
    };
    let (mut pdf, mut words) = (Vec::new(), Vec::new());
    let read = async {
        stdout.take(MOST_OCTETS + 1).read_to_end(&mut pdf).await?;
        stderr.take(MOST_WORDS).read_to_end(&mut words).await
    };
    let ((), read) = tokio::join!(write, read);
    read.map_err(failed)?;
    if u64::try_from(pdf.len()).unwrap_or(u64::MAX) > MOST_OCTETS {
        return Err(Error::Typeset("排版结果过大，已中止".to_owned()));
    }
    let status = child.wait().await.map_err(failed)?;
    if status.success() && pdf.starts_with(b"%PDF-") {
        return Ok(pdf);
    }
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    let words = if words.is_empty() { "排版程序没有给出 PDF".to_owned() } else { words };
    Err(Error::Typeset(words))
}
