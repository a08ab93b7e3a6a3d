//! A TCP proxy between clients and a server whose connections can be cut all at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A running proxy; ends with the test.
pub(crate) struct Proxy {
    pub(crate) url: String,
    cuts: watch::Sender<u64>,
    open: Arc<AtomicUsize>,
}

impl Proxy {
    /// In front of this port of the loopback.
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (cuts, open) = (watch::Sender::new(0_u64), Arc::new(AtomicUsize::new(0)));
        let (cut, count) = (cuts.clone(), Arc::clone(&open));
        // Ends with the test's runtime.
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mut cut, count) = (cut.subscribe(), Arc::clone(&count));
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else { return };
                    count.fetch_add(1, Ordering::SeqCst);
                    pass(client, server, &mut cut).await;
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { url, cuts, open }
    }

    /// Cuts every connection there is now.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, cut: &mut watch::Receiver<u64>) {
    tokio::select! {
        // Either side may break; then both end.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = cut.changed() => {}
    }
}
