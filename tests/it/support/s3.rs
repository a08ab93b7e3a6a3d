//! A small S3 server over HTTP, path style, one bucket, written from Amazon's API reference (PutObject, GetObject with
//! `Range`, HeadObject, DeleteObject, ListObjectsV2, multipart uploads, Signature Version 4). It checks every signature.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub(crate) const BUCKET: &str = "kommutator-files";
pub(crate) const ACCESS_KEY: &str = "AKIATEST";
pub(crate) const SECRET_KEY: &str = "sEcReT/key+with=signs";
pub(crate) const REGION: &str = "ru-central1";

/// What lies in the bucket, and what the server was asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    pub(crate) uploads: HashMap<String, BTreeMap<u32, Vec<u8>>>,
    pub(crate) calls: Vec<String>,
    /// This many of the next calls are answered 503.
    pub(crate) unwell: usize,
    next_upload: u32,
}

/// A running server.
pub(crate) struct S3 {
    pub(crate) endpoint: String,
    pub(crate) state: Arc<Mutex<State>>,
    server: actix_web::dev::ServerHandle,
}

impl S3 {
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = web::Data::from(Arc::clone(&state));
        let server =
            HttpServer::new(move || App::new().app_data(shared.clone()).app_data(web::PayloadConfig::new(64 << 20)).default_service(web::to(answer)))
                .workers(1)
                .disable_signals()
                .bind("127.0.0.1:0")
                .unwrap();
        let endpoint = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { endpoint, state, server: handle }
    }

    pub(crate) async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn error(status: u16, code: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status).content_type("application/xml").body(format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"))
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..16]))
}

async fn answer(request: HttpRequest, body: web::Bytes, state: web::Data<Mutex<State>>) -> HttpResponse {
    let query = web::Query::<HashMap<String, String>>::from_query(request.query_string()).unwrap().into_inner();
    let mut state = state.lock().unwrap();
    state.calls.push(format!("{} {}", request.method(), request.uri()));
    if state.unwell > 0 {
        state.unwell -= 1;
        return error(503, "SlowDown");
    }
    if !is_signed(&request, &body) {
        return error(403, "SignatureDoesNotMatch");
    }
    let Some(key) = request.path().strip_prefix(&format!("/{BUCKET}")).map(|key| key.trim_start_matches('/').to_owned()) else {
        return error(404, "NoSuchBucket");
    };
    let upload = query.get("uploadId");
    match (request.method(), upload) {
        (&Method::GET, None) if query.contains_key("list-type") => list(&state, query.get("prefix").map_or("", String::as_str)),
        (&Method::GET | &Method::HEAD, None) => get(&state, &key, &request),
        (&Method::PUT, None) => {
            state.objects.insert(key, body.to_vec());
            HttpResponse::Ok().insert_header(("ETag", etag(&body))).finish()
        }
        (&Method::DELETE, None) => {
            state.objects.remove(&key);
            HttpResponse::NoContent().finish()
        }
        (&Method::POST, None) if query.contains_key("uploads") => {
            state.next_upload += 1;
            let id = format!("upload-{}", state.next_upload);
            state.uploads.insert(id.clone(), BTreeMap::new());
            HttpResponse::Ok().content_type("application/xml").body(format!(
                "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            ))
        }
        (&Method::PUT, Some(upload)) => {
            let Some(parts) = state.uploads.get_mut(upload) else { return error(404, "NoSuchUpload") };
            parts.insert(query["partNumber"].parse().unwrap(), body.to_vec());
            HttpResponse::Ok().insert_header(("ETag", etag(&body))).finish()
        }
        (&Method::POST, Some(upload)) => complete(&mut state, upload, key, &body),
        (&Method::DELETE, Some(upload)) => match state.uploads.remove(upload) {
            Some(_) => HttpResponse::NoContent().finish(),
            None => error(404, "NoSuchUpload"),
        },
        _ => error(405, "MethodNotAllowed"),
    }
}

fn get(state: &State, key: &str, request: &HttpRequest) -> HttpResponse {
    let Some(object) = state.objects.get(key) else { return error(404, "NoSuchKey") };
    let head = |mut answer: actix_web::HttpResponseBuilder| {
        answer.insert_header(("ETag", etag(object))).insert_header(("Last-Modified", "Sun, 12 Oct 2025 17:50:00 GMT"));
        answer
    };
    let Some(range) = request.headers().get("range").map(|range| range.to_str().unwrap().strip_prefix("bytes=").unwrap().to_owned()) else {
        if request.method() == Method::HEAD {
            return head(HttpResponse::Ok()).no_chunking(object.len() as u64).body(actix_web::body::SizedStream::new(
                object.len() as u64,
                futures_util::stream::empty::<Result<web::Bytes, std::convert::Infallible>>(),
            ));
        }
        return head(HttpResponse::Ok()).body(object.clone());
    };
    let (first, last) = range.split_once('-').unwrap();
    let first: usize = first.parse().unwrap();
    if first >= object.len() {
        return error(416, "InvalidRange");
    }
    let end = last.parse::<usize>().map_or(object.len(), |last| (last + 1).min(object.len()));
    head(HttpResponse::PartialContent())
        .insert_header(("Content-Range", format!("bytes {first}-{}/{}", end - 1, object.len())))
        .body(object[first..end].to_vec())
}

fn list(state: &State, prefix: &str) -> HttpResponse {
    let mut xml = format!("<ListBucketResult><Name>{BUCKET}</Name><Prefix>{prefix}</Prefix><IsTruncated>false</IsTruncated>");
    for (key, object) in state.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
        let tag = etag(object).replace('"', "&quot;");
        write!(
            xml,
            "<Contents><Key>{key}</Key><Size>{}</Size><ETag>{tag}</ETag><LastModified>2025-10-12T17:50:30.000Z</LastModified></Contents>",
            object.len()
        )
        .unwrap();
    }
    xml.push_str("</ListBucketResult>");
    HttpResponse::Ok().content_type("application/xml").body(xml)
}

fn complete(state: &mut State, upload: &str, key: String, body: &[u8]) -> HttpResponse {
    let Some(parts) = state.uploads.get(upload) else { return error(404, "NoSuchUpload") };
    let body = std::str::from_utf8(body).unwrap();
    let named: Vec<u32> = body.split("<PartNumber>").skip(1).map(|part| part.split_once('<').unwrap().0.parse().unwrap()).collect();
    if !named.is_sorted() || !parts.keys().eq(named.iter()) {
        return error(400, "InvalidPartOrder");
    }
    // Every part but the last has at least 5 MiB.
    if parts.values().rev().skip(1).any(|part| part.len() < 5 << 20) {
        return error(400, "EntityTooSmall");
    }
    let whole = parts.values().flatten().copied().collect::<Vec<u8>>();
    let tag = etag(&whole);
    state.uploads.remove(upload);
    state.objects.insert(key.clone(), whole);
    HttpResponse::Ok().content_type("application/xml").body(format!(
        "<CompleteMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><ETag>{}</ETag></CompleteMultipartUploadResult>",
        tag.replace('"', "&quot;")
    ))
}

/// Signature Version 4, "Authenticating Requests: Using the Authorization Header".
fn is_signed(request: &HttpRequest, body: &[u8]) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_owned();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let authorization = header("authorization");
    let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else { return false };
    let fields: HashMap<&str, &str> = rest.split(',').filter_map(|field| field.trim().split_once('=')).collect();
    let date = header("x-amz-date");
    let scope = format!("{}/{REGION}/s3/aws4_request", &date[..8]);
    let content_hash = header("x-amz-content-sha256");
    if fields["Credential"] != format!("{ACCESS_KEY}/{scope}") || content_hash != hex(&Sha256::digest(body)) {
        return false;
    }
    let mut query: Vec<String> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    query.sort();
    let headers: String = fields["SignedHeaders"].split(';').map(|name| format!("{name}:{}\n", header(name))).collect();
    let canonical =
        format!("{}\n{}\n{}\n{headers}\n{}\n{content_hash}", request.method(), request.uri().path(), query.join("&"), fields["SignedHeaders"]);
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let hmac = |key: &[u8], message: &str| -> Vec<u8> {
        Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().to_vec()
    };
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part);
    }
    fields["Signature"] == hex(&hmac(&key, &to_sign))
}
