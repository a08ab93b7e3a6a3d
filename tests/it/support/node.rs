//! A running product as a child process: the program itself, killed, stopped, woken and asked as an operator's machine would.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a start may take: 2 cores, debug build, neighbours.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How a node is started; the same plan starts it again on the same port and data.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The port; chosen once, so that clients find it again.
    pub(crate) port: u16,
    /// Redis instead of SQLite, with the key all nodes share.
    pub(crate) redis: Option<String>,
    /// Further arguments.
    pub(crate) arguments: Vec<String>,
    /// A program that runs the product (a tracer), with its arguments.
    pub(crate) under: Vec<String>,
    /// Variables of its environment: what shall fail, what goes faster.
    pub(crate) environment: Vec<(String, String)>,
}

/// The key that all nodes over one Redis share.
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

impl Plan {
    /// On this data folder, over SQLite, without limits.
    pub(crate) fn new(data: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self {
            data: data.to_owned(),
            port,
            redis: None,
            arguments: vec!["--limits".into(), "off".into()],
            under: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Over Redis.
    pub(crate) fn redis(mut self, url: &str) -> Self {
        self.redis = Some(url.to_owned());
        self
    }

    /// With one more option.
    pub(crate) fn with(mut self, option: &str, value: &str) -> Self {
        self.arguments.retain(|argument| option != "--limits" || !["--limits", "off"].contains(&argument.as_str()));
        self.arguments.extend([option.to_owned(), value.to_owned()]);
        self
    }

    /// With one more variable of its environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// A running node, or one that was killed.
pub(crate) struct Node {
    /// How it was started.
    pub(crate) plan: Plan,
    /// What it printed about itself.
    pub(crate) printed: Printed,
    child: Child,
}

/// What a demo prints about itself.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Printed {
    pub(crate) widget_key: String,
    pub(crate) token: String,
}

impl Node {
    /// Starts it and waits until it says that it serves.
    pub(crate) fn start(plan: &Plan) -> Self {
        Self::try_start(plan).unwrap_or_else(|why| panic!("{why}\n{}", tail(&plan.data)))
    }

    /// Starts it, or says why not.
    pub(crate) fn try_start(plan: &Plan) -> Result<Self, String> {
        std::fs::create_dir_all(&plan.data).map_err(|error| error.to_string())?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log_of(&plan.data)).map_err(|error| error.to_string())?;
        let program = env!("CARGO_BIN_EXE_kommutator").to_owned();
        let mut words = plan.under.clone();
        words.push(program);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["demo", "--json", "--empty", "--workers", "2", "--log-level", "info"]);
        command.arg("--data").arg(&plan.data).arg("--listen").arg(format!("127.0.0.1:{}", plan.port)).args(&plan.arguments);
        command.envs(plan.environment.iter().map(|(name, value)| (name, value)));
        if let Some(url) = &plan.redis {
            command.args(["--redis", url]).env("KOMMUTATOR_KEY", KEY);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().map_err(|error| error.to_string())?;
        let (said, says) = mpsc::channel();
        let out = child.stdout.take().unwrap();
        // Ends with the child's standard output.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // The receiver is gone once the first line was read.
                let _ = said.send(line);
            }
        });
        match says.recv_timeout(START_LIMIT) {
            Ok(line) => {
                let printed = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
                Ok(Self { plan: plan.clone(), printed, child })
            }
            Err(error) => {
                // It may have ended by itself.
                let _ = child.kill();
                let status = child.wait().map_err(|error| error.to_string())?;
                Err(format!("the node does not start: {error}, {status}"))
            }
        }
    }

    /// SIGKILL, and the process is gone.
    pub(crate) fn kill(&mut self) {
        if self.plan.under.is_empty() {
            self.child.kill().unwrap();
        } else {
            // The tracer ends with what it traces.
            signal("KILL", self.pid());
        }
        self.child.wait().unwrap();
    }

    /// Killed and started again on the same port and data.
    pub(crate) fn restart(&mut self) {
        self.kill();
        *self = Self::start(&self.plan.clone());
    }

    /// Sends a signal by name: `TERM`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.pid());
    }

    /// Waits until it ended by itself; whether it ended well.
    pub(crate) fn ended(&mut self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < until, "the node does not end\n{}", tail(&self.plan.data));
            std::thread::yield_now();
        }
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The product's own process.
    fn pid(&self) -> u32 {
        let id = self.child.id();
        if self.plan.under.is_empty() {
            return id;
        }
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        children.split_whitespace().next().and_then(|child| child.parse().ok()).expect("the tracer has a child")
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.plan.url()
    }

    /// A number of `/metrics`; 0 where it was never counted.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = http().get(format!("{}/metrics", self.url())).send().await.unwrap().text().await.unwrap();
        let values = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Asks the API as the owner.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = http().get(format!("{}{path}", self.url())).bearer_auth(&self.printed.token).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    /// The end of what it logged.
    pub(crate) fn log(&self) -> String {
        tail(&self.plan.data)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.kill();
        }
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn tail(data: &Path) -> String {
    let text = std::fs::read_to_string(log_of(data)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// A client with a time limit for each call.
pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that it is installed already
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap()
}

/// Whether a soak test runs in full.
pub(crate) fn full() -> bool {
    std::env::var("KOMMUTATOR_SOAK").is_ok_and(|value| value == "full")
}

/// The seed of this run: given, or one that is the same every time.
pub(crate) fn seed() -> u64 {
    std::env::var("KOMMUTATOR_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_121)
}

/// Repeatable dice.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`. splitmix64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

/// Waits until something is so, looking again and again; the limit only ends a test that failed.
pub(crate) async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Tells what a soak run measured; a full run keeps it under `bench/soak`.
pub(crate) fn report(name: &str, what: &str, numbers: &[(&str, String)]) {
    use std::fmt::Write as _;
    let mut table = String::new();
    for (number, value) in numbers {
        writeln!(table, "| {number} | {value} |").unwrap();
    }
    println!("{name}\n{table}");
    if !full() {
        return;
    }
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).map_or("", |line| line.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo").lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024;
    let (build, optimised) = if cfg!(debug_assertions) { ("debug", "") } else { ("release", " --release") };
    let text = format!(
        "# {name}\n\n{what}\n\n- Machine: {cores} cores ({model}), {memory} MiB; {build} build\n- Command: `KOMMUTATOR_SOAK=full KOMMUTATOR_SEED={} cargo test{optimised} --features faults --test it {name}`\n\n| What | Measured |\n|---|---|\n{table}",
        seed()
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/soak");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.md")), text).unwrap();
}
