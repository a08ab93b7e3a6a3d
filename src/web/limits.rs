//! How much anybody may ask. Buckets are per address, per e-mail, per visitor; an idle bucket is forgotten.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::problem::Problem;
use crate::gateway::crm_intake::CrmAddress;
use crate::model::ids::{ConnectionId, LoginId, UserId};

/// Sockets one address may hold: offices share one.
const SOCKETS_PER_ADDRESS: u32 = 200;
/// Buckets are swept when so many are kept.
const SWEEP_AT: u32 = 10_000;

fn per(seconds: u64, times: u32) -> Quota {
    let times = NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_millis(seconds.saturating_mul(1_000) / u64::from(times.get()));
    Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(times)
}

/// The limits of the edge.
pub struct Limits {
    on: bool,
    logins: DefaultKeyedRateLimiter<String>,
    letters: DefaultKeyedRateLimiter<String>,
    codes: DefaultKeyedRateLimiter<UserId>,
    requests: DefaultKeyedRateLimiter<IpAddr>,
    uploads: DefaultKeyedRateLimiter<String>,
    hooks: DefaultKeyedRateLimiter<String>,
    widgets: DefaultKeyedRateLimiter<ConnectionId>,
    sockets: Arc<Mutex<HashMap<IpAddr, u32>>>,
    asked: AtomicU32,
}

/// One of an address's sockets; gives its place back when dropped.
#[derive(Debug)]
pub struct SocketPlace {
    address: IpAddr,
    sockets: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = sockets.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                sockets.remove(&self.address);
            }
        }
    }
}

impl Limits {
    /// On, or (for tests and benches on loopback) off.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self {
            on,
            logins: RateLimiter::keyed(per(60, 10)),
            letters: RateLimiter::keyed(per(60 * 60, 10)),
            codes: RateLimiter::keyed(per(15 * 60, 10)),
            requests: RateLimiter::keyed(per(10, 300)),
            uploads: RateLimiter::keyed(per(60, 30)),
            hooks: RateLimiter::keyed(per(10, 3_000)),
            widgets: RateLimiter::keyed(per(10, 300)),
            sockets: Arc::default(),
            asked: AtomicU32::new(0),
        }
    }

    fn check<K: std::hash::Hash + Eq + Clone>(&self, limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Problem> {
        if !self.on {
            return Ok(());
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_AT == SWEEP_AT - 1 {
            self.logins.retain_recent();
            self.letters.retain_recent();
            self.codes.retain_recent();
            self.requests.retain_recent();
            self.uploads.retain_recent();
            self.hooks.retain_recent();
            self.widgets.retain_recent();
        }
        limiter.check_key(key).map_err(|until| {
            metrics::counter!("kommutator_limited_total").increment(1);
            Problem::too_many(until.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1))
        })
    }

    /// A try to log in: by address and by e-mail.
    ///
    /// # Errors
    /// Too many.
    pub fn login(&self, address: IpAddr, email: &str) -> Result<(), Problem> {
        self.check(&self.logins, &format!("a{address}"))?;
        self.check(&self.logins, &format!("e{}", email.trim().to_lowercase().chars().take(254).collect::<String>()))
    }

    /// A letter somebody asks for: by the address asked from and the address written to.
    ///
    /// # Errors
    /// Too many.
    pub fn letter(&self, address: IpAddr, email: &str) -> Result<(), Problem> {
        self.check(&self.letters, &format!("a{address}"))?;
        self.check(&self.letters, &format!("e{}", email.trim().to_lowercase().chars().take(254).collect::<String>()))
    }

    /// A code of somebody's second factor, over all their logins: it has six digits only.
    ///
    /// # Errors
    /// Too many.
    pub fn code(&self, user: UserId) -> Result<(), Problem> {
        self.check(&self.codes, &user)
    }

    /// Any request.
    ///
    /// # Errors
    /// Too many.
    pub fn request(&self, address: IpAddr) -> Result<(), Problem> {
        self.check(&self.requests, &address)
    }

    /// An upload, by who uploads.
    ///
    /// # Errors
    /// Too many.
    pub fn upload(&self, who: &str) -> Result<(), Problem> {
        self.check(&self.uploads, &who.to_owned())
    }

    /// A hook, by login: providers call from few addresses.
    ///
    /// # Errors
    /// Too many; the provider comes again.
    pub fn hook(&self, login: LoginId) -> Result<(), Problem> {
        self.check(&self.hooks, &login.to_string())
    }

    /// A hook of a CRM, by its address.
    ///
    /// # Errors
    /// Too many; the CRM comes again.
    pub fn crm_hook(&self, to: &CrmAddress) -> Result<(), Problem> {
        let key = match to {
            CrmAddress::Own { connection, .. } => connection.to_string(),
            CrmAddress::Named { crm, name } => format!("{}.{name}", crm.as_str()),
        };
        self.check(&self.hooks, &key)
    }

    /// What a CRM's widget asks, by its connection: all the pages of an account have one key.
    ///
    /// # Errors
    /// Too many.
    pub fn crm_widget(&self, connection: ConnectionId) -> Result<(), Problem> {
        self.check(&self.widgets, &connection)
    }

    /// A place for one more socket of an address.
    ///
    /// # Errors
    /// It has too many.
    pub fn socket(&self, address: IpAddr) -> Result<SocketPlace, Problem> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sockets.entry(address).or_insert(0);
        if self.on && *count >= SOCKETS_PER_ADDRESS {
            return Err(Problem::too_many(30));
        }
        *count = count.saturating_add(1);
        Ok(SocketPlace { address, sockets: Arc::clone(&self.sockets) })
    }

    /// How many sockets are open.
    #[must_use]
    pub fn open_sockets(&self) -> u32 {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// The frames of one socket: bursts of 40, 10 a second after that. None: not limited.
    #[must_use]
    pub fn frames(&self) -> Option<DefaultDirectRateLimiter> {
        let burst = NonZeroU32::new(40).unwrap_or(NonZeroU32::MIN);
        let rate = NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN);
        self.on.then(|| RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_address_is_limited_and_its_places_come_back() {
        let limits = Limits::new(true);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let places: Vec<_> = (0..SOCKETS_PER_ADDRESS).map(|_| limits.socket(address)).collect();
        assert!(places.iter().all(Result::is_ok));
        assert_eq!(limits.socket(address).err().map(|problem| problem.status), Some(429));
        drop(places);
        assert_eq!(limits.open_sockets(), 0);
        assert!(limits.socket(address).is_ok());
    }

    #[test]
    fn logins_are_limited_by_address_and_by_e_mail() {
        let limits = Limits::new(true);
        let address = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        let tries = (0..20).filter(|at| limits.login(address(*at), "Anna@shop.ru").is_ok()).count();
        assert_eq!(tries, 10, "one e-mail from many addresses");
        assert!(limits.login(address(100), "boris@shop.ru").is_ok());
    }

    #[test]
    fn letters_and_codes_are_limited() {
        let limits = Limits::new(true);
        let address = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        assert_eq!((0..20).filter(|at| limits.letter(address(*at), "Anna@shop.ru ").is_ok()).count(), 10, "one e-mail from many addresses");
        assert_eq!((0..20).filter(|at| limits.letter(address(100), &format!("{at}@shop.ru")).is_ok()).count(), 10, "many e-mails from one address");
        assert_eq!((0..20).filter(|_| limits.code(UserId(1)).is_ok()).count(), 10);
        assert!(limits.code(UserId(2)).is_ok());
    }
}
