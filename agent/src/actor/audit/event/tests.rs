use proptest::prelude::*;

use super::super::record::parse;
use super::*;

fn take(assembly: &mut Assembly, kind: Kind, serial: u64, text: &str) -> Option<Event> {
    let record = format!("audit(1795345708.860:{serial}): {text}");
    let (stamp, fields) = parse(record.as_bytes()).unwrap();
    assembly.take(kind, stamp, fields)
}

const RENAME: &str = "arch=c000003e syscall=82 success=yes exit=0 a0=1 items=5 ppid=7 pid=8 auid=1000 uid=0 euid=0 tty=pts0 ses=3 \
                      comm=\"sed\" exe=\"/usr/bin/sed\" key=\"driftline\"";

fn rename(assembly: &mut Assembly, serial: u64) {
    take(assembly, Kind::Syscall, serial, RENAME);
    take(assembly, Kind::Cwd, serial, "cwd=\"/etc/app\"");
    take(assembly, Kind::Path, serial, "item=0 name=\"/etc/app/\" inode=1 dev=fe:00 nametype=PARENT");
    take(assembly, Kind::Path, serial, "item=2 name=\"./sedX\" inode=2 dev=fe:00 nametype=DELETE");
    take(assembly, Kind::Path, serial, "item=4 name=\"../app/app.env\" inode=2 dev=fe:00 nametype=CREATE");
    take(assembly, Kind::Proctitle, serial, "proctitle=736564002D6900732F312F322F");
}

#[test]
fn the_rename_of_sed_names_both_files_and_its_author() {
    let mut assembly = Assembly::default();
    rename(&mut assembly, 6);
    let event = take(&mut assembly, Kind::End, 6, "").unwrap();
    let process = &event.process;
    assert_eq!((process.pid, process.login, process.user, process.session), (8, Some(1000), Some(0), Some(3)));
    assert_eq!(process.tty.as_ref().unwrap().as_str(), "pts0");
    assert!(process.command.as_ref().unwrap().as_str().starts_with("sed -i"));
    let paths: Vec<_> = event.files.iter().map(|file| file.path.as_ref().unwrap().to_str().unwrap()).collect();
    assert_eq!(paths, ["/etc/app/sedX", "/etc/app/app.env"]);
    assert!(event.ours && event.filter.is_none());
}

#[test]
fn events_that_mix_are_told_apart() {
    let mut assembly = Assembly::default();
    take(&mut assembly, Kind::Syscall, 1, RENAME);
    take(&mut assembly, Kind::Syscall, 2, &RENAME.replace("pid=8", "pid=9"));
    take(&mut assembly, Kind::Path, 2, "name=\"/b\" nametype=CREATE");
    take(&mut assembly, Kind::Path, 1, "name=\"/a\" nametype=CREATE");
    let second = take(&mut assembly, Kind::End, 2, "").unwrap();
    let first = take(&mut assembly, Kind::End, 1, "").unwrap();
    assert_eq!((first.process.pid, second.process.pid), (8, 9));
    assert_eq!(second.files[0].path.as_deref().unwrap().to_str(), Some("/b"));
    assert_eq!(take(&mut assembly, Kind::End, 1, ""), None);
}

#[test]
fn a_call_that_failed_or_only_reads_is_nobodys_change() {
    let mut assembly = Assembly::default();
    for text in [RENAME.replace("success=yes", "success=no"), RENAME.replace("=82", "=4").replace("driftline", "other")]
    {
        take(&mut assembly, Kind::Syscall, 1, &text);
        take(&mut assembly, Kind::Path, 1, "name=\"/a\" nametype=NORMAL");
        assert_eq!(take(&mut assembly, Kind::End, 1, ""), None, "{text}");
    }
}

#[test]
fn a_command_line_of_before_an_exec_is_not_shown() {
    let mut assembly = Assembly::default();
    take(&mut assembly, Kind::Syscall, 1, RENAME);
    take(&mut assembly, Kind::Path, 1, "name=\"/a\" nametype=NORMAL");
    // `sh -c x`
    take(&mut assembly, Kind::Proctitle, 1, "proctitle=7368002D630078");
    assert_eq!(take(&mut assembly, Kind::End, 1, "").unwrap().process.command, None);
}

#[test]
fn the_packet_filter_names_its_process_also_without_a_call() {
    let mut assembly = Assembly::default();
    let nft = "table=x:2 family=2 entries=1 op=nft_register_rule pid=5 comm=\"nft\"";
    take(&mut assembly, Kind::Netfilter, 1, nft);
    let event = take(&mut assembly, Kind::End, 1, "").unwrap();
    assert_eq!((event.process.pid, event.filter), (5, Some(Filter::Nft)));
    take(&mut assembly, Kind::Netfilter, 2, "table=filter family=2 entries=4 op=xt_replace pid=5 comm=\"iptables\"");
    take(&mut assembly, Kind::Syscall, 2, &RENAME.replace("=82", "=54"));
    let event = take(&mut assembly, Kind::End, 2, "").unwrap();
    assert_eq!((event.process.login, event.filter), (Some(1000), Some(Filter::Legacy)));
}

#[test]
fn a_table_that_is_named_like_an_operation_is_no_operation() {
    let mut assembly = Assembly::default();
    for name in ["x op=xt_replace", "x family=2 entries=1 op=xt_replace pid=1 comm=\"iptables\"", "op=xt_replace"] {
        let record = format!("table={name}:2 family=2 entries=1 op=nft_register_rule pid=5 comm=\"nft\"");
        take(&mut assembly, Kind::Netfilter, 1, &record);
        let event = take(&mut assembly, Kind::End, 1, "").unwrap();
        assert_eq!((event.process.pid, event.filter), (5, Some(Filter::Nft)), "{name}");
    }
}

#[test]
fn a_thread_that_changed_the_packet_filter_is_known_by_both_numbers() {
    let mut assembly = Assembly::default();
    let nft = "table=x:2 family=2 entries=1 op=nft_register_rule pid=12 comm=\"firewalld\"";
    take(&mut assembly, Kind::Netfilter, 1, nft);
    take(&mut assembly, Kind::Syscall, 1, &RENAME.replace("=82", "=46"));
    let event = take(&mut assembly, Kind::End, 1, "").unwrap();
    assert_eq!((event.process.pid, event.process.thread), (8, Some(12)));
    // The kernel names the thread with the commit.
    assert!(event.process.is(&Process::unseen(12)) && event.process.is(&Process::unseen(8)));
    assert!(!event.process.is(&Process::unseen(5)));
}

#[test]
fn a_packet_filter_of_which_nothing_more_comes_is_told_after_a_while() {
    let mut assembly = Assembly::default();
    let legacy = "table=filter family=2 entries=4 op=xt_replace pid=5 comm=\"iptables\"";
    let at_ms = 1_795_345_708_860;
    take(&mut assembly, Kind::Netfilter, 1, legacy);
    assert!(assembly.is_waiting());
    assert_eq!(assembly.overdue(at_ms + 9), []);
    let told = assembly.overdue(at_ms + 10);
    assert_eq!((told.len(), told[0].process.pid, told[0].filter), (1, 5, Some(Filter::Legacy)));
    assert!(!assembly.is_waiting() && assembly.overdue(at_ms + 11).is_empty(), "it is told once");
    // The record of the call comes all the same.
    take(&mut assembly, Kind::Syscall, 1, &RENAME.replace("=82", "=54").replace("pid=8", "pid=5"));
    let whole = take(&mut assembly, Kind::End, 1, "").unwrap();
    assert_eq!((whole.process.pid, whole.process.login, whole.filter), (5, Some(1000), Some(Filter::Legacy)));
    // What was told and is never ended is no loss.
    for serial in 0..200 {
        take(&mut assembly, Kind::Netfilter, serial, legacy);
        assembly.overdue(at_ms + 10);
    }
    assert_eq!(assembly.take_lost(), 0);
    assembly.overdue(at_ms + 20_000);
    assert!(assembly.open.is_empty());
    // What has its call waits for the end.
    take(&mut assembly, Kind::Syscall, 1, RENAME);
    take(&mut assembly, Kind::Netfilter, 1, legacy);
    assert!(!assembly.is_waiting() && assembly.overdue(at_ms + 1000).is_empty());
}

/// The command line as it is told of a process whose title the kernel has cut.
fn command_of_title(program: &str, title: &[u8]) -> String {
    // `audit_proctitle_rtrim`: what cannot be printed at the end goes.
    let printed = |byte: &u8| (0x20..0x7f).contains(byte) || *byte >= 0xa0;
    let end = title.iter().rposition(printed).map_or(0, |at| at + 1);
    let hex: String = title[..end].iter().map(|byte| format!("{byte:02X}")).collect();
    let mut assembly = Assembly::default();
    take(&mut assembly, Kind::Syscall, 1, &RENAME.replace("sed", program));
    take(&mut assembly, Kind::Path, 1, "name=\"/a\" nametype=NORMAL");
    take(&mut assembly, Kind::Proctitle, 1, &format!("proctitle={hex}"));
    let command = take(&mut assembly, Kind::End, 1, "").unwrap().process.command;
    command.map(|text| text.to_string()).unwrap_or_default()
}

#[test]
fn a_command_line_that_the_kernel_has_cut_shows_no_part_of_a_password() {
    const SECRET: &str = "Zq7hunterZq8gatherZq9";
    for (program, behind) in [
        ("curl", format!("https://app:{SECRET}@example.org/x\0-o\0/etc/app.env")),
        ("psql", format!("postgres://app:{SECRET}@db:5432/app\0-c\0select 1")),
        ("sh", format!("-c\0curl -s https://app:{SECRET}@example.org/ > /etc/app.env")),
        ("sh", format!("-c\0X=1 ß; mysql -h db -p{SECRET} app < /etc/x")),
        ("sed", format!("-i\0s#^URL=.*#URL=https://app:{SECRET}@example.org/#\0/etc/app.env")),
        ("env", format!("DATABASE_URL=postgres://app:{SECRET}@db/app\0true")),
        ("mysql", format!("--password={SECRET}\0app")),
        ("redis-cli", format!("-u\0redis://:{SECRET}@cache:6379\0set\0a\0b")),
    ] {
        // So much before it that each byte of it is the last of 128 once.
        for before in 0..130 {
            let whole = format!("{program}\0{}\0{behind}\0", "v".repeat(before));
            let title = &whole.as_bytes()[..whole.len().min(128)];
            let shown = command_of_title(program, title);
            for at in 0..SECRET.len() - 3 {
                assert!(!shown.contains(&SECRET[at..at + 4]), "{before}: {shown}");
            }
        }
    }
    // A short one was not cut, and says all that may be said.
    assert_eq!(command_of_title("sed", b"sed\0-i\0s/^LOG=.*/LOG=debug/\0/etc/a"), "sed -i s/^LOG=.*/LOG=debug/ /etc/a");
}

#[test]
fn events_that_never_end_are_given_up_and_counted() {
    let mut assembly = Assembly::default();
    for serial in 0..200 {
        rename(&mut assembly, serial);
    }
    assert_eq!(assembly.take_lost(), 200 - u64::try_from(OPEN_MAX).unwrap());
    assert!(take(&mut assembly, Kind::End, 199, "").is_some());
    assert!(take(&mut assembly, Kind::End, 3, "").is_none());
}

proptest! {
    #[test]
    fn any_order_of_records_is_taken(records in proptest::collection::vec((0..8_usize, 0..80_u64, "[ -~]{0,60}"), 0..300)) {
        let kinds = [
            Kind::Syscall, Kind::Path, Kind::Cwd, Kind::Execve, Kind::End, Kind::Netfilter, Kind::Proctitle, Kind::Config,
        ];
        let mut assembly = Assembly::default();
        for (kind, serial, text) in records {
            take(&mut assembly, kinds[kind], serial, &text);
        }
        prop_assert!(assembly.open.len() <= OPEN_MAX);
        prop_assert!(assembly.open.iter().all(|open| open.paths.len() <= FILES_MAX));
    }
}
