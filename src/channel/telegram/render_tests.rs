//! What we send, as the Bot API wants it.

use serde_json::json;

use super::*;
use crate::model::ids::FileId;
use crate::model::protocol::FileStatus;

fn file(name: &str, media_type: &str) -> Attachment {
    Attachment {
        file: FileId(1),
        name: name.into(),
        media_type: media_type.into(),
        size: 1_000,
        status: FileStatus::Ready,
        reason: None,
        width: None,
        height: None,
        thumbnail: false,
        remote: None,
        as_file: false,
    }
}

fn photo() -> Attachment {
    Attachment { width: Some(640), height: Some(480), ..file("a.jpg", "image/jpeg") }
}

fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

fn piece(key: &str, place: Place, parts: Vec<Part>, attachments: Vec<Attachment>) -> OutgoingPiece {
    OutgoingPiece {
        account: String::new(),
        conversation_key: Some(key.into()),
        address: None,
        parts,
        attachments,
        reply_to_external: None,
        newest_external: None,
        place,
        key: "k".into(),
        begun_at: None,
    }
}

#[test]
fn how_a_file_goes() {
    let large = |width, height| Attachment { width: Some(width), height: Some(height), ..photo() };
    let table = [
        (photo(), Medium::Photo),
        (file("a.png", "image/png"), Medium::Photo),
        (Attachment { as_file: true, ..photo() }, Medium::Document),
        (Attachment { size: PHOTO_BYTES + 1, ..photo() }, Medium::Document),
        (large(9_000, 1_001), Medium::Document),
        (large(2_000, 100), Medium::Document),
        (large(1_999, 100), Medium::Photo),
        (file("a.tiff", "image/tiff"), Medium::Document),
        (file("a.gif", "image/gif"), Medium::Animation),
        (file("a.mp4", "video/mp4"), Medium::Video),
        (file("a.avi", "video/x-msvideo"), Medium::Document),
        (file("a.mp3", "audio/mpeg"), Medium::Audio),
        (file("a.ogg", "audio/ogg"), Medium::Voice),
        (file("a.pdf", "application/pdf"), Medium::Document),
    ];
    for (file, wanted) in table {
        assert_eq!(Medium::of(&file), wanted, "{file:?}");
    }
    assert_eq!(check_file(&Attachment { size: FILE_BYTES + 1, ..photo() }).unwrap_err().code, "file_too_large");
    assert_eq!(check_file(&Attachment { size: 0, ..photo() }).unwrap_err().code, "file_empty");
    assert_eq!(check_file(&Attachment { size: FILE_BYTES, ..photo() }), Ok(()));
}

#[test]
fn what_goes_as_one() {
    let shape = |parts: &[Part], files: &[Attachment]| -> Vec<(usize, usize)> {
        pieces(parts, files).iter().map(|(parts, files)| (plain_text(parts).encode_utf16().count(), files.len())).collect()
    };
    let (pdf, ogg, gif) = (file("a.pdf", "application/pdf"), file("a.ogg", "audio/ogg"), file("a.gif", "image/gif"));
    let long = |n: usize| text(&"я".repeat(n));
    type Row = (&'static str, Vec<Part>, Vec<Attachment>, &'static [(usize, usize)]);
    let table: [Row; 12] = [
        ("words", vec![text("да")], vec![], &[(2, 0)]),
        ("long words", vec![long(5_000)], vec![], &[(4_096, 0), (904, 0)]),
        ("words under a picture", vec![text("да")], vec![photo()], &[(2, 1)]),
        ("words too long to be under it", vec![long(1_025)], vec![photo()], &[(1_025, 0), (0, 1)]),
        ("words that just fit", vec![long(1_024)], vec![photo()], &[(1_024, 1)]),
        ("an album", vec![text("да")], vec![photo(), file("a.mp4", "video/mp4"), photo()], &[(2, 3)]),
        ("more than an album", vec![], vec![photo(); 12], &[(0, 10), (0, 2)]),
        ("documents", vec![text("да")], vec![pdf.clone(), pdf.clone()], &[(2, 0), (0, 2)]),
        ("what does not go together", vec![], vec![photo(), pdf.clone(), photo()], &[(0, 1), (0, 1), (0, 1)]),
        ("voices go alone", vec![], vec![ogg.clone(), ogg], &[(0, 1), (0, 1)]),
        ("so do films without sound", vec![], vec![gif.clone(), gif], &[(0, 1), (0, 1)]),
        ("a card beside words", vec![text("вот"), Part::Contact { name: "И".into(), phone: "+7".into() }], vec![], &[(3, 0), (4, 0)]),
    ];
    for (name, parts, files, wanted) in table {
        assert_eq!(shape(&parts, &files), wanted, "{name}");
    }
    assert_eq!(shape(&[], &[]), [(0, 0)], "a message is never no piece");
    let parts = [Part::File { file: FileId(1), caption: "под".into() }];
    assert_eq!(shape(&parts, &[photo()]), [(3, 1)]);
}

#[test]
fn calls() {
    let group = || Place::Group("-1001".into());
    let rendered = |piece: &OutgoingPiece| {
        let request = request(piece).unwrap();
        (request.method, Value::Object(request.fields), request.files.into_iter().map(|(part, _)| part).collect::<Vec<_>>())
    };
    let plain = |key: &str, parts: Vec<Part>| rendered(&piece(key, Place::Private, parts, vec![]));
    assert_eq!(plain("5", vec![text("да")]), ("sendMessage", json!({"chat_id": 5, "text": "да"}), vec![]));
    assert_eq!(plain("bc1:5", vec![text("да")]).1, json!({"chat_id": 5, "business_connection_id": "bc1", "text": "да"}));
    let point = |title: &str| Part::Location { latitude_e7: 557_500_000, longitude_e7: 376_100_000, title: title.into() };
    assert_eq!(plain("5", vec![point("")]), ("sendLocation", json!({"chat_id": 5, "latitude": 55.75, "longitude": 37.61}), vec![]));
    assert_eq!(plain("5", vec![point("Офис")]).0, "sendVenue");
    let card = Part::Contact { name: "Иван".into(), phone: "+79990001122".into() };
    assert_eq!(plain("5", vec![card]), ("sendContact", json!({"chat_id": 5, "phone_number": "+79990001122", "first_name": "Иван"}), vec![]));

    let answer = OutgoingPiece { reply_to_external: Some("5/8".into()), ..piece("5", Place::Private, vec![text("да")], vec![]) };
    assert_eq!(rendered(&answer).1["reply_parameters"], json!({"message_id": 8, "allow_sending_without_reply": true}));
    let elsewhere = OutgoingPiece { reply_to_external: Some("6/8".into()), ..answer };
    assert_eq!(rendered(&elsewhere).1.get("reply_parameters"), None, "what stands in another chat is not named");
    let topic = piece("-1001#3", group(), vec![text("да")], vec![]);
    assert_eq!(rendered(&topic).1, json!({"chat_id": -1001, "message_thread_id": 3, "text": "да"}));
    // A comment is answered by answering it; the newest one if none was named.
    let comment =
        OutgoingPiece { newest_external: Some("-1001/41".into()), ..piece("-1001#40@5", Place::Post("-1001#40".into()), vec![text("да")], vec![]) };
    let reply = json!({"message_id": 41, "allow_sending_without_reply": true});
    assert_eq!(rendered(&comment).1, json!({"chat_id": -1001, "reply_parameters": reply, "text": "да"}));
    let named = OutgoingPiece { reply_to_external: Some("-1001/39".into()), ..comment.clone() };
    assert_eq!(rendered(&named).1["reply_parameters"]["message_id"], 39);
    let lost = OutgoingPiece { newest_external: None, ..comment };
    assert_eq!(rendered(&lost).1["message_thread_id"], 40);

    let one = |file: Attachment| rendered(&piece("5", Place::Private, vec![text("вот")], vec![file]));
    assert_eq!(one(photo()), ("sendPhoto", json!({"chat_id": 5, "caption": "вот"}), vec!["photo".to_owned()]));
    for (file, method, part) in [
        (file("a.mp4", "video/mp4"), "sendVideo", "video"),
        (file("a.gif", "image/gif"), "sendAnimation", "animation"),
        (file("a.mp3", "audio/mpeg"), "sendAudio", "audio"),
        (file("a.ogg", "audio/ogg"), "sendVoice", "voice"),
        (file("a.pdf", "application/pdf"), "sendDocument", "document"),
    ] {
        let (found, _, parts) = one(file);
        assert_eq!((found, parts), (method, vec![part.to_owned()]));
    }
    let album = rendered(&piece("5", Place::Private, vec![text("вот")], vec![photo(), file("a.mp4", "video/mp4")]));
    let media = json!([{"type": "photo", "media": "attach://file0", "caption": "вот"}, {"type": "video", "media": "attach://file1"}]);
    assert_eq!(album, ("sendMediaGroup", json!({"chat_id": 5, "media": media}), vec!["file0".to_owned(), "file1".to_owned()]));
}

#[test]
fn what_cannot_be_sent() {
    let code = |piece: &OutgoingPiece| request(piece).unwrap_err().code;
    assert_eq!(code(&piece("5", Place::Private, vec![text("  ")], vec![])), "empty_message");
    assert_eq!(code(&OutgoingPiece { conversation_key: None, ..piece("5", Place::Private, vec![text("да")], vec![]) }), "must_start_first");
}

#[test]
fn another_way_to_send_it() {
    let mut album = request(&piece("5", Place::Private, vec![], vec![photo(), photo()])).unwrap();
    assert!(album.as_documents() && album.fields["media"][1]["type"] == "document");
    assert!(!album.as_documents(), "they are already");
    let mut one = request(&piece("5", Place::Private, vec![text("вот")], vec![photo()])).unwrap();
    assert!(one.as_documents());
    assert_eq!((one.method, one.files[0].0.as_str(), &one.fields["caption"]), ("sendDocument", "document", &json!("вот")));
    assert!(!one.as_documents());
    assert!(!request(&piece("5", Place::Private, vec![text("да")], vec![])).unwrap().as_documents(), "there is no file");
}
