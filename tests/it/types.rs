//! The TypeScript types are generated from the Rust types; this fails when they differ.
//! `KOMMUTATOR_WRITE=1 cargo test types` writes them anew.

use std::path::Path;

use kommutator::channel::site_widget::options::WidgetOptions;
use kommutator::channel::site_widget::settings::Appearance;
use kommutator::connector::form::Step;
use kommutator::model::connection::HealthState;
use kommutator::model::protocol::{CustomerView, Escalation, ManagerFrame, NoticeEvent, NoticeSettings, PersonView, Role, ServerFrame, VisitorFrame};
use ts_rs::{Config, TS};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web-widget/shared/src/generated/protocol.ts");

#[test]
fn typescript_types_are_those_of_rust() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new().with_out_dir(folder.path());
    ManagerFrame::export_all(&config).unwrap();
    VisitorFrame::export_all(&config).unwrap();
    ServerFrame::export_all(&config).unwrap();
    HealthState::export_all(&config).unwrap();
    Step::export_all(&config).unwrap();
    Role::export_all(&config).unwrap();
    PersonView::export_all(&config).unwrap();
    CustomerView::export_all(&config).unwrap();
    Appearance::export_all(&config).unwrap();
    NoticeSettings::export_all(&config).unwrap();
    NoticeEvent::export_all(&config).unwrap();
    Escalation::export_all(&config).unwrap();
    WidgetOptions::export_all(&config).unwrap();
    let made = std::fs::read_to_string(folder.path().join("protocol.ts")).unwrap();
    if std::env::var_os("KOMMUTATOR_WRITE").is_some() {
        std::fs::create_dir_all(Path::new(KEPT).parent().unwrap()).unwrap();
        std::fs::write(KEPT, &made).unwrap();
    }
    let kept = std::fs::read_to_string(KEPT).unwrap();
    assert!(kept == made, "{KEPT} differs from the Rust types: run `KOMMUTATOR_WRITE=1 cargo test types`");
}
