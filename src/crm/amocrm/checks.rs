//! Whether settings can stand together, and whether what they choose is there.

use super::history::{list, mark};
use super::settings::{BOUNDS, By, Filled, Known, LINKS, Level, Notify, ResponsibleBy, Settings};
use crate::connector::walk::StepError;
use crate::model::reason::Reason;

type Checked = Result<(), StepError>;

fn wrong(field: &str, reason: Reason) -> StepError {
    StepError { field: field.to_owned(), reason }
}

/// All that is asked of settings.
///
/// # Errors
/// The first that is wrong.
pub(super) fn check(settings: &Settings, known: &Known<'_>) -> Checked {
    stages(settings, known)?;
    people(settings, known)?;
    fields(settings, known)?;
    let (many, long, minutes) = BOUNDS;
    if settings.tags.len() > many {
        return Err(wrong("tags", Reason::new("too_many").with("limit", many)));
    }
    if settings.tags.iter().any(|tag| tag.chars().count() > long) {
        return Err(wrong("tags", Reason::new("too_long").with("limit", long)));
    }
    if settings.task_text.chars().count() > long {
        return Err(wrong("task_text", Reason::new("too_long").with("limit", long)));
    }
    if matches!(settings.notify, Notify::OneTask | Notify::EachTask) {
        if !(1..=minutes).contains(&settings.task_minutes) {
            return Err(wrong("task_minutes", Reason::new("out_of_range").with("min", 1).with("max", minutes)));
        }
        chosen("task_type", list::TASK_TYPES, &settings.task_type, known)?;
    }
    // The two are blocked by each other (H-AMO-48).
    if settings.split_comments && settings.contact_for_unsorted {
        return Err(wrong("contact_for_unsorted", Reason::new("amocrm_not_together")));
    }
    Ok(())
}

/// What is chosen must be there; nothing chosen is fine.
fn chosen(field: &str, list: &str, value: &str, known: &Known<'_>) -> Checked {
    match value {
        "" => Ok(()),
        value => known.line(list, value).map(|_| ()).map_err(|()| wrong(field, Reason::new("amocrm_choice_gone").with("value", value))),
    }
}

fn stages(settings: &Settings, known: &Known<'_>) -> Checked {
    let own = settings.stage_of.values().filter(|_| settings.stage_by == By::Source).map(|stage| ("stage_of", stage));
    for (field, stage) in std::iter::once(("stage", &settings.stage)).chain(own).filter(|(_, stage)| !stage.is_empty()) {
        chosen(field, list::STAGES, stage, known)?;
        if known.is_unsorted(stage) {
            // Only chats make deals that wait to be accepted (H-AMO-50).
            if settings.level == Level::Lite || settings.chats == Some(false) {
                return Err(wrong(field, Reason::new("amocrm_unsorted_needs_chats")));
            }
        } else if !settings.open_stages.is_empty() && !settings.open_stages.contains(stage) {
            // Else the next message would make the next deal (H-AMO-58).
            return Err(wrong("open_stages", Reason::new("amocrm_stage_not_open").with("stage", name(known, stage))));
        } else if settings.open_stages.is_empty() && is_closed(known, stage) {
            return Err(wrong(field, Reason::new("amocrm_stage_not_open").with("stage", name(known, stage))));
        }
    }
    // A stage that is gone is no reason to keep the others from being set.
    Ok(())
}

fn is_closed(known: &Known<'_>, stage: &str) -> bool {
    let line = known.line(list::STAGES, stage).ok().flatten();
    line.and_then(|line| line.marks.get(mark::TYPE)).is_some_and(|kind| kind == mark::WON || kind == mark::LOST)
}

fn name(known: &Known<'_>, stage: &str) -> String {
    known.line(list::STAGES, stage).ok().flatten().map_or_else(|| stage.to_owned(), |line| line.label.clone())
}

fn people(settings: &Settings, known: &Known<'_>) -> Checked {
    match settings.responsible_by {
        ResponsibleBy::Connecting => {}
        ResponsibleBy::Other if settings.responsible.is_empty() => return Err(wrong("responsible", Reason::new("required"))),
        ResponsibleBy::Other => chosen("responsible", list::USERS, &settings.responsible, known)?,
        ResponsibleBy::Source => {
            for user in settings.responsible_of.values() {
                chosen("responsible_of", list::USERS, user, known)?;
            }
        }
    }
    // Whom to tell is known by a key only.
    if settings.notify == Notify::Notices && (settings.notify_responsible || settings.notify_always) && settings.user_keys.is_empty() {
        return Err(wrong("user_keys", Reason::new("required")));
    }
    let (many, long, _) = BOUNDS;
    if settings.user_keys.len() > many * 10 || settings.user_keys.values().any(|key| key.chars().count() > long) {
        return Err(wrong("user_keys", Reason::new("too_long").with("limit", long)));
    }
    Ok(())
}

fn fields(settings: &Settings, known: &Known<'_>) -> Checked {
    let (names, types) = LINKS;
    for (name, field) in names.into_iter().zip(settings.link_fields()).filter(|(_, field)| !field.is_empty()) {
        chosen(name, list::CONTACT_FIELDS, field, known)?;
        let line = known.line(list::CONTACT_FIELDS, field).ok().flatten();
        if line.and_then(|line| line.marks.get(mark::TYPE)).is_some_and(|kind| !types.contains(&kind.as_str())) {
            return Err(wrong(name, Reason::new("amocrm_field_type")));
        }
    }
    chosen("referral_field", list::CONTACT_FIELDS, &settings.referral_field, known)?;
    chosen("referral_source_field", list::CONTACT_FIELDS, &settings.referral_source_field, known)?;
    chosen("u_code_field", list::LEAD_FIELDS, &settings.u_code_field, known)?;
    filled("lead_fields", list::LEAD_FIELDS, &settings.lead_fields, known)?;
    filled("contact_fields", list::CONTACT_FIELDS, &settings.contact_fields, known)
}

fn filled(field: &str, list: &str, all: &[Filled], known: &Known<'_>) -> Checked {
    let (many, long, _) = BOUNDS;
    if all.len() > many {
        return Err(wrong(field, Reason::new("too_many").with("limit", many)));
    }
    for one in all {
        chosen(field, list, &one.field, known)?;
        if one.value.chars().count() > long {
            return Err(wrong(field, Reason::new("too_long").with("limit", long)));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
