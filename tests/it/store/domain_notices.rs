//! The values of the kept sample's notices: something in every field.

use kommutator::model::ids::{LetterId, NodeId, SessionId, UserId};
use kommutator::model::notice::{
    Absence, AnswerLetter, Attendance, LetterReader, Notice, NoticePlace, NoticeTopic, NoticeWay, NoticeWishes, PushSubscription,
};
use kommutator::model::protocol::{NoticeEvent, NoticeSettings, QuietHours, Wish};

use super::domain::Kept;
use super::domain_records::{ACCOUNT, CONNECTION, CONVERSATION, NOW, USER, boxed, later, message};

pub(crate) fn notices() -> Vec<Box<dyn Kept>> {
    let quiet =
        QuietHours { on: true, from: "21:30".into(), to: "07:15".into(), days: [true, false, true, false, true, false, true], overdue_passes: false };
    let wish = Wish { sound: false, desktop: true, push: false, letter: true };
    let settings = NoticeSettings { mine: wish, quiet, repeat_minutes: 7, show_text: false, ..NoticeSettings::default() };
    let mut kept = boxed([NoticeWishes { user: USER, settings, at: NOW }]);
    kept.extend(boxed([Absence { user: USER, until: Some(later(9)), since: NOW }, Absence { user: UserId(82), until: None, since: NOW }]));
    kept.extend(boxed([Attendance { user: USER, nodes: vec![NodeId(1), NodeId(2)], seen_at: later(3) }]));
    let (session, label) = (SessionId(1), "Firefox, Windows".into());
    kept.extend(boxed([PushSubscription { user: USER, session, label, sealed: "s".into(), created_at: NOW }]));
    kept.extend(boxed([NoticePlace { epoch: "firstepoch".into(), place: 3 }]));
    let (push, letter) = (NoticeWay::Push { session }, NoticeWay::Letter { letter: LetterId(9) });
    let (about, channel) = (NoticeTopic::Conversation { conversation: CONVERSATION }, NoticeTopic::Channel { account: ACCOUNT });
    use NoticeEvent::{Assigned, Colleagues, Mentioned, Mine, Overdue, Trouble, Unassigned};
    let all = [
        (push, about, Some(Mine)),
        (letter, about, Some(Unassigned)),
        (letter, about, Some(Colleagues)),
        (letter, about, Some(Assigned)),
        (letter, about, Some(Mentioned)),
        (letter, about, Some(Overdue)),
        (letter, about, Some(Trouble)),
        (push, channel, Some(Trouble)),
        (letter, NoticeTopic::Connection { connection: CONNECTION }, Some(Trouble)),
        (push, NoticeTopic::Trial, None),
    ];
    kept.extend(boxed(all.map(|(way, topic, event)| Notice {
        user: USER,
        way,
        topic,
        event,
        message: Some(message(1).id()),
        by: "Мария".into(),
        place: 3,
        rounds: 2,
        tries: 1,
        next_at: later(5),
        until: later(50),
        created_at: NOW,
    })));
    kept.extend(boxed([AnswerLetter {
        conversation: CONVERSATION,
        letter: LetterId(9),
        from: 2,
        up_to: 4,
        written: true,
        next_at: later(5),
        created_at: NOW,
    }]));
    kept.extend(boxed([LetterReader { hash: LetterReader::hash_of("A@shop.example"), stopped_at: Some(NOW), written: vec![NOW] }]));
    kept
}
