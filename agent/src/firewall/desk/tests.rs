use super::*;

#[test]
fn evidence_of_nftables_is_none_of_legacy_tables_and_of_sets_there_is_none() {
    let of = Backend::ALL.map(|backend| (backend.as_str(), filter(backend)));
    assert_eq!(
        of,
        [
            ("nft", Some(Filter::Nft)),
            ("iptables-nft", Some(Filter::Nft)),
            ("ip6tables-nft", Some(Filter::Nft)),
            ("iptables-legacy", Some(Filter::Legacy)),
            ("ip6tables-legacy", Some(Filter::Legacy)),
            ("ipset", None),
        ]
    );
}

#[test]
fn transactions_are_counted_with_those_that_were_seen_as_one() {
    let mut count = Count::default();
    count.add(0, None);
    count.add(3, Some(Commit { generation: 7, made_by: None, observed_ms: 1 }));
    assert_eq!((count.number, count.last.as_ref().map(|last| last.generation)), (4, Some(7)));
    let commits = Commits { ip6: count.clone(), ..Commits::default() };
    assert_eq!(commits.of(Backend::Ip6tablesNft), Some(&count));
    assert_eq!(commits.of(Backend::IptablesNft), Some(&Count::default()));
    assert_eq!(commits.of(Backend::IptablesLegacy), None);
}
