//! The anchor of `accept` on Redis: the commands one message of a visitor needs, grouped into pipelines, without a script: no check, no
//! atomicity, no numbers without gaps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{AsyncConnectionConfig, Cmd, Pipeline, Value};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::accept::{Sample, WRITERS};
use crate::bare_sqlite::SIZES;
use crate::redis_server::RedisServer;

/// As many as the engine has pipelines under way.
const CONNECTIONS: usize = 8;

type Job = (Vec<Cmd>, oneshot::Sender<Vec<Value>>);

fn command(name: &str, key: String) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(key);
    command
}

/// The writes of a message, and beside them what the engine must ask and say: the fence, is it absent, is the client's key free, the
/// conversation's version, the order of the group, the wake.
fn commands(writer: usize, number: u64) -> Vec<Cmd> {
    let key = |name: String| format!("{{bare}}:{name}");
    let place = u32::try_from(number).unwrap().to_be_bytes();
    let member = [&(writer as u64).to_be_bytes()[..], &place].concat();
    let mut all = vec![
        command("HGET", key("owners".into())),
        command("HEXISTS", key(format!("r:message:{writer}"))),
        command("HGET", key(format!("u:client:{writer}"))),
        command("HGET", key("r:conversation".into())),
        command("HSET", key(format!("r:message:{writer}"))),
        command("ZADD", key(format!("o:message:{writer}"))),
        command("HSET", key(format!("u:client:{writer}"))),
        command("ZADD", key("i:time".into())),
        command("HSET", key("r:conversation".into())),
        command("XADD", key(format!("s:changes:{writer}"))),
        command("XADD", key("s:feed".into())),
        command("HINCRBY", key("counter".into())),
        command("PUBLISH", key("wake".into())),
    ];
    let arguments: [Vec<Vec<u8>>; 13] = [
        vec![b"login".to_vec()],
        vec![place.to_vec()],
        vec![format!("m{number}").into_bytes()],
        vec![writer.to_string().into_bytes()],
        vec![place.to_vec(), vec![b'm'; SIZES.0]],
        vec![b"0".to_vec(), place.to_vec()],
        vec![format!("m{number}").into_bytes(), member.clone()],
        vec![b"0".to_vec(), member],
        vec![writer.to_string().into_bytes(), vec![b'c'; SIZES.1]],
        vec![b"*".to_vec(), b"v".to_vec(), vec![b'h'; SIZES.2]],
        vec![b"*".to_vec(), b"v".to_vec(), vec![b'f'; SIZES.3]],
        vec![b"in".to_vec(), b"1".to_vec()],
        vec![format!("changes/{writer}\n{number}\nfeed\n{number}").into_bytes()],
    ];
    for (command, arguments) in all.iter_mut().zip(arguments) {
        for argument in arguments {
            command.arg(argument);
        }
    }
    all
}

async fn worker(queue: Arc<Mutex<mpsc::Receiver<Job>>>, url: String) {
    // A disk that is busy with others takes longer than a client usually waits.
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
    let mut connection = redis::Client::open(url).unwrap().get_multiplexed_async_connection_with_config(&patient).await.unwrap();
    loop {
        let (mut pipeline, mut waiting) = (Pipeline::new(), Vec::new());
        {
            let mut queue = queue.lock().await;
            let Some(mut job) = queue.recv().await else { return };
            loop {
                waiting.push((job.0.len(), job.1));
                for command in job.0 {
                    pipeline.add_command(command);
                }
                match queue.try_recv() {
                    Ok(next) if waiting.len() < 256 => job = next,
                    _ => break,
                }
            }
        }
        let mut answers = connection.send_packed_commands(&pipeline, 0, pipeline.len()).await.unwrap().into_iter();
        for (commands, answer) in waiting {
            // A writer that is gone has ended its run.
            let _ = answer.send(answers.by_ref().take(commands).collect());
        }
    }
}

/// One run.
pub(crate) fn measure(seconds: f64) -> Sample {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let url = server.url();
    let sample = runtime.block_on(async move {
        let (sender, receiver) = mpsc::channel::<Job>(4_096);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..CONNECTIONS {
            tokio::spawn(worker(Arc::clone(&receiver), url.clone()));
        }
        let began = Instant::now();
        let until = began + Duration::from_secs_f64(seconds);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let sender = sender.clone();
                tokio::spawn(async move {
                    let mut number = 0;
                    while Instant::now() < until {
                        number += 1;
                        let (answer, answered) = oneshot::channel();
                        assert!(sender.send((commands(writer, number), answer)).await.is_ok());
                        assert_eq!(answered.await.unwrap().len(), 13);
                    }
                    number
                })
            })
            .collect();
        let mut written = 0;
        for writer in writers {
            written += writer.await.unwrap();
        }
        let wall = began.elapsed().as_secs_f64();
        println!("accepted→durable→shown, bare pipeline: {written} in {wall:.1} s = {:.0}/s", written as f64 / wall);
        Sample { per_second: written as f64 / wall, cpu_us: f64::NAN }
    });
    drop(server);
    sample
}
