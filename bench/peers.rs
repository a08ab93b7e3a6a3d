//! The peers as processes: nginx with nchan, and socket.io.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{Process, on_core};

/// A running peer.
pub(crate) struct Peer {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    _folder: Option<TempDir>,
}

const NCHAN: &str = include_str!("peers/nchan.conf");

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn answers(address: SocketAddr) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "a peer does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// nginx with one worker and nchan, or nothing where it is not installed.
pub(crate) fn nchan() -> Option<Peer> {
    let module = ["/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/share/nginx/modules/ngx_nchan_module.so"];
    let module = module.iter().find(|file| Path::new(file).exists())?;
    let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
    let configuration = folder.path().join("nchan.conf");
    let here = folder.path().display().to_string();
    std::fs::write(&configuration, NCHAN.replace("@MODULE@", module).replace("@ADDRESS@", &address.to_string()).replace("@FOLDER@", &here)).unwrap();
    let mut command = on_core(0, "nginx");
    let child = command.arg("-p").arg(folder.path()).arg("-c").arg(&configuration).stderr(Stdio::null()).spawn().ok()?;
    answers(address);
    Some(Peer { process: Process::new(child), address, _folder: Some(folder) })
}

/// socket.io on node, or nothing where it is not installed.
pub(crate) fn socketio() -> Option<Peer> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers/socketio");
    if !folder.join("node_modules/socket.io").exists() {
        return None;
    }
    let address = free_address();
    let child = on_core(0, "node").arg(folder.join("server.mjs")).arg(address.port().to_string()).stdout(Stdio::null()).spawn().ok()?;
    answers(address);
    Some(Peer { process: Process::new(child), address, _folder: None })
}
