//! Tests of the keyring: everything an operator can do to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;
use crate::model::time::{TestWorld, Time};

fn world() -> TestWorld {
    TestWorld::new(Time(0), 42)
}

fn given(text: &str) -> Result<Keyring, KeyError> {
    Keyring::open(KeySource::Given(text.into()), false, &world())
}

fn ring() -> Keyring {
    given(&"ab".repeat(32)).unwrap()
}

#[test]
fn the_first_start_makes_a_private_file_and_the_next_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/kommutator.key");
    let first = Keyring::open(KeySource::File(path.clone()), true, &world()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    let sealed = first.seal("login:1", b"token", &world());
    let second = Keyring::open(KeySource::File(path.clone()), true, &TestWorld::new(Time(0), 43)).unwrap();
    assert_eq!(second.open_text("login:1", &sealed).unwrap().expose_secret(), "token");
    assert_eq!(second.verify_check(&first.check_value(&world())), Ok(()));
}

#[test]
fn a_missing_file_beside_data_is_refused_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let error = Keyring::open(KeySource::File(folder.path().join("kommutator.key")), false, &world()).unwrap_err();
    assert!(matches!(error, KeyError::Missing { .. }));
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn another_key_is_refused() {
    let check = ring().check_value(&world());
    let other = given(&"cd".repeat(32)).unwrap();
    assert!(matches!(other.verify_check(&check), Err(KeyError::WrongKey(_))));
    assert!(matches!(other.verify_check(""), Err(KeyError::WrongKey(_))));
    let renumbered = given(&format!("2:{}", "ab".repeat(32))).unwrap();
    assert!(matches!(renumbered.verify_check(&check), Err(KeyError::WrongKey(_))));
}

#[test]
fn after_a_rotation_old_and_new_open_and_the_new_key_seals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kommutator.key");
    let mut ring = Keyring::open(KeySource::File(path.clone()), true, &world()).unwrap();
    let (old, check) = (ring.seal("a", b"old", &world()), ring.check_value(&world()));
    assert_eq!(ring.rotate(&TestWorld::new(Time(0), 77)).unwrap(), 2);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let new = ring.seal("a", b"new", &world());
    assert!(new.starts_with("s1.2.") && ring.is_outdated(&old) && !ring.is_outdated(&new));

    let again = Keyring::open(KeySource::File(path), false, &world()).unwrap();
    assert_eq!(again.numbers(), [1, 2]);
    assert_eq!(again.open_text("a", &old).unwrap().expose_secret(), "old");
    assert_eq!(again.open_text("a", &new).unwrap().expose_secret(), "new");
    assert_eq!(again.verify_check(&check), Ok(()), "the new check value was not written yet");
    let check = again.check_value(&world());
    assert_eq!(again.verify_check(&check), Ok(()));
    let text = keyfile::text(&again.keys);
    let without_the_old: String = text.expose_secret().lines().filter(|line| !line.starts_with("1:")).collect::<Vec<_>>().join("\n");
    assert!(given(&without_the_old).unwrap().verify_check(&check).is_err(), "a lost key is noticed at the start");
}

#[test]
fn a_given_key_is_not_rotated_here() {
    assert_eq!(ring().rotate(&world()), Err(KeyError::NotAFile));
}

#[test]
fn what_is_sealed_for_one_place_does_not_open_in_another() {
    let ring = ring();
    let sealed = ring.seal("login:1", b"token", &world());
    assert_eq!(ring.open_sealed("login:2", &sealed).unwrap_err(), OpenError::Refused(1));
    let (prefix, body) = sealed.rsplit_once('.').unwrap();
    let mut bytes = BASE64URL_NOPAD.decode(body.as_bytes()).unwrap();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        let changed = format!("{prefix}.{}", BASE64URL_NOPAD.encode(&bytes));
        assert_eq!(ring.open_sealed("login:1", &changed).unwrap_err(), OpenError::Refused(1), "byte {at}");
        bytes[at] ^= 1;
    }
    assert_eq!(ring.open_sealed("login:1", &sealed.replace("s1.1.", "s1.9.")).unwrap_err(), OpenError::UnknownKey(9));
}

#[test]
fn key_texts() {
    let key = "0f".repeat(32);
    let good = [key.clone(), key.to_uppercase(), format!("1:{key}"), format!(" 1 : {key} , 2:{key}"), format!("# a comment\n\n3:{key}\r\n7:{key}\n")];
    for text in good {
        assert!(given(&text).is_ok(), "{text}");
    }
    let bad = [
        String::new(),
        "# only a comment".to_owned(),
        "xyz".to_owned(),
        format!("{key}0"),
        format!("0:{key}"),
        format!("one:{key}"),
        format!("1:{key},1:{key}"),
        format!("-1:{key}"),
    ];
    for text in bad {
        let error = given(&text).unwrap_err();
        assert!(matches!(error, KeyError::Malformed { .. }), "{text}");
        assert!(!error.to_string().contains(&key), "the error repeats the key");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let source = KeySource::Given("ab".repeat(32).into());
    let ring = Keyring::open(source.clone(), false, &world()).unwrap();
    let plain = ring.open_sealed("a", &ring.seal("a", b"abababab", &world())).unwrap();
    for shown in [format!("{source:?}"), format!("{ring:?}"), format!("{plain:?}")] {
        assert!(!shown.contains("abab") && !shown.contains("97, 98"), "{shown}");
    }
}

proptest! {
    #[test]
    fn anything_sealed_opens(context in ".{0,40}", plain in prop::collection::vec(any::<u8>(), 0..2000), seed in any::<u64>()) {
        let ring = ring();
        let sealed = ring.seal(&context, &plain, &TestWorld::new(Time(0), seed));
        let opened = ring.open_sealed(&context, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), plain.as_slice());
    }

    #[test]
    fn foreign_text_never_opens(text in "(s1\\.)?[0-9]{0,3}\\.?[A-Za-z0-9_-]{0,80}|.{0,80}") {
        prop_assert!(ring().open_sealed("a", &text).is_err());
    }
}
