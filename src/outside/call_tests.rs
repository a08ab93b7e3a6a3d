//! Tests of `call`: a server of a few lines on this machine.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Answers every connection with these bytes and counts them.
async fn server(answer: Vec<u8>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let (port, calls) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(&answer).await;
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (port, calls)
}

fn client(private: bool) -> Outside {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Outside::new(private)
}

fn code(error: OutsideError) -> (&'static str, String) {
    match error {
        OutsideError::RetryAfter(ms) => ("retry_after", ms.to_string()),
        OutsideError::Temporary(reason) => ("temporary", reason.code),
        OutsideError::Rejected(reason) => ("rejected", reason.code),
        OutsideError::Gone(reason) => ("gone", reason.code),
        OutsideError::Unclear(reason) => ("unclear", reason.code),
    }
}

#[test]
fn addresses_as_people_write_them() {
    let long = format!("https://a.example/{}", "a".repeat(URL_LENGTH));
    let table = [
        ("https://hooks.example/a?b=c", None, None),
        ("https://hooks.example:8443/", None, None),
        ("http://hooks.example/", Some("outside_plain"), None),
        ("ftp://hooks.example/", Some("outside_address"), Some("outside_address")),
        ("file:///etc/passwd", Some("outside_address"), Some("outside_address")),
        ("javascript:alert(1)", Some("outside_address"), Some("outside_address")),
        ("hooks.example", Some("outside_address"), Some("outside_address")),
        ("", Some("outside_address"), Some("outside_address")),
        (long.as_str(), Some("outside_address"), Some("outside_address")),
        ("https://user:word@hooks.example/", Some("outside_address"), Some("outside_address")),
        ("https://127.0.0.1/", Some("outside_private"), None),
        ("https://127.1/", Some("outside_private"), None),
        ("https://2130706433/", Some("outside_private"), None),
        ("https://0x7f.0.0.1/", Some("outside_private"), None),
        ("https://0177.0.0.1/", Some("outside_private"), None),
        ("https://１２７.0.0.1/", Some("outside_private"), None),
        ("https://169.254.169.254/latest/meta-data", Some("outside_private"), None),
        ("https://[::1]/", Some("outside_private"), None),
        ("https://[::ffff:127.0.0.1]/", Some("outside_private"), None),
        ("https://[fd00::1]:9/", Some("outside_private"), None),
        ("https://0.0.0.0/", Some("outside_private"), Some("outside_private")),
        ("https://8.8.8.8/", None, None),
    ];
    for (url, public, private) in table {
        for (allowed, wanted) in [(false, public), (true, private)] {
            let found = Outside::new(allowed).check(url).err().map(|error| code(error).1);
            assert_eq!(found.as_deref(), wanted, "{url} private={allowed}");
        }
    }
}

#[test]
fn what_a_status_means() {
    let now = Time(1_500_000_000_000);
    let table = [
        (200, None, None),
        (201, None, None),
        (301, None, Some(("rejected", "outside_redirected"))),
        (400, None, Some(("rejected", "outside_refused"))),
        (404, None, Some(("gone", "outside_gone"))),
        (410, None, Some(("gone", "outside_gone"))),
        (413, None, Some(("rejected", "outside_refused"))),
        (429, None, Some(("temporary", "outside_failed"))),
        (429, Some("7"), Some(("retry_after", "7000"))),
        (429, Some("-7"), Some(("retry_after", "1000"))),
        (429, Some("9999999999999999"), Some(("retry_after", "86400000"))),
        (503, Some("Fri, 14 Jul 2017 02:41:00 GMT"), Some(("retry_after", "60000"))),
        (503, Some("soon"), Some(("temporary", "outside_failed"))),
        (500, Some("7"), Some(("temporary", "outside_failed"))),
    ];
    for (status, pause, wanted) in table {
        let mut headers = HeaderMap::new();
        if let Some(pause) = pause {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(pause));
        }
        let answer = Answer { status, headers, body: Bytes::new(), cut: false };
        let found = answer.judge(now).err().map(code);
        assert_eq!(found.as_ref().map(|(kind, code)| (*kind, code.as_str())), wanted, "{status} {pause:?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_home_is_not_called() {
    let (port, calls) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let refused = client(false).call(Call::post(format!("https://localhost:{port}/"), "x")).await.unwrap_err();
    assert_eq!(code(refused), ("rejected", "outside_private".to_owned()));
    assert_eq!(calls.load(Ordering::SeqCst), 0, "nobody was called");
    let answer = client(true).call(Call::post(format!("http://localhost:{port}/"), "x")).await.unwrap();
    assert_eq!((answer.status, calls.load(Ordering::SeqCst)), (200, 1));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (inner, calls) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let (port, _) = server(format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\n\r\n").into_bytes()).await;
    let answer = client(true).call(Call::post(format!("http://127.0.0.1:{port}/"), "x")).await.unwrap();
    assert_eq!((answer.status, calls.load(Ordering::SeqCst)), (302, 0));
}

#[tokio::test]
async fn answers_are_read_to_a_bound_and_waited_for_to_another() {
    let body = "y".repeat(50_000);
    let (port, _) = server(format!("HTTP/1.1 500 No\r\nconnection: close\r\n\r\n{body}").into_bytes()).await;
    let mut call = Call::post(format!("http://127.0.0.1:{port}/"), "x");
    call.answer_bytes = 100;
    let answer = client(true).call(call).await.unwrap();
    assert_eq!((answer.status, answer.body.len(), answer.cut), (500, 100, true));

    let (port, _) = server(Vec::new()).await;
    let mut call = Call::post(format!("http://127.0.0.1:{port}/"), "x");
    call.limit = Duration::from_millis(50);
    assert_eq!(code(client(true).call(call).await.unwrap_err()), ("unclear", "outside_slow".to_owned()));
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = client(true).call(Call::post(format!("http://127.0.0.1:{port}/secret"), "x")).await.unwrap_err();
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert_eq!(code(error), ("temporary", "outside_unreachable".to_owned()));
    let wrong = Call::post(format!("http://127.0.0.1:{port}/"), "x").header("a\nb", "c");
    assert_eq!(code(client(true).call(wrong).await.unwrap_err()).1, "outside_header");
}

/// Takes one connection, answers once so many bytes came, and tells everything it was sent.
async fn taker(enough: usize) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (mut all, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = socket.read(&mut piece).await {
            all.extend_from_slice(&piece[..read]);
            if all.len() >= enough {
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
                break;
            }
        }
        all
    });
    (port, taken)
}

fn upload(name: &str, pieces: Vec<Result<Bytes, std::io::Error>>, size: u64) -> UploadForm {
    let content = Box::pin(futures_util::stream::iter(pieces));
    let file = crate::outside::UploadFile { field: "document".into(), name: name.into(), media_type: "application/pdf".into(), size, content };
    UploadForm::default().field("caption", "слова").file(file)
}

#[tokio::test]
async fn files_are_read_while_they_go() {
    let pieces = || (0..3).map(|_| Ok(Bytes::from(vec![b'y'; 50_000]))).collect();
    let (port, taken) = taker(150_400).await;
    let form = upload("счёт\r\n\".pdf", pieces(), 150_000);
    let answer = client(true).upload(Call::post(format!("http://127.0.0.1:{port}/"), ""), form).await.unwrap();
    let sent = String::from_utf8_lossy(&taken.await.unwrap()).into_owned();
    assert_eq!((answer.status, sent.matches('y').count() >= 150_000), (200, true));
    for wanted in
        ["name=\"caption\"\r\n\r\nслова\r\n", "name=\"document\"; filename=\"счёт__\\\".pdf\"", "Content-Type: application/pdf", "content-length: 15"]
    {
        assert!(sent.contains(wanted), "{wanted}: {}", &sent[..800]);
    }
    let wrong = crate::outside::UploadFile {
        field: "f".into(),
        name: "n".into(),
        media_type: "no type".into(),
        size: 0,
        content: Box::pin(futures_util::stream::empty()),
    };
    let error = client(true).upload(Call::post(format!("http://127.0.0.1:{port}/"), ""), UploadForm::default().file(wrong)).await.unwrap_err();
    assert_eq!(code(error), ("rejected", "outside_header".to_owned()));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_was_not_sent() {
    let (port, _taken) = taker(usize::MAX).await;
    let pieces = vec![Ok(Bytes::from_static(b"begin")), Err(std::io::Error::other("the disk is gone"))];
    let error = client(true).upload(Call::post(format!("http://127.0.0.1:{port}/"), ""), upload("a.pdf", pieces, 1_000)).await.unwrap_err();
    assert_eq!(code(error), ("temporary", "file_unreadable".to_owned()));
}
