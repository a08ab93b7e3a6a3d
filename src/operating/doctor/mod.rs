//! `kommutator doctor`: looks at everything an installation stands on, one line each, and says what to mend.
//!
//! It changes nothing: what it writes to try whether it can be written is removed at once. It works beside a running server: on SQLite
//! the store is then read beside it, and the server itself is asked whether it can write.
//!
//! * [`ground`]: the data folder, the key file, the file store, the front end
//! * [`data`]: the store, the key, the clock, workspaces, owners, channels
//! * [`outside`]: the running server, the mail server and the public address

mod data;
mod ground;
mod outside;

use std::io::Write;

use super::failed;
use crate::app::StartError;
use crate::config::Config;
use crate::model::time::World;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ok,
    Warning,
    Error,
}

/// What was found, printed as it is found.
struct Report {
    errors: usize,
    warnings: usize,
}

impl Report {
    fn line(&mut self, level: Level, what: &str, words: &str) {
        let mark = match level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        self.errors = self.errors.saturating_add(usize::from(level == Level::Error));
        self.warnings = self.warnings.saturating_add(usize::from(level == Level::Warning));
        // Who closed standard output still gets the exit code.
        let _ = writeln!(std::io::stdout(), "{mark:<8} {what:<15} {words}");
    }

    fn ok(&mut self, what: &str, words: impl std::fmt::Display) {
        self.line(Level::Ok, what, &words.to_string());
    }

    fn warning(&mut self, what: &str, words: impl std::fmt::Display) {
        self.line(Level::Warning, what, &words.to_string());
    }

    fn error(&mut self, what: &str, words: impl std::fmt::Display) {
        self.line(Level::Error, what, &words.to_string());
    }
}

/// Looks at everything and prints it.
///
/// # Errors
/// Something is wrong; it was printed.
pub async fn examine(config: &Config, world: &dyn World) -> Result<(), StartError> {
    let _ = rustls::crypto::ring::default_provider().install_default(); // an error means that it is installed already
    let mut report = Report { errors: 0, warnings: 0 };
    let words = format!("data in {}, store {}, listening on {}", config.data.display(), config.engine, config.listen);
    report.ok("configuration", words);
    for warning in &config.warnings {
        report.warning("configuration", warning);
    }
    ground::folder(&mut report, config);
    ground::key_file(&mut report, config);
    let running = outside::running(config).await;
    outside::tell_running(&mut report, config, &running);
    data::examine(&mut report, config, world, running.is_ready()).await;
    ground::files(&mut report, config).await;
    ground::front_end(&mut report);
    outside::mail(&mut report, config).await;
    outside::public_address(&mut report, config, &running).await;
    match (report.errors, report.warnings) {
        (0, 0) => Ok(()),
        (0, _) => Ok(()),
        (errors, warnings) => Err(StartError(format!("{errors} error(s), {warnings} warning(s)"))),
    }
}

/// Only asks the running server whether it is ready: for a container's health check.
///
/// # Errors
/// It is not, in one line.
pub async fn examine_quickly(config: &Config) -> Result<(), StartError> {
    match outside::running(config).await {
        outside::Running::Ready { .. } => writeln!(std::io::stdout(), "ready").map_err(failed),
        outside::Running::NotReady(why) => Err(StartError(format!("the server is not ready: {why}"))),
        outside::Running::Silent(why) => Err(StartError(why)),
    }
}
