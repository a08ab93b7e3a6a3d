//! What every route is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::Addr;
use tokio::sync::watch;

use super::limits::Limits;
use super::problem::Problem;
use crate::channel::site_widget::settings::WidgetSettings;
use crate::config::proxies::TrustedProxies;
use crate::gateway::administration::channels::widget_settings;
use crate::gateway::house::House;
use crate::gateway::hub::Hub;
use crate::gateway::kept::Kept;
use crate::gateway::supervisor::Gateway;
use crate::model::connection::ChannelAccount;
use crate::model::ids::WorkspaceId;
use crate::model::people::Workspace;
use crate::store::records::Pointer;

/// What is set for the edge.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// The address people reach this installation by, without a slash at the end; none: the one they asked for.
    pub public_url: Option<String>,
    /// Whether cookies are for HTTPS only.
    pub secure_cookies: bool,
    /// Whether anything is limited.
    pub limits: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Whether the demo page is served, with this widget.
    pub demo_widget: Option<String>,
}

/// Shared by every route of the process.
pub struct Edge {
    /// What the actors are given too.
    pub house: Arc<House>,
    /// Hands frames to sockets.
    pub hub: Addr<Hub>,
    /// Starts actors.
    pub gateway: Addr<Gateway>,
    /// What is set.
    pub settings: EdgeSettings,
    /// How much anybody may ask.
    pub limits: Limits,
    /// Renders `/metrics`.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    /// Whether the process goes down: who waits for news is answered at once.
    pub ending: watch::Sender<bool>,
    widgets: Kept<String, WidgetCard>,
    sockets: AtomicU64,
}

/// What a widget's key leads to.
#[derive(Debug, Clone)]
pub struct WidgetCard {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its epoch.
    pub epoch: String,
    /// Its time zone.
    pub time_zone: String,
    /// The account.
    pub account: ChannelAccount,
    /// Its settings.
    pub settings: WidgetSettings,
}

/// How long a widget's card is believed.
const CARD_KEPT_MS: i64 = 3_000;

impl Edge {
    /// With nothing remembered yet.
    pub fn new(
        house: Arc<House>, hub: Addr<Hub>, gateway: Addr<Gateway>, settings: EdgeSettings,
        metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    ) -> Self {
        let limits = Limits::new(settings.limits);
        Self {
            house,
            hub,
            gateway,
            settings,
            limits,
            metrics,
            ending: watch::Sender::new(false),
            widgets: Kept::new(CARD_KEPT_MS),
            sockets: AtomicU64::new(1),
        }
    }

    /// A number no other socket of this process has.
    pub fn socket_key(&self) -> u64 {
        self.sockets.fetch_add(1, Ordering::Relaxed)
    }

    /// What a widget's key leads to.
    ///
    /// # Errors
    /// The store's word. `None`: no such key.
    pub async fn widget(&self, key: &str) -> Result<Option<Arc<WidgetCard>>, Problem> {
        if key.len() > 64 {
            return Ok(None);
        }
        let now = self.house.world.now();
        if let Some(card) = self.widgets.get(key, now) {
            return Ok(Some(card));
        }
        let global = self.house.store.global();
        let Some(pointer) = global.get::<Pointer>(Pointer::at("widget", key)).await? else { return Ok(None) };
        let Some(account) = pointer.record.account else { return Ok(None) };
        let workspace = pointer.record.workspace;
        let account = self.house.store.workspace(workspace).get::<ChannelAccount>(ChannelAccount::at(account)).await?;
        let Some(account) = account.map(|stored| stored.record).filter(|account| account.removed_at.is_none()) else { return Ok(None) };
        let Some(space) = global.get::<Workspace>(Workspace::at(workspace)).await? else { return Ok(None) };
        let Ok(settings) = widget_settings(&account) else { return Ok(None) };
        let card = WidgetCard { workspace, epoch: space.record.epoch, time_zone: space.record.time_zone, account, settings };
        Ok(Some(self.widgets.put(key.to_owned(), now, card)))
    }

    /// Forgets a widget's card: it was changed here.
    pub fn forget_widgets(&self) {
        self.widgets.clear();
    }
}
