//! Medians, ratios and the table.

use serde::{Deserialize, Serialize};

/// What a row must hold.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Goal {
    /// Ours is at most this many times the anchor.
    AtMostTimes(f64),
    /// Ours is at least this many times the anchor.
    AtLeastTimes(f64),
    /// Ours is at most this.
    AtMost(f64),
    /// Only to know.
    None,
}

/// One line of the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What is measured.
    pub(crate) name: String,
    /// The unit of both sides.
    pub(crate) unit: String,
    /// Ours, one per run.
    pub(crate) ours: Vec<f64>,
    /// The anchor's name; empty: none.
    pub(crate) anchor_name: String,
    /// The anchor, one per run.
    pub(crate) anchor: Vec<f64>,
    /// What must hold.
    pub(crate) goal: Goal,
}

impl Row {
    /// A row without measurements.
    pub(crate) fn new(name: impl Into<String>, unit: &str, anchor: &str, goal: Goal) -> Self {
        Self { name: name.into(), unit: unit.to_owned(), ours: Vec::new(), anchor_name: anchor.to_owned(), anchor: Vec::new(), goal }
    }

    fn verdict(&self) -> &'static str {
        let (ours, anchor) = (median(&self.ours), median(&self.anchor));
        let holds = match self.goal {
            Goal::AtMostTimes(times) => ours <= anchor * times,
            Goal::AtLeastTimes(times) => ours >= anchor * times,
            Goal::AtMost(most) => ours <= most,
            Goal::None => return "–",
        };
        // A side that measured nothing proves nothing.
        if holds && ours.is_finite() { "pass" } else { "**short**" }
    }
}

/// The middle one; NaN of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value below which this share of sorted values lies.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = ((values.len() as f64 * share).ceil() as usize).saturating_sub(1);
    values.get(at).copied().unwrap_or(f64::NAN)
}

fn number(value: f64) -> String {
    if !value.is_finite() {
        "–".to_owned()
    } else if value.abs() >= 1_000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn numbers(values: &[f64]) -> String {
    values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(" · ")
}

/// The table, as Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table =
        String::from("| What | Unit | Ours: runs | median | Anchor | runs | median | Ratio | Goal | |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        let (ours, anchor) = (median(&row.ours), median(&row.anchor));
        let goal = match row.goal {
            Goal::AtMostTimes(times) => format!("≤ {times} ×"),
            Goal::AtLeastTimes(times) => format!("≥ {times} ×"),
            Goal::AtMost(most) => format!("≤ {most} {}", row.unit),
            Goal::None => "–".to_owned(),
        };
        table.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            row.name,
            row.unit,
            numbers(&row.ours),
            number(ours),
            row.anchor_name,
            numbers(&row.anchor),
            number(anchor),
            number(ours / anchor),
            goal,
            row.verdict()
        ));
    }
    table
}

/// The machine and how busy it is, in one line.
pub(crate) fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default().trim_start_matches(['\t', ':', ' ']).to_owned();
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let memory = read("/proc/meminfo").lines().next().unwrap_or_default().replace("MemTotal:", "").trim().to_owned();
    let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
    let now = jiff::Timestamp::now();
    format!("{now:.0}: {cores} × {model}, {memory}, Linux {kernel}, load average {}", read("/proc/loadavg").trim())
}
