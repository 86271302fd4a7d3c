//! The socket tells each reader the whole, and no reader holds up another.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use super::*;
use crate::identity::tests::enrolled;
use crate::journal::{Journal, recovery};

struct Served {
    dir: tempfile::TempDir,
    board: StatusBoard,
    progress: watch::Sender<Progress>,
    stop: CancellationToken,
}

impl Served {
    fn new() -> Self {
        let (dir, _) = enrolled();
        let board = StatusBoard::new(&Identity::load(dir.path()).unwrap());
        let opened = recovery::open(dir.path(), 1).unwrap();
        Self { dir, board, progress: Journal::progress(&opened.meta), stop: CancellationToken::new() }
    }

    #[allow(clippy::disallowed_methods, reason = "a test owns its own tasks")]
    fn serve(&self) -> tokio::task::JoinHandle<Result<(), io::Error>> {
        let serving =
            self.board.clone().serve(self.dir.path().to_owned(), self.progress.subscribe(), self.stop.clone());
        tokio::spawn(serving)
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join(SOCKET)
    }

    async fn ask(&self) -> Status {
        let socket = self.socket();
        let asked = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            let mut stream = loop {
                match UnixStream::connect(&socket) {
                    Ok(stream) => break stream,
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            };
            stream.read_to_string(&mut text).unwrap();
            serde_json::from_str(&text).unwrap()
        });
        tokio::time::timeout(Duration::from_secs(20), asked).await.expect("an answer in time").unwrap()
    }
}

#[tokio::test]
async fn what_happens_is_told_as_it_is_now() {
    let served = Served::new();
    let serving = served.serve();
    assert_eq!(served.ask().await.link, Link::Starting);
    served.board.link(Link::Connecting { endpoint: "c:1".to_owned() });
    served.board.connected();
    served.board.acked(7, 5);
    served.board.skew(-3);
    served.board.renewal("no".to_owned());
    let trouble = Trouble { name: "pipe".to_owned(), reason: "it is a FIFO".to_owned() };
    served.progress.send_modify(|progress| {
        progress.blocked = Some("no space".to_owned());
        progress.degraded = 1;
        progress.troubles = vec![trouble.clone()];
    });
    let status = served.ask().await;
    assert_eq!(status.link, Link::Connected { endpoint: "c:1".to_owned() });
    assert_eq!((status.acked_seq, status.acked_ms, status.skew_ms), (7, Some(5), Some(-3)));
    assert_eq!((status.renewal_problem.as_deref(), status.journal_problem.as_deref()), (Some("no"), Some("no space")));
    assert_eq!((status.degraded_sources, status.troubles), (1, vec![trouble]));
    assert!(served.board.was_connected());
    served.stop.cancel();
    serving.await.unwrap().unwrap();
    assert!(!served.socket().exists(), "the next agent finds nothing in its way");
}

#[tokio::test]
async fn only_its_owner_may_ask_and_what_a_killed_agent_left_is_replaced() {
    let served = Served::new();
    drop(std::os::unix::net::UnixListener::bind(served.socket()).unwrap());
    let serving = served.serve();
    served.ask().await;
    assert_eq!(std::fs::metadata(served.socket()).unwrap().permissions().mode() & 0o777, 0o600);
    served.stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn readers_that_do_not_read_hold_nobody_up() {
    let served = Served::new();
    let serving = served.serve();
    served.ask().await;
    let _silent: Vec<_> = (0..5).map(|_| UnixStream::connect(served.socket()).unwrap()).collect();
    assert_eq!(served.ask().await.host, "web-1");
    served.stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn without_a_socket_the_agent_works_all_the_same() {
    let served = Served::new();
    // A directory cannot be replaced by a socket.
    std::fs::create_dir(served.socket()).unwrap();
    served.serve().await.unwrap().unwrap();
    assert!(served.socket().is_dir());
}

#[test]
fn a_link_is_connected_only_when_it_was_being_made() {
    let served = Served::new();
    served.board.connected();
    assert_eq!(served.board.read().link, Link::Starting);
    served.board.link(Link::Away { endpoint: "c:1".to_owned(), why: "refused".to_owned() });
    served.board.connected();
    assert!(!served.board.was_connected());
}

#[test]
fn the_document_s_words_are_stable() {
    let links = [
        (Link::Starting, r#"{"state":"starting"}"#),
        (Link::Connecting { endpoint: "c:1".into() }, r#"{"state":"connecting","endpoint":"c:1"}"#),
        (Link::Connected { endpoint: "c:1".into() }, r#"{"state":"connected","endpoint":"c:1"}"#),
        (Link::Away { endpoint: "c:1".into(), why: "x".into() }, r#"{"state":"away","endpoint":"c:1","why":"x"}"#),
    ];
    for (link, json) in links {
        assert_eq!(serde_json::to_string(&link).unwrap(), json);
        assert_eq!(serde_json::from_str::<Link>(json).unwrap(), link);
    }
}
