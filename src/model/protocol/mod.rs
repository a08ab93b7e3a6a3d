//! The frames of the sockets and the views they carry. The TypeScript types are generated from these.
//!
//! Unknown fields and unknown kinds are ignored by clients; here, unknown fields of client frames are ignored and an
//! unknown `type` is a bad frame.
//!
//! * [`client`]: what clients say
//! * [`server`]: what the server says, and its close codes
//! * [`message`], [`conversation`], [`customer`]: what is shown of each
//! * [`widget`]: what a site's widget is told of itself, and members of its visitors

pub mod client;
pub mod conversation;
pub mod customer;
pub mod message;
pub mod notice;
pub mod server;
pub mod widget;

pub use self::client::{ManagerFrame, Page, SendFrame, VisitorContact, VisitorFrame, VisitorHello, VisitorIdentity};
pub use self::conversation::{Can, ConversationView, Me, Preview, Role};
pub use self::customer::CustomerView;
pub use self::message::{
    AttachmentView, Author, AuthorKind, CardView, DeliveryView, EntryDirection, FileStatus, MessageView, ReactionView, SendState, SendStatus,
};
pub use self::notice::{Escalation, Mention, NoticeEvent, NoticeSettings, QuietHours, Wish};
pub use self::server::{Event, ServerFrame, Setting, VisitorReady, close};
pub use self::widget::{
    Ask, Away, ClaimView, ConsentView, EpisodeView, Form, InvitationView, MessengerLink, PersonView, Presence, Rule, Talk, VisitHello, VisitView,
    WidgetView,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ts_rs::TS;

    use super::*;

    /// The values of a tag as the generated TypeScript has them: what the derive knows of the variants.
    fn tags<T: TS>(tag: &str) -> BTreeSet<String> {
        let declared = T::decl(&ts_rs::Config::new());
        let mark = format!("\"{tag}\": \"");
        declared.split(&mark).skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn no_frame_is_missing_from_the_lists() {
        let listed = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(tags::<ManagerFrame>("type"), listed(ManagerFrame::TYPES));
        assert_eq!(tags::<VisitorFrame>("type"), listed(VisitorFrame::TYPES));
        assert_eq!(tags::<ServerFrame>("type"), listed(ServerFrame::TYPES));
        assert_eq!(tags::<Event>("kind"), listed(Event::KINDS));
    }
}
