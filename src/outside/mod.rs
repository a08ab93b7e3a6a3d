//! Calls to addresses that people give: push services of browsers, outgoing webhooks, links of files. Knows neither actors nor the store.
//!
//! * [`call`]: the one client: no redirects, no proxy of the environment, time limits, a bound on the answer
//! * [`download`]: a file at an address, as a stream
//! * [`upload`]: a form with files, read while it goes
//! * [`web_push`]: what the push services of browsers are sent
//! * [`names`]: what a name leads to, without the addresses that are nobody's on the internet
//!
//! Whoever may write an address here could otherwise read, by our hands, what stands beside this server: a cloud's keys, a database, a
//! router. So the address is looked at where the connection is made, after the name was resolved: a name that leads elsewhere at the
//! second look helps nobody.

pub mod call;
pub mod download;
pub mod names;
pub mod upload;
pub mod web_push;

pub use call::{Answer, Call, Outside, OutsideError};
pub use download::Download;
pub use upload::{UploadFile, UploadForm};
