//! The second factor: an authenticator app, and recovery codes for when it is lost.

use data_encoding::BASE32_NOPAD;
use secrecy::ExposeSecret;
use serde_json::json;

use super::access::{Caller, hash};
use super::passwords::{own_password, tell};
use super::people::member;
use super::{AdministrationError, audit};
use crate::gateway::house::House;
use crate::model::entry::{Enrolment, SecondFactor};
use crate::model::ids::UserId;
use crate::model::letter::LetterKind;
use crate::model::people::User;
use crate::model::protocol::Role;
use crate::model::time::Time;
use crate::model::totp;
use crate::store::batch::Batch;

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// How long a factor that was begun can be confirmed.
const ENROLMENT_LIFE_MS: i64 = 30 * 60 * 1_000;

/// What an app needs, shown while the factor is set up.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The secret, to be typed.
    pub secret: String,
    /// The same as a picture: an SVG with a QR code.
    pub qr: String,
}

fn context(user: UserId) -> String {
    format!("factor/{user}")
}

fn me(caller: &Caller) -> Result<UserId, AdministrationError> {
    caller.user.ok_or(AdministrationError::NotAllowed("people_only"))
}

/// Begins a second factor: it counts once it was confirmed.
///
/// # Errors
/// `factor_on`: there is one; or the store's word.
pub async fn begin(house: &House, caller: &Caller) -> Result<Begun, AdministrationError> {
    let user = me(caller)?;
    let mut secret = [0; totp::SECRET_BYTES];
    house.world.random(&mut secret);
    let sealed = house.keyring.seal(&context(user), &secret, house.world.as_ref());
    let expires_at = house.world.now().plus_ms(ENROLMENT_LIFE_MS);
    let begun = |old: &User| match old.second_factor.is_some() {
        true => Err(AdministrationError::NotAllowed("factor_on")),
        false => Ok(User { enrolment: Some(Enrolment { sealed: sealed.clone(), expires_at }), ..old.clone() }),
    };
    house.store.global().change(User::at(user), begun, |_, _| Ok(())).await?.ok_or(AdministrationError::Unknown("user"))?;
    let uri = totp::uri(&secret, "Kommutator", &caller.email);
    Ok(Begun { secret: BASE32_NOPAD.encode(&secret), qr: qr_svg(&uri)? })
}

/// A text as a code to be scanned, drawn.
///
/// # Errors
/// It is too long for a code.
pub fn qr_svg(uri: &str) -> Result<String, AdministrationError> {
    // The address is too long for a code: the secret can still be typed.
    let code = qrcode::QrCode::new(uri.as_bytes()).map_err(|_| AdministrationError::Wrong { field: "email", code: "too_long" })?;
    Ok(code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build())
}

fn open(house: &House, user: UserId, sealed: &str) -> Result<Vec<u8>, AdministrationError> {
    let opened = house.keyring.open_sealed(&context(user), sealed).map_err(|error| {
        tracing::error!(%user, %error, "a second factor cannot be opened");
        AdministrationError::NotAllowed("secret_unreadable")
    })?;
    Ok(opened.expose_secret().to_vec())
}

/// Confirms the factor that was begun by a code of it. Answers the recovery codes, told this once.
///
/// # Errors
/// `factor_not_begun`, `wrong_code`, or the store's word.
pub async fn confirm(house: &House, caller: &Caller, code: &str) -> Result<Vec<String>, AdministrationError> {
    let (user, now) = (me(caller)?, house.world.now());
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(house)).collect();
    let recovery: Vec<String> = codes.iter().map(|code| hash(&plain(code))).collect();
    let given = plain(code);
    let confirmed = |old: &User| {
        let enrolment = old.enrolment.as_ref().filter(|begun| begun.expires_at > now && old.second_factor.is_none());
        let enrolment = enrolment.ok_or(AdministrationError::NotAllowed("factor_not_begun"))?;
        let secret = open(house, user, &enrolment.sealed)?;
        let last_step = totp::accepted(&secret, &given, now, 0).ok_or(AdministrationError::NotAllowed("wrong_code"))?;
        let factor = SecondFactor { sealed: enrolment.sealed.clone(), since: now, last_step, recovery: recovery.clone() };
        Ok::<_, AdministrationError>(User { second_factor: Some(factor), enrolment: None, ..old.clone() })
    };
    let told = |new: &User, batch: &mut Batch| tell(house, batch, new, LetterKind::FactorOn);
    house.store.global().change(User::at(user), confirmed, told).await?.ok_or(AdministrationError::Unknown("user"))?;
    line(house, caller, "member.factor_on", user).await?;
    Ok(codes)
}

async fn line(house: &House, caller: &Caller, action: &str, user: UserId) -> Result<(), AdministrationError> {
    let mut batch = Batch::new();
    audit(house, &mut batch, &caller.actor(), action, user, json!({}))?;
    house.store.workspace(caller.workspace).commit(batch).await?;
    Ok(())
}

fn without_factor(old: &User) -> Result<User, AdministrationError> {
    Ok(User { second_factor: None, enrolment: None, ..old.clone() })
}

/// Switches one's own factor off.
///
/// # Errors
/// `wrong_password`, or the store's word.
pub async fn disable(house: &House, caller: &Caller, password: &str) -> Result<(), AdministrationError> {
    let user = me(caller)?;
    own_password(house, user, password).await?;
    switch_off(house, caller, "member.factor_off", user).await
}

/// Takes another's factor away, who lost it. Owners only, and only where the user belongs to this workspace alone.
///
/// # Errors
/// `people_only`, `owners_only`, `member_elsewhere`, no such member, or the store's word.
pub async fn reset(house: &House, caller: &Caller, user: UserId) -> Result<(), AdministrationError> {
    me(caller)?;
    if caller.access.role != Role::Owner {
        return Err(AdministrationError::NotAllowed("owners_only"));
    }
    member(house, caller.workspace, user).await?.ok_or(AdministrationError::Unknown("user"))?;
    let known = house.store.global().get::<User>(User::at(user)).await?.ok_or(AdministrationError::Unknown("user"))?;
    if known.record.workspaces.iter().any(|workspace| *workspace != caller.workspace) {
        return Err(AdministrationError::NotAllowed("member_elsewhere"));
    }
    switch_off(house, caller, "member.factor_reset", user).await
}

async fn switch_off(house: &House, caller: &Caller, action: &str, user: UserId) -> Result<(), AdministrationError> {
    line(house, caller, action, user).await?;
    let told = |new: &User, batch: &mut Batch| tell(house, batch, new, LetterKind::FactorOff);
    house.store.global().change(User::at(user), without_factor, told).await?.ok_or(AdministrationError::Unknown("user"))?;
    Ok(())
}

/// Takes a code of the app, or a recovery code: each counts once, in the commit that says so.
///
/// # Errors
/// `wrong_code`, or the store's word.
pub(super) async fn take_code(house: &House, user: UserId, code: &str) -> Result<(), AdministrationError> {
    let (given, now) = (plain(code), house.world.now());
    let taken = |old: &User| {
        let factor = old.second_factor.as_ref().ok_or(AdministrationError::NotAllowed("challenge_over"))?;
        let factor = used(house, user, factor, &given, now)?;
        Ok::<_, AdministrationError>(User { second_factor: Some(factor), ..old.clone() })
    };
    house.store.global().change(User::at(user), taken, |_, _| Ok(())).await?.ok_or(AdministrationError::Unknown("user"))?;
    Ok(())
}

/// The factor after this code was used.
fn used(house: &House, user: UserId, factor: &SecondFactor, given: &str, now: Time) -> Result<SecondFactor, AdministrationError> {
    if let Some(step) = totp::accepted(&open(house, user, &factor.sealed)?, given, now, factor.last_step) {
        return Ok(SecondFactor { last_step: step, ..factor.clone() });
    }
    let hashed = hash(given);
    let recovery: Vec<String> = factor.recovery.iter().filter(|one| **one != hashed).cloned().collect();
    match recovery.len() < factor.recovery.len() {
        true => Ok(SecondFactor { recovery, ..factor.clone() }),
        false => Err(AdministrationError::NotAllowed("wrong_code")),
    }
}

/// A code without what people put between its letters.
fn plain(code: &str) -> String {
    code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').take(64).collect::<String>().to_lowercase()
}

/// 80 random bits in four groups.
fn recovery_code(house: &House) -> String {
    let mut bytes = [0; 10];
    house.world.random(&mut bytes);
    let text = BASE32_NOPAD.encode(&bytes).to_lowercase();
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
