use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use super::*;

/// A program of one's own.
struct Fake {
    dir: tempfile::TempDir,
    tools: Tools,
}

impl Fake {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fake");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let tools = Tools::below([dir.path().to_owned()]);
        Self { dir, tools }
    }

    async fn run(&self, bounds: Bounds) -> Result<String, ToolError> {
        let tool = self.tools.find("fake")?;
        tool.run(&["one", "two words"], &Namespace::Own, bounds).await.map(|out| String::from_utf8(out).unwrap())
    }
}

fn short() -> Bounds {
    Bounds { output_bytes_max: 10_000, time_max: Duration::from_millis(300) }
}

#[tokio::test]
async fn a_program_gets_its_arguments_and_nothing_of_the_agents_environment() {
    let fake = Fake::new(r#"printf '%s|' "$@"; /usr/bin/env | /usr/bin/sort; /bin/cat; pwd"#);
    let out = fake.run(Bounds::default()).await.unwrap();
    let rest = out.strip_prefix("one|two words|").expect(&out);
    let names: Vec<&str> = rest.lines().filter_map(|line| line.split_once('=').map(|(name, _)| name)).collect();
    // The shell itself adds `PWD`, `OLDPWD`, `SHLVL` and `_`.
    assert!(names.contains(&"LC_ALL"), "{rest}");
    assert!(names.iter().all(|name| ["LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"].contains(name)), "{rest}");
    assert!(rest.ends_with("/\n"), "{rest}");
}

#[tokio::test]
async fn a_program_that_is_not_installed_is_missing() {
    let tools = Tools::below([PathBuf::from("/nowhere")]);
    let error = tools.find("iptables-save").unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::Missing);
    assert!(error.to_string().starts_with("`iptables-save` is not installed"), "{error}");
}

#[tokio::test]
async fn what_is_not_executable_or_a_directory_is_no_program() {
    let fake = Fake::new("");
    let path = fake.dir.path().join("fake");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(fake.tools.find("fake").is_err());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(fake.tools.find("fake").is_err());
}

#[tokio::test]
async fn a_failure_says_how_and_why() {
    let fake = Fake::new("echo rules; echo; echo 'Permission denied (you must be root)' >&2; echo more >&2; exit 4");
    let error = fake.run(Bounds::default()).await.unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::Unreadable);
    let text = error.to_string();
    assert!(text.contains("/fake failed (exit status: 4): Permission denied (you must be root)"), "{text}");
    assert!(!text.contains("rules") && !text.contains("more"), "{text}");
}

#[tokio::test]
async fn a_complaint_is_shown_short_and_printable() {
    let fake = Fake::new(r#"printf '\033[31m%0500d\n' 7 >&2; exit 1"#);
    let text = fake.run(Bounds::default()).await.unwrap_err().to_string();
    assert!(!text.contains('\u{1b}') && text.len() < 400, "{text}");
}

#[tokio::test]
async fn a_program_that_dies_of_a_signal_is_told_so() {
    let error = Fake::new("kill -9 $$").run(Bounds::default()).await.unwrap_err();
    assert!(error.to_string().contains("signal: 9"), "{error}");
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_its_children() {
    let fake = Fake::new("/bin/sleep 60 & echo $! >$0.pid; wait");
    let began = Instant::now();
    let error = fake.run(short()).await.unwrap_err();
    assert!(matches!(error, ToolError::Late { .. }), "{error}");
    assert_eq!(error.problem().kind, ProblemKind::Host);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_ended(&fake).await;
}

#[tokio::test]
async fn a_child_that_holds_the_output_open_does_not_outlive_the_time_limit() {
    let fake = Fake::new("/bin/sleep 60 & echo $! >$0.pid; exit 0");
    assert!(matches!(fake.run(short()).await.unwrap_err(), ToolError::Late { .. }));
    assert_ended(&fake).await;
}

#[tokio::test]
async fn a_program_that_floods_is_ended() {
    let error = Fake::new("exec /bin/cat /dev/zero").run(short()).await.unwrap_err();
    assert!(matches!(error, ToolError::Flood { bytes_max: 10_000, .. }), "{error}");
    assert_eq!(error.problem().kind, ProblemKind::Limit);
}

#[tokio::test]
async fn a_flood_of_complaints_neither_blocks_nor_fills_memory() {
    let fake = Fake::new("/usr/bin/head -c 3000000 /dev/zero >&2; echo done");
    assert_eq!(fake.run(Bounds::default()).await.unwrap(), "done\n");
}

#[tokio::test]
async fn exactly_as_much_as_is_allowed_is_taken() {
    let fake = Fake::new("/usr/bin/head -c 10000 /dev/zero");
    assert_eq!(fake.run(Bounds { time_max: TIME_MAX, ..short() }).await.unwrap().len(), 10_000);
}

#[tokio::test]
async fn a_program_that_was_let_go_of_is_ended() {
    let fake = Fake::new("echo $$ >$0.pid; exec /bin/sleep 60");
    let tool = fake.tools.find("fake").unwrap();
    let running = tool.start(&[], &Namespace::Own).unwrap();
    pid(&fake).await;
    drop(running);
    assert_ended(&fake).await;
}

#[tokio::test]
async fn the_end_of_a_program_that_should_go_on_is_told() {
    let fake = Fake::new("echo one; echo gone >&2; exit 0");
    let mut running = fake.tools.find("fake").unwrap().start(&[], &Namespace::Own).unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(running.stdout(), &mut text).await.unwrap();
    assert_eq!(text, "one\n");
    assert!(running.end().await.to_string().ends_with("failed (exit status: 0): gone"));
}

/// The process id that the program wrote down.
async fn pid(fake: &Fake) -> String {
    let path = fake.dir.path().join("fake.pid");
    for _ in 0..500 {
        #[allow(clippy::disallowed_methods, reason = "a file of this test")]
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.ends_with('\n') {
            return text.trim().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {}", path.display());
}

async fn assert_ended(fake: &Fake) {
    let stat = PathBuf::from("/proc").join(pid(fake).await).join("stat");
    for _ in 0..500 {
        // A zombie whose parent is gone has ended too.
        #[allow(clippy::disallowed_methods, reason = "a file of /proc")]
        match std::fs::read_to_string(&stat) {
            Err(_) => return,
            Ok(text) if text.contains(") Z ") => return,
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    panic!("it still runs");
}
