//! Calls to Avito. The token is got with the keys, kept in memory, and got anew where it is refused; neither stands in an error.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::{self, Act};
use super::parse::{VOICE, external_id, known, read_external};
use super::render::{self, Way};
use super::settings::Settings;
use crate::channel::capability::{Asked, Blacklist, Fetch, Known, Located, Lookup, Profile, Reading, Reword, SentMessage};
use crate::channel::contract::{CallContext, OutgoingPiece, SendError, SentPiece};
use crate::connector::lenient::{int, list, text, words};
use crate::model::connection::ChannelAccount;
use crate::model::message::Attachment;
use crate::model::reason::Reason;
use crate::model::time::Time;
use crate::outside::{Answer, Call, OutsideError, UploadFile, UploadForm};

/// Where Avito answers.
const HOST: &str = "https://api.avito.ru";
/// The most that is read of an answer.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// A token is got anew so long before it ends.
const EARLY_MS: i64 = 10 * 60_000;
/// The most tokens kept.
const TOKENS: usize = 1_000;
/// Avito's clock and ours may be so far apart.
const CLOCKS_APART_MS: i64 = 5_000;
/// Messages looked through for one that may have gone.
const LOOKED_THROUGH: u32 = 50;

/// The keys of a professional account, as they are kept.
#[derive(Serialize, Deserialize)]
pub struct Keys {
    /// Its name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// What is known of one pair of keys.
#[derive(Default)]
struct Pass {
    token: SecretString,
    until: Time0,
    /// How often in a row Avito was busy.
    busy: u32,
}

/// A moment that begins at 0.
#[derive(Clone, Copy)]
struct Time0(Time);

impl Default for Time0 {
    fn default() -> Self {
        Self(Time(0))
    }
}

/// Asks and tells Avito.
#[derive(Default)]
pub struct Client {
    passes: Mutex<BTreeMap<String, Pass>>,
}

/// What is asked.
pub(super) struct Ask<'a> {
    method: Method,
    path: &'a str,
    query: &'a [(&'a str, String)],
    body: Option<Value>,
    /// A second time has a second effect.
    sends: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str, query: &'a [(&'a str, String)]) -> Self {
        Self { method: Method::GET, path, query, body: None, sends: false }
    }

    pub(super) fn post(path: &'a str, body: Option<Value>) -> Self {
        Self { method: Method::POST, path, query: &[], body, sends: false }
    }
}

/// What a failed call means.
fn outside(error: OutsideError, sends: bool) -> SendError {
    match error {
        OutsideError::RetryAfter(ms) => SendError::RetryAfter(ms),
        OutsideError::Temporary(reason) | OutsideError::Gone(reason) => SendError::Temporary(reason),
        OutsideError::Rejected(reason) => SendError::Rejected(reason),
        OutsideError::Unclear(reason) if sends => SendError::Unclear(reason),
        OutsideError::Unclear(reason) => SendError::Temporary(reason),
    }
}

/// Avito's own words: in two forms, with what is wrong with each field; or a page that is no answer at all.
fn said(answer: &Answer) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return answer.words().chars().take(200).collect() };
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
    let fields = error.get("fields").filter(|fields| fields.is_object()).map(|fields| format!(" {fields}")).unwrap_or_default();
    format!("{}{fields}", words(error, "message"))
}

fn base(context: &CallContext) -> &str {
    context.base_url.as_deref().unwrap_or(HOST).trim_end_matches('/')
}

/// Whose account it is.
pub(super) fn own(context: &CallContext) -> &str {
    context.facts.get("user_id").map(String::as_str).unwrap_or_default()
}

/// The path of a chat.
pub(super) fn chat_path(context: &CallContext, version: &str, chat: &str, rest: &str) -> String {
    format!("/messenger/{version}/accounts/{}/chats/{}{rest}", own(context), escaped(chat))
}

/// A chat's id may hold anything: it goes into the path as data.
fn escaped(text: &str) -> String {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if fine(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Client {
    /// Makes a call. A token that is refused is got anew, once.
    pub(super) async fn ask(&self, context: &CallContext, ask: Ask<'_>) -> Result<Value, SendError> {
        let address = format!("{}{}", base(context), ask.path);
        let mut url = Url::parse(&address).map_err(|_| SendError::Rejected(Reason::new("outside_address")))?;
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.query.iter().map(|(name, value)| (*name, value.as_str())));
        }
        let mut fresh = false;
        loop {
            let token = self.token(context, fresh).await?;
            let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
            let mut call = Call::post(url.as_str(), body.into_bytes()).header("authorization", format!("Bearer {}", token.expose_secret()));
            if ask.body.is_some() {
                call = call.header("content-type", "application/json");
            }
            let call = Call { method: ask.method.clone(), answer_bytes: ANSWER_BYTES, ..call };
            let answer = context.outside.call(call).await.map_err(|error| outside(error, ask.sends))?;
            match self.judge(context, &answer, ask.sends) {
                Err(_) if !fresh && matches!(errors::act(answer.status), Act::NewToken(_)) => fresh = true,
                judged => return judged,
            }
        }
    }

    fn judge(&self, context: &CallContext, answer: &Answer, sends: bool) -> Result<Value, SendError> {
        if (200..300).contains(&answer.status) {
            self.with_pass(context, |pass| pass.busy = 0);
            if answer.body.is_empty() {
                return Ok(Value::Null);
            }
            let unreadable = || Reason::new("answer_unreadable");
            return serde_json::from_slice(&answer.body)
                .map_err(|_| if sends { SendError::Unclear(unreadable()) } else { SendError::Temporary(unreadable()) });
        }
        let pause = match answer.judge(context.now) {
            Err(OutsideError::RetryAfter(ms)) => Some(ms),
            _ => None,
        };
        let mut times = 0;
        if matches!(errors::act(answer.status), Act::Pause(_)) {
            self.with_pass(context, |pass| {
                times = pass.busy;
                pass.busy = pass.busy.saturating_add(1);
            });
        }
        Err(errors::judge(answer.status, &said(answer), pause, times, sends))
    }

    fn with_pass<T>(&self, context: &CallContext, work: impl FnOnce(&mut Pass) -> T) -> T {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{} {}", base(context), context.secrets.expose_secret());
        if passes.len() >= TOKENS && !passes.contains_key(&name) {
            passes.clear();
        }
        work(passes.entry(name).or_default())
    }

    /// The token: the one that is kept, unless it is too old or was refused.
    async fn token(&self, context: &CallContext, fresh: bool) -> Result<SecretString, SendError> {
        let kept = self.with_pass(context, |pass| (pass.until.0.plus_ms(-EARLY_MS) > context.now).then(|| pass.token.clone()));
        if let Some(token) = kept.filter(|_| !fresh) {
            return Ok(token);
        }
        let keys: Keys = serde_json::from_str(context.secrets.expose_secret()).map_err(|_| SendError::AccessLost(Reason::new("not_connected")))?;
        let form = [("grant_type", "client_credentials"), ("client_id", &keys.client_id), ("client_secret", &keys.client_secret)];
        // An address's query is written as a form is.
        let form = Url::parse_with_params("https://form", form).ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default();
        let call = Call::post(format!("{}/token", base(context)), form.into_bytes()).header("content-type", "application/x-www-form-urlencoded");
        let answer = context.outside.call(call).await.map_err(|error| outside(error, false))?;
        let found = match self.judge(context, &answer, false) {
            // Wrong keys are answered with any refusal; some with a 200 that holds no token.
            Err(SendError::Rejected(reason) | SendError::AccessLost(reason)) => {
                return Err(SendError::AccessLost(Reason { code: "avito_keys_rejected".to_owned(), ..reason }));
            }
            judged => judged?,
        };
        let token = SecretString::from(text(&found, "access_token"));
        if token.expose_secret().is_empty() {
            return Err(SendError::AccessLost(Reason::new("avito_keys_rejected").said(words(&found, "error_description"))));
        }
        let lives = int(&found, "expires_in").unwrap_or(3_600).clamp(60, 7 * 86_400);
        self.with_pass(context, |pass| {
            pass.token = token.clone();
            pass.until = Time0(context.now.plus_ms(lives * 1_000));
        });
        Ok(token)
    }

    /// Sends a piece: a picture as one, words as they are, any other file as an address of ours.
    pub(super) async fn piece(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        let chat = piece.conversation_key.as_deref().ok_or_else(|| SendError::Rejected(Reason::new("cannot_write_first")))?;
        let sent = match piece.attachments.first() {
            Some(file) if render::way(file) == Way::Picture => {
                let image = self.picture(context, file).await?;
                let path = chat_path(context, "v1", chat, "/messages/image");
                self.send(context, &path, json!({ "image_id": image })).await?
            }
            file => {
                let said = match file {
                    Some(file) => render::linked(file, &context.files.link(file.file).await.map_err(SendError::Rejected)?),
                    None => render::words(&piece.parts),
                };
                let path = chat_path(context, "v1", chat, "/messages");
                self.send(context, &path, json!({ "message": { "text": said }, "type": "text" })).await?
            }
        };
        let id = text(&sent, "id");
        if id.is_empty() {
            // A success that names no message is none, whatever else it holds: the list tells what became of it.
            return Err(SendError::Unclear(Reason::new("answer_unreadable").said(&sent.to_string().chars().take(200).collect::<String>())));
        }
        Ok(SentPiece { external_id: Some(external_id(chat, &id)), more: Vec::new(), conversation_key: None })
    }

    async fn send(&self, context: &CallContext, path: &str, body: Value) -> Result<Value, SendError> {
        match self.ask(context, Ask { sends: true, ..Ask::post(path, Some(body)) }).await {
            // Refused even with a fresh token: the chat may be closed for writing, which has no code of its own. The account itself tells.
            Err(SendError::AccessLost(reason)) if reason.code == "avito_no_right" => {
                match self.ask(context, Ask::get("/core/v1/accounts/self", &[])).await {
                    Ok(_) => Err(SendError::Rejected(Reason { code: "chat_closed".to_owned(), ..reason })),
                    Err(_) => Err(SendError::AccessLost(reason)),
                }
            }
            other => other,
        }
    }

    async fn picture(&self, context: &CallContext, file: &Attachment) -> Result<String, SendError> {
        let mut fresh = false;
        loop {
            let token = self.token(context, fresh).await?;
            let open = context.files.open(file.file).await.map_err(SendError::Rejected)?;
            let upload = UploadFile {
                field: "uploadfile[]".to_owned(),
                name: render::file_name(file),
                media_type: file.media_type.clone(),
                size: open.size,
                content: open.content,
            };
            let left = u64::try_from(context.deadline.since(context.now)).unwrap_or_default();
            let path = format!("{}/messenger/v1/accounts/{}/uploadImages", base(context), own(context));
            let call = Call::post(path, "").header("authorization", format!("Bearer {}", token.expose_secret()));
            let call = Call { limit: Duration::from_millis(left), ..call };
            // Nobody sees a picture that is not sent: whatever became of it, it goes again with the piece.
            let answer = context.outside.upload(call, UploadForm::default().file(upload)).await.map_err(|error| outside(error, false))?;
            match self.judge(context, &answer, false) {
                Err(_) if !fresh && matches!(errors::act(answer.status), Act::NewToken(_)) => fresh = true,
                judged => {
                    let image = judged?.as_object().and_then(|images| images.keys().next().cloned());
                    return image.ok_or_else(|| SendError::Rejected(Reason::new("upload_refused").with("name", &file.name)));
                }
            }
        }
    }

    /// The newest messages of a chat, newest first. The list comes bare or in an object.
    pub(super) async fn messages(&self, context: &CallContext, chat: &str, limit: u32) -> Result<Vec<Value>, SendError> {
        let path = chat_path(context, "v3", chat, "/messages/");
        let found = self.ask(context, Ask::get(&path, &[("limit", limit.to_string())])).await?;
        Ok(found.as_array().map_or_else(|| list(&found, "messages").to_vec(), Clone::clone))
    }
}

#[async_trait]
impl Lookup for Client {
    /// The same said by us since the attempt began.
    async fn find(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<Option<SentPiece>, SendError> {
        let chat = piece.conversation_key.as_deref().ok_or_else(|| SendError::Rejected(Reason::new("cannot_write_first")))?;
        let since = piece.begun_at.map_or(0, |begun| begun.plus_ms(-CLOCKS_APART_MS).0 / 1_000);
        let found = self.messages(context, chat, LOOKED_THROUGH).await?;
        let ours = |message: &&Value| text(message, "author_id") == own(context) && int(message, "created").is_some_and(|created| created >= since);
        let same = found.iter().filter(ours).find(|message| render::same(piece, message));
        let sent = |id: String| SentPiece { external_id: Some(external_id(chat, &id)), more: Vec::new(), conversation_key: None };
        Ok(same.map(|message| sent(text(message, "id"))))
    }
}

#[async_trait]
impl Reword for Client {
    /// Within an hour; the message stays with Avito as a deleted one.
    async fn delete(&self, context: &CallContext, message: &SentMessage) -> Result<(), SendError> {
        let (chat, id) = read_external(&message.external_id).ok_or_else(|| SendError::Rejected(Reason::new("not_supported")))?;
        let path = chat_path(context, "v1", chat, &format!("/messages/{}", escaped(id)));
        match self.ask(context, Ask::post(&path, None)).await {
            Err(SendError::Rejected(reason)) if reason.code == "avito_refused" => {
                Err(SendError::Rejected(Reason { code: "too_old_to_delete".to_owned(), ..reason }))
            }
            other => other.map(|_| ()),
        }
    }
}

#[async_trait]
impl Reading for Client {
    async fn read(&self, context: &CallContext, _account: &str, conversation_key: &str, _external_id: &str) -> Result<(), SendError> {
        self.ask(context, Ask::post(&chat_path(context, "v1", conversation_key, "/read"), None)).await.map(|_| ())
    }
}

#[async_trait]
impl Fetch for Client {
    async fn locate(&self, context: &CallContext, locator: &str) -> Result<Located, SendError> {
        let Some(id) = locator.strip_prefix(VOICE) else { return Ok(Located { url: locator.to_owned(), ..Located::default() }) };
        let path = format!("/messenger/v1/accounts/{}/getVoiceFiles", own(context));
        // How several are written is not described: one at a time.
        let found = self.ask(context, Ask::get(&path, &[("voice_ids", id.to_owned())])).await?;
        let url = found.get("voices_urls").map(|urls| text(urls, id)).filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| SendError::Rejected(Reason::new("file_gone")))?;
        Ok(Located { url, ..Located::default() })
    }
}

#[async_trait]
impl Profile for Client {
    /// What a delivery does not say: the buyer's name, and the listing. The price changes: asked again every hour.
    fn good_for_ms(&self) -> i64 {
        60 * 60_000
    }

    async fn look_up(&self, context: &CallContext, _account: &ChannelAccount, asked: &Asked) -> Result<Known, SendError> {
        let path = chat_path(context, "v2", &asked.conversation_key, "");
        let chat = self.ask(context, Ask::get(&path, &[])).await?;
        let told = known(&chat, own(context).parse().unwrap_or_default());
        Ok(Known { people: told.buyer.into_iter().collect(), place_title: told.title, listing: told.url, place_picture: told.picture })
    }
}

#[async_trait]
impl Blacklist for Client {
    fn wanted(&self, account: &ChannelAccount) -> bool {
        Settings::of(account).blacklist
    }

    async fn block(&self, context: &CallContext, _account: &str, external_id: &str, listing: Option<&str>) -> Result<(), SendError> {
        let user: i64 = external_id.parse().map_err(|_| SendError::Rejected(Reason::new("person_unknown")))?;
        let mut user = json!({ "user_id": user, "context": { "reason_id": 4 } });
        if let (Some(item), Some(place)) = (listing.and_then(|item| item.parse::<i64>().ok()), user.get_mut("context").and_then(Value::as_object_mut))
        {
            place.insert("item_id".to_owned(), json!(item));
        }
        let path = format!("/messenger/v2/accounts/{}/blacklist", own(context));
        self.ask(context, Ask::post(&path, Some(json!({ "users": [user] })))).await.map(|_| ())
    }
}
