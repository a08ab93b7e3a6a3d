//! A few threads that read, each with its own connection and its own prepared statements. In WAL mode they never wait for the
//! writer, nor it for them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc;

use super::error::store_error;
use super::reads::Reading;
use super::schema;
use crate::store::port::StoreError;

/// The most reads that wait.
const QUEUE: usize = 1_024;

/// A read; it answers its caller itself.
pub(super) type Read = Box<dyn for<'c> FnOnce(&mut Reading<'c>) + Send>;

/// What is sent to the readers.
pub(super) enum Message {
    Read(Read),
    /// One reader ends; each gets one.
    Close,
}

type Queue = Arc<Mutex<mpsc::Receiver<Message>>>;

/// Starts the threads.
pub(super) fn start(file: &Path) -> Result<(mpsc::Sender<Message>, Vec<JoinHandle<()>>), StoreError> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let queue: Queue = Arc::new(Mutex::new(receiver));
    let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    let mut threads = Vec::with_capacity(count);
    for number in 0..count {
        let connection = schema::connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "cache_size", -4_000).map_err(|error| store_error(&error))?;
        // Prepared once here, so that a schema that does not fit is found when opening.
        drop(Reading::new(&connection).map_err(|error| store_error(&error))?);
        let queue = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name(format!("store-reader-{number}"))
            .spawn(move || run(&connection, &queue))
            .map_err(|error| StoreError::Unavailable(format!("no thread for a reader: {error}")))?;
        threads.push(thread);
    }
    Ok((sender, threads))
}

fn run(connection: &Connection, queue: &Queue) {
    let mut reading = match Reading::new(connection) {
        Ok(reading) => reading,
        Err(error) => {
            tracing::error!(%error, "a reader cannot start");
            return;
        }
    };
    loop {
        // One waits in the queue, the others for the lock: whoever has taken a read lets the next one wait.
        let message = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match message {
            Some(Message::Read(read)) => read(&mut reading),
            Some(Message::Close) | None => return,
        }
    }
}
