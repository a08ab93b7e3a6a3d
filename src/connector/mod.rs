//! What channels and CRMs have in common: what they are given and what they say, as data.
//!
//! * [`form`]: what is asked of an owner; [`values`]: whether what was filled in is of its kind; [`walk`]: how far connecting has come
//! * [`hook`]: what comes to a hook, and how it is split
//! * [`files`]: the content of our files, for who sends them on
//! * [`pace`]: how fast somebody may be called
//! * [`lenient`]: reading what others send, whatever form it has

pub mod files;
pub mod form;
pub mod hook;
pub mod lenient;
pub mod pace;
pub mod values;
pub mod walk;
