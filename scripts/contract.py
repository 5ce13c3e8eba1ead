"""`make contract`: the sandbox against the vendors' OpenAPI files, by our checks and by others'.

Beside the tests that `make test` runs too, the slow ones: Prism (npm) in front of the sandbox, and
our Stripe client against localstripe (PyPI, GPL: run as a process, never imported). Both are
installed here, into var/npm and var/localstripe, and nowhere else.
"""

import os
import shutil
import subprocess
import sys

from scripts.common import LOGS, PROJECT, PYTHON, VAR, Problem, main, say

PRISM = "@stoplight/prism-cli@5.14.2"
MONGOSH = "mongosh@2.12.0"
LOCALSTRIPE = "localstripe==1.15.10"
NPM, SHELL, VENV = VAR / "npm", VAR / "mongosh", VAR / "localstripe"


def install_npm():
    """Install Prism, and mongosh for `make test`; without npm their tests are left out."""
    if not shutil.which("npm"):
        say("npm is not there: the tests with Prism and mongosh are left out.")
        return
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    for folder, package in ((NPM, PRISM), (SHELL, MONGOSH)):
        if _is_new(folder, package):
            folder.mkdir(parents=True, exist_ok=True)
            _run("npm", ["npm", "install", "--prefix", folder, *options, package])
            _note(folder, package)


def install_localstripe():
    """Install localstripe into an environment of its own."""
    if not _is_new(VENV, LOCALSTRIPE):
        return
    _run("localstripe-venv", [PYTHON, "-m", "venv", "--clear", VENV])
    _run("localstripe", [VENV / "bin" / "pip", "install", "-q", LOCALSTRIPE])
    _note(VENV, LOCALSTRIPE)


def _is_new(folder, package):
    note = folder / "package"
    return not note.exists() or note.read_text() != package


def _note(folder, package):
    (folder / "package").write_text(package)


def _run(name, argv):
    """Run a command with its noise in var/log.

    :raise Problem: when it fails
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"contract-{name}.log"
    say(f"Installing: {name}")
    with log.open("w") as stream:
        argv = [str(part) for part in argv]
        code = subprocess.call(argv, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    if code:
        raise Problem(f"{argv[0]} could not install {name}; see {log}")


def entry():
    """Install what is missing, then run the tests."""
    install_npm()
    install_localstripe()
    argv = [str(PYTHON), "-m", "pytest", "-q", "-p", "no:odoo", "tests/contract", *sys.argv[1:]]
    return subprocess.call(argv, cwd=PROJECT, env={**os.environ, "PG_PEERS": "1"})


if __name__ == "__main__":
    main(entry)
