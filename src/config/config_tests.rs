//! Tables of right and wrong configurations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;
use crate::mail::SmtpServer;

fn options(arguments: &[&str]) -> Options {
    let command_line = ["kommutator", "serve"].iter().chain(arguments);
    Cli::read(command_line).unwrap_or_else(|error| panic!("{arguments:?}: {error:?}")).options
}

fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(&options(arguments), environment)
}

fn read_file(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    read(&["--config", path], &[]).map_err(|error| error.to_string().replace(path, "k.toml"))
}

#[test]
fn the_defaults() {
    let config = read(&[], &[]).unwrap();
    assert_eq!(config.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.public_url, "http://127.0.0.1:8080");
    assert_eq!((config.engine, config.rate_limits, config.may_make_key), (EngineChoice::Sqlite, true, true));
    assert_eq!((config.max_file_bytes, config.lease), (50_000_000, Duration::from_secs(10)));
    assert!(matches!(config.key, KeySource::File(path) if path == Path::new("data/kommutator.key")));
    assert!(matches!(config.files, FilesChoice::Folder));
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn the_sample_is_the_defaults_and_names_every_setting() {
    let sample = include_str!("../../docs/kommutator.toml");
    let (from_sample, defaults) = (read_file(sample).unwrap(), read(&[], &[]).unwrap());
    assert_eq!(format!("{from_sample:?}"), format!("{defaults:?}"));
    // With the commented lines switched on one by one, each is a setting that can be set.
    for setting in &layers::SETTINGS {
        let line = sample.lines().find(|line| line.trim_start_matches("# ").starts_with(&format!("{} = ", setting.name)));
        assert_eq!(line.is_some_and(|line| !line.starts_with('#')), setting.default.is_some(), "{}", setting.name);
        assert!(options(&[&format!("--{}", setting.name.replace('_', "-")), "x"]).typed(setting.name) == Some("x"), "{}", setting.name);
    }
}

#[test]
fn a_flag_beats_the_environment_and_that_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\nworkers = 1\nlease_seconds = 11").unwrap();
    let path = path.to_str().unwrap();
    let environment = [("KOMMUTATOR_CONFIG", path), ("KOMMUTATOR_LISTEN", "127.0.0.1:2"), ("KOMMUTATOR_WORKERS", "2"), ("KOMMUTATOR_DATA", "")];
    let config = read(&["--listen", "127.0.0.1:3"], &environment).unwrap();
    assert_eq!((config.listen.port(), config.workers, config.lease.as_secs()), (3, 2, 11));
    assert_eq!(config.data, Path::new("data"), "an empty variable is not set");
}

#[test]
fn good_values() {
    let key = "ab".repeat(32);
    let config = read(
        &[
            "--listen",
            "localhost:9000",
            "--public-url",
            "https://chat.example.com/",
            "--max-file-bytes",
            "2 GiB",
            "--limits",
            "off",
            "--workers",
            "3",
        ],
        &[
            ("KOMMUTATOR_REDIS", "redis://:hidden@10.0.0.1:6380/2"),
            ("KOMMUTATOR_KEY", &key),
            ("KOMMUTATOR_S3_BUCKET", "b"),
            ("KOMMUTATOR_S3_ENDPOINT", "http://minio:9000"),
            ("KOMMUTATOR_S3_ACCESS_KEY", "a"),
            ("KOMMUTATOR_S3_SECRET_KEY", "hidden"),
            ("KOMMUTATOR_LOG_LEVEL", "info,kommutator::channel=debug"),
        ],
    )
    .unwrap();
    assert_eq!((config.public_url.as_str(), config.max_file_bytes), ("https://chat.example.com", 2 << 30));
    assert_eq!((config.rate_limits, config.may_make_key), (false, false));
    assert_eq!(config.engine.to_string(), "redis at redis://10.0.0.1:6380/2");
    let FilesChoice::S3(s3) = &config.files else { panic!("{config:?}") };
    assert_eq!((s3.endpoint.as_deref(), s3.secret_key.expose_secret()), (Some("http://minio:9000"), "hidden"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("hidden") && !shown.contains(&key), "{shown}");
}

#[test]
fn the_mail_server() {
    let from = "Лавка <chat@shop.example>";
    for (url, wanted) in [
        ("smtps://smtp.example.com", Ok(("smtp.example.com", 465, Sealing::Tls))),
        ("smtp://smtp.example.com/", Ok(("smtp.example.com", 587, Sealing::StartTls))),
        ("smtp-plain://127.0.0.1:2525", Ok(("127.0.0.1", 2525, Sealing::None))),
        ("https://smtp.example.com", Err("write smtps://HOST (TLS), smtp://HOST (STARTTLS)")),
        ("smtp.example.com:25", Err("`smtp_url`: its value will not do")),
        ("smtps://user:hidden@smtp.example.com", Err("write smtps://HOST")),
        ("smtps://", Err("write smtps://HOST")),
        ("smtps://h/path", Err("write smtps://HOST")),
    ] {
        let read = read(&["--smtp-url", url, "--mail-from", from], &[]).map(|config| config.mail.unwrap().server);
        match wanted {
            Ok((host, port, sealing)) => assert_eq!(read.unwrap(), SmtpServer { host: host.to_owned(), port, sealing }),
            Err(words) => {
                let error = read.unwrap_err().to_string();
                assert!(error.contains(words) && !error.contains("hidden"), "{url}: {error}");
            }
        }
    }
    let config = |arguments: &[&str], environment: &[(&str, &str)]| read(arguments, environment).map_err(|error| error.to_string());
    let whole = ["--smtp-url", "smtp-plain://h", "--mail-from", from, "--smtp-user", "chat"];
    let read = config(&whole, &[("KOMMUTATOR_SMTP_PASSWORD", "hidden")]).unwrap();
    assert!(!format!("{read:?}").contains("hidden") && read.warnings[0].contains("goes unsealed"), "{read:?}");
    for (arguments, words) in [
        (&["--mail-from", from][..], "`mail_from` is given without `smtp_url`"),
        (&["--smtp-url", "smtps://h"], "`smtp_url` is given without `mail_from`"),
        (&["--smtp-url", "smtps://h", "--mail-from", "nobody"], "`mail_from`: `nobody` will not do"),
        (&["--smtp-url", "smtps://h", "--mail-from", "a@b.example\nBcc: c@d.example"], "`mail_from`"),
        (&whole, "`smtp_user` is given without `smtp_password`"),
    ] {
        let error = config(arguments, &[]).unwrap_err();
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
}

#[test]
fn every_wrong_value_is_one_line_with_place_and_remedy() {
    let long_key = "zz".repeat(32);
    type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
    let table: [Row<'_>; 23] = [
        (&["--listen", "8080"], &[], "`listen`: `8080` will not do (flag --listen): write ADDRESS:PORT"),
        (&[], &[("KOMMUTATOR_LISTEN", "a\nb")], "`listen`: `a\\nb` will not do (KOMMUTATOR_LISTEN): write"),
        (&["--listen", "0.0.0.0:80", "--limits", "off"], &[], "only be switched off on loopback (flag --limits): listen on 127.0.0.1"),
        (&["--trusted-proxies", "nginx"], &[], "`trusted_proxies`: `nginx` will not do (flag --trusted-proxies): write loopback"),
        (&["--limits", "maybe"], &[], "`limits`: `maybe` will not do (flag --limits): write on or off"),
        (&["--public-url", "chat.example.com"], &[], "`public_url`"),
        (&["--public-url", "https://a.example/path"], &[], "without a path"),
        (&["--public-url", "ftp://a.example"], &[], "(flag --public-url)"),
        (&[], &[("KOMMUTATOR_REDIS", "hidden")], "`redis`: its value will not do (KOMMUTATOR_REDIS): write redis://"),
        (&["--redis", "redis://h:1"], &[], "the key must be given, so that all nodes have the same (flag --redis): set KOMMUTATOR_KEY"),
        (&["--key", &long_key], &[], "the key is not 64 hex digits (flag --key): make one with"),
        (&["--key", &long_key, "--key-file", "f"], &[], "`key` and `key_file` are both given (flag --key): leave one"),
        (&["--workers", "0"], &[], "`workers`: `0` will not do (flag --workers): write auto or a number from 1 to 256"),
        (&["--max-file-bytes", "50 parsecs"], &[], "write a size"),
        (&["--max-file-bytes", "99999999999999999999GB"], &[], "write a size"),
        (&["--lease-seconds", "1"], &[], "from 3 to 300"),
        (&["--log-level", "inof"], &[], "`log_level`: `inof` will not do"),
        (&["--log-format", "xml"], &[], "write text or json"),
        (&["--s3-endpoint", "http://h"], &[], "`s3_endpoint` is given without `s3_bucket` (flag --s3-endpoint)"),
        (&["--s3-bucket", "b"], &[], "`s3_bucket` is given without `s3_access_key` (flag --s3-bucket): set `s3_access_key`"),
        (&["--s3-bucket", "b", "--s3-access-key", "a", "--s3-secret-key", "s", "--s3-endpoint", "h"], &[], "write the store's address"),
        (&["--data", ""], &[], "write a path"),
        (&["--config", "/nowhere/k.toml"], &[], "/nowhere/k.toml cannot be read"),
    ];
    for (arguments, environment, expected) in table {
        let error = read(arguments, environment).unwrap_err().to_string();
        assert!(error.contains(expected), "{arguments:?} {environment:?}: {error}");
        assert!(!error.contains('\n') && !error.contains("hidden") && !error.contains(&long_key), "{error}");
    }
}

#[test]
fn every_wrong_file_names_its_line() {
    let table = [
        ("listen = \"x\"", "`listen`: `x` will not do (k.toml:1): write"),
        ("\n\n# comment\nlisen = \"x\"", "there is no setting `lisen` (k.toml:4): did you mean `listen`?"),
        ("[s3]\nbucket = \"x\"", "there is no setting `s3` (k.toml:1)"),
        ("something_else_entirely = 1", "(k.toml:1): the settings are data, listen"),
        ("data = \"a\"\nworkers = [1]", "`workers` is neither a text nor a number (k.toml:2): write"),
        ("data = \"a\"\nlisten 5", "this is not TOML"),
        ("key = \"a\"\nkey = \"b\"", "(k.toml:2)"),
        ("s3_secret_key = \"hidden", "(k.toml:1)"),
        ("lease_seconds = 1000", "`lease_seconds`: `1000` will not do (k.toml:1)"),
    ];
    for (text, expected) in table {
        let error = read_file(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains('\n') && !error.contains("hidden"), "{error}");
    }
}

#[test]
fn an_unknown_variable_is_a_warning() {
    let config = read(&[], &[("KOMMUTATOR_LISEN", "x"), ("KOMMUTATOR_PORT", "tcp://10.0.0.1"), ("OTHER", "x")]).unwrap();
    assert_eq!(config.warnings.len(), 2);
    assert!(config.warnings[0].contains("did you mean KOMMUTATOR_LISTEN?"), "{:?}", config.warnings);
}

#[test]
fn commands() {
    let good: [&[&str]; 12] = [
        &["serve", "--data", "d"],
        &["--data", "d", "serve"],
        &["demo"],
        &["demo", "--json", "--empty"],
        &["admin", "create-owner", "--workspace", "w", "--email", "e", "--password-stdin", "--name", "n", "--data", "d"],
        &["admin", "new-epoch"],
        &["admin", "rotate-key"],
        &["doctor", "--quick"],
        &["backup", "x"],
        &["restore", "x"],
        &["dump", "x"],
        &["load", "x"],
    ];
    for arguments in good {
        let line = ["kommutator"].iter().chain(arguments);
        assert!(Cli::read(line).is_ok(), "{arguments:?}");
    }
    let wrong: [&[&str]; 6] = [
        &["serv"],
        &["serve", "--lisen", "x"],
        &["backup"],
        &["admin", "create-owner", "--workspace", "w", "--email", "e"],
        &["admin", "create-owner", "--workspace", "w", "--email", "e", "--password", "secret"],
        &["serve", "extra"],
    ];
    for arguments in wrong {
        let line = ["kommutator"].iter().chain(arguments);
        let CliStop::Wrong(error) = Cli::read(line).unwrap_err() else { panic!("{arguments:?}") };
        assert!(!error.contains('\n') && !error.contains("Usage"), "{error}");
    }
    for arguments in [&["kommutator"][..], &["kommutator", "--help"], &["kommutator", "--version"]] {
        assert!(matches!(Cli::read(arguments), Err(CliStop::Show(_))), "{arguments:?}");
    }
}
