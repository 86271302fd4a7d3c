//! A TCP proxy that misbehaves on command: cuts, delays, freezes, half-closes,
//! and keeps what passed.
//!
//! It never looks into what passes: TLS goes through as it is.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug, Default)]
struct State {
    delay_ms: AtomicU64,
    frozen: AtomicBool,
    refusing: AtomicBool,
    passed: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
    capture: Mutex<Vec<u8>>,
}

/// A running proxy in front of one address.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    /// Starts one on a free port of loopback.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start(target: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.refusing.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&target) else { continue };
                relay(&client, &server, &shared);
                relay(&server, &client, &shared);
                if let Ok(mut open) = shared.open.lock() {
                    open.extend([client, server]);
                }
            }
        });
        Self { address, state }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every byte waits this long from now on.
    pub fn delay(&self, by: Duration) {
        self.state.delay_ms.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Nothing passes any more, and nobody is told: a half-open connection.
    pub fn freeze(&self, frozen: bool) {
        self.state.frozen.store(frozen, Ordering::SeqCst);
    }

    /// New connections are dropped at once.
    pub fn refuse(&self, refusing: bool) {
        self.state.refusing.store(refusing, Ordering::SeqCst);
    }

    /// Cuts every open connection.
    ///
    /// # Panics
    /// When a relaying thread has panicked.
    pub fn cut(&self) {
        for stream in self.state.open.lock().expect("no relay panicked").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Closes one direction of every open connection.
    ///
    /// # Panics
    /// When a relaying thread has panicked.
    pub fn half_close(&self) {
        for stream in self.state.open.lock().expect("no relay panicked").iter() {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    /// Bytes that passed, both ways.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::SeqCst)
    }

    /// Everything that passed, both ways, as it was on the wire.
    ///
    /// # Panics
    /// When a relaying thread has panicked.
    #[must_use]
    pub fn capture(&self) -> Vec<u8> {
        self.state.capture.lock().expect("no relay panicked").clone()
    }
}

fn relay(from: &TcpStream, to: &TcpStream, state: &Arc<State>) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    let state = Arc::clone(state);
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length) = from.read(&mut buffer) {
            while state.frozen.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(state.delay_ms.load(Ordering::SeqCst)));
            state.passed.fetch_add(length as u64, Ordering::SeqCst);
            if let Ok(mut capture) = state.capture.lock() {
                capture.extend_from_slice(&buffer[..length]);
            }
            if length == 0 || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
