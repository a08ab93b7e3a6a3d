//! Files through the port: the same promises over memory, a folder and S3.

use std::convert::Infallible;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use kommutator::model::ids::{FileId, WorkspaceId};
use kommutator::store::files::{Disposition, FileError, FileStore, S3Settings, StoredFile, Variant, disposition};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::s3::{ACCESS_KEY, BUCKET, REGION, S3, SECRET_KEY};

const W: WorkspaceId = WorkspaceId(7);
const LIMIT: u64 = 50 << 20;

fn settings(s3: &S3) -> S3Settings {
    S3Settings {
        endpoint: Some(s3.endpoint.clone()),
        bucket: BUCKET.into(),
        region: REGION.into(),
        access_key: ACCESS_KEY.into(),
        secret_key: SECRET_KEY.into(),
        path_style: true,
    }
}

fn pieces(content: &[u8], size: usize) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + use<> {
    let pieces: Vec<_> = content.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

async fn put(files: &FileStore, id: u64, content: &[u8]) -> Result<StoredFile, FileError> {
    files.put(W, FileId(id), pieces(content, 60_000), LIMIT).await
}

async fn read(files: &FileStore, id: u64, variant: Variant, range: Option<std::ops::Range<u64>>) -> Result<Vec<u8>, FileError> {
    let content = files.get(W, FileId(id), variant, range).await?;
    Ok(content.stream.try_collect::<Vec<_>>().await?.concat())
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 7]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// What every kind of store promises.
async fn keeps_its_promises(files: &FileStore) {
    files.probe().await.unwrap();

    // Larger than two parts, so that an S3 store takes it in three; no multiple of a part.
    let large: Vec<u8> = (0..(11_u32 << 20) + 77).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let stored = put(files, 1, &large).await.unwrap();
    assert_eq!(stored.size, large.len() as u64);
    assert_eq!(stored.sha256, data_encoding::HEXLOWER.encode(&Sha256::digest(&large)));
    assert_eq!((stored.width, stored.thumbnail), (None, false));
    assert!(read(files, 1, Variant::Content, None).await.unwrap() == large);
    assert!(read(files, 1, Variant::Content, Some(5_000_000..6_000_000)).await.unwrap() == large[5_000_000..6_000_000]);
    let part = files.get(W, FileId(1), Variant::Content, Some(10..20)).await.unwrap();
    assert_eq!((part.total, part.range), (large.len() as u64, 10..20));

    for content in [&b""[..], b"x", "Привет".as_bytes()] {
        put(files, 2, content).await.unwrap();
        assert_eq!(read(files, 2, Variant::Content, None).await.unwrap(), content);
    }

    let stored = put(files, 3, &picture(960, 240)).await.unwrap();
    assert_eq!((stored.media_type.as_str(), stored.width, stored.height, stored.thumbnail), ("image/png", Some(960), Some(240), true));
    let thumbnail = image::load_from_memory(&read(files, 3, Variant::Thumbnail, None).await.unwrap()).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (480, 120));

    // The same number in another workspace is another file.
    assert_eq!(files.get(WorkspaceId(8), FileId(3), Variant::Content, None).await.unwrap_err(), FileError::NotFound);

    let mut listed: Vec<_> = files.list(W).map_ok(|(id, variant, _)| (id.0, variant == Variant::Thumbnail)).try_collect().await.unwrap();
    listed.sort_unstable();
    assert_eq!(listed, [(1, false), (2, false), (3, false), (3, true)]);

    for _ in 0..2 {
        files.delete(W, FileId(3)).await.unwrap();
    }
    for variant in [Variant::Content, Variant::Thumbnail] {
        assert_eq!(files.get(W, FileId(3), variant, None).await.unwrap_err(), FileError::NotFound);
    }
    fails_and_leaves_nothing(files, &large).await;
}

async fn fails_and_leaves_nothing(files: &FileStore, large: &[u8]) {
    for limit in [0, 100, 6 << 20] {
        let too_large = files.put(W, FileId(4), pieces(large, 1 << 20), limit).await;
        assert_eq!(too_large, Err(FileError::TooLarge { limit }));
    }
    for before in [0, 1, 8] {
        let broken = pieces(large, 1 << 20).take(before).map(|piece| Ok(piece.unwrap())).chain(stream::iter([Err("connection reset")]));
        assert_eq!(files.put(W, FileId(5), broken, LIMIT).await, Err(FileError::Interrupted("connection reset".into())));
    }
    for id in [4, 5] {
        assert_eq!(files.get(W, FileId(id), Variant::Content, None).await.unwrap_err(), FileError::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_its_promises() {
    keeps_its_promises(&FileStore::over(Arc::new(object_store::memory::InMemory::new()))).await;
}

fn files_under(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_under(&entry.path()));
        } else {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

/// Waits for work that goes on after a call was dropped; the condition is what ends it, not the time.
async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await.expect("it never became so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let files = FileStore::local(&folder.path().join("files")).unwrap();
    keeps_its_promises(&files).await;
    // The broken uploads are cleaned up behind our back.
    until(|| files_under(folder.path()).len() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = FileStore::local(folder.path()).unwrap();
    let (reached, was_reached) = tokio::sync::oneshot::channel();
    let endless = pieces(&vec![1; 6 << 20], 1 << 20).chain(stream::once(async move {
        reached.send(()).unwrap();
        std::future::pending().await
    }));
    let upload = tokio::spawn(async move { files.put(W, FileId(1), endless, LIMIT).await });
    was_reached.await.unwrap();
    assert_eq!(files_under(folder.path()).len(), 1, "the first part is there");
    upload.abort();
    until(|| files_under(folder.path()).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stands_still_is_given_up() {
    let files = FileStore::over(Arc::new(object_store::memory::InMemory::new()));
    let still = pieces(b"abc", 1).chain(stream::pending());
    assert_eq!(files.put(W, FileId(1), still, LIMIT).await, Err(FileError::TooSlow));
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let files = FileStore::local(folder.path()).unwrap();
    put(&files, 1, b"kept").await.unwrap();
    let kept = files_under(folder.path());
    let beside = folder.path().join("w7").join(&FileId(1).to_string()[11..]).join("0000000000009#1");
    std::fs::write(&beside, b"half").unwrap();
    assert_eq!(files.remove_half_uploads().await, Ok(1));
    assert_eq!(files_under(folder.path()), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_its_promises() {
    let s3 = S3::start();
    let files = FileStore::s3(&settings(&s3)).unwrap();
    keeps_its_promises(&files).await;
    until(|| s3.state.lock().unwrap().uploads.is_empty()).await;
    assert_eq!(s3.state.lock().unwrap().objects.len(), 2, "broken uploads leave nothing");
    s3.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_is_tried_again_when_it_is_unwell() {
    let s3 = S3::start();
    let files = FileStore::s3(&settings(&s3)).unwrap();
    s3.state.lock().unwrap().unwell = 2;
    put(&files, 1, b"abc").await.unwrap();
    assert_eq!(s3.state.lock().unwrap().calls.len(), 3);
    s3.state.lock().unwrap().unwell = 100;
    assert!(matches!(files.get(W, FileId(1), Variant::Content, None).await, Err(FileError::Unavailable(_))));
    s3.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_s3_credentials_are_told_clearly() {
    let s3 = S3::start();
    let wrong = S3Settings { secret_key: "another".into(), ..settings(&s3) };
    assert_eq!(FileStore::s3(&wrong).unwrap().probe().await, Err(FileError::Forbidden));
    assert!(!format!("{wrong:?}").contains("another"));
    s3.stop().await;
    let nowhere = S3Settings { endpoint: Some("http://127.0.0.1:1".into()), ..wrong };
    assert!(matches!(FileStore::s3(&nowhere).unwrap().probe().await, Err(FileError::Unavailable(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_kept_as_they_are_and_never_shown_as_a_page(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        beginning in "(<html>|<!DOCTYPE html>|<svg onload=x>|<\\?xml |GIF89a|RIFF....WEBP|%PDF-1|)",
        piece in 1_usize..500,
    ) {
        let content = [beginning.as_bytes(), &bytes].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let files = FileStore::over(Arc::new(object_store::memory::InMemory::new()));
            let stored = files.put(W, FileId(1), pieces(&content, piece), LIMIT).await.unwrap();
            assert_eq!(read(&files, 1, Variant::Content, None).await.unwrap(), content);
            let shown = disposition(&stored.media_type) == Disposition::Inline;
            assert!(!shown || ["image/", "audio/", "video/"].iter().any(|kind| stored.media_type.starts_with(kind)), "{stored:?}");
        });
    }
}
