//! The door: command line → configuration → wiring.

use std::io::{IsTerminal, Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use kommutator::app::{self, StartError, open_house};
use kommutator::channel::registry::Channels;
use kommutator::config::{AdminCommand, Cli, CliStop, Command, Config, LogFormat};
use kommutator::demo;
use kommutator::gateway::administration::people::{NewMember, add_member, create_workspace, new_epochs, workspaces};
use kommutator::gateway::administration::{Actor, founding};
use kommutator::model::protocol::Role;
use kommutator::model::time::{RealWorld, SharedWorld};
use kommutator::operating::{backup, doctor, restore, transfer};
use tracing_subscriber::EnvFilter;

#[cfg(feature = "probe")]
use kommutator::demo::sample::Sample;
/// A release knows no samples but the demo's own.
#[cfg(not(feature = "probe"))]
type Sample = std::convert::Infallible;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(CliStop::Show(text)) => return say(&text, ExitCode::SUCCESS),
        Err(CliStop::Wrong(line)) => return complain(&line, 2),
    };
    let config = match Config::from_process(&cli.options) {
        Ok(config) => config,
        Err(error) => return complain(&error.to_string(), 2),
    };
    if let Err(error) = log(&config) {
        return complain(&error, 2);
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    match actix::System::new().block_on(run(cli.command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(StartError(line)) => complain(&line, 1),
    }
}

fn say(text: &str, code: ExitCode) -> ExitCode {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(line: &str, code: u8) -> ExitCode {
    // Nobody is left to tell if standard error is closed too.
    let _ = writeln!(std::io::stderr(), "kommutator: {line}");
    ExitCode::from(code)
}

fn log(config: &Config) -> Result<(), String> {
    // The server's own word of every start and stop says nothing ours do not; who wants it names it in the level.
    let filter =
        EnvFilter::try_new(format!("actix_server=warn,{}", config.log_level)).map_err(|error| format!("`log_level` cannot be read: {error}"))?;
    // A line that cannot be written (standard error is a file on a full disk) must not end the thread that said it, as a complaint would.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError(error.to_string())
}

async fn run(command: Command, config: Config) -> Result<(), StartError> {
    let world: SharedWorld = Arc::new(RealWorld);
    match command {
        Command::Serve => {
            let end = app::told_to_end();
            serve(config, world, end).await
        }
        #[cfg(feature = "probe")]
        Command::Demo { json, empty, sample } => {
            let sample = sample.map(|sample| sample.parse().map_err(failed)).transpose()?;
            run_demo(config, world, json, empty, sample).await
        }
        #[cfg(not(feature = "probe"))]
        Command::Demo { json, empty } => run_demo(config, world, json, empty, None).await,
        Command::Admin { command } => administer(command, &config, world).await,
        Command::Doctor { quick: true } => doctor::examine_quickly(&config).await,
        Command::Doctor { quick: false } => doctor::examine(&config, world.as_ref()).await,
        Command::Backup { target } => show(&backup::back_up(&config, &target, world.as_ref()).await?),
        Command::Restore { file } => show(&restore::restore(&config, &file, world).await?),
        Command::Dump { file } => show(&transfer::dump(&config, &file).await?),
        Command::Load { file } => show(&transfer::load(&config, &file, world).await?),
    }
}

async fn serve(mut config: Config, world: SharedWorld, end: impl Future<Output = ()>) -> Result<(), StartError> {
    let mut house = open_house(&config, Channels::all(), world).await?;
    let listener = listen(&config)?;
    if config.listen.port() == 0 {
        // The port was chosen just now; only now the address is known.
        config.public_url = format!("http://{}", listener.local_addr().map_err(failed)?);
        house.public_url.clone_from(&config.public_url);
    }
    founding::finish(&house).await.map_err(failed)?;
    let code = founding::offer(&house).await.map_err(failed)?;
    let running = app::start(&config, house, listener, None)?;
    tracing::info!(address = %running.address, url = config.public_url, "serving");
    if let Some(code) = code {
        // Not into the log: whoever opens this address owns the installation.
        let mut out = std::io::stdout();
        let words = "There is no workspace yet. Open this address to make yours; it works once:";
        writeln!(out, "{words}\n\n  {}/setup#{code}\n", config.public_url).and_then(|()| out.flush()).map_err(failed)?;
    }
    running.serve_until(end).await
}

fn show(text: &str) -> Result<(), StartError> {
    writeln!(std::io::stdout(), "{text}").map_err(failed)
}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    TcpListener::bind(config.listen).map_err(|error| StartError(format!("cannot listen on {}: {error}; choose another with --listen", config.listen)))
}

async fn run_demo(mut config: Config, world: SharedWorld, json: bool, empty: bool, sample: Option<Sample>) -> Result<(), StartError> {
    let end = app::told_to_end();
    let mut house = open_house(&config, Channels::all(), world).await?;
    let listener = listen(&config)?;
    let address = listener.local_addr().map_err(failed)?;
    if config.listen.port() == 0 {
        // The port was chosen just now; only now the address is known.
        config.public_url = format!("http://{address}");
        house.public_url.clone_from(&config.public_url);
    }
    let url = config.public_url.clone();
    let prepared = demo::prepare(&house, &url).await?;
    let printed = demo::printed(&house, &prepared, &url).await?;
    let sample = sample.filter(|_| prepared.fresh);
    #[cfg(feature = "probe")]
    if let Some(sample) = &sample {
        house = demo::sample::write(house, &prepared, sample).await?;
    }
    let running = app::start(&config, house, listener, Some(printed.widget_key.clone()))?;
    match &sample {
        #[cfg(feature = "probe")]
        Some(sample) => demo::sample::finish(&running.edge.house, &prepared, sample).await?,
        None if prepared.fresh && !empty => demo::fill(&running.edge.house, &prepared).await?,
        _ => {}
    }
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(&printed).map_err(failed)?).map_err(failed)?;
    } else {
        writeln!(out, "Kommutator serves a demo.\n").map_err(failed)?;
        writeln!(out, "  Managers:  {}\n    e-mail   {}\n    password {}", printed.url, printed.email, password_line(&printed)).map_err(failed)?;
        writeln!(out, "  Visitors:  {}\n\nPress Ctrl+C to end.", printed.demo_page).map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    running.serve_until(end).await
}

fn password_line(printed: &demo::Printed) -> &str {
    if printed.password.is_empty() { "(as it was set)" } else { &printed.password }
}

async fn administer(command: AdminCommand, config: &Config, world: SharedWorld) -> Result<(), StartError> {
    let mut house = open_house(config, Channels::all(), Arc::clone(&world)).await?;
    let done = match command {
        AdminCommand::CreateOwner { workspace, email, name, .. } => {
            let mut password = String::new();
            std::io::stdin().take(1_000).read_to_string(&mut password).map_err(failed)?;
            let known = workspaces(&house).await.map_err(failed)?.into_iter().find(|known| known.name == workspace);
            let space = match known {
                Some(space) => space,
                None => create_workspace(&house, &workspace).await.map_err(failed)?,
            };
            let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            let owner = NewMember { name, email, password, role: Role::Owner, channels: None };
            let member = add_member(&house, space.id, &Actor::command_line(), owner).await.map_err(failed)?;
            format!("{} is an owner of «{}»", member.email, space.name)
        }
        AdminCommand::NewEpoch => {
            new_epochs(&house).await.map_err(failed)?;
            "every client loads anew".to_owned()
        }
        AdminCommand::RotateKey => {
            let number = house.keyring.rotate(world.as_ref()).map_err(failed)?;
            app::write_key_check(&house).await?;
            format!("key {number} seals from now on; the older ones still open")
        }
    };
    house.store.engine().close().await;
    show(&done)
}
