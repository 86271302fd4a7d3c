//! Files of firewalld.

use crate::format::{Reading, firewall};

fn read(text: &str) -> Reading {
    firewall::read_firewalld(text.as_bytes())
}

fn shown(text: &str) -> Vec<String> {
    let reading = read(text);
    assert_eq!(reading.problems, [], "{text}");
    let one =
        |setting: &crate::Setting| format!("{} = {}", setting.key, String::from_utf8_lossy(setting.value.bytes()));
    let mut all: Vec<String> = reading.settings.iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn what_means_the_same_is_equal() {
    for (one, other) in [
        ("<service name='a'/><service name='b'/>", "<service name=\"b\"/>\n<service name=\"a\"></service>"),
        ("<source address='10.1.2.3/255.0.0.0'/>", "<source address='10.0.0.0/8'/>"),
        ("<port port='1' protocol='tcp'/>", "<port protocol='tcp' port='1'/><short>x</short>"),
        (
            "<rule family='ipv4'><accept/><source address='10.0.0.1/8'/></rule>",
            "<rule priority='0' family='ipv4'><source address='10.0.0.0/8'/><accept/></rule>",
        ),
        (
            "<rule><service name='a'/><accept><limit value='3/m'/></accept></rule>",
            "<rule><service name='a'/><accept><limit value='3/minute'/></accept></rule>",
        ),
        ("<port port='10-5' protocol='tcp'/><port port='7-12' protocol='tcp'/>", "<port port='5-12' protocol='tcp'/>"),
        ("<port port='http' protocol='tcp'/>", "<port port='80' protocol='tcp'/>"),
        ("<protocol value='47'/>", "<protocol value='gre'/>"),
        ("<service name='&#97;'/>", "<service name='a'/>"),
        ("<source address='10.0.0.0/8' family='ipv4'/>", "<source address='10.0.0.0/8'/>"),
        ("<rule priority='1'><drop/></rule><rule priority='1'><drop/></rule>", "<rule priority='1'><drop/></rule>"),
    ] {
        let zone = |text: &str| shown(&format!("<zone>{text}</zone>"));
        assert_eq!(zone(one), zone(other), "{one}");
    }
    assert_eq!(shown("<zone target='default'/>"), shown("<zone/>"));
}

#[test]
fn what_differs_stays_apart() {
    let texts = [
        "<zone/>",
        "<zone target='ACCEPT'/>",
        "<zone><rule priority='1'><accept/></rule></zone>",
        "<zone><rule priority='1'><drop/></rule></zone>",
        "<zone><rule priority='1'><drop/></rule><rule priority='1'><accept/></rule></zone>",
        "<zone><rule priority='1'><accept/></rule><rule priority='1'><drop/></rule></zone>",
        "<zone><rule family='ipv4'><source address='10.0.0.0/8'/><accept/></rule></zone>",
        "<zone><rule family='ipv4'><source address='10.0.0.0/8' invert='yes'/><accept/></rule></zone>",
        "<zone><port port='1' protocol='tcp'/></zone>",
        "<zone><port port='1' protocol='udp'/></zone>",
        "<zone><port port='1-2' protocol='tcp'/></zone>",
        "<zone><port port='1' protocol='tcp'/><port port='2' protocol='tcp'/></zone>",
        "<helper module='nf_conntrack_a'/>",
        "<helper module='nf_conntrack_a' family='ipv4'/>",
        "<policy target='DROP'/>",
        "<policy target='DROP' priority='5'/>",
        "<zone><source-port port='1' protocol='udp'/></zone>",
    ];
    for (at, one) in texts.iter().enumerate() {
        for other in &texts[at + 1..] {
            assert_ne!(shown(one), shown(other));
        }
    }
}

#[test]
fn an_inserted_rule_blames_no_other() {
    let before = shown("<zone><rule priority='1'><drop/></rule></zone>");
    let after = shown("<zone><rule priority='1'><accept/></rule><rule priority='1'><drop/></rule></zone>");
    let gone: Vec<&String> = before.iter().filter(|item| !after.contains(item)).collect();
    let new: Vec<&String> = after.iter().filter(|item| !before.contains(item)).collect();
    assert!(gone.len() == 1 && gone[0].starts_with("@order:rule"), "{gone:?}");
    assert_eq!(new.len(), 2, "{new:?}");
}

#[test]
fn no_xml_is_content() {
    let deep = "<zone>".repeat(100_000);
    for text in
        ["<zone>", "<a/>", "<zone/><zone/>", "x", "<zone a=b/>", "<!DOCTYPE zone><zone/>", "<zone a='&b;'/>", &deep]
    {
        let reading = read(text);
        assert_eq!(reading.problems.len(), 1, "{:.40}", text);
        assert_eq!(reading.settings.len(), 1, "{:.40}", text);
        assert_eq!(reading.settings[0].key.as_str(), "@content");
    }
}

#[test]
fn a_password_in_a_prefix_is_in_no_key() {
    let reading = read("<zone><rule priority='1'><log prefix='password=hunter2xyz'/><drop/></rule></zone>");
    assert!(reading.settings.iter().all(|setting| !setting.key.as_str().contains("hunter2xyz")));
    assert!(!format!("{:?}", reading.problems).contains("hunter2xyz"));
}

/// What firewalld refuses or ignores is a problem, and no setting stands for it.
#[test]
fn what_firewalld_does_not_take_is_a_problem() {
    for bad in [
        "<port port='70000' protocol='tcp'/>",
        "<port port='1,2' protocol='tcp'/>",
        "<port port='0x50' protocol='tcp'/>",
        "<port port='1' protocol='icmp'/>",
        "<port port='1'/>",
        "<protocol value='256'/>",
        "<source address='x'/>",
        "<source mac='aa:bb:cc:dd:ee:ff'/>",
        "<forward-port port='1' protocol='tcp'/>",
        "<service name='a' more='b'/>",
        "<ingress-zone name='ANY'/>",
        "<rule><accept/></rule>",
        "<rule><source address='10.0.0.1'/><accept/></rule>",
        "<rule><service name='a'/></rule>",
        "<rule><masquerade/><accept/></rule>",
        "<rule><service name='a'/><accept><limit value='3/x'/></accept></rule>",
        "<rule priority='x'><service name='a'/><accept/></rule>",
        "<rule><service name='a'/><log level='loud'/></rule>",
        "<rule family='ipv6'><source address='10.0.0.1'/><accept/></rule>",
        "<rule><service name='a'/><reject type='tcp-reset'/></rule>",
        "<rule family='ipv6'><service name='a'/><reject type='icmp-host-prohibited'/></rule>",
        "<rule><service name='a'/><audit/></rule>",
        "<rule><service name='a'/><mark set='1/2/3'/></rule>",
        "<rule><service name='a'/><accept><limit value='1/d'/></accept></rule>",
        "<rule><tcp-mss-clamp value='100'/></rule>",
        "<rule><tcp-mss-clamp/><accept/></rule>",
        "<rule><source mac='aa:bb:cc:dd:ee:ff'/><masquerade/></rule>",
        "<interface name='a/b'/>",
    ] {
        let reading = read(&format!("<zone>{bad}</zone>"));
        assert_eq!(reading.problems.len(), 1, "{bad}: {:?}", reading.problems);
        let keys: Vec<&str> = reading.settings.iter().map(|setting| setting.key.as_str()).collect();
        assert_eq!(keys, ["target", "@content"], "{bad}");
    }
    for root in ["<zone target='REJECT'/>", "<policy target='default'/>", "<policy/>", "<helper/>", "<zone more='a'/>"]
    {
        assert_eq!(read(root).problems.len(), 1, "{root}");
    }
}

#[test]
fn what_is_refused_is_watched() {
    let content = |text: &str| read(&format!("<zone>{text}</zone>")).settings.pop().map(|setting| setting.value);
    let one = content("<rule><accept/><service name='a'/><x/></rule>");
    assert_ne!(one, content("<rule><accept/><service name='b'/><x/></rule>"));
    assert_ne!(one, content("<rule><drop/><service name='a'/><x/></rule>"));
}

/// What a part of a rule does outside of one, found by asking firewalld.
#[test]
fn after_a_stray_verdict_nothing_counts_up_to_the_end_of_the_next_rule() {
    let keys = |text: &str| -> Vec<String> {
        let reading = read(text);
        assert!(!reading.problems.is_empty(), "{text}");
        reading.settings.iter().map(|setting| setting.key.as_str().to_owned()).collect()
    };
    let rule = "<rule priority='1'><drop/></rule>";
    let text = format!("<zone><service name='a'/><accept/><service name='b'/>{rule}<service name='c'/></zone>");
    assert_eq!(keys(&text), ["target", "service a", "service c", "@content"]);
    assert_eq!(keys("<zone><log/><service name='a'/></zone>"), ["target", "service a", "@content"]);
}

#[test]
fn of_two_logs_the_first_counts_and_the_second_is_a_problem() {
    let reading = read("<zone><rule priority='1'><log prefix='a'/><log prefix='b'/><drop/></rule></zone>");
    assert_eq!(reading.problems.len(), 1);
    let rule = reading.settings.iter().find(|setting| setting.key.as_str().starts_with("rule: ")).unwrap();
    assert_eq!(rule.value.bytes(), br#"rule priority="1" log prefix="a" drop"#);
}

#[test]
fn the_entries_of_a_set_are_of_its_type_and_family() {
    let set = |kind: &str, inside: &str| read(&format!("<ipset type='{kind}'>{inside}</ipset>"));
    for (kind, good) in [
        ("hash:ip", "<entry>10.0.0.1</entry><entry>10.0.0.1-10.0.0.9</entry>"),
        ("hash:net", "<option name='family' value='inet6'/><entry>2001:db8::/32</entry>"),
        ("hash:net", "<entry>2001:db8::/32</entry><option name='family' value='inet6'/>"),
        ("hash:ip,port", "<entry>10.0.0.1,tcp:http</entry><entry>10.0.0.1,icmp:ping</entry>"),
        ("hash:mac", "<entry>aa:bb:cc:dd:ee:ff</entry>"),
        ("hash:net,iface", "<entry>10.0.0.0/8,eth0</entry>"),
        ("hash:ip,mark", "<entry>10.0.0.1,0x63</entry>"),
        ("hash:ip", "<option name='timeout' value='0'/><entry>10.0.0.1</entry>"),
    ] {
        assert_eq!(set(kind, good).problems, [], "{kind}: {good}");
    }
    for (kind, bad) in [
        ("hash:ip", "<entry>2001:db8::1</entry>"),
        ("hash:ip", "<entry>10.0.0.1,tcp:80</entry>"),
        ("hash:ip", "<entry>0.0.0.0</entry>"),
        ("hash:net", "<entry>10.0.0.0/0</entry>"),
        ("hash:mac", "<entry>00:00:00:00:00:00</entry>"),
        ("hash:mac", "<option name='family' value='inet'/>"),
        ("hash:ip", "<option name='timeout' value='60'/><entry>10.0.0.1</entry>"),
        ("hash:ip", "<option name='comment' value='x'/>"),
    ] {
        assert_eq!(set(kind, bad).problems.len(), 1, "{kind}: {bad}");
    }
}

#[test]
fn a_policy_that_firewalld_refuses_as_a_whole_is_a_problem() {
    let policy = |inside: &str| read(&format!("<policy target='DROP'>{inside}</policy>")).problems.len();
    let (from_any, to_host) = ("<ingress-zone name='ANY'/>", "<egress-zone name='HOST'/>");
    assert_eq!(policy(&format!("{from_any}{to_host}<masquerade/>")), 1);
    assert_eq!(policy(&format!("{from_any}{to_host}")), 0);
    assert_eq!(policy(&format!("{from_any}<ingress-zone name='public'/>")), 1);
    assert_eq!(policy(&format!("<ingress-zone name='HOST'/>{to_host}")), 1);
    let forward = |to: &str| format!("<forward-port port='1' protocol='tcp' {to}/>");
    assert_eq!(policy(&format!("{to_host}{}", forward("to-addr='10.0.0.1'"))), 1);
    assert_eq!(policy(&format!("{to_host}{}", forward("to-port='2'"))), 0);
    assert_eq!(policy(&format!("<egress-zone name='public'/>{}", forward("to-port='2'"))), 1);
    let rich = format!("<rule family='ipv4'>{}</rule>", forward("to-addr='10.0.0.1'"));
    assert_eq!(policy(&format!("{to_host}{rich}")), 1);
}

#[test]
fn the_words_of_a_direct_rule_are_those_of_a_shell() {
    let direct = |words: &str| {
        let rule = format!("<rule ipv='ipv4' table='filter' chain='INPUT' priority='0'>{words}</rule>");
        shown(&format!("<direct>{rule}</direct>"))
    };
    assert_eq!(direct("-j  LOG --log-prefix 'a  b'"), direct("-j LOG --log-prefix \"a  b\""));
    assert_ne!(direct("-j LOG --log-prefix 'a  b'"), direct("-j LOG --log-prefix 'a b'"));
    assert_eq!(direct("a\\ b"), direct("'a b'"));
    for bad in ["'a", "a\\", "\"a"] {
        let rule = format!("<direct><passthrough ipv='ipv4'>{bad}</passthrough></direct>");
        assert_eq!(read(&rule).problems.len(), 1, "{bad}");
    }
}

#[test]
fn who_may_change_the_rules_is_a_set() {
    let text = "<whitelist><command name='/usr/bin/a b'/><selinux context='a_u:b_r:c_t:s0'/><user id='0'/><user name='ann'/></whitelist>";
    let expected = [
        "command /usr/bin/a b = present",
        "selinux a_u:b_r:c_t:s0 = present",
        "user ann = present",
        "user id 0 = present",
        "whitelist = present",
    ];
    assert_eq!(shown(text), expected);
    assert_eq!(read("<whitelist><user id='x'/><command/></whitelist>").problems.len(), 2);
    for bad in [
        "<command name='bin/a'/>",
        "<command name='/bin/a | b'/>",
        "<selinux context='a_u:b_r:c_t'/>",
        "<selinux context='a:b_r:c_t:s0'/>",
        "<user id='-1'/>",
        "<user id='2147483648'/>",
        "<user name='a b'/>",
        "<user name='ann'/><user name='ann'/>",
    ] {
        assert_eq!(read(&format!("<whitelist>{bad}</whitelist>")).problems.len(), 1, "{bad}");
    }
}

#[test]
fn each_kind_of_file_is_detected() {
    for text in [
        "<?xml version=\"1.0\"?>\n<!-- x -->\n<zone/>",
        "<zone target='DROP'>\n</zone>",
        "<service><short>SSH</short></service>",
        "<ipset type='hash:ip'/>",
        "<icmptype>\n<short>x</short></icmptype>",
        "<helper module='nf_conntrack_ftp'/>",
        "<policy target='DROP'/>",
        "<direct><passthrough ipv='ipv4'>-A INPUT</passthrough></direct>",
        "<whitelist><selinux context='a'/></whitelist>",
    ] {
        let text = text.replace("<zone/>", "<zone></zone>");
        assert_eq!(crate::format::detect("x.xml", text.as_bytes()), Some(crate::Format::Firewalld), "{text}");
    }
    for text in ["<service><id>x</id></service>", "<policies/>", "<direct/>", "<html></html>"] {
        assert_ne!(crate::format::detect("x.xml", text.as_bytes()), Some(crate::Format::Firewalld), "{text}");
    }
}
