#!/usr/bin/env python3
"""Writes options.tsv: the options of MariaDB's server and what kind of value
each takes, read from the server's own help.

    ./generate.py [/usr/sbin/mariadbd] > options.tsv

Columns: name with underscores, kind, values in the server's order.
Kinds: bool, int, real, enum, set, flags, text.

It starts the server for its help alone, never for its data. Whether a number
may have a fraction is in no help text: each is asked with 1.5.
"""

import concurrent.futures
import re
import subprocess
import sys

# Measured: these take a switch only with its value; the bare name leaves them
# off, and of `core_file` the value is not looked at.
ODD_SWITCHES = {
    "core-file",
    "innodb-buffer-pool-dump-now",
    "innodb-buffer-pool-load-abort",
    "innodb-buffer-pool-load-now",
    "innodb-defragment",
    "innodb-immediate-scrub-data-uncompressed",
}

SERVER = sys.argv[1] if len(sys.argv) > 1 else "/usr/sbin/mariadbd"


def ask(*arguments):
    """What the server says when it is asked for its help."""
    command = [SERVER, "--no-defaults", "--help", "--verbose", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def entries(text):
    """Each option's head (`--name[=name]`) and its description as one line."""
    usage, _, table = text.partition("Variables (--variable-name=value)")
    found = re.split(r"\n  (?:-., )?(--[a-zA-Z])", usage)
    heads = [head + body for head, body in zip(found[1::2], found[2::2])]
    options = []
    for entry in heads:
        head, _, rest = entry.partition(" ")
        options.append((head, " ".join(rest.split())))
    shown = dict(re.findall(r"^([a-z][A-Za-z0-9-]*) +(\S*)", table, re.M))
    return options, shown


def listed(description, words):
    """The values after one of these words, up to the first that is none."""
    found = re.search(rf"{words}:? ((?:[A-Za-z0-9_.-]+, )*(?:or )?[A-Za-z0-9_.-]+)", description)
    return found.group(1).rstrip(".").replace(" or ", " ").split(", ") if found else []


def kind_of(head, description, value):
    if "Takes a comma-separated list of option=value" in description:
        return "flags", []
    if "=#" in head:
        return "int", []
    if "=" not in head:
        return "bool", []
    if value in ("TRUE", "FALSE"):
        return "bool", []
    values = listed(description, "Any combination of")
    if values:
        return "set", values
    values = listed(description, "One of")
    return ("enum", values) if values else ("text", [])


def has_fraction(name):
    _, said = ask(f"--{name}=1.5")
    return "Unknown suffix" not in said and "unknown" not in said.lower()


def main():
    text, _ = ask()
    options, shown = entries(text)
    rows = {}
    for head, description in options:
        name = re.match(r"--([A-Za-z0-9_-]+)", head).group(1)
        rows[name] = ("text", []) if name in ODD_SWITCHES else kind_of(head, description, shown.get(name, ""))
    numbers = [name for name, (kind, _) in rows.items() if kind == "int"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, real in zip(numbers, pool.map(has_fraction, numbers)):
            if real:
                rows[name] = ("real", [])
    version = text.split("\n", 1)[0].split("  Ver ")[-1].split(" ")[0]
    print(f"# name, kind, values; made by generate.py from mariadbd {version}")
    for name in sorted(rows):
        kind, values = rows[name]
        print("\t".join([name.replace("-", "_").lower(), kind, ",".join(values)]).rstrip("\t"))


main()
