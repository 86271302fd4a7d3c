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
