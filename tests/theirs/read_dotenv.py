"""What python-dotenv reads: base64 files as JSON in, one object of base64
values (null for a name alone) per file out."""

import base64
import json
import logging
import os
import sys
import tempfile

from dotenv import dotenv_values

logging.disable(logging.CRITICAL)


def read(folder, encoded):
    path = os.path.join(folder, "env")
    with open(path, "wb") as file:
        file.write(base64.b64decode(encoded))
    try:
        found = dotenv_values(path, encoding="utf-8")
    except UnicodeDecodeError:
        return None
    encode = lambda value: None if value is None else base64.b64encode(value.encode()).decode()
    return {key: encode(value) for key, value in found.items()}


def main():
    os.environ.clear()
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        json.dump([read(folder, case) for case in cases], sys.stdout)


main()
