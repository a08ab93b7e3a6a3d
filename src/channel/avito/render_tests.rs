use serde_json::json;

use super::*;
use crate::channel::contract::Writer;
use crate::model::conversation::Place;
use crate::model::ids::FileId;
use crate::model::protocol::FileStatus;
use crate::model::time::Time;

fn file(name: &str, media_type: &str, size: u64) -> Attachment {
    Attachment {
        file: FileId(77),
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size,
        status: FileStatus::Ready,
        reason: None,
        width: None,
        height: None,
        thumbnail: false,
        remote: None,
        as_file: false,
    }
}

fn text(text: &str) -> Part {
    Part::Text { text: text.to_owned() }
}

fn piece(parts: Vec<Part>, attachments: Vec<Attachment>) -> OutgoingPiece {
    OutgoingPiece {
        account: String::new(),
        conversation_key: Some("u2i-AbC".into()),
        address: None,
        parts,
        attachments,
        reply_to_external: None,
        newest_external: None,
        place: Place::Private,
        begun_at: None,
        key: "c-0-0".into(),
    }
}

/// C-AV-05: pictures as pictures, the rest as addresses.
#[test]
fn how_files_go() {
    let sized = |width, height| Attachment { width: Some(width), height: Some(height), ..file("a.png", "image/png", 10) };
    assert_eq!((way(&file("a.jpg", "image/jpeg", 10)), way(&file("a.heic", "image/heic", 10))), (Way::Picture, Way::Picture));
    assert_eq!((way(&file("a.jpg", "image/jpeg", PICTURE_BYTES + 1)), way(&sized(10_000, 7_501))), (Way::Link, Way::Link));
    assert_eq!((way(&file("a.mp4", "video/mp4", 10)), way(&file("a.webp", "image/webp", 10))), (Way::Link, Way::Link));
    assert_eq!((file_name(&file("а.PNG", "image/png", 1)), file_name(&file("снимок", "image/png", 1))), ("а.PNG".into(), "picture.png".into()));
    assert_eq!(linked(&file("видео.mp4", "video/mp4", 1), "https://g.example/x"), "видео.mp4\nhttps://g.example/x");
    assert_eq!(linked(&file(&"я".repeat(2_000), "video/mp4", 1), "https://g.example/x").chars().count(), TEXT);
}

#[test]
fn a_message_goes_in_pieces() {
    let long = "слово ".repeat(300);
    let files = [file("a.png", "image/png", 1), file("b.pdf", "application/pdf", 1)];
    let shape: Vec<_> = pieces(&[text(&long)], &files).iter().map(|(parts, files)| (words(parts).chars().count(), files.len())).collect();
    assert_eq!(shape, [(995, 0), (804, 0), (0, 1), (0, 1)]);
    let place = Part::Location { latitude_e7: 557_900_000, longitude_e7: 491_200_000, title: "Склад".into() };
    assert_eq!(words(&[text("тут"), place]), "тут\nСклад\nhttps://yandex.ru/maps/?pt=49.12,55.79&z=16");
}

#[test]
fn what_went_is_known_again() {
    let message = |kind: &str, content: Value| json!({ "type": kind, "content": content });
    let link = format!("b.pdf\nhttps://g.example/shared/{}/x", FileId(77));
    let of_text = piece(vec![text("да https://ex.am")], vec![]);
    let of_picture = piece(vec![], vec![file("a.png", "image/png", 1)]);
    let of_link = piece(vec![], vec![file("b.pdf", "application/pdf", 1)]);
    assert!(same(&of_text, &message("text", json!({ "text": "да https://ex.am" }))));
    assert!(same(&of_text, &message("link", json!({ "link": { "text": "да https://ex.am" } }))));
    assert!(!same(&of_text, &message("text", json!({ "text": "нет" }))) && !same(&of_text, &message("image", json!({}))));
    assert!(same(&of_picture, &message("image", json!({}))) && !same(&of_picture, &message("text", json!({ "text": "" }))));
    assert!(same(&of_link, &message("text", json!({ "text": link }))) && !same(&of_link, &message("text", json!({ "text": "b.pdf" }))));
    let mut incoming = Incoming::of("", "u2i-AbC", Place::Private, Writer::Account { mark: None }, Time(0));
    incoming.parts = vec![text(&link)];
    assert!(echoes(&of_link.parts, &of_link.attachments, &incoming) && !echoes(&of_text.parts, &[], &incoming));
    assert!(!echoes(&of_picture.parts, &of_picture.attachments, &incoming));
}
