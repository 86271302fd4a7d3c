use super::*;

#[test]
fn no_two_rules_in_place_are_alike() {
    let all: std::collections::HashSet<String> = (0..IN_PLACE[2]).map(in_place).collect();
    assert_eq!(all.len(), IN_PLACE[2]);
    assert!(all.contains("ip saddr 10.0.79.250 tcp dport 20000 accept"));
}

#[test]
fn the_root_is_of_keys_and_digests() {
    let (few, _) = root(1);
    assert_eq!(few, 8 + "inet bench/input: ip saddr 10.0.0.1 tcp dport 1 accept".len() as u64 + 32);
    let (many, took) = root(IN_PLACE[2]);
    assert!(many > 19_000 * few && !took.is_zero());
}

#[test]
fn the_lines_say_from_which_moment_they_count() {
    let samples = |ms: u64| Samples::new(vec![Duration::from_millis(ms)]);
    let look = Look::at(std::process::id());
    let (ours, monitor, command, nft) = (samples(4), samples(1), samples(14), samples(10));
    let run = Run { ours, monitor, command, nft, idle: look.since(&look), after: look, named: 1 };
    let [commit, root, command] = times_of(&run, 10);
    assert_eq!((commit.measured.as_str(), commit.kept), ("4.00 ms / 4.00 ms", Some(true)));
    assert_eq!((commit.ratio.as_str(), commit.beside.as_str()), ("4.00 x", "nft monitor alone 1.00 ms / 1.00 ms"));
    assert!(root.beside.starts_with("it is the SHA-256 of"));
    assert_eq!((command.measured.as_str(), command.kept), ("14.0 ms / 14.0 ms", None));
    assert_eq!(command.beside, "of it nft and the kernel until the commit 10.0 ms / 10.0 ms");
    let [memory, _] = cost_of(&run, 0, true);
    assert_eq!(memory.kept, Some(look.resident <= MORE_BYTES_MAX));
    assert_eq!(cost_of(&run, 0, false)[0].kept, None);
}
