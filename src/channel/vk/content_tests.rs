#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;

use super::*;

fn said(text: &str) -> Part {
    Part::Text { text: text.to_owned() }
}

fn post(url: &str, title: &str) -> Part {
    Part::Post { url: url.to_owned(), title: title.to_owned() }
}

#[test]
fn mentions_are_names() {
    for (given, wanted) in [
        ("[id500|Анна], добрый день", "Анна, добрый день"),
        ("[club1|Магазин] и @id500 (Анна)!", "Магазин и Анна!"),
        ("[id500:bp-1_6|Анна], да", "Анна, да"),
        ("*id7 (Олег)", "Олег"),
        ("почта a@b.ru, [скобки|не имя], 2*2 (4)", "почта a@b.ru, [скобки|не имя], 2*2 (4)"),
        ("[id|x] [id5|] [id5", "[id|x] [id5|] [id5"),
        ("", ""),
    ] {
        assert_eq!(plain(given), wanted, "{given}");
    }
}

/// C-VK-04, C-VK-06: each kind of attachment, as it is shown.
#[test]
fn attachments_by_kind() {
    let size = |letter: &str, url: &str, width: u32, height: u32| json!({ "type": letter, "url": url, "width": width, "height": height });
    let table = [
        (
            json!({ "type": "photo", "photo": { "sizes": [size("w", "big", 1280, 960), size("m", "small", 130, 98)] } }),
            vec![],
            vec![("big", "photo.jpg")],
        ),
        (
            json!({ "type": "photo", "photo": { "sizes": [size("m", "m", 0, 0), size("w", "w", 0, 0), size("z", "z", 0, 0)] } }),
            vec![],
            vec![("w", "photo.jpg")],
        ),
        (
            json!({ "type": "photo", "photo": { "orig_photo": size("base", "o", 9000, 900), "sizes": [size("w", "w", 1280, 960)] } }),
            vec![],
            vec![("o", "photo.jpg")],
        ),
        (json!({ "type": "photo", "photo": { "sizes": [] } }), vec![], vec![]),
        (json!({ "type": "doc", "doc": { "title": "счёт.pdf", "ext": "pdf", "size": 20480, "url": "d" } }), vec![], vec![("d", "счёт.pdf")]),
        (json!({ "type": "doc", "doc": { "title": "образ", "ext": "zip", "url": "d" } }), vec![], vec![("d", "образ.zip")]),
        (json!({ "type": "audio_message", "audio_message": { "duration": 5, "link_ogg": "o", "link_mp3": "m" } }), vec![], vec![("m", "voice.mp3")]),
        (json!({ "type": "audio_message", "audio_message": { "link_ogg": "o" } }), vec![], vec![("o", "voice.ogg")]),
        (
            json!({ "type": "audio", "audio": { "id": 3, "owner_id": -2, "artist": "A", "title": "T", "url": "" } }),
            vec![post("https://vk.com/audio-2_3", "A — T")],
            vec![],
        ),
        (json!({ "type": "audio", "audio": { "id": 3, "owner_id": -2, "artist": "A", "title": "T", "url": "a" } }), vec![], vec![("a", "A — T.mp3")]),
        (
            json!({ "type": "video", "video": { "id": 5, "owner_id": 500, "title": "V", "image": [{ "url": "i", "width": 320, "height": 240 }] } }),
            vec![post("https://vk.com/video500_5", "V")],
            vec![("i", "video.jpg")],
        ),
        (
            json!({ "type": "sticker", "sticker": { "images": [{ "url": "s", "width": 64, "height": 64 }, { "url": "l", "width": 512, "height": 512 }] } }),
            vec![],
            vec![("l", "sticker.png")],
        ),
        (json!({ "type": "wall", "wall": { "id": 6, "owner_id": -1, "text": "" } }), vec![post("https://vk.com/wall-1_6", "")], vec![]),
        (
            json!({ "type": "wall", "wall": { "id": 6, "to_id": -1, "text": "Пост", "attachments": [{ "type": "photo", "photo": { "sizes": [size("w", "p", 9, 9)] } }] } }),
            vec![post("https://vk.com/wall-1_6", "Пост")],
            vec![("p", "photo.jpg")],
        ),
        (
            json!({ "type": "wall", "wall": { "id": 6, "owner_id": 5, "text": "", "copy_history": [{ "text": "Чужой" }] } }),
            vec![post("https://vk.com/wall5_6", "Чужой")],
            vec![],
        ),
        (json!({ "type": "link", "link": { "url": "https://ex.am", "title": "Ex" } }), vec![post("https://ex.am", "Ex")], vec![]),
        (
            json!({ "type": "market", "market": { "id": 7, "owner_id": -1, "title": "Товар", "price": { "text": "100 ₽" }, "thumb_photo": "t" } }),
            vec![post("https://vk.com/product-1_7", "Товар — 100 ₽")],
            vec![("t", "product.jpg")],
        ),
        (json!({ "type": "story", "story": { "id": 8, "owner_id": 500 } }), vec![post("https://vk.com/story500_8", "")], vec![]),
        (json!({ "type": "graffiti", "graffiti": { "url": "g" } }), vec![], vec![("g", "graffiti.png")]),
        (json!({ "type": "gift", "gift": { "thumb_256": "g" } }), vec![], vec![("g", "gift.png")]),
        (json!({ "type": "poll", "poll": { "id": 9, "owner_id": -1, "question": "Да?" } }), vec![post("https://vk.com/poll-1_9", "Да?")], vec![]),
        (
            json!({ "type": "call", "call": { "state": "canceled_by_initiator", "video": true } }),
            vec![Part::Call { missed: true, video: true }],
            vec![],
        ),
        (json!({ "type": "mini_app", "mini_app": {} }), vec![Part::Unknown { raw: r#"{"mini_app":{},"type":"mini_app"}"#.into() }], vec![]),
        (json!({ "type": "photo" }), vec![Part::Unknown { raw: r#"{"type":"photo"}"#.into() }], vec![]),
    ];
    for (given, parts, files) in table {
        let content = Content::of(&json!({ "text": "", "attachments": [given.clone()] }));
        let found: Vec<(&str, &str)> = content.remote.iter().map(|file| (file.locator.as_str(), file.name.as_str())).collect();
        assert_eq!((content.parts, found), (parts, files), "{given}");
    }
}

#[test]
fn a_link_in_the_words_is_not_said_twice() {
    let link = json!([{ "type": "link", "link": { "url": "https://ex.am/", "title": "Ex" } }]);
    let content = Content::of(&json!({ "text": "вот https://ex.am", "attachments": link }));
    assert_eq!(content.parts, [said("вот https://ex.am")]);
}

#[test]
fn forwarded_messages_are_quoted_with_their_files() {
    let doc = json!({ "type": "doc", "doc": { "title": "a.txt", "ext": "txt", "url": "d" } });
    let message = json!({
        "text": "смотрите",
        "fwd_messages": [{ "text": "раз\nдва", "attachments": [doc], "fwd_messages": [{ "text": "глубже" }] }, { "text": "" }],
    });
    let content = Content::of(&message);
    assert_eq!(content.parts, [said("смотрите\n> раз\n> два\n> > глубже")]);
    assert_eq!(content.remote.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.txt"]);
}

#[test]
fn a_place_on_the_map() {
    let geo = json!({ "type": "point", "coordinates": { "latitude": 55.79, "longitude": 49.12 }, "place": { "title": "Склад", "address": "ул. 1" } });
    let content = Content::of(&json!({ "text": "", "geo": geo }));
    assert_eq!(content.parts, [Part::Location { latitude_e7: 557_900_000, longitude_e7: 491_200_000, title: "Склад ул. 1".into() }]);
    assert!(Content::of(&json!({ "geo": { "coordinates": { "latitude": 91, "longitude": 0 } } })).is_empty());
}

#[test]
fn nothing_is_read_without_end() {
    let many: Vec<Value> = (0..1_000).map(|_| json!({ "type": "gift", "gift": { "thumb_256": "g" } })).collect();
    let mut deep = json!({ "text": "дно" });
    for _ in 0..100 {
        deep = json!({ "text": "x", "fwd_messages": [deep] });
    }
    assert_eq!(Content::of(&json!({ "attachments": many })).remote.len(), MOST);
    let Some(Part::Text { text }) = Content::of(&deep).parts.into_iter().next() else { return };
    assert_eq!(text.lines().count(), 1 + DEPTH);
}
