//! Calls to VK. The token goes in a header and stands in no error.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::errors::{self, Act};
use super::ids;
use super::parse::profile;
use super::render::{self, Params, Way};
use super::settings::Settings;
use crate::channel::capability::{Asked, Fetch, Known, Located, Profile, Reading, Reword, SentMessage, Typing};
use crate::channel::contract::{CallContext, OutgoingPiece, SendError, SentPiece};
use crate::connector::lenient::{int, list, text, words};
use crate::model::connection::ChannelAccount;
use crate::model::message::Attachment;
use crate::model::reason::Reason;
use crate::outside::{Answer, Call, OutsideError, UploadFile, UploadForm};

/// The version of the API everything here is written for.
pub const VERSION: &str = "5.199";
/// Where VK answers: the second where the first cannot be reached.
const HOSTS: [&str; 2] = ["https://api.vk.ru", "https://api.vk.com"];
/// The most that is read of an answer.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Questions at once of `users.get`.
const PEOPLE: usize = 500;

/// Asks and tells VK. Holds nothing: every call brings its token.
#[derive(Debug, Clone, Copy, Default)]
pub struct Client;

/// An answer that is an error, as VK gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// VK's code and words.
    Code(i64, String),
    /// There was no answer of VK's.
    Call(SendError),
}

impl From<Wrong> for SendError {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Code(code, words) => errors::judge(code, &words),
            Wrong::Call(error) => error,
        }
    }
}

/// What a failed call means, whatever it was for.
pub(super) fn outside(error: OutsideError) -> SendError {
    match error {
        OutsideError::RetryAfter(ms) => SendError::RetryAfter(ms),
        OutsideError::Temporary(reason) | OutsideError::Gone(reason) => SendError::Temporary(reason),
        OutsideError::Rejected(reason) => SendError::Rejected(reason),
        OutsideError::Unclear(reason) => SendError::Unclear(reason),
    }
}

/// The answer's body, where it is one.
fn body(answer: &Answer, context: &CallContext) -> Result<Value, SendError> {
    // A server that is down says so by its status; whether it had taken the call before nobody knows, and a repeat has no second effect.
    if answer.status != 200 {
        answer.judge(context.now).map_err(outside)?;
    }
    let unreadable = || SendError::Temporary(Reason::new("answer_unreadable").said(&answer.words().chars().take(200).collect::<String>()));
    if answer.cut { Err(unreadable()) } else { serde_json::from_slice(&answer.body).map_err(|_| unreadable()) }
}

impl Client {
    /// Calls a method.
    ///
    /// # Errors
    /// VK's own error, or none was to be had.
    pub async fn method(&self, context: &CallContext, name: &str, params: &[(&str, String)]) -> Result<Value, Wrong> {
        let all = params.iter().map(|(name, value)| (*name, value.as_str())).chain([("v", VERSION), ("lang", "ru")]);
        // An address's query is written as a form is.
        let form = reqwest::Url::parse_with_params("https://form", all).ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default();
        let hosts: Vec<&str> = context.base_url.as_deref().map_or(HOSTS.to_vec(), |base| vec![base.trim_end_matches('/')]);
        let mut last = SendError::Temporary(Reason::new("provider_unreachable"));
        for host in hosts {
            let call = Call::post(format!("{host}/method/{name}"), form.clone().into_bytes())
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", format!("Bearer {}", context.secrets.expose_secret()));
            match context.outside.call(Call { answer_bytes: ANSWER_BYTES, ..call }).await {
                // Nobody was reached: another host may be.
                Err(OutsideError::Temporary(reason)) => last = SendError::Temporary(reason),
                Err(error) => return Err(Wrong::Call(outside(error))),
                Ok(answer) => return answered(body(&answer, context).map_err(Wrong::Call)?),
            }
        }
        Err(Wrong::Call(last))
    }

    /// Sends a piece into a dialog.
    pub(super) async fn message(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        let peer = match (&piece.conversation_key, &piece.address) {
            (Some(key), _) => key.parse().map_err(|_| SendError::Rejected(Reason::new("person_unknown")))?,
            (None, Some(address)) => self.find_person(context, address).await?,
            (None, None) => return Err(SendError::Rejected(Reason::new("person_unknown"))),
        };
        let attached = self.attach(context, piece, Some(peer)).await?;
        let sent = self.method(context, "messages.send", &render::message(piece, peer, &attached)).await?;
        let item = sent.as_array().and_then(|items| items.first()).cloned().unwrap_or_default();
        if let Some(error) = item.get("error").filter(|error| error.is_object()) {
            return Err(errors::judge(int(error, "code").unwrap_or_default(), words(error, "description")));
        }
        let number = int(&item, "conversation_message_id").filter(|number| *number > 0);
        // It went, though by what name is not known: its echo tells.
        Ok(SentPiece {
            external_id: number.map(|number| ids::message(peer, number)),
            more: Vec::new(),
            conversation_key: piece.conversation_key.is_none().then(|| peer.to_string()),
        })
    }

    /// Answers under a post.
    pub(super) async fn comment(&self, context: &CallContext, piece: &OutgoingPiece) -> Result<SentPiece, SendError> {
        let post = piece.conversation_key.as_deref().and_then(ids::read_talk).filter(ids::Post::answerable);
        let post = post.ok_or_else(|| SendError::Rejected(Reason::new("comments_not_answerable")))?;
        let attached = self.attach(context, piece, None).await?;
        let group = context.facts.get("group_id").map(String::as_str).unwrap_or_default();
        let sent = self.method(context, "wall.createComment", &render::comment(piece, &post, group, &attached)).await?;
        Ok(SentPiece { external_id: int(&sent, "comment_id").map(|id| post.comment(id)), more: Vec::new(), conversation_key: None })
    }

    /// The number of somebody named by the name in their page's address.
    async fn find_person(&self, context: &CallContext, address: &str) -> Result<i64, SendError> {
        if let Ok(id) = address.parse() {
            return Ok(id);
        }
        let found = self.method(context, "utils.resolveScreenName", &[("screen_name", address.to_owned())]).await?;
        let user = (words(&found, "type") == "user").then(|| int(&found, "object_id")).flatten();
        user.ok_or_else(|| SendError::Rejected(Reason::new("person_unknown").with("address", address)))
    }

    /// Uploads a piece's files and names them as attachments. `peer`: none under a post, where only documents go.
    async fn attach(&self, context: &CallContext, piece: &OutgoingPiece, peer: Option<i64>) -> Result<Vec<String>, SendError> {
        let mut attached = Vec::new();
        for file in &piece.attachments {
            attached.push(self.upload(context, file, peer).await?);
        }
        Ok(attached)
    }

    /// Uploads a file; once more where VK says the upload went wrong. What it does not take as a photo or a voice goes as a document.
    async fn upload(&self, context: &CallContext, file: &Attachment, peer: Option<i64>) -> Result<String, SendError> {
        let mut way = if peer.is_some() { render::way(file) } else { Way::Doc };
        let mut again = true;
        loop {
            match self.upload_once(context, file, way, peer).await {
                Ok(Some(name)) => return Ok(name),
                Ok(None) if way != Way::Doc => way = Way::Doc,
                Ok(None) => return Err(SendError::Rejected(Reason::new("upload_refused").with("name", &file.name))),
                Err(Wrong::Code(code, words)) if again && errors::act(code, &words) == Act::UploadAgain => again = false,
                Err(wrong) => return Err(wrong.into()),
            }
        }
    }

    /// The three steps of an upload; nothing: VK refused the file itself.
    async fn upload_once(&self, context: &CallContext, file: &Attachment, way: Way, peer: Option<i64>) -> Result<Option<String>, Wrong> {
        let group = context.facts.get("group_id").cloned().unwrap_or_default();
        let (ask, params): (&str, Params) = match (way, peer) {
            (Way::Photo, Some(peer)) => ("photos.getMessagesUploadServer", vec![("peer_id", peer.to_string())]),
            (Way::Voice, Some(peer)) => ("docs.getMessagesUploadServer", vec![("peer_id", peer.to_string()), ("type", "audio_message".to_owned())]),
            (_, Some(peer)) => ("docs.getMessagesUploadServer", vec![("peer_id", peer.to_string()), ("type", "doc".to_owned())]),
            (_, None) => ("docs.getWallUploadServer", vec![("group_id", group)]),
        };
        let server = self.method(context, ask, &params).await?;
        let field = if way == Way::Photo { "photo" } else { "file" };
        let uploaded = self.put(context, words(&server, "upload_url"), field, &render::file_name(file, way), file).await.map_err(Wrong::Call)?;
        if way == Way::Photo {
            if matches!(words(&uploaded, "photo"), "" | "[]") {
                return Ok(None);
            }
            let params: Params = ["server", "photo", "hash"].into_iter().map(|name| (name, text(&uploaded, name))).collect();
            let saved = self.method(context, "photos.saveMessagesPhoto", &params).await?;
            return Ok(saved.as_array().and_then(|photos| photos.first()).and_then(|photo| named("photo", photo)));
        }
        if words(&uploaded, "file").is_empty() {
            return Ok(None);
        }
        let saved = self.method(context, "docs.save", &[("file", text(&uploaded, "file")), ("title", file.name.clone())]).await?;
        // Older answers are a list.
        let saved = saved.as_array().and_then(|all| all.first()).cloned().unwrap_or(saved);
        let kind = words(&saved, "type").to_owned();
        Ok(saved.get(&kind).or(Some(&saved)).and_then(|doc| named("doc", doc)))
    }

    async fn put(&self, context: &CallContext, url: &str, field: &str, name: &str, file: &Attachment) -> Result<Value, SendError> {
        let open = context.files.open(file.file).await.map_err(SendError::Rejected)?;
        let left = u64::try_from(context.deadline.since(context.now)).unwrap_or_default();
        let upload = UploadFile {
            field: field.to_owned(),
            name: name.to_owned(),
            media_type: file.media_type.clone(),
            size: open.size,
            content: open.content,
        };
        let call = Call { limit: Duration::from_millis(left), answer_bytes: ANSWER_BYTES, ..Call::post(url, "") };
        // Whatever became of it: nobody sees a file that is not named in a message, so it goes again with the piece.
        let lost = |error| match outside(error) {
            SendError::Unclear(reason) => SendError::Temporary(reason),
            other => other,
        };
        let answer = context.outside.upload(call, UploadForm::default().file(upload)).await.map_err(lost)?;
        body(&answer, context)
    }

    /// A message with its files named, so that an edit leaves them.
    async fn attached_to(&self, context: &CallContext, peer: i64, number: i64) -> Result<String, SendError> {
        let params = [("peer_id", peer.to_string()), ("conversation_message_ids", number.to_string())];
        let found = self.method(context, "messages.getByConversationMessageId", &params).await?;
        let names = list(&found, "items").first().map(|message| list(message, "attachments")).unwrap_or_default().iter().filter_map(|attachment| {
            let kind = words(attachment, "type");
            let thing = attachment.get(kind)?;
            named(if kind == "audio_message" { "doc" } else { kind }, thing)
        });
        Ok(names.collect::<Vec<_>>().join(","))
    }
}

/// An attachment's name: `photo-1_5_key`.
fn named(kind: &str, thing: &Value) -> Option<String> {
    let (owner, id) = (int(thing, "owner_id")?, int(thing, "id")?);
    Some(match text(thing, "access_key") {
        key if key.is_empty() => format!("{kind}{owner}_{id}"),
        key => format!("{kind}{owner}_{id}_{key}"),
    })
}

fn answered(mut answer: Value) -> Result<Value, Wrong> {
    if let Some(error) = answer.get("error").filter(|error| error.is_object()) {
        // What else VK says there may repeat our parameters.
        return Err(Wrong::Code(int(error, "error_code").unwrap_or_default(), text(error, "error_msg")));
    }
    match answer.get_mut("response") {
        Some(response) => Ok(response.take()),
        None => Err(Wrong::Call(SendError::Temporary(Reason::new("answer_unreadable")))),
    }
}

fn place(external_id: &str) -> Result<(i64, i64), SendError> {
    ids::read_message(external_id).ok_or_else(|| SendError::Rejected(Reason::new("not_supported")))
}

#[async_trait]
impl Reword for Client {
    async fn edit(&self, context: &CallContext, message: &SentMessage, text: &str) -> Result<(), SendError> {
        let (peer, number) = place(&message.external_id)?;
        let mut params = vec![("peer_id", peer.to_string()), ("cmid", number.to_string()), ("message", text.to_owned())];
        params.extend([("keep_forward_messages", "1".to_owned()), ("keep_snippets", "1".to_owned())]);
        if !message.attachments.is_empty() {
            params.push(("attachment", self.attached_to(context, peer, number).await?));
        }
        self.method(context, "messages.edit", &params).await?;
        Ok(())
    }

    async fn delete(&self, context: &CallContext, message: &SentMessage) -> Result<(), SendError> {
        let (peer, number) = place(&message.external_id)?;
        let params = [("peer_id", peer.to_string()), ("cmids", number.to_string()), ("delete_for_all", "1".to_owned())];
        self.method(context, "messages.delete", &params).await?;
        Ok(())
    }
}

#[async_trait]
impl Reading for Client {
    async fn read(&self, context: &CallContext, account: &str, _conversation_key: &str, external_id: &str) -> Result<(), SendError> {
        if account != ids::MESSAGES {
            return Ok(());
        }
        let (peer, number) = place(external_id)?;
        self.method(context, "messages.markAsRead", &[("peer_id", peer.to_string()), ("up_to_cmid", number.to_string())]).await?;
        Ok(())
    }
}

#[async_trait]
impl Typing for Client {
    async fn typing(&self, context: &CallContext, account: &str, conversation_key: &str) -> Result<(), SendError> {
        if account != ids::MESSAGES {
            return Ok(());
        }
        self.method(context, "messages.setActivity", &[("peer_id", conversation_key.to_owned()), ("type", "typing".to_owned())]).await?;
        Ok(())
    }
}

#[async_trait]
impl Fetch for Client {
    /// The address is the locator; it is good for hours, photos longer.
    async fn locate(&self, _context: &CallContext, locator: &str) -> Result<Located, SendError> {
        Ok(Located { url: locator.to_owned(), ..Located::default() })
    }
}

#[async_trait]
impl Profile for Client {
    async fn look_up(&self, context: &CallContext, account: &ChannelAccount, asked: &Asked) -> Result<Known, SendError> {
        let extended = Settings::of(account).extended;
        let mut people = Vec::new();
        // A community is nobody `users.get` knows.
        let ids: Vec<&str> = asked.external_ids.iter().map(String::as_str).filter(|id| id.parse::<i64>().is_ok_and(|id| id > 0)).collect();
        for some in ids.chunks(PEOPLE) {
            let fields = if extended { "domain,photo_200,has_photo,city,bdate,contacts" } else { "domain,photo_200,has_photo" };
            let found = self.method(context, "users.get", &[("user_ids", some.join(",")), ("fields", fields.to_owned())]).await?;
            people.extend(found.as_array().into_iter().flatten().filter_map(|user| profile(user, extended)));
        }
        Ok(Known { people, ..Known::default() })
    }
}

/// A question of a time-limited kind, for Long Poll.
pub(super) async fn get(context: &CallContext, url: String, limit: Duration) -> Result<Value, SendError> {
    let call = Call { method: Method::GET, limit, answer_bytes: ANSWER_BYTES, ..Call::post(url, "") };
    let answer = context.outside.call(call).await.map_err(outside)?;
    body(&answer, context)
}
