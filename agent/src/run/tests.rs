use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::identity::tests::enrolled;
use crate::status::{SOCKET, Status};

fn config(state_dir: &Path, source: &Path) -> Config {
    // The temporary directory may be open to others, a state directory never.
    std::fs::set_permissions(state_dir, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let text = format!(
        "state_dir = \"{}\"\n[agent]\nendpoints = [\"127.0.0.1:1\"]\n[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"{}\"\n",
        state_dir.display(),
        source.display()
    );
    Config::parse(Path::new("agent.toml"), &text).unwrap()
}

#[tokio::test]
async fn a_stop_without_a_reachable_collector_is_quick_and_keeps_what_was_seen() {
    let (dir, _file) = enrolled();
    let source = dir.path().canonicalize().unwrap().join("app.env");
    std::fs::write(&source, "A=1\n").unwrap();
    let (stop, (tell, told)) = (CancellationToken::new(), oneshot::channel());
    let (stopping, socket) = (stop.clone(), dir.path().join(SOCKET));
    let operator = async move {
        told.await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            std::os::unix::net::UnixStream::connect(socket).unwrap().read_to_string(&mut text).unwrap();
            serde_json::from_str::<Status>(&text).unwrap()
        });
        let status = asked.await.unwrap();
        stopping.cancel();
        (status, Instant::now())
    };
    let ran = run_with(config(dir.path(), &source), Clock::system(), stop, Some(tell));
    let (ran, (status, stopped)) = tokio::join!(ran, operator);
    ran.unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(3), "{:?}", stopped.elapsed());
    assert_eq!((status.host.as_str(), status.journal_records, status.acked_seq), ("web-1", 1, 0));
    assert!(!dir.path().join(SOCKET).exists());
    // The next run finds it, and may take the lock at once.
    let opened = recovery::open(dir.path(), 1).unwrap();
    assert!(opened.lost.is_none() && opened.meta.alive_ms > 0);
    assert_eq!(opened.meta.records(), 1);
}

#[tokio::test]
async fn a_host_that_is_not_enrolled_is_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let error = run(config(dir.path(), Path::new("/app.env")), CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error.exit(), Exit::Denied));
    assert!(error.hint().unwrap().contains("enroll"), "{error}");
}

#[tokio::test]
async fn a_second_agent_on_the_same_state_is_refused() {
    let (dir, _file) = enrolled();
    let _lock = Lock::take(&dir.path().join(LOCK)).unwrap();
    let error = run(config(dir.path(), Path::new("/app.env")), CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, AgentError::Lock(_)), "{error}");
}
