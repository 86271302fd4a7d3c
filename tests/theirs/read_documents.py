"""Reads documents as Python's own libraries do.

Takes one JSON line per document, [format, text]; answers with one line each:
null where the library refuses it, a text where it takes no such documents, else a list of [path, kind, value], each
path a list of names and indices. Kinds: text, integer, float, bool, null, map
and list (both empty), time, tag.
"""

import configparser
import datetime
import json
import sys
import tomllib

import yaml


def flat(value, path, found):
    if isinstance(value, dict) and value:
        for name, member in value.items():
            flat(member, path + [name], found)
    elif isinstance(value, list) and value:
        for index, element in enumerate(value):
            flat(element, path + [index], found)
    else:
        found.append([path, *scalar(value)])
    return found


def scalar(value):
    match value:
        case bool():
            return "bool", str(value).lower()
        case None:
            return "null", ""
        case int():
            return "integer", str(value)
        case float():
            return "float", repr(value)
        case str():
            return "text", value
        case dict():
            return "map", ""
        case list():
            return "list", ""
        case _:
            return "time", time(value)


def time(value):
    text = value.isoformat()
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        text = text.replace("+00:00", "Z")
        if "." in text:
            begin, rest = text.split(".", 1)
            digits = rest[:6].rstrip("0")
            text = begin + ("." + digits if digits else "") + rest[6:]
    return text


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def read_json(text):
    return flat(json.loads(text, parse_constant=no_constant), [], [])


def read_toml(text):
    found = tomllib.loads(text)
    return flat(found, [], []) if found else []


def read_ini(text):
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    parser.optionxform = str
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError:
        return "names without a section"
    return [
        [[section.strip(), name], "text", value]
        for section in parser.sections()
        for name, value in parser.items(section)
    ]


def read_yaml(text):
    loader = yaml.SafeLoader(text)
    found = []
    documents = 0
    while loader.check_node():
        node = loader.get_node()
        documents += 1
        label = [] if documents == 1 else [f"#{documents}"]
        walk(loader, node, label, found, [])
    return found


def walk(loader, node, path, found, above):
    """Walks nodes, so that a name stays as it is written."""
    if node in above:
        raise ValueError("an alias inside of what it names")
    above = above + [node]
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        members = {name.value if isinstance(name, yaml.ScalarNode) else refuse(): member for name, member in node.value}
        for name, member in members.items():
            walk(loader, member, path + [name], found, above)
        if not members:
            found.append([path, "map", ""])
    elif isinstance(node, yaml.SequenceNode):
        for index, element in enumerate(node.value):
            walk(loader, element, path + [index], found, above)
        if not node.value:
            found.append([path, "list", ""])
    elif node.style is None and node.tag == "tag:yaml.org,2002:timestamp":
        found.append([path, "time", node.value])
    else:
        found.append([path, *scalar(loader.construct_object(node, deep=True)), node.value if node.style is None else None])


def refuse():
    raise ValueError("a name that is no scalar")


READERS = {"json": read_json, "toml": read_toml, "ini": read_ini, "yaml": read_yaml}

for line in sys.stdin:
    form, text = json.loads(line)
    try:
        answer = READERS[form](text)
    except (ValueError, TypeError, yaml.YAMLError, configparser.Error, RecursionError, AttributeError, OverflowError):
        answer = None
    print(json.dumps(answer), flush=False)
