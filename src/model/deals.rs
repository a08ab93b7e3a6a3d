//! Which deal and which contact of a CRM a message belongs to, as tables of decisions. What the CRM's words for them are, only its folder
//! knows. By the inventory: H-AMO-41 … H-AMO-46, H-AMO-57, H-AMO-100, X-13, X-25, X-43.

use super::connection::ChannelKind;
use super::message::{Context, MessageScope};

/// The family a channel is of: a customer has one deal in each (H-AMO-45). Direct and comments of one network are one.
#[must_use]
pub fn family(kind: &ChannelKind) -> &str {
    let name = kind.as_str();
    name.rsplit_once('_').map_or(name, |(family, _)| family)
}

/// Which talk of its conversation an inbound message belongs to: comments are one for each top-level comment, or, where they are kept
/// apart from direct messages, one for each post. Answers in a thread stay in it. `own`: the message's own id.
#[must_use]
pub fn talk_key(context: &Context, own: Option<&str>, split_comments: bool) -> String {
    if context.scope != MessageScope::Comment {
        return String::new();
    }
    let comment = || context.top_comment.as_deref().or(own).map(|comment| format!("comment-{comment}"));
    let post = || context.post.as_deref().map(|post| format!("post-{post}"));
    let key = if split_comments { post().or_else(comment) } else { comment().or_else(post) };
    key.unwrap_or_default().chars().take(100).collect()
}

/// How a deal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In one of the stages that are open.
    Open,
    /// In another.
    Closed,
    /// Deleted, or merged into another.
    Gone,
}

/// A deal the customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDeal<'a> {
    /// The CRM's id of it.
    pub id: &'a str,
    /// The family it was made for; none: it is for all (people made it, or its contact).
    pub family: Option<&'a str>,
    /// Whether it was made for comments; none: people made it.
    pub comments: Option<bool>,
    /// Whether this very talk stands in it.
    pub own: bool,
    /// How it stands.
    pub standing: Standing,
    /// Rises with its age's end: of two the newer one has more.
    pub newness: i64,
}

/// What the owner set of deals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DealRules {
    /// «Разделять комментарии и Директ».
    pub split_comments: bool,
    /// «Создавать новую сделку, если клиент написал в закрытую»; its opposite is «Добавлять сообщения в закрытую сделку».
    pub new_when_closed: bool,
}

/// The deal a message joins; none: a new one is made.
#[must_use]
pub fn choose_deal<'a>(known: &[KnownDeal<'a>], family: &str, is_comment: bool, rules: DealRules) -> Option<&'a str> {
    let fits = |deal: &&KnownDeal<'a>| {
        let of_family = deal.family.is_none_or(|of| of == family);
        // What people made is for direct messages, where the two are kept apart (H-AMO-46c).
        let of_side = !rules.split_comments || deal.comments.unwrap_or(false) == is_comment;
        of_family && of_side && deal.standing != Standing::Gone
    };
    let best = |standing: Standing| {
        let of_it = known.iter().filter(fits).filter(|deal| deal.standing == standing);
        of_it.max_by_key(|deal| (deal.own, deal.newness)).map(|deal| deal.id)
    };
    best(Standing::Open).or_else(|| if rules.new_when_closed { None } else { best(Standing::Closed) })
}

/// A contact the customer has in the CRM by another talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownContact<'a> {
    /// The CRM's id of it.
    pub id: &'a str,
    /// The family of the channel that talk is in.
    pub family: &'a str,
    /// Whether that talk is of comments.
    pub comments: bool,
}

/// The contact a new talk goes on with; none: one is looked for in the CRM, then made. Where comments are kept apart, those that we made for
/// direct messages are not theirs (H-AMO-46a). That of the same family goes first: a CRM shows a chat with the deals of its contact.
#[must_use]
pub fn choose_contact<'a>(known: &[KnownContact<'a>], family: &str, is_comment: bool, split_comments: bool) -> Option<&'a str> {
    let fits = |contact: &&KnownContact<'a>| !split_comments || contact.comments == is_comment;
    let of_family = known.iter().filter(fits).find(|contact| contact.family == family);
    of_family.or_else(|| known.iter().find(fits)).map(|contact| contact.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: DealRules = DealRules { split_comments: false, new_when_closed: true };
    const SPLIT: DealRules = DealRules { split_comments: true, ..DEFAULT };
    const JOINS_CLOSED: DealRules = DealRules { new_when_closed: false, ..DEFAULT };

    fn deal(id: &'static str, family: &'static str) -> KnownDeal<'static> {
        KnownDeal { id, family: Some(family), comments: Some(false), own: false, standing: Standing::Open, newness: 1 }
    }

    fn by_hand(id: &'static str) -> KnownDeal<'static> {
        KnownDeal { family: None, comments: None, ..deal(id, "") }
    }

    fn of(standing: Standing, deal: KnownDeal<'static>) -> KnownDeal<'static> {
        KnownDeal { standing, ..deal }
    }

    fn comments(deal: KnownDeal<'static>) -> KnownDeal<'static> {
        KnownDeal { comments: Some(true), ..deal }
    }

    #[test]
    fn x_43_direct_and_comments_of_a_network_are_one_family() {
        for (kind, wanted) in [
            ("instagram_direct", "instagram"),
            ("instagram_comments", "instagram"),
            ("vk_messages", "vk"),
            ("vk_comments", "vk"),
            ("telegram_user", "telegram"),
            ("whats_app_business", "whats_app"),
            ("avito", "avito"),
        ] {
            assert_eq!(family(&ChannelKind::new(kind)), wanted);
        }
    }

    /// By the row of the inventory: the deals the customer has, what they write by, what is set, and the deal that is joined.
    #[test]
    fn h_amo_44_45_46_100_101_deals_are_chosen_by_the_table() {
        use Standing::{Closed, Gone, Open};
        struct Row(&'static str, Vec<KnownDeal<'static>>, &'static str, bool, DealRules, Option<&'static str>);
        let rows = [
            Row("H-AMO-44 no deal", vec![], "vk", false, DEFAULT, None),
            Row("H-AMO-45a a second account of one type", vec![deal("1", "instagram")], "instagram", false, DEFAULT, Some("1")),
            Row("H-AMO-45b another type", vec![deal("1", "instagram")], "telegram", false, DEFAULT, None),
            Row(
                "H-AMO-45c two Instagram, one WhatsApp",
                vec![deal("1", "instagram"), deal("2", "whats_app")],
                "instagram",
                false,
                DEFAULT,
                Some("1"),
            ),
            Row("H-AMO-45c the WhatsApp of them", vec![deal("1", "instagram"), deal("2", "whats_app")], "whats_app", false, DEFAULT, Some("2")),
            Row("H-AMO-45d a contact that people made", vec![KnownDeal { family: None, ..deal("1", "") }], "telegram", false, DEFAULT, Some("1")),
            Row("H-AMO-46a on: direct after comments", vec![comments(deal("1", "instagram"))], "instagram", false, SPLIT, None),
            Row("H-AMO-46a on: comments after direct", vec![deal("1", "instagram")], "instagram", true, SPLIT, None),
            Row("H-AMO-46a off", vec![deal("1", "instagram")], "instagram", true, DEFAULT, Some("1")),
            Row("H-AMO-46b on: another post", vec![comments(deal("1", "vk"))], "vk", true, SPLIT, Some("1")),
            Row("H-AMO-46b off: another comment", vec![comments(deal("1", "vk"))], "vk", true, DEFAULT, Some("1")),
            Row("H-AMO-46c on: direct", vec![by_hand("1")], "instagram", false, SPLIT, Some("1")),
            Row("H-AMO-46c on: comment", vec![by_hand("1")], "instagram", true, SPLIT, None),
            Row("H-AMO-46c off: comment", vec![by_hand("1")], "instagram", true, DEFAULT, Some("1")),
            Row("H-AMO-100a none", vec![], "site", false, JOINS_CLOSED, None),
            Row("H-AMO-100b open", vec![of(Open, deal("1", "site"))], "site", false, DEFAULT, Some("1")),
            Row("H-AMO-100c chats, closed, no new", vec![of(Closed, deal("1", "site"))], "site", false, JOINS_CLOSED, Some("1")),
            Row("H-AMO-100d chats, closed, new", vec![of(Closed, deal("1", "site"))], "site", false, DEFAULT, None),
            Row("H-AMO-100e add, closed, not joined", vec![of(Closed, deal("1", "site"))], "site", false, DEFAULT, None),
            Row("H-AMO-100f add, closed, joined", vec![of(Closed, deal("1", "site"))], "site", false, JOINS_CLOSED, Some("1")),
            Row("H-AMO-101 the stage is not open any more", vec![of(Closed, deal("1", "vk"))], "vk", false, DEFAULT, None),
            Row("a deal that is gone is none", vec![of(Gone, deal("1", "vk"))], "vk", false, JOINS_CLOSED, None),
            Row(
                "an open one goes before the talk's own closed one",
                vec![KnownDeal { own: true, ..of(Closed, deal("1", "vk")) }, of(Open, deal("2", "vk"))],
                "vk",
                false,
                JOINS_CLOSED,
                Some("2"),
            ),
            Row(
                "of two open ones the talk's own",
                vec![KnownDeal { own: true, ..deal("1", "vk") }, KnownDeal { newness: 9, ..deal("2", "vk") }],
                "vk",
                false,
                DEFAULT,
                Some("1"),
            ),
            Row("of others the newer one", vec![deal("1", "vk"), KnownDeal { newness: 9, ..deal("2", "vk") }], "vk", false, DEFAULT, Some("2")),
        ];
        for Row(name, known, family, is_comment, rules, wanted) in rows {
            assert_eq!(choose_deal(&known, family, is_comment, rules), wanted, "{name}");
        }
    }

    #[test]
    fn h_amo_46a_contacts_are_two_where_comments_are_apart() {
        let direct = KnownContact { id: "1", family: "vk", comments: false };
        let comment = KnownContact { id: "2", family: "vk", comments: true };
        assert_eq!(choose_contact(&[direct], "vk", true, true), None);
        assert_eq!(choose_contact(&[direct], "vk", true, false), Some("1"));
        assert_eq!(choose_contact(&[direct, comment], "vk", true, true), Some("2"));
        assert_eq!(choose_contact(&[], "vk", false, false), None);
    }

    #[test]
    fn h_amo_45c_a_contact_of_the_same_family_goes_first() {
        let phone = KnownContact { id: "1", family: "whats_app", comments: false };
        let picture = KnownContact { id: "2", family: "instagram", comments: false };
        assert_eq!(choose_contact(&[phone, picture], "instagram", false, false), Some("2"));
        assert_eq!(choose_contact(&[phone, picture], "telegram", false, false), Some("1"));
    }

    #[test]
    fn x_25_comments_are_talks_by_thread_or_by_post() {
        let direct = Context::default();
        let comment = Context { scope: MessageScope::Comment, post: Some("7".into()), ..Context::default() };
        let answer = Context { top_comment: Some("55".into()), parent: Some("60".into()), ..comment.clone() };
        for (context, own, split, wanted) in [
            (&direct, "9", false, ""),
            (&direct, "9", true, ""),
            (&comment, "55", false, "comment-55"),
            (&answer, "61", false, "comment-55"),
            (&comment, "55", true, "post-7"),
            (&answer, "61", true, "post-7"),
        ] {
            assert_eq!(talk_key(context, Some(own), split), wanted);
        }
    }
}
