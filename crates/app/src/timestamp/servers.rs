//! Asking time servers directly (RFC 5905): all at the same time, and a majority decides. The
//! answers are not authenticated; on a network where somebody could change them, chrony with
//! authenticated servers is the better source.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use gm::{OsRandom, Random as _};
use status::timestamp::sntp::{self, Flaw, Sample};
use status::timestamp::source::Comparing;
use status::timestamp::{Comparison, TimeSource};
use store::Clock;
use tokio::net::{UdpSocket, lookup_host};

/// The port of RFC 5905.
const PORT: u16 = 123;
/// Who takes longer is of no use as a clock.
const PATIENCE: Duration = Duration::from_secs(2);

/// Time servers.
pub(super) struct Servers {
    names: Vec<String>,
    clock: Arc<dyn Clock>,
}

impl Servers {
    pub(super) fn new(names: Vec<String>, clock: Arc<dyn Clock>) -> Self {
        Self { names, clock }
    }

    async fn ask_all(&self) -> Result<Comparison, String> {
        let answers = join_all(self.names.iter().map(|name| self.ask_within(name))).await;
        let mut complaints = Vec::new();
        let mut samples = Vec::new();
        for (name, answer) in self.names.iter().zip(answers) {
            match answer {
                Ok(sample) => samples.push(sample),
                Err(why) => complaints.push(format!("{name} {why}")),
            }
        }
        sntp::agree(&samples, self.names.len()).ok_or_else(|| match complaints.is_empty() {
            true => "各时间服务器所报时间不一致，没有过半数相符".to_owned(),
            false => format!("没有过半数的时间服务器可用：{}", complaints.join("；")),
        })
    }

    async fn ask_within(&self, name: &str) -> Result<Sample, String> {
        let answer = tokio::time::timeout(PATIENCE, self.ask(name)).await;
        answer.unwrap_or_else(|_| Err("没有及时回答".to_owned()))
    }

    async fn ask(&self, name: &str) -> Result<Sample, String> {
        let target = address(name).await?;
        let own = if target.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
        let failed = |error: std::io::Error| format!("无法查询（{error}）");
        let socket = UdpSocket::bind(own).await.map_err(failed)?;
        socket.connect(target).await.map_err(failed)?;
        let mut cookie = [0; 8];
        OsRandom.fill(&mut cookie).map_err(|_| "随机数不可用".to_owned())?;
        let sent = self.clock.now();
        socket.send(&sntp::question(cookie)).await.map_err(failed)?;
        let mut packet = [0; 512];
        loop {
            let length = socket.recv(&mut packet).await.map_err(failed)?;
            let received = self.clock.now();
            let octets = packet.get(..length).unwrap_or_default();
            match sntp::read(octets, cookie, (sent, received)) {
                Ok(sample) => return Ok(sample),
                // Anybody can send octets here; the right answer may still come.
                Err(Flaw::Foreign) => {}
                Err(Flaw::Useless(why)) => return Err(why.to_owned()),
            }
        }
    }
}

/// `host`, `host:port` or `[v6]:port`.
async fn address(name: &str) -> Result<SocketAddr, String> {
    let unknown = |error: std::io::Error| format!("找不到地址（{error}）");
    let has_port = name.rsplit_once(':').is_some_and(|(host, port)| {
        port.parse::<u16>().is_ok() && (host.ends_with(']') || !host.contains(':'))
    });
    let mut found = match has_port {
        true => lookup_host(name.to_owned()).await.map_err(unknown)?.collect::<Vec<_>>(),
        false => lookup_host((name, PORT)).await.map_err(unknown)?.collect(),
    };
    found.sort_by_key(SocketAddr::is_ipv6);
    found.into_iter().next().ok_or_else(|| "找不到地址".to_owned())
}

impl TimeSource for Servers {
    fn name(&self) -> String {
        self.names.join("、")
    }

    fn compare(&self) -> Comparing<'_> {
        Box::pin(self.ask_all())
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use store::SystemClock;

    use super::*;

    /// A server that is this far ahead; it sends rubbish first.
    async fn server(ahead: SignedDuration) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let name = socket.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut packet = [0; 48];
            while let Ok((_, from)) = socket.recv_from(&mut packet).await {
                let now = Timestamp::now() + ahead;
                let seconds = u32::try_from(now.as_second() + 2_208_988_800).unwrap();
                let nanos = u64::try_from(now.subsec_nanosecond()).unwrap();
                let fraction = u32::try_from((nanos << 32) / 1_000_000_000).unwrap();
                let stamp = [seconds.to_be_bytes(), fraction.to_be_bytes()].concat();
                let mut answer = [0; 48];
                answer[0] = 4 << 3 | 4;
                answer[1] = 1;
                answer[24..32].copy_from_slice(&packet[40..48]);
                answer[32..40].copy_from_slice(&stamp);
                answer[40..48].copy_from_slice(&stamp);
                let _ = socket.send_to(b"rubbish", from).await;
                let _ = socket.send_to(&answer, from).await;
            }
        });
        name
    }

    fn servers(names: Vec<String>) -> Servers {
        Servers::new(names, Arc::new(SystemClock))
    }

    #[tokio::test]
    async fn two_right_servers_outvote_one_that_is_an_hour_ahead() {
        let right = SignedDuration::ZERO;
        let names = vec![
            server(right).await,
            server(SignedDuration::from_hours(1)).await,
            server(right).await,
        ];
        let said = servers(names).ask_all().await.unwrap();
        assert!(said.offset.abs() < SignedDuration::from_mins(1), "{said:?}");
    }

    #[tokio::test]
    async fn a_clock_that_is_an_hour_behind_is_told_so_and_nobody_is_believed_alone() {
        let hour = SignedDuration::from_hours(1);
        let ahead = server(hour).await;
        let said = servers(vec![ahead.clone()]).ask_all().await.unwrap();
        assert!((said.offset - hour).abs() < SignedDuration::from_mins(1), "{said:?}");
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let names = vec![ahead, silent.local_addr().unwrap().to_string()];
        let why = servers(names).ask_all().await.unwrap_err();
        assert!(why.contains("没有及时回答"), "{why}");
    }
}
