//! The Gateway: heartbeat, ownership, one [`ChannelActor`] per provider login, one [`CrmActor`] per CRM connection, back-off.
//!
//! What is without a living owner is claimed by the node that a hash of node and login favours among the living, so nodes need no
//! word with each other. An actor that ended by a panic is started again with a back-off that grows to a minute and is forgotten
//! after a minute of good life. A start claims anew, so whatever the ended actor left running is fenced.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::begins;
use super::channel_actor::{self, ChannelActor};
use super::conversation::desk::Desk;
use super::crm_actor::{self, CrmActor};
use super::house::House;
use super::tenure::Owned;
use crate::model::connection::ProviderLogin;
use crate::model::crm::CrmConnection;
use crate::model::ids::{NodeId, WorkspaceId};
use crate::model::people::Workspace;
use crate::model::time::Time;
use crate::store::port::{Scan, StoreError};

/// The most logins, and the most CRM connections, of one workspace.
const MOST: usize = 5_000;
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
    /// Somebody else owns it by now.
    Fenced,
    /// By a panic.
    Panicked,
}

/// The guard's word that an actor ended.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Ended {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What it served.
    pub owned: Owned,
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
    Running { actor: Running, token: u64, since: Time },
    /// It panicked and waits for its next start.
    Waiting { until: Time },
}

/// An actor that runs.
enum Running {
    Channel(Addr<ChannelActor>),
    Crm(Addr<CrmActor>),
}

impl Running {
    fn stop(&self) {
        match self {
            Self::Channel(actor) => actor.do_send(channel_actor::Stop),
            Self::Crm(actor) => actor.do_send(crm_actor::Stop),
        }
    }

    fn lives(&self) -> bool {
        match self {
            Self::Channel(actor) => actor.connected(),
            Self::Crm(actor) => actor.connected(),
        }
    }
}

/// What an actor that is to run is given.
enum Prepared {
    Channel(Arc<Desk>),
    Crm(Arc<crm_actor::desk::CrmDesk>),
}

/// The actor.
pub struct Gateway {
    house: Arc<House>,
    arbiters: Vec<ArbiterHandle>,
    actors: HashMap<(WorkspaceId, Owned), State>,
    /// How often actors panicked in a row.
    panics: HashMap<(WorkspaceId, Owned), u32>,
    reconciling: bool,
    again: bool,
    firing: bool,
    going_down: bool,
    /// Whether letters are this node's to send.
    is_postman: bool,
    posting: bool,
    /// The workspaces whose notices this node attends to.
    notices: HashMap<WorkspaceId, SpawnHandle>,
    /// Of channels and CRMs that this program does not know: said once of each.
    strange: HashSet<Owned>,
}

impl Gateway {
    /// With the threads its actors live on.
    #[must_use]
    pub fn new(house: Arc<House>, arbiters: Vec<ArbiterHandle>) -> Self {
        Self {
            house,
            arbiters,
            actors: HashMap::new(),
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
        // What is being started or waits for its next start is looked at again: another node may have it by then.
        let runs = |state: &State| matches!(state, State::Running { actor, .. } if actor.lives());
        let here = self.actors.iter().filter(|(_, state)| runs(state)).map(|(key, _)| *key).collect();
        let look = async move { look(&house, &here).await };
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
        for key in &found.removed {
            if let Some(State::Running { actor, .. }) = self.actors.get(key) {
                actor.stop();
            }
        }
        for (workspace, owned, folder) in found.strange {
            if self.strange.insert(owned) {
                tracing::error!(%workspace, %owned, folder, "no such channel or CRM in this program: it stands still");
            }
        }
        let now = self.house.world.now();
        for (workspace, owned) in found.mine {
            let waits = match self.actors.get(&(workspace, owned)) {
                None => false,
                Some(State::Waiting { until }) => *until > now,
                Some(State::Starting | State::Running { .. }) => true,
            };
            if !waits {
                self.begin(workspace, owned, ctx);
            }
        }
        let is_well = |key: &_| matches!(self.actors.get(key), Some(State::Running { since, .. }) if now.since(*since) >= WELL_MS);
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
    fn forget_panics(&mut self, key: (WorkspaceId, Owned)) {
        if self.panics.remove(&key).is_some() {
            show_back_off(key.1, 0);
        }
    }

    fn begin(&mut self, workspace: WorkspaceId, owned: Owned, ctx: &mut Context<Self>) {
        self.actors.insert((workspace, owned), State::Starting);
        let house = Arc::clone(&self.house);
        let prepare = async move { prepare(&house, workspace, owned).await };
        ctx.spawn(prepare.into_actor(self).map(move |prepared, actor, ctx| match prepared {
            Ok(Some(prepared)) if !actor.going_down => actor.run(workspace, owned, prepared, ctx),
            Ok(_) => {
                actor.actors.remove(&(workspace, owned));
                actor.forget_panics((workspace, owned));
            }
            Err(error) => {
                tracing::warn!(%workspace, %owned, %error, "an actor could not be started");
                actor.actors.remove(&(workspace, owned));
            }
        }));
    }

    fn run(&mut self, workspace: WorkspaceId, owned: Owned, prepared: Prepared, ctx: &mut Context<Self>) {
        let parent = ctx.address();
        let at = usize::try_from(spread(&owned) % u64::try_from(self.arbiters.len().max(1)).unwrap_or(1)).unwrap_or(0);
        let arbiter = self.arbiters.get(at);
        let (actor, token) = match prepared {
            Prepared::Channel(desk) => {
                let (login, token) = (desk.login, desk.token);
                let address = match arbiter {
                    Some(arbiter) => ChannelActor::start_in_arbiter(arbiter, move |_| ChannelActor::new(desk, parent)),
                    None => ChannelActor::new(desk, parent).start(),
                };
                self.house.directory.put(workspace, login, address.clone());
                (Running::Channel(address), token)
            }
            Prepared::Crm(desk) => {
                let token = desk.token;
                let address = match arbiter {
                    Some(arbiter) => CrmActor::start_in_arbiter(arbiter, move |_| CrmActor::new(desk, parent)),
                    None => CrmActor::new(desk, parent).start(),
                };
                (Running::Crm(address), token)
            }
        };
        self.actors.insert((workspace, owned), State::Running { actor, token, since: self.house.world.now() });
        self.count();
    }

    fn count(&self) {
        let crms = self.actors.keys().filter(|(_, owned)| matches!(owned, Owned::Connection(_))).count();
        let of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        metrics::gauge!("kommutator_crm_actors").set(of(crms));
        metrics::gauge!("kommutator_channel_actors").set(of(self.actors.len().saturating_sub(crms)));
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
    /// The workspaces this node does for what nobody owns: durable timers.
    workspaces: Vec<WorkspaceId>,
    mine: Vec<(WorkspaceId, Owned)>,
    removed: Vec<(WorkspaceId, Owned)>,
    /// What this program does not know, with its folder: whoever does may serve it.
    strange: Vec<(WorkspaceId, Owned, String)>,
    is_postman: bool,
}

/// Beats, and finds what this node should run. `here`: what runs here.
async fn look(house: &House, here: &HashSet<(WorkspaceId, Owned)>) -> Result<Found, StoreError> {
    let nodes = house.heartbeat().await?;
    let is_postman = favoured(&nodes.alive, &"letters") == Some(house.node);
    let mut found = Found { workspaces: Vec::new(), mine: Vec::new(), removed: Vec::new(), strange: Vec::new(), is_postman };
    for workspace in house.store.global().scan::<Workspace>(&[], Scan::first(10_000)).await? {
        let workspace = workspace.record.id;
        if favoured(&nodes.alive, &workspace) == Some(house.node) {
            found.workspaces.push(workspace);
        }
        let store = house.store.workspace(workspace);
        let logins = store.scan::<ProviderLogin>(&[], Scan::first(MOST)).await?.into_iter().map(|stored| stored.record);
        let logins = logins.map(|login| (Owned::Login(login.id), house.channels.get(&login.provider).is_some(), login.provider, login.removed_at));
        let connections = store.scan::<CrmConnection>(&[], Scan::first(MOST)).await?.into_iter().map(|stored| stored.record);
        let connections = connections.filter(|connection| connection.kind.is_served());
        let connections = connections
            .map(|one| (Owned::Connection(one.id), house.crms.get(one.kind.as_str()).is_some(), one.kind.as_str().to_owned(), one.removed_at));
        for (owned, is_known, folder, removed_at) in logins.chain(connections) {
            if removed_at.is_some() {
                found.removed.push((workspace, owned));
                continue;
            }
            if !is_known {
                found.strange.push((workspace, owned, folder));
                continue;
            }
            if here.contains(&(workspace, owned)) {
                continue;
            }
            let owner = store.owner(&owned.name()).await?;
            let free = match owner {
                None => true,
                Some(owner) if owner.node == house.node => true,
                // After an outage everybody's heartbeat is old: only who has itself beaten for that long may judge.
                Some(owner) => nodes.steady && !nodes.alive.contains(&owner.node),
            };
            if free && favoured(&nodes.alive, &owned) == Some(house.node) {
                found.mine.push((workspace, owned));
            }
        }
    }
    Ok(found)
}

/// The living node something goes to when nobody has it: the greatest hash of both.
pub(super) fn favoured(alive: &[NodeId], what: &impl Hash) -> Option<NodeId> {
    alive.iter().copied().max_by_key(|node| (spread(&(*node, what)), *node))
}

/// Claims something and reads what its actor needs. `None`: somebody was quicker.
async fn prepare(house: &Arc<House>, workspace: WorkspaceId, owned: Owned) -> Result<Option<Prepared>, StoreError> {
    let store = house.store.workspace(workspace);
    let name = owned.name();
    let claim = async {
        let seen = store.owner(&name).await?;
        let Some(ownership) = store.claim(&name, house.node, seen).await? else { return Ok::<_, StoreError>(None) };
        let known_end = house.panics.take(begins::ended(owned)).is_some();
        let blamed = known_end && seen.is_some_and(|seen| seen.node == house.node);
        Ok(Some((ownership.token, blamed)))
    };
    match owned {
        Owned::Login(login) => {
            let Some(record) = store.get::<ProviderLogin>(ProviderLogin::at(login)).await? else { return Ok(None) };
            let Some(channel) = house.channels.get(&record.record.provider) else { return Ok(None) };
            let Some((token, blamed)) = claim.await? else { return Ok(None) };
            let desk = Arc::new(Desk::new(Arc::clone(house), workspace, login, channel, token, blamed));
            desk.reload().await?;
            Ok(Some(Prepared::Channel(desk)))
        }
        Owned::Connection(id) => {
            let Some(record) = store.get::<CrmConnection>(CrmConnection::at(id)).await? else { return Ok(None) };
            let Some(crm) = house.crms.get(record.record.kind.as_str()) else { return Ok(None) };
            let Some((token, blamed)) = claim.await? else { return Ok(None) };
            let desk = crm_actor::desk::CrmDesk::new(Arc::clone(house), workspace, id, crm, token, blamed);
            Ok(Some(Prepared::Crm(Arc::new(desk))))
        }
    }
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

impl Handler<Ended> for Gateway {
    type Result = ();

    fn handle(&mut self, ended: Ended, ctx: &mut Self::Context) {
        let key = (ended.workspace, ended.owned);
        let since = match self.actors.get(&key) {
            Some(State::Running { token, since, .. }) if *token == ended.token => *since,
            // An earlier one: by now another runs, or is to.
            _ => return,
        };
        if let Owned::Login(login) = ended.owned {
            self.house.directory.remove(ended.workspace, login);
        }
        match ended.ending {
            Ending::Stopped | Ending::Fenced => {
                if ended.ending == Ending::Fenced {
                    metrics::counter!("kommutator_fenced_total").increment(1);
                    tracing::warn!(workspace = %ended.workspace, owned = %ended.owned, "it is owned elsewhere by now");
                }
                self.actors.remove(&key);
                self.forget_panics(key);
                // What went elsewhere is not counted here any more.
                self.count();
            }
            Ending::Panicked => {
                let actor = if matches!(ended.owned, Owned::Login(_)) { "channel" } else { "crm" };
                metrics::counter!("kommutator_actor_panics_total", "actor" => actor).increment(1);
                let now = self.house.world.now();
                let panics = self.panics.entry(key).or_insert(0);
                *panics = if now.since(since) >= WELL_MS { 1 } else { panics.saturating_add(1) };
                let pause = back_off_ms(*panics);
                tracing::error!(workspace = %ended.workspace, owned = %ended.owned, panics, pause, "an actor panicked");
                // By the clock too, which may be put forward; by the timer for certain, whatever the clock does.
                let until = now.plus_ms(i64::try_from(pause).unwrap_or(i64::MAX));
                self.actors.insert(key, State::Waiting { until });
                show_back_off(ended.owned, pause);
                ctx.run_later(Duration::from_millis(pause), move |actor, ctx| {
                    if matches!(actor.actors.get(&key), Some(State::Waiting { until: still }) if *still == until) {
                        actor.begin(key.0, key.1, ctx);
                    }
                });
            }
        }
    }
}

/// Shows the operator how long an actor waits before each start; 0 once it is well again.
fn show_back_off(owned: Owned, ms: u64) {
    let gauge = match owned {
        Owned::Login(login) => metrics::gauge!("kommutator_channel_back_off_ms", "login" => login.to_string()),
        Owned::Connection(id) => metrics::gauge!("kommutator_crm_back_off_ms", "connection" => id.to_string()),
    };
    gauge.set(f64::from(u32::try_from(ms).unwrap_or(u32::MAX)));
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
        for state in self.actors.values() {
            if let State::Running { actor, .. } = state {
                actor.stop();
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
    use crate::model::ids::LoginId;

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
