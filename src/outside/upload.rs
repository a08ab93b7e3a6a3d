//! A form with files, as it is uploaded: read while it goes, never whole in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::Body;
use reqwest::multipart::{Form, Part};

use super::OutsideError;
use crate::model::reason::Reason;

/// Fields and files, in order.
#[derive(Default)]
pub struct UploadForm {
    fields: Vec<(String, String)>,
    files: Vec<UploadFile>,
}

/// A file of a form.
pub struct UploadFile {
    /// The field's name.
    pub field: String,
    /// The file's.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Bytes: exactly so many come.
    pub size: u64,
    /// What comes.
    pub content: BoxStream<'static, Result<Bytes, std::io::Error>>,
}

impl UploadForm {
    /// The same with a field more.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a file more.
    #[must_use]
    pub fn file(mut self, file: UploadFile) -> Self {
        self.files.push(file);
        self
    }

    /// The client's form, and whether one of its files could not be read to its end.
    ///
    /// # Errors
    /// A media type that is none.
    pub(super) fn read(self) -> Result<(Form, Arc<AtomicBool>), OutsideError> {
        let unread = Arc::new(AtomicBool::new(false));
        let mut form = Form::new();
        for (name, value) in self.fields {
            form = form.text(name, value);
        }
        for file in self.files {
            let seen = Arc::clone(&unread);
            let content = file.content.inspect(move |piece| {
                if piece.is_err() {
                    seen.store(true, Ordering::SeqCst);
                }
            });
            // A line's end in a name would begin another header.
            let name = file.name.replace(char::is_control, "_");
            let part = Part::stream_with_length(Body::wrap_stream(content), file.size).file_name(name);
            let part =
                part.mime_str(&file.media_type).map_err(|_| OutsideError::Rejected(Reason::new("outside_header").with("name", "content-type")))?;
            form = form.part(file.field, part);
        }
        Ok((form, unread))
    }
}
