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
