//! What a realistic file of each format repeats: settings as operators write
//! them, with about as much comment as shipped configurations have.
//!
//! It measures nothing, and writes no two settings of one name.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use driftline_canon::Format;

/// About a hundred bytes a setting, comments included.
pub(crate) fn part(format: Format, n: usize) -> String {
    let (a, b) = (n / 250 % 250, n % 250);
    match format.as_str() {
        "env" => format!(
            "# Where the orders of shop {n} are kept, and how long one waits for an answer.\n\
             # Changed together with the service's own limits; see the runbook.\n\
             SHOP_{n}_ORDERS_URL=https://orders-{n}.shop.example.org:8443/api/v1/orders\n\
             SHOP_{n}_TIMEOUT=\"{b}s\"\n"
        ),
        "my-cnf" => format!(
            "# How much of pool {n} is kept in memory before it is written out to disk.\n\
             # The default is enough for a small server.\n\
             loose-pool_{n}_buffer_size = {b}M\nloose-pool-{n}-directory = /var/lib/mysql/pool-{n}/data\n"
        ),
        "iptables-save" | "ufw" | "nft" | "nft-json" | "ipset-save" => rules(format.as_str(), n, a, b),
        "redis-conf" => format!(
            "# Clients of class {n} that do not read fast enough are disconnected. A limit\n\
             # of zero means that they never are. Both limits are checked once a second.\n\
             rename-command COMMAND-{n} SHOP-INTERNAL-COMMAND-{n}\n"
        ),
        "redis-acl" => {
            format!("user shop-{n} on ~shop:{n}:* ~orders:{n}:* &notices:* -@all +@read +@write +@connection -keys\n")
        }
        "json" => format!(
            "  \"service-{n}\": {{\n    \"url\": \"https://orders-{n}.shop.example.org:8443/api/v1\",\n    \
             \"description\": \"where the orders of one shop are kept until they are sent\",\n    \
             \"timeout\": {b}.5,\n    \"enabled\": true\n  }},\n"
        ),
        "ini" => format!(
            "[service-{n}]\n; where the orders of one shop are kept until they are sent\n\
             url = https://orders-{n}.shop.example.org:8443/api/v1/orders\n\
             ; seconds that one waits for an answer before the order is put back into the queue\ntimeout = {b}\n"
        ),
        "properties" => format!(
            "# Where the orders of one shop are kept, and how long one waits for an answer.\n\
             shop.service-{n}.orders.url=https://orders-{n}.shop.example.org:8443/api/v1/orders\n\
             shop.service-{n}.orders.timeout={b}\n"
        ),
        "key-value" => format!(
            "# Whether packets of the interface are answered on the one they came in on.\n\
             net.ipv4.conf.shop{n}.arp_ignore = {b}\nnet.ipv4.conf.shop{n}.description = orders of one shop, kept until sent\n"
        ),
        "toml" => format!(
            "[service.shop-{n}]\n# where the orders of one shop are kept until they are sent\n\
             url = \"https://orders-{n}.shop.example.org:8443/api/v1/orders\"\n\
             # how long one waits for an answer before the order is put back\ntimeout = {b}\n\n"
        ),
        "yaml" | "mongod" | "mongod-conf" => format!(
            "service-{n}:\n  # where the orders of one shop are kept until they are sent\n  \
             url: https://orders-{n}.shop.example.org:8443/api/v1/orders\n  \
             # how long one waits for an answer before the order is put back\n  timeout: {b}\n"
        ),
        "postgresql-conf" => format!(
            "#shop.buffers_{n} = 128MB\t\t\t# min 128kB\n\t\t\t\t\t# (change requires restart)\n\
             shop.description_{n} = 'orders of shop {n}, kept until sent'\t# per shop\n\
             shop.limit_{n} = {b}\t\t\t# seconds, 0 is off\n"
        ),
        "pg-hba" => format!(
            "# the orders of shop {n}, from its own network\n\
             hostssl orders_{n}     shop_{n},audit      10.{a}.{b}.0/24          scram-sha-256\n"
        ),
        "pg-ident" => format!(
            "# the people of shop {n} under the name of their shop\n\
             shop{n}         person-{n}@shop.example.org     shop_{n}\n"
        ),
        _ => golden(format),
    }
}

fn rules(format: &str, n: usize, a: usize, b: usize) -> String {
    match format {
        "iptables-save" | "ufw" => format!(
            "-A INPUT -s 10.{a}.{b}.0/24 -i eth0 -p tcp -m tcp --dport {} -m conntrack --ctstate NEW \
             -m comment --comment \"orders of shop {n}\" -j ACCEPT\n",
            n % 60_000 + 1
        ),
        "nft" => format!(
            "\t\tiifname \"eth0\" ip saddr 10.{a}.{b}.0/24 tcp dport {} ct state new counter packets {n} bytes {n} \
             accept comment \"orders of shop {n}\"\n",
            n % 60_000 + 1
        ),
        "ipset-save" => format!("add shops 10.{a}.{b}.{}/32 timeout 0 comment \"orders of shop {n}\"\n", n / 62_500),
        _ => format!(
            "{{\"rule\":{{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"input\",\"handle\":{n},\"expr\":[{{\"match\":{{\"op\":\"==\",\
             \"left\":{{\"payload\":{{\"protocol\":\"tcp\",\"field\":\"dport\"}}}},\"right\":{}}}}},\
             {{\"match\":{{\"op\":\"==\",\"left\":{{\"payload\":{{\"protocol\":\"ip\",\"field\":\"saddr\"}}}},\"right\":\"10.{a}.{b}.7\"}}}},\
             {{\"accept\":null}}]}}}},\n",
            n % 60_000 + 1
        ),
    }
}

/// What stands around the parts.
pub(crate) fn whole(format: Format, parts: &str) -> String {
    let joined = || parts.trim_end().trim_end_matches(',');
    match format.as_str() {
        "my-cnf" => format!("[mysqld]\n{parts}"),
        "json" => format!("{{\n{}\n}}\n", joined()),
        "iptables-save" | "ufw" => {
            format!("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{parts}COMMIT\n")
        }
        "ipset-save" => {
            format!("create shops hash:net family inet hashsize 1024 maxelem 1048576 timeout 0 comment\n{parts}")
        }
        "nft" => format!(
            "table inet filter {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n{parts}\t}}\n}}\n"
        ),
        "nft-json" => format!(
            "{{\"nftables\":[{{\"metainfo\":{{\"version\":\"1.1.3\",\"json_schema_version\":1}}}},\n\
             {{\"table\":{{\"family\":\"inet\",\"name\":\"filter\",\"handle\":1}}}},\n\
             {{\"chain\":{{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"input\",\"handle\":1,\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"drop\"}}}},\n{}]}}\n",
            joined()
        ),
        _ => parts.to_owned(),
    }
}

/// The golden files of a format that has no part of its own yet, without those
/// that are watched by content.
fn golden(format: Format) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format.as_str());
    let mut all = String::new();
    for entry in fs::read_dir(folder).expect("golden files") {
        let path = entry.expect("an entry").path();
        let mut text = String::new();
        let read = fs::File::open(&path).and_then(|mut file| file.read_to_string(&mut text));
        if read.is_ok() && path.extension().is_some_and(|end| end == "in") && !text.contains('\0') {
            all.push_str(&text);
        }
    }
    all
}
