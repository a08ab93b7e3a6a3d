//! Links a CRM made short, made whole again before the customer sees them.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::LOCATION;

use super::desk::CrmDesk;
use crate::crm::contract::ShortLink;
use crate::model::crm::CrmConnection;
use crate::model::message::Part;
use crate::outside::call::Call;

/// The most links of one text that are asked about.
const LINKS: usize = 10;
/// So long a link is asked about; then it goes as it is.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest address it is replaced by.
const ADDRESS: usize = 2_000;

/// The same words with whole links. One that cannot be made whole stays short: it leads there, too.
pub(super) async fn whole(desk: &CrmDesk, connection: &CrmConnection, mut parts: Vec<Part>) -> Vec<Part> {
    for part in &mut parts {
        let (Part::Text { text } | Part::File { caption: text, .. }) = part else { continue };
        let mut links = desk.crm.short_links(connection, text);
        links.truncate(LINKS);
        let found = futures_util::future::join_all(links.iter().map(|link| behind(desk, link))).await;
        // From the end, so that those before stay where they are.
        for (link, address) in links.into_iter().zip(found).rev() {
            if let Some(address) = address {
                text.replace_range(link.at, &address);
            }
        }
    }
    parts
}

/// Where a short link leads, without going there.
async fn behind(desk: &CrmDesk, link: &ShortLink) -> Option<String> {
    let call = Call { method: Method::GET, limit: LIMIT, answer_bytes: 0, ..Call::post(&link.ask, "") };
    let answer = desk.house.outside.call(call).await.ok()?;
    let to = answer.headers.get(LOCATION).filter(|_| (300..400).contains(&answer.status))?.to_str().ok()?;
    let whole = reqwest::Url::parse(to).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    (whole && to.len() <= ADDRESS).then(|| to.to_owned())
}
