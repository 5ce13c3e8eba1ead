"""What every script needs: folders, one-line problems, progress lines.

Standard library only: these modules run before the virtual environment exists.
"""

import hashlib
import os
import sys
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ADDONS = PROJECT / "addons"
VAR = PROJECT / "var"
VENV = VAR / "venv"
PYTHON = VENV / "bin" / "python"
ODOO_BIN = PROJECT / "scripts" / "odoo-bin"
LOGS = VAR / "log"

_print_lock = threading.Lock()


class Problem(Exception):
    """Something the person at the keyboard can mend; its text is one line that says how."""


def say(text=""):
    """Print one whole line at once, wiping a live line that may stand there."""
    with _print_lock:
        wipe = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{wipe}{text}", flush=True)


def live(text):
    """Show a passing line on a terminal; say nothing elsewhere."""
    if sys.stdout.isatty():
        with _print_lock:
            print(f"\r\033[K{text[:110]}", end="", flush=True)


def seconds(since):
    """Return the time since `since` (from time.monotonic) as '4 s' or '0.3 s'."""
    passed = time.monotonic() - since
    return f"{passed:.1f} s" if passed < 10 else f"{passed:.0f} s"


def main(entry):
    """Run `entry` and turn a Problem into one line and exit code 1, Ctrl-C into code 130."""
    try:
        code = entry()
    except Problem as problem:
        say()
        print(f"Cannot go on: {problem}", file=sys.stderr, flush=True)
        code = 1
    except KeyboardInterrupt:
        say("Interrupted.")
        code = 130
    sys.exit(code or 0)


def digest(*parts):
    """Return the SHA-256 of texts, bytes and files' contents, in the order given."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes() if part.is_file() else b""
        total.update(part.encode() if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()


def find_addons():
    """Return the names of the project's addons: every addons/pg_* with a manifest."""
    return sorted(path.parent.name for path in ADDONS.glob("pg_*/__manifest__.py"))


def hash_addon(name):
    """Return the hash of an addon's files; its tests are left out, they need no upgrade."""
    folder = ADDONS / name
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"__pycache__", "tests"} & set(path.relative_to(folder).parts)
    ]
    return digest(*(item for path in files for item in (str(path.relative_to(folder)), path)))


def find_odoo():
    """Return the folder that holds the `odoo` package: of ODOO_HOME, else our own copy.

    :raise Problem: if ODOO_HOME is set and holds no Odoo 19.0
    """
    given = os.environ.get("ODOO_HOME")
    prefix = Path(given).expanduser().resolve() if given else VAR / "odoo"
    for home in (prefix, prefix / "usr/lib/python3/dist-packages"):
        release = home / "odoo" / "release.py"
        if release.is_file():
            if "version_info = (19, 0" not in release.read_text():
                raise Problem(f"{home} is not Odoo 19.0; point ODOO_HOME at a 19.0 source folder")
            return home
    if given:
        raise Problem(f"ODOO_HOME={given} holds no odoo/release.py; point it at Odoo's source")
    return prefix / "usr/lib/python3/dist-packages"


def addons_path():
    """Return Odoo's addons_path as text: the project's addons first, then Odoo's own."""
    home = find_odoo()
    folders = [ADDONS, home / "addons", home / "odoo" / "addons"]
    return ",".join(str(folder) for folder in folders if folder.is_dir())


def tail(path, lines=15):
    """Return the last lines of a log file, or nothing when it is not there."""
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
