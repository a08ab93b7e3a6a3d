//! The Gateway: heartbeat, ownership, one [`ChannelActor`] per provider login, back-off.
//!
//! A login without a living owner is claimed by the node that a hash of node and login favours among the living, so nodes need no
//! word with each other. An actor that ended by a panic is started again with a back-off that grows to a minute and is forgotten
//! after a minute of good life. A start claims anew, so whatever the ended actor left running is fenced.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::channel_actor::{ChannelActor, Stop, begins};
use super::conversation::desk::Desk;
use super::house::House;
use crate::model::connection::ProviderLogin;
use crate::model::ids::{LoginId, NodeId, WorkspaceId};
use crate::model::people::Workspace;
use crate::model::time::Time;
use crate::store::port::{Scan, StoreError};

/// The most logins of one workspace.
const LOGINS: usize = 5_000;
/// Back-off of an actor that panicked: first and greatest.
const BACK_OFF_MS: (u64, u64) = (100, 60_000);
/// An actor that lived so long is well again.
const WELL_MS: i64 = 60_000;

/// How often what must not grow is looked at.
const TIDY: Duration = Duration::from_secs(10 * 60);

/// How an actor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it was told.
    Stopped,
    /// Somebody else owns the login.
    Fenced,
    /// By a panic.
    Panicked,
}

/// The guard's word that a login's actor ended.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ChannelEnded {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The login.
    pub login: LoginId,
    /// The token it held.
    pub token: u64,
    /// How.
    pub ending: Ending,
}

/// Something changed that may need an actor started, stopped or told.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub struct Reconcile;

/// A letter was written: it need not wait for the next beat.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub struct Post;

/// The node goes down: actors end, what they own is given up.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub struct Shutdown;

enum State {
    /// Between deciding to start it and having it.
    Starting,
    /// It runs.
    Running { address: Addr<ChannelActor>, token: u64, since: Time },
    /// It panicked and waits for its next start.
    Waiting { until: Time },
}

/// The actor.
pub struct Gateway {
    house: Arc<House>,
    arbiters: Vec<ArbiterHandle>,
    logins: HashMap<(WorkspaceId, LoginId), State>,
    /// How often actors panicked in a row.
    panics: HashMap<(WorkspaceId, LoginId), u32>,
    reconciling: bool,
    again: bool,
    firing: bool,
    going_down: bool,
    /// Whether letters are this node's to send.
    is_postman: bool,
    posting: bool,
    /// The workspaces whose notices this node attends to.
    notices: HashMap<WorkspaceId, SpawnHandle>,
    /// Logins of channels that this program does not know: said once of each.
    strange: HashSet<LoginId>,
}

impl Gateway {
    /// With the threads its actors live on.
    #[must_use]
    pub fn new(house: Arc<House>, arbiters: Vec<ArbiterHandle>) -> Self {
        Self {
            house,
            arbiters,
            logins: HashMap::new(),
            panics: HashMap::new(),
            reconciling: false,
            again: false,
            firing: false,
            going_down: false,
            is_postman: false,
            posting: false,
            notices: HashMap::new(),
            strange: HashSet::new(),
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.reconcile(ctx);
        ctx.run_later(self.house.beat(), Self::tick);
    }

    /// One pass at a time; what is asked meanwhile makes one more.
    fn reconcile(&mut self, ctx: &mut Context<Self>) {
        if self.going_down {
            return;
        }
        if self.reconciling {
            self.again = true;
            return;
        }
        self.reconciling = true;
        let house = Arc::clone(&self.house);
        let look = async move { look(&house).await };
        ctx.spawn(look.into_actor(self).map(|found, actor, ctx| {
            actor.reconciling = false;
            match found {
                Ok(found) => actor.apply(found, ctx),
                Err(error) => tracing::warn!(%error, "the gateway waits for the store"),
            }
            if std::mem::take(&mut actor.again) {
                actor.reconcile(ctx);
            }
        }));
    }

    /// One round at a time; what is written meanwhile is found by the next beat.
    fn post(&mut self, ctx: &mut Context<Self>) {
        if !self.is_postman || self.posting || self.going_down || self.house.mail.is_none() {
            return;
        }
        self.posting = true;
        let house = Arc::clone(&self.house);
        let round = async move {
            if let Err(error) = super::post::send_due(&house).await {
                tracing::warn!(%error, "letters wait for the store");
            }
        };
        ctx.spawn(round.into_actor(self).map(|(), actor, _| actor.posting = false));
    }

    fn apply(&mut self, found: Found, ctx: &mut Context<Self>) {
        self.attend(&found.workspaces, ctx);
        self.fire(found.workspaces, ctx);
        self.is_postman = found.is_postman;
        self.post(ctx);
        for (workspace, login) in &found.removed {
            if let Some(State::Running { address, .. }) = self.logins.get(&(*workspace, *login)) {
                address.do_send(Stop);
            }
        }
        for (workspace, login) in found.strange {
            if self.strange.insert(login.id) {
                tracing::error!(%workspace, login = %login.id, provider = login.provider, "no such channel in this program: it stands still");
            }
        }
        let now = self.house.world.now();
        for (workspace, login) in found.mine {
            let waits = match self.logins.get(&(workspace, login)) {
                None => false,
                Some(State::Waiting { until }) => *until > now,
                Some(State::Starting | State::Running { .. }) => true,
            };
            if !waits {
                self.begin(workspace, login, ctx);
            }
        }
        let is_well = |key: &_| matches!(self.logins.get(key), Some(State::Running { since, .. }) if now.since(*since) >= WELL_MS);
        let well: Vec<_> = self.panics.keys().copied().filter(is_well).collect();
        for key in well {
            self.forget_panics(key);
        }
    }

    /// Notices of a workspace are attended to by the node that fires its timers.
    fn attend(&mut self, workspaces: &[WorkspaceId], ctx: &mut Context<Self>) {
        let given_up: Vec<_> = self.notices.keys().copied().filter(|known| self.going_down || !workspaces.contains(known)).collect();
        for workspace in given_up {
            if let Some(task) = self.notices.remove(&workspace) {
                ctx.cancel_future(task);
            }
        }
        for workspace in workspaces.iter().filter(|_| !self.going_down) {
            if !self.notices.contains_key(workspace) {
                let task = super::notices::attend(Arc::clone(&self.house), *workspace).into_actor(self);
                self.notices.insert(*workspace, ctx.spawn(task));
            }
        }
    }

    /// Timers fire beside the beat: an owner that is slow to answer must not hold it up.
    fn fire(&mut self, workspaces: Vec<WorkspaceId>, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.firing, true) {
            return;
        }
        let house = Arc::clone(&self.house);
        let fire = async move {
            let fired = super::timers::fire(&house, &workspaces).await;
            super::webhooks::round(&house, &workspaces).await;
            fired
        };
        ctx.spawn(fire.into_actor(self).map(|fired, actor, _| {
            actor.firing = false;
            if let Err(error) = fired {
                tracing::warn!(%error, "timers wait for the store");
            }
        }));
    }

    /// It is well again, or no longer ours.
    fn forget_panics(&mut self, key: (WorkspaceId, LoginId)) {
        if self.panics.remove(&key).is_some() {
            show_back_off(key.1, 0);
        }
    }

    fn begin(&mut self, workspace: WorkspaceId, login: LoginId, ctx: &mut Context<Self>) {
        self.logins.insert((workspace, login), State::Starting);
        let house = Arc::clone(&self.house);
        let prepare = async move { prepare(&house, workspace, login).await };
        ctx.spawn(prepare.into_actor(self).map(move |desk, actor, ctx| match desk {
            Ok(Some(desk)) if !actor.going_down => actor.run(desk, ctx),
            Ok(_) => {
                actor.logins.remove(&(workspace, login));
                actor.forget_panics((workspace, login));
            }
            Err(error) => {
                tracing::warn!(%workspace, %login, %error, "a channel actor could not be started");
                actor.logins.remove(&(workspace, login));
            }
        }));
    }

    fn run(&mut self, desk: Arc<Desk>, ctx: &mut Context<Self>) {
        let (workspace, login, token) = (desk.workspace, desk.login, desk.token);
        let parent = ctx.address();
        let at = usize::try_from(spread(&login) % u64::try_from(self.arbiters.len().max(1)).unwrap_or(1)).unwrap_or(0);
        let address = match self.arbiters.get(at) {
            Some(arbiter) => ChannelActor::start_in_arbiter(arbiter, move |_| ChannelActor::new(desk, parent)),
            None => ChannelActor::new(desk, parent).start(),
        };
        self.house.directory.put(workspace, login, address.clone());
        self.logins.insert((workspace, login), State::Running { address, token, since: self.house.world.now() });
        self.count();
    }

    fn count(&self) {
        metrics::gauge!("kommutator_channel_actors").set(f64::from(u32::try_from(self.logins.len()).unwrap_or(u32::MAX)));
    }
}

fn spread(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Actor for Gateway {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.tick(ctx);
        ctx.run_interval(TIDY, |gateway, ctx| {
            let house = Arc::clone(&gateway.house);
            let tidy = async move {
                if let Err(error) = super::maintenance::tidy(&house).await {
                    tracing::warn!(%error, "tidying waits");
                }
            };
            ctx.spawn(tidy.into_actor(gateway));
        });
    }
}

/// What a look at the store found.
struct Found {
    /// The workspaces this node does for what no login owns: durable timers.
    workspaces: Vec<WorkspaceId>,
    mine: Vec<(WorkspaceId, LoginId)>,
    removed: Vec<(WorkspaceId, LoginId)>,
    /// Of channels that this program does not know: whoever does may serve them.
    strange: Vec<(WorkspaceId, ProviderLogin)>,
    is_postman: bool,
}

/// Beats, and finds the logins this node should run.
async fn look(house: &House) -> Result<Found, StoreError> {
    let nodes = house.heartbeat().await?;
    let is_postman = favoured(&nodes.alive, &"letters") == Some(house.node);
    let mut found = Found { workspaces: Vec::new(), mine: Vec::new(), removed: Vec::new(), strange: Vec::new(), is_postman };
    for workspace in house.store.global().scan::<Workspace>(&[], Scan::first(10_000)).await? {
        let workspace = workspace.record.id;
        if favoured(&nodes.alive, &workspace) == Some(house.node) {
            found.workspaces.push(workspace);
        }
        let store = house.store.workspace(workspace);
        for login in store.scan::<ProviderLogin>(&[], Scan::first(LOGINS)).await? {
            let login = login.record;
            if login.removed_at.is_some() {
                found.removed.push((workspace, login.id));
                continue;
            }
            if house.channels.get(&login.provider).is_none() {
                found.strange.push((workspace, login));
                continue;
            }
            if house.directory.find(workspace, login.id).is_some() {
                continue;
            }
            let owner = store.owner(&ProviderLogin::owner_name(login.id)).await?;
            let free = match owner {
                None => true,
                Some(owner) if owner.node == house.node => true,
                // After an outage everybody's heartbeat is old: only who has itself beaten for that long may judge.
                Some(owner) => nodes.steady && !nodes.alive.contains(&owner.node),
            };
            if free && favoured(&nodes.alive, &login.id) == Some(house.node) {
                found.mine.push((workspace, login.id));
            }
        }
    }
    Ok(found)
}

/// The living node something goes to when nobody has it: the greatest hash of both.
pub(super) fn favoured(alive: &[NodeId], what: &impl Hash) -> Option<NodeId> {
    alive.iter().copied().max_by_key(|node| (spread(&(*node, what)), *node))
}

/// Claims a login and reads what its actor needs. `None`: somebody was quicker.
async fn prepare(house: &Arc<House>, workspace: WorkspaceId, login: LoginId) -> Result<Option<Arc<Desk>>, StoreError> {
    let store = house.store.workspace(workspace);
    let Some(record) = store.get::<ProviderLogin>(ProviderLogin::at(login)).await? else { return Ok(None) };
    let Some(channel) = house.channels.get(&record.record.provider) else { return Ok(None) };
    let name = ProviderLogin::owner_name(login);
    let seen = store.owner(&name).await?;
    let Some(ownership) = store.claim(&name, house.node, seen).await? else { return Ok(None) };
    let known_end = house.panics.take(begins::ended(login)).is_some();
    let blamed = known_end && seen.is_some_and(|seen| seen.node == house.node);
    let desk = Arc::new(Desk::new(Arc::clone(house), workspace, login, channel, name, ownership.token, blamed));
    desk.reload().await?;
    Ok(Some(desk))
}

impl Handler<Reconcile> for Gateway {
    type Result = ();

    fn handle(&mut self, _: Reconcile, ctx: &mut Self::Context) {
        self.reconcile(ctx);
    }
}

impl Handler<Post> for Gateway {
    type Result = ();

    fn handle(&mut self, _: Post, ctx: &mut Self::Context) {
        self.post(ctx);
    }
}

impl Handler<ChannelEnded> for Gateway {
    type Result = ();

    fn handle(&mut self, ended: ChannelEnded, ctx: &mut Self::Context) {
        let key = (ended.workspace, ended.login);
        let since = match self.logins.get(&key) {
            Some(State::Running { token, since, .. }) if *token == ended.token => *since,
            // An earlier one: by now another runs, or is to.
            _ => return,
        };
        self.house.directory.remove(ended.workspace, ended.login);
        match ended.ending {
            Ending::Stopped | Ending::Fenced => {
                if ended.ending == Ending::Fenced {
                    metrics::counter!("kommutator_fenced_total").increment(1);
                    tracing::warn!(workspace = %ended.workspace, login = %ended.login, "the login is owned elsewhere by now");
                }
                self.logins.remove(&key);
                self.forget_panics(key);
                // A login that went elsewhere is not counted here any more.
                self.count();
            }
            Ending::Panicked => {
                metrics::counter!("kommutator_actor_panics_total", "actor" => "channel").increment(1);
                let now = self.house.world.now();
                let panics = self.panics.entry(key).or_insert(0);
                *panics = if now.since(since) >= WELL_MS { 1 } else { panics.saturating_add(1) };
                let pause = back_off_ms(*panics);
                tracing::error!(workspace = %ended.workspace, login = %ended.login, panics, pause, "channel actor panicked");
                // By the clock too, which may be put forward; by the timer for certain, whatever the clock does.
                let until = now.plus_ms(i64::try_from(pause).unwrap_or(i64::MAX));
                self.logins.insert(key, State::Waiting { until });
                show_back_off(ended.login, pause);
                ctx.run_later(Duration::from_millis(pause), move |actor, ctx| {
                    if matches!(actor.logins.get(&key), Some(State::Waiting { until: still }) if *still == until) {
                        actor.begin(key.0, key.1, ctx);
                    }
                });
            }
        }
    }
}

/// Shows the operator how long a login's actor waits before each start; 0 once it is well again.
fn show_back_off(login: LoginId, ms: u64) {
    metrics::gauge!("kommutator_channel_back_off_ms", "login" => login.to_string()).set(f64::from(u32::try_from(ms).unwrap_or(u32::MAX)));
}

/// The pause before the start after so many panics in a row.
#[must_use]
pub fn back_off_ms(panics: u32) -> u64 {
    let (first, greatest) = BACK_OFF_MS;
    first.checked_shl(panics.saturating_sub(1).min(20)).unwrap_or(greatest).min(greatest)
}

impl Handler<Shutdown> for Gateway {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Shutdown, _: &mut Self::Context) -> Self::Result {
        self.going_down = true;
        for state in self.logins.values() {
            if let State::Running { address, .. } = state {
                address.do_send(Stop);
            }
        }
        let house = Arc::clone(&self.house);
        Box::pin(async move {
            if let Err(error) = house.store.engine().leave(house.node).await {
                tracing::warn!(%error, "the node could not take itself off the list; others wait for the lease");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_grows_and_is_bounded() {
        let pauses: Vec<u64> = (1..=12).map(back_off_ms).collect();
        assert!(pauses.is_sorted());
        assert_eq!((pauses[0], pauses[1], pauses[11]), (100, 200, 60_000));
    }

    #[test]
    fn one_living_node_is_favoured_and_all_nodes_get_some() {
        let nodes = [NodeId(1), NodeId(2), NodeId(3)];
        let mut shares = HashMap::new();
        for login in 0..300 {
            *shares.entry(favoured(&nodes, &LoginId(login))).or_insert(0) += 1;
        }
        assert!(nodes.iter().all(|node| shares.get(&Some(*node)).copied().unwrap_or(0) > 50), "{shares:?}");
        assert_eq!(favoured(&[], &LoginId(1)), None);
    }
}
