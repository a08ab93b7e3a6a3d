//! A file at an address, as a stream. Addresses of files lead on more often than others: each step is looked at like the first.

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use reqwest::Method;
use reqwest::header::{CONTENT_DISPOSITION, LOCATION};

use super::call::{CALL_LIMIT, Call, Outside, OutsideError, lost, whole};
use crate::model::reason::Reason;

/// How often an address may lead on.
const STEPS: u32 = 4;
/// What a server says of why it gives no file is read so far.
const WORDS: usize = 500;

/// A file that comes.
pub struct Download {
    /// Bytes, as far as they are told.
    pub size: Option<u64>,
    /// The name the server gives it; empty: none.
    pub name: String,
    /// The content. Whoever reads it bounds it, in size and in time.
    pub content: BoxStream<'static, Result<Bytes, String>>,
}

impl Outside {
    /// Begins to fetch a file.
    ///
    /// # Errors
    /// It does not come: `Gone`, where there is none any more.
    pub async fn download(&self, url: &str, headers: &[(String, String)]) -> Result<Download, OutsideError> {
        let mut url = url.to_owned();
        let mut headers = headers.to_vec();
        for _ in 0..STEPS {
            let call = Call { method: Method::GET, headers: headers.clone(), ..Call::post(url.clone(), "") };
            let slow = |_| OutsideError::Temporary(Reason::new("outside_slow"));
            let answer = tokio::time::timeout(CALL_LIMIT, self.request(&call)?.send()).await.map_err(slow)?;
            // Nothing was asked to be done, so nothing is unclear.
            let answer = answer.map_err(|error| match lost(&error) {
                OutsideError::Unclear(reason) => OutsideError::Temporary(reason),
                other => other,
            })?;
            let status = answer.status().as_u16();
            let reason = |code: &str| Reason::new(code).with("status", status);
            match status {
                200..=299 => {
                    let name = answer.headers().get(CONTENT_DISPOSITION).and_then(|value| file_name(value.as_bytes()));
                    let size = answer.content_length();
                    let content = answer.bytes_stream().map(|piece| piece.map_err(|error| whole(&error))).boxed();
                    return Ok(Download { size, name: name.unwrap_or_default(), content });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                    let next = to.and_then(|to| answer.url().join(to).ok()).ok_or_else(|| OutsideError::Rejected(reason("outside_redirected")))?;
                    // What opens one server is not for another.
                    if next.origin() != answer.url().origin() {
                        headers.clear();
                    }
                    url = next.into();
                }
                404 | 410 => return Err(OutsideError::Gone(reason("outside_gone"))),
                408 | 425 | 429 | 500..=599 => return Err(OutsideError::Temporary(reason("outside_failed"))),
                _ => {
                    let words = answer.text().await.unwrap_or_default();
                    return Err(OutsideError::Rejected(reason("outside_refused").said(words.get(..words.len().min(WORDS)).unwrap_or_default())));
                }
            }
        }
        Err(OutsideError::Rejected(Reason::new("outside_redirected")))
    }
}

/// The name in `Content-Disposition: attachment; filename="…"`, or in its form for other letters (RFC 6266).
fn file_name(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let parameter = |wanted: &str| {
        let found = text.split(';').map(str::trim).find(|part| part.to_ascii_lowercase().starts_with(wanted));
        found.and_then(|part| part.split_once('=')).map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    if let Some(extended) = parameter("filename*=") {
        let encoded = extended.rsplit('\'').next().unwrap_or_default().to_owned();
        return percent_decoded(&encoded);
    }
    parameter("filename=").filter(|name| !name.is_empty())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_read_in_both_forms() {
        for (header, name) in [
            ("attachment; filename=\"price.pdf\"", Some("price.pdf")),
            ("attachment; filename=price.pdf", Some("price.pdf")),
            ("attachment; filename=\"x\"; filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82.pdf", Some("счёт.pdf")),
            ("attachment; filename*=UTF-8''%zz", None),
            ("attachment; filename*=UTF-8''%D", None),
            ("inline", None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
    }
}
