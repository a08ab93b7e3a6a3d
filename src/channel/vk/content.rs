//! What a message or comment says: words, mentions as names, attachments, forwarded messages. Pure.

use serde_json::Value;

use crate::channel::contract::{FileShape, RemoteFile};
use crate::connector::lenient::{cut, degrees_e7, int, list, small, text, words};
use crate::model::message::Part;

/// The most of anything read of one message: nobody sends more, and what is nested deeper is no message.
const MOST: usize = 60;
const DEPTH: usize = 4;
/// The most of what we cannot read that is kept, bytes.
const RAW: usize = 4 * 1024;

/// What a message says.
#[derive(Debug, Default, PartialEq)]
pub struct Content {
    /// Words, places, posts.
    pub parts: Vec<Part>,
    /// Files at VK.
    pub remote: Vec<RemoteFile>,
}

impl Content {
    /// Of a message or comment.
    #[must_use]
    pub fn of(message: &Value) -> Self {
        let mut content = Self::default();
        let mut lines = vec![plain(words(message, "text"))];
        quoted(list(message, "fwd_messages"), 1, &mut lines, &mut content);
        lines.retain(|line| !line.is_empty());
        if !lines.is_empty() {
            content.parts.insert(0, Part::Text { text: lines.join("\n") });
        }
        content.attachments(message);
        if let Some(place) = message.get("geo").and_then(place) {
            content.parts.push(place);
        }
        content
    }

    /// Says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.remote.is_empty()
    }

    fn attachments(&mut self, message: &Value) {
        let said = words(message, "text");
        for attachment in list(message, "attachments") {
            if self.parts.len() + self.remote.len() >= MOST {
                return;
            }
            let kind = words(attachment, "type");
            let Some(thing) = attachment.get(kind) else {
                self.unknown(attachment);
                continue;
            };
            match kind {
                "photo" => self.remote.extend(photo(thing)),
                "doc" => self.remote.extend(doc(thing)),
                "audio_message" => self.remote.extend(voice(thing)),
                "sticker" => self.remote.extend(sticker(thing)),
                "graffiti" => self.remote.extend(file(text(thing, "url"), "graffiti.png")),
                "gift" => self.remote.extend(file(text(thing, "thumb_256"), "gift.png")),
                "audio" => self.audio(thing),
                "video" => self.video(thing),
                "wall" => self.wall(thing),
                "wall_reply" => self.post("wall", thing, plain(words(thing, "text"))),
                "market" => self.market(thing),
                "story" => self.post("story", thing, String::new()),
                "article" => self.link(&text(thing, "view_url"), words(thing, "title"), said),
                "link" => self.link(words(thing, "url"), words(thing, "title"), said),
                "poll" => self.parts.push(Part::Post { url: address("poll", thing), title: cut(words(thing, "question"), 300) }),
                "call" => self.parts.push(Part::Call {
                    missed: words(thing, "state") != "reached",
                    video: thing.get("video").and_then(Value::as_bool).unwrap_or_default(),
                }),
                _ => self.unknown(attachment),
            }
        }
    }

    fn unknown(&mut self, attachment: &Value) {
        let mut raw = attachment.to_string();
        let end = (0..=RAW.min(raw.len())).rev().find(|at| raw.is_char_boundary(*at)).unwrap_or_default();
        raw.truncate(end);
        self.parts.push(Part::Unknown { raw });
    }

    fn post(&mut self, on: &str, thing: &Value, title: String) {
        self.parts.push(Part::Post { url: address(on, thing), title: cut(&title, 4_000) });
    }

    fn audio(&mut self, thing: &Value) {
        let title = [words(thing, "artist"), words(thing, "title")].join(" — ");
        match text(thing, "url") {
            url if url.is_empty() => self.post("audio", thing, title),
            url => self.remote.extend(file(url, &format!("{title}.mp3"))),
        }
    }

    /// A community is never given the file: the link, and the picture of it.
    fn video(&mut self, thing: &Value) {
        self.post("video", thing, words(thing, "title").to_owned());
        let largest = list(thing, "image").iter().max_by_key(|size| area(size));
        self.remote.extend(largest.and_then(|size| file(text(size, "url"), "video.jpg")));
    }

    /// A post that was sent on: its words, with what hangs on it.
    fn wall(&mut self, thing: &Value) {
        let copied = list(thing, "copy_history").first();
        let own = plain(words(thing, "text"));
        let title = if own.is_empty() { copied.map(|post| plain(words(post, "text"))).unwrap_or_default() } else { own };
        self.post("wall", thing, title);
        for post in [Some(thing), copied].into_iter().flatten() {
            let files = list(post, "attachments").iter().filter_map(|attachment| match words(attachment, "type") {
                "photo" => attachment.get("photo").and_then(photo),
                "doc" => attachment.get("doc").and_then(doc),
                _ => None,
            });
            let room = MOST.saturating_sub(self.remote.len());
            self.remote.extend(files.take(room));
        }
    }

    fn market(&mut self, thing: &Value) {
        let price = thing.get("price").map(|price| text(price, "text")).unwrap_or_default();
        let title = [words(thing, "title"), price.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" — ");
        self.parts.push(Part::Post { url: address("product", thing), title });
        self.remote.extend(file(text(thing, "thumb_photo"), "product.jpg"));
    }

    /// VK makes an attachment of each link in the words: those stand there already.
    fn link(&mut self, url: &str, title: &str, said: &str) {
        if !url.is_empty() && !said.contains(url.trim_end_matches('/')) {
            self.parts.push(Part::Post { url: cut(url, 2_000), title: cut(title, 300) });
        }
    }
}

/// Forwarded messages, as mail quotes: a mark for each depth.
fn quoted(messages: &[Value], depth: usize, lines: &mut Vec<String>, content: &mut Content) {
    if depth > DEPTH {
        return;
    }
    let mark = "> ".repeat(depth);
    for message in messages {
        if lines.len() >= MOST {
            return;
        }
        lines.extend(plain(words(message, "text")).lines().map(|line| format!("{mark}{line}")));
        content.attachments(message);
        quoted(list(message, "fwd_messages"), depth + 1, lines, content);
    }
}

fn address(on: &str, thing: &Value) -> String {
    let id = int(thing, "id").or_else(|| int(thing, "post_id")).unwrap_or_default();
    let owner = int(thing, "owner_id").or_else(|| int(thing, "to_id")).or_else(|| int(thing, "from_id")).unwrap_or_default();
    format!("https://vk.com/{on}{owner}_{id}")
}

fn file(locator: String, name: &str) -> Option<RemoteFile> {
    let fine = !locator.is_empty() && locator.len() <= 4 * 1024;
    fine.then(|| RemoteFile { locator, name: cut(name, 200), ..RemoteFile::default() })
}

fn area(size: &Value) -> u64 {
    u64::from(small(size, "width").unwrap_or_default()) * u64::from(small(size, "height").unwrap_or_default())
}

/// The largest of a photo's sizes; where VK does not say how large they are, by their letters.
fn photo(thing: &Value) -> Option<RemoteFile> {
    const LETTERS: &str = "smxopqryzw";
    let letter = |size: &Value| LETTERS.find(words(size, "type")).unwrap_or_default();
    let largest = list(thing, "sizes").iter().max_by_key(|size| (area(size), letter(size)));
    let original = thing.get("orig_photo").filter(|size| area(size) > largest.map(area).unwrap_or_default());
    let size = original.or(largest)?;
    let found = file(text(size, "url"), "photo.jpg")?;
    Some(RemoteFile { width: small(size, "width"), height: small(size, "height"), ..found })
}

fn doc(thing: &Value) -> Option<RemoteFile> {
    let (title, ext) = (words(thing, "title"), words(thing, "ext"));
    let has = ext.is_empty() || title.to_lowercase().ends_with(&format!(".{}", ext.to_lowercase()));
    let name = if has { title.to_owned() } else { format!("{title}.{ext}") };
    let found = file(text(thing, "url"), &name)?;
    Some(RemoteFile { size: int(thing, "size").and_then(|size| u64::try_from(size).ok()), ..found })
}

/// Every browser plays the mp3.
fn voice(thing: &Value) -> Option<RemoteFile> {
    let mp3 = text(thing, "link_mp3");
    let (url, name) = if mp3.is_empty() { (text(thing, "link_ogg"), "voice.ogg") } else { (mp3, "voice.mp3") };
    let duration_ms = small(thing, "duration").map(|seconds| seconds.saturating_mul(1_000));
    let caption = cut(words(thing, "transcript"), 4_000);
    Some(RemoteFile { shape: FileShape::Voice { duration_ms }, caption, ..file(url, name)? })
}

fn sticker(thing: &Value) -> Option<RemoteFile> {
    let largest = list(thing, "images").iter().chain(list(thing, "images_with_background")).max_by_key(|image| area(image))?;
    Some(RemoteFile { shape: FileShape::Sticker, ..file(text(largest, "url"), "sticker.png")? })
}

fn place(geo: &Value) -> Option<Part> {
    let point = geo.get("coordinates")?;
    let title = geo.get("place").map(|place| [words(place, "title"), words(place, "address")].join(" ").trim().to_owned()).unwrap_or_default();
    Some(Part::Location { latitude_e7: degrees_e7(point, "latitude", 90.0)?, longitude_e7: degrees_e7(point, "longitude", 180.0)?, title })
}

/// Words with mentions as names: `[id500|Анна]` and `@id500 (Анна)` are «Анна».
#[must_use]
pub fn plain(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '@', '*']) {
        let (before, from) = rest.split_at(at);
        said.push_str(before);
        rest = match mention(from) {
            Some((name, after)) => {
                said.push_str(name);
                after
            }
            None => {
                let mut letters = from.chars();
                said.extend(letters.next());
                letters.as_str()
            }
        };
    }
    said.push_str(rest);
    said
}

fn mention(text: &str) -> Option<(&str, &str)> {
    let (whom, name, after) = if let Some(inner) = text.strip_prefix('[') {
        let (inside, after) = inner.split_once(']')?;
        let (whom, name) = inside.split_once('|')?;
        (whom, name, after)
    } else {
        let inner = text.strip_prefix(['@', '*'])?;
        let (whom, named) = inner.split_once(" (")?;
        let (name, after) = named.split_once(')')?;
        (whom, name, after)
    };
    let number = ["id", "club", "public", "event"].iter().find_map(|kind| whom.strip_prefix(kind))?;
    // A mention may lead on to a comment: `[id500:bp-1_6|Анна]`.
    let number = number.split(':').next().unwrap_or_default();
    let fine = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty();
    fine.then_some((name, after))
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
