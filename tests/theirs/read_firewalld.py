"""Reads files of firewalld as firewalld does, without its daemon.

Takes as arguments the folders of the packages python3-firewall and firewalld,
and one JSON line per file, [kind, text]; answers with one line each: {"refused": why}, or {"ignored": [what it
warned of], "facts": [what it keeps, as driftline calls it]}.
"""

import ipaddress
import json
import os
import sys
import tempfile

sys.path.insert(0, sys.argv[1] + "/usr/lib/python3/dist-packages")

from firewall import functions  # noqa: E402
from firewall.core import logger  # noqa: E402
from firewall.core.io.direct import Direct  # noqa: E402
from firewall.core.io.helper import helper_reader  # noqa: E402
from firewall.core.io.icmptype import icmptype_reader  # noqa: E402
from firewall.core.io.ipset import ipset_reader  # noqa: E402
from firewall.core.io.lockdown_whitelist import LockdownWhitelist  # noqa: E402
from firewall.core.io.policy import policy_reader  # noqa: E402
from firewall.core.io.service import service_reader  # noqa: E402
from firewall.core.io.zone import zone_reader  # noqa: E402

SHIPPED = sys.argv[2] + "/usr/lib/firewalld/"
READERS = {
    "zone": zone_reader,
    "policy": policy_reader,
    "service": service_reader,
    "ipset": ipset_reader,
    "helper": helper_reader,
    "icmptype": icmptype_reader,
}
# These are checked as they are read.
WITHOUT_CHECKS = {"direct": Direct, "whitelist": LockdownWhitelist}
FOLDERS = {"policy": "policies"}

warned = []


def note(form, *values):
    text = str(form) % values if values else str(form)
    # What comes twice is there once, and what is old is taken still.
    if "already" not in text and "ALREADY_ENABLED" not in text and "deprecated" not in text:
        warned.append(text)


logger.log.warning = note
logger.log.error = note


def shipped():
    found = {"conf": {"FirewallBackend": "nftables"}, "ipsets": {}}
    for kind, reader in READERS.items():
        name = FOLDERS.get(kind, kind + "s")
        folder = SHIPPED + name
        files = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        found[name] = {file[:-4]: reader(file, folder) for file in files if file.endswith(".xml")}
    return found


PROTOCOLS = {}
with open("/etc/protocols", encoding="ascii") as lines:
    for line in lines:
        words = line.split("#")[0].split()
        if len(words) > 1:
            for word in words:
                PROTOCOLS.setdefault(word, "all" if words[1] == "0" else words[0])


def address(text):
    try:
        network = ipaddress.ip_network(functions.normalizeIP6(text), strict=False)
    except ValueError:
        return text.upper() if functions.check_mac(text) else text
    host = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if host else str(network)


def port(text):
    return functions.portStr(text, "-")


def protocol(text):
    return PROTOCOLS.get(text, text)


def forward(entry):
    from_port, name, to_port, to_address = entry
    end = (address(to_address) if to_address else "") + (":" + port(to_port) if to_port else "")
    return f"forward-port {port(from_port)}/{name} to {end}"


def rule(rich):
    for side in [rich.source, rich.destination]:
        if side is not None and side.addr is not None:
            side.addr = address(side.addr)
    element = rich.element
    if hasattr(element, "port"):
        element.port = port(element.port)
    if hasattr(element, "to_port"):
        element.to_port = port(element.to_port)
        element.to_address = address(element.to_address) if element.to_address else ""
    if type(element).__name__ == "Rich_Protocol":
        element.value = protocol(element.value)
    if rich.log is not None and rich.log.prefix:
        rich.log.prefix = rich.log.prefix.replace("\\", "\\\\").replace('"', '\\"')
    if type(rich.log).__name__ == "Rich_NFLog":
        rich.log.group = rich.log.group and str(int(rich.log.group, 0))
        rich.log.threshold = rich.log.threshold and str(int(rich.log.threshold, 0))
    if type(rich.action).__name__ == "Rich_Mark":
        rich.action.set = '"' + "/".join(str(int(part, 0)) for part in rich.action.set.split("/")) + '"'
    return "rule: " + str(rich)


def of_rules(item):
    facts = ["service " + name for name in item.services]
    facts += [f"port {port(p)}/{name}" for p, name in item.ports]
    facts += [f"source-port {port(p)}/{name}" for p, name in item.source_ports]
    facts += ["protocol " + protocol(name) for name in item.protocols]
    facts += ["icmp-block " + name for name in item.icmp_blocks]
    facts += ["masquerade"] if item.masquerade else []
    facts += [forward(entry) for entry in item.forward_ports]
    return facts + [rule(rich) for rich in item.rules]


def of_zone(item):
    target = "default" if item.target == "{chain}_{zone}" else item.target
    facts = ["target = " + target] + of_rules(item)
    facts += ["interface " + name for name in item.interfaces]
    facts += ["source " + (s if s.startswith("ipset:") else address(s)) for s in item.sources]
    facts += ["icmp-block-inversion"] if item.icmp_block_inversion else []
    return facts + (["forward"] if item.forward else [])


def of_policy(item):
    facts = ["target = " + item.target, f"priority = {item.priority}"] + of_rules(item)
    facts += ["ingress-zone " + name for name in item.ingress_zones]
    return facts + ["egress-zone " + name for name in item.egress_zones]


def of_service(item):
    facts = ["service"] + [f"port {port(p)}/{name}" for p, name in item.ports]
    facts += [f"source-port {port(p)}/{name}" for p, name in item.source_ports]
    facts += ["protocol " + protocol(name) for name in item.protocols]
    facts += ["module " + name for name in item.modules]
    facts += ["include " + name for name in item.includes]
    facts += ["helper " + name for name in item.helpers]
    return facts + [f"destination {family} = {address(a)}" for family, a in item.destination.items()]


def of_ipset(item):
    facts = ["ipset", "type = " + item.type]
    facts += [f"option {name} = {value}" for name, value in item.options.items()]
    return facts + ["entry " + address(entry.strip()) for entry in item.entries]


def of_helper(item):
    facts = ["helper", "module = " + item.module]
    facts += ["family = " + item.family] if item.family else []
    return facts + [f"port {port(p)}/{name}" for p, name in item.ports]


def of_icmptype(item):
    return ["icmptype"] + ["destination " + family for family in item.destination]


def of_direct(item):
    chains, rules, passthroughs = item.export_config()
    facts = ["direct"] + ["rule: chain " + " ".join(chain) for chain in chains]
    facts += [f"rule: rule {ipv} {t} {c} {p} {functions.joinArgs(args)}" for ipv, t, c, p, args in rules]
    return facts + [f"rule: passthrough {ipv} {functions.joinArgs(args)}" for ipv, args in passthroughs]


def of_whitelist(item):
    facts = ["whitelist"] + ["command " + name for name in item.commands]
    facts += [f"user id {uid}" for uid in item.uids] + ["user " + name for name in item.users]
    return facts + ["selinux " + context for context in item.contexts]


FACTS = {
    "zone": of_zone,
    "policy": of_policy,
    "service": of_service,
    "ipset": of_ipset,
    "helper": of_helper,
    "icmptype": of_icmptype,
    "direct": of_direct,
    "whitelist": of_whitelist,
}


def read(kind, text, folder, known):
    warned.clear()
    with open(folder + "/generated.xml", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    if kind in WITHOUT_CHECKS:
        item = WITHOUT_CHECKS[kind](folder + "/generated.xml")
        item.read()
    else:
        item = READERS[kind]("generated.xml", folder)
        item.check_config_dict(item.export_config_dict(), known)
    return {"ignored": list(warned), "facts": FACTS[kind](item)}


def main():
    known = shipped()
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            kind, text = json.loads(line)
            try:
                answer = read(kind, text, folder, known)
            except Exception as error:
                answer = {"refused": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer))


main()
