"""Make and upgrade the database of a running copy, with progress; copy and drop databases.

What was installed is remembered in the database itself (ir.config_parameter), so that a database on
somebody else's server is recognised, too.
"""

import json
import re
import shutil
import subprocess
import time

from scripts.common import (
    ODOO_BIN,
    PROJECT,
    PYTHON,
    Problem,
    digest,
    find_addons,
    hash_addon,
    live,
    say,
    seconds,
    tail,
)
from scripts.services import connect

ADDONS_KEY = "prepaid_minutes.tooling.addons"
DEMO_KEY = "prepaid_minutes.tooling.demo"
SETUP = PROJECT / "scripts" / "setup_demo.py"
LOADING = re.compile(r"Loading module (\S+) \((\d+)/(\d+)\)")


# === SQL === #


def exists(settings, name=None):
    """Whether a database is there."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name or settings.database])
        return cursor.fetchone() is not None


def drop(settings, name=None):
    """Drop a database and its files; other sessions are ended."""
    name = name or settings.database
    connection = connect(settings)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    connection.close()
    shutil.rmtree(filestore(settings, name), ignore_errors=True)


def copy(settings, source, target):
    """Make `target` a copy of `source`, rows and files.

    A sequence writes ahead what its next 32 values need; a copy of it has that behind it, and a
    PostgreSQL killed before its next checkpoint would give the same values again.
    """
    connection = connect(settings)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        cursor.execute("CHECKPOINT")
    connection.close()
    if filestore(settings, source).is_dir():
        shutil.copytree(filestore(settings, source), filestore(settings, target))


def filestore(settings, name):
    """Return the folder where Odoo keeps a database's attachments."""
    return settings.root / "data" / "filestore" / name


def read_parameter(settings, key):
    """Return a remembered value, or None (also when the database is half made)."""
    import psycopg2

    connection = connect(settings, settings.database)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [key])
            row = cursor.fetchone()
    except psycopg2.errors.UndefinedTable:
        return None
    finally:
        connection.close()
    return row and row[0]


def write_parameter(settings, key, value):
    """Remember a value in the database."""
    connection = connect(settings, settings.database)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ir_config_parameter (key, value, create_date, write_date)"
            " VALUES (%s, %s, now(), now())"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value, write_date = now()",
            [key, value],
        )
    connection.close()


# === ODOO === #


def run_odoo(settings, arguments, log_name, label):
    """Run `odoo-bin … --stop-after-init` to its end with a progress line; return the log's path.

    :raise Problem: if it fails, with the first error of its log
    """
    log = settings.logs / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [PYTHON, ODOO_BIN, "-c", settings.conf, "-d", settings.database, *arguments]
    argv += ["--stop-after-init", "--no-http", "--workers=0", "--max-cron-threads=0"]
    started = time.monotonic()
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=settings.env(),
            cwd=PROJECT,
        )
        try:
            follow(process, log, label, started)
        except BaseException:
            process.terminate()
            process.wait(timeout=20)
            raise
    text = log.read_text(errors="replace")
    if process.returncode or " CRITICAL " in text:
        raise Problem(f"{label} failed; the end of {log}:\n{first_error(text) or tail(log)}")
    return log


def follow(process, log, label, started):
    """Show how far Odoo is while it runs: live on a terminal, else one line in 20 seconds."""
    last_line = started
    while process.poll() is None:
        time.sleep(0.2)
        found = LOADING.findall(log.read_text(errors="replace"))
        if not found:
            continue
        name, number, total = found[-1]
        text = f"      {label}: {number}/{total} {name} ({seconds(started)})"
        live(text)
        if time.monotonic() - last_line > 20:
            last_line = time.monotonic()
            say(text)


def first_error(text):
    """Return the first error of an Odoo log with the lines that follow it, at most 25 lines."""
    match = re.search(r"^.* (ERROR|CRITICAL) .*$", text, re.MULTILINE)
    return "\n".join(text[match.start() :].splitlines()[:25]) if match else ""


def run_setup(settings):
    """Fill the database for showing and testing: scripts/setup_demo.py inside Odoo's shell.

    :raise Problem: if the script fails
    """
    log = settings.logs / "setup_demo.log"
    argv = [PYTHON, ODOO_BIN, "shell", "-c", settings.conf, "-d", settings.database, "--no-http"]
    argv += ["--workers=0", "--max-cron-threads=0"]
    with SETUP.open() as script, log.open("w") as stream:
        answer = subprocess.run(
            [str(part) for part in argv],
            stdin=script,
            stdout=stream,
            stderr=stream,
            env=settings.env(),
            cwd=PROJECT,
        )
    text = log.read_text(errors="replace")
    if answer.returncode or "Traceback (most recent call last)" in text:
        raise Problem(f"scripts/setup_demo.py failed; the end of {log}:\n{tail(log)}")


# === WHAT `make run` NEEDS === #


def addon_hashes():
    """Return {addon: hash of its files} of the checkout."""
    return {name: hash_addon(name) for name in find_addons()}


def prepare(settings):
    """Make the database, or bring its addons up to the checkout, or do nothing.

    :raise Problem: if a database of that name is somebody else's
    """
    wanted = addon_hashes()
    if not exists(settings):
        return install(settings, wanted)
    remembered = read_parameter(settings, ADDONS_KEY)
    if remembered is None:
        if not settings.own_postgres:
            raise Problem(
                f"database {settings.database} on {settings.db_host} was not made by make run; "
                "drop it, or choose another name: PG_DATABASE=…"
            )
        say("Database … an interrupted installation is started afresh")
        drop(settings)
        return install(settings, wanted)
    return upgrade(settings, json.loads(remembered), wanted)


def install(settings, wanted):
    """Make the database with all addons."""
    started = time.monotonic()
    names = ",".join(wanted) or "base"
    run_odoo(settings, ["-i", names], "install", "Database")
    write_parameter(settings, ADDONS_KEY, json.dumps(wanted))
    say(f"Database {settings.database}: made with {len(wanted)} addons … {seconds(started)}")


def upgrade(settings, installed, wanted):
    """Upgrade the addons that changed since, install those that are new."""
    changed = [name for name in wanted if name in installed and wanted[name] != installed[name]]
    new = [name for name in wanted if name not in installed]
    if not changed and not new:
        return
    started = time.monotonic()
    arguments = (["-u", ",".join(changed)] if changed else []) + (
        ["-i", ",".join(new)] if new else []
    )
    run_odoo(settings, arguments, "upgrade", "Upgrade")
    write_parameter(settings, ADDONS_KEY, json.dumps(wanted))
    names = ", ".join(changed + new)
    say(f"Database {settings.database}: brought up to date: {names} … {seconds(started)}")


def prepare_demo(settings):
    """Run scripts/setup_demo.py once, and again when it changed or its logins are lost."""
    if not SETUP.is_file():
        return
    wanted = digest(SETUP)
    there = (settings.root / "access.json").is_file()
    if there and read_parameter(settings, DEMO_KEY) == wanted:
        return
    started = time.monotonic()
    live("      Demo data …")
    run_setup(settings)
    write_parameter(settings, DEMO_KEY, wanted)
    say(f"Demo data … {seconds(started)}")
