#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::channel::vk::MESSAGES_KIND;
use crate::model::conversation::Place;
use crate::model::ids::FileId;
use crate::model::protocol::FileStatus;

fn file(name: &str, media_type: &str, size: u64) -> Attachment {
    Attachment {
        file: FileId(1),
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

fn piece(parts: Vec<Part>) -> OutgoingPiece {
    OutgoingPiece {
        account: ids::MESSAGES.into(),
        conversation_key: Some("500".into()),
        address: None,
        parts,
        attachments: Vec::new(),
        reply_to_external: None,
        newest_external: None,
        place: Place::Private,
        begun_at: None,
        key: "c-0-0".into(),
    }
}

#[test]
fn a_long_text_goes_as_several_and_files_with_the_last() {
    let long = "слово ".repeat(1_000);
    let files: Vec<Attachment> = (0..12).map(|_| file("a.pdf", "application/pdf", 1)).collect();
    let shape =
        |kind| pieces(kind, &[text(&long)], &files).iter().map(|(parts, files)| (words(parts).chars().count(), files.len())).collect::<Vec<_>>();
    assert_eq!(shape(MESSAGES_KIND), [(4_091, 0), (1_908, 10), (0, 2)]);
    assert_eq!(shape(COMMENTS_KIND), [(4_091, 0), (1_908, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2)]);
    assert_eq!(pieces(MESSAGES_KIND, &[text("да")], &[]), [(vec![text("да")], vec![])]);
}

#[test]
fn a_place_goes_as_one() {
    let place = Part::Location { latitude_e7: 557_900_000, longitude_e7: 491_200_000, title: "Склад".into() };
    let cut = pieces(MESSAGES_KIND, &[text("тут"), place.clone()], &[]);
    assert_eq!(cut, [(vec![text("тут\nСклад"), place], vec![])]);
    let params = message(&piece(cut[0].0.clone()), 500, &[]);
    assert!(params.contains(&("lat", "55.79".into())) && params.contains(&("long", "49.12".into())), "{params:?}");
}

#[test]
fn how_files_go() {
    let sized = |width, height| Attachment { width: Some(width), height: Some(height), ..file("a.png", "image/png", 10) };
    assert_eq!(way(&file("a.jpg", "image/jpeg", 10), &[]), Way::Photo);
    assert_eq!(way(&Attachment { as_file: true, ..file("a.jpg", "image/jpeg", 10) }, &[]), Way::Doc);
    assert_eq!(way(&file("a.jpg", "image/jpeg", PHOTO_BYTES + 1), &[]), Way::Doc);
    assert_eq!((way(&sized(13_000, 1_001), &[]), way(&sized(2_100, 100), &[]), way(&sized(2_000, 100), &[])), (Way::Doc, Way::Doc, Way::Photo));
    assert_eq!(way(&file("a.webp", "image/webp", 10), &[]), Way::Doc);
    let voice = [Part::Voice { file: FileId(1), duration_ms: None }];
    assert_eq!((way(&file("a.ogg", "audio/ogg", 10), &voice), way(&file("a.ogg", "audio/ogg", 10), &[])), (Way::Voice, Way::Doc));
    let name = |given: &str, media_type: &str| file_name(&file(given, media_type, 1), Way::Doc);
    assert_eq!([name("счёт.pdf", "application/pdf"), name("", "image/png"), name("архив", "x/y")], ["счёт.pdf", "file.png", "архив.bin"]);
}

#[test]
fn files_vk_does_not_take_are_refused_before_they_go() {
    let code = |name: &str, size| check(&file(name, "x/y", size)).err().map(|reason| reason.code);
    assert_eq!(code("a.EXE", 1).as_deref(), Some("vk_file_kind"));
    assert_eq!(code("песня.mp3", 1).as_deref(), Some("vk_file_kind"));
    assert_eq!(code("a.zip", FILE_BYTES + 1).as_deref(), Some("file_too_large"));
    assert_eq!(code("a.zip", 0).as_deref(), Some("file_empty"));
    assert_eq!(code("a.zip", 1), None);
}

#[test]
fn a_reply_names_the_message_in_its_dialog() {
    let mut one = piece(vec![text("да")]);
    one.reply_to_external = Some("500_7".into());
    let forward = |one: &OutgoingPiece, peer| message(one, peer, &[]).into_iter().find(|(name, _)| *name == "forward").map(|(_, value)| value);
    assert_eq!(forward(&one, 500).as_deref(), Some(r#"{"conversation_message_ids":[7],"is_reply":1,"peer_id":500}"#));
    assert_eq!(forward(&one, 501), None);
}

#[test]
fn an_answer_hangs_under_the_newest_comment_unless_one_was_chosen() {
    let post = Post { on: "wall".into(), owner: -1, item: 6 };
    let mut one = piece(vec![text("да")]);
    one.newest_external = Some("wall-1_6_33".into());
    let under = |one: &OutgoingPiece| comment(one, &post, "1", &[]).into_iter().find(|(name, _)| *name == "reply_to_comment").map(|(_, value)| value);
    assert_eq!(under(&one).as_deref(), Some("33"));
    one.reply_to_external = Some("wall-1_6_31".into());
    assert_eq!(under(&one).as_deref(), Some("31"));
    assert!(comment(&one, &post, "1", &["doc-1_2".into()]).contains(&("attachments", "doc-1_2".into())));
}

/// C-VK-07.
#[test]
fn addresses_in_one_form() {
    for (given, wanted) in [
        ("https://vk.com/id500", Some("500")),
        ("vk.com/Anna_K", Some("anna_k")),
        ("http://m.vk.ru/anna?from=x", Some("anna")),
        ("@anna", Some("anna")),
        ("id00500", Some("500")),
        ("500", Some("500")),
        ("https://vk.com/", None),
        ("анна", None),
        ("a b", None),
        ("id0", None),
        ("", None),
    ] {
        assert_eq!(address(given).as_deref(), wanted, "{given}");
    }
}
