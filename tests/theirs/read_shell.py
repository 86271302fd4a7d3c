"""What `sh` has after sourcing a file: base64 files as JSON in, one object of
base64 values per file out, null where the shell stopped with an error."""

import base64
import json
import os
import subprocess
import sys
import tempfile

SCRIPT = 'set -a; . "$1"; exec /usr/bin/env -0'


def read(folder, encoded):
    path = os.path.join(folder, "env")
    with open(path, "wb") as file:
        file.write(base64.b64decode(encoded))
    # No command of the file is found: PATH leads nowhere.
    run = subprocess.run(
        ["/bin/sh", "-c", SCRIPT, "sh", path],
        env={"PATH": "/nonexistent"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        check=False,
    )
    if run.returncode != 0:
        return None
    pairs = [pair.partition(b"=") for pair in run.stdout.split(b"\0") if pair]
    return {key.decode("utf-8", "replace"): base64.b64encode(value).decode() for key, _, value in pairs}


def main():
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        json.dump([read(folder, case) for case in cases], sys.stdout)


main()
