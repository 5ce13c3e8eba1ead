"""`make run`, `make stop`, `make shell`, `make logs`, `make clean`.

python -m scripts.run start|stop|shell|logs|clean
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import time

from scripts import database, process
from scripts.common import ODOO_BIN, PYTHON, VAR, Problem, main, say, seconds, tail
from scripts.services import Stack, sandbox_present
from scripts.settings import Settings, write_private

SUPERVISOR = "supervisor"
ROOT = VAR / "run"


# === START === #


def start():
    """Start everything, print where it is, wait for Ctrl-C, stop everything."""
    started = time.monotonic()
    settings = Settings.for_run(ROOT)
    if os.environ.get(process.MARK) != str(settings.root):  # how `make stop` knows us
        env = {**os.environ, process.MARK: str(settings.root)}
        os.execve(PYTHON, [str(PYTHON), "-m", "scripts.run", "start"], env)
    running = process.running_pid(settings.root, SUPERVISOR)
    if running:
        raise Problem(f"the platform is running already (process {running}); make stop ends it")
    stack = Stack(settings)
    left = stack.stop_all()
    if left:
        say(f"Stopped what an earlier run had left: {', '.join(left)}")
    stack.check_ports()
    stack.check_own_servers()
    settings.write_conf()
    settings.save()
    write_private(process.pid_file(settings.root, SUPERVISOR), f"{os.getpid()}\n")
    signal.signal(signal.SIGTERM, raise_interrupt)
    signal.signal(signal.SIGHUP, raise_interrupt)
    try:
        bring_up(stack)
        say(f"Ready … {seconds(started)}")
        print_access(settings)
        with contextlib.suppress(KeyboardInterrupt):  # the way it is meant to end
            supervise(stack)
    finally:
        bring_down(stack)


def raise_interrupt(_number, _frame):
    """Treat `make stop` and a closed terminal as Ctrl-C."""
    raise KeyboardInterrupt


def bring_up(stack):
    """Start the servers in their order, with database and demo data in between."""
    started = time.monotonic()
    for name in stack.data_servers():
        stack.start(name, wait=False)
    for name in stack.data_servers():
        stack.wait(name)
        say(f"{name} … {seconds(started)}")
    database.prepare(stack.settings)
    database.prepare_demo(stack.settings)
    started = time.monotonic()
    stack.start("odoo")
    say(f"odoo … {seconds(started)}")


def supervise(stack):
    """Watch the servers.

    :raise Problem: when one of them ends by itself
    """
    names = list(stack.children)
    while True:
        for name in names:
            if not stack.is_alive(name):
                log = stack.settings.logs / f"{name}.log"
                raise Problem(f"{name} ended by itself; the end of {log}:\n{tail(log)}")
        time.sleep(1)


def bring_down(stack):
    """Stop everything we started; further Ctrl-C are ignored meanwhile."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    say("Stopping …")
    stopped = stack.stop_all()
    process.pid_file(stack.settings.root, SUPERVISOR).unlink(missing_ok=True)
    say(f"Stopped: {', '.join(stopped) or 'nothing was running'}")


def print_access(settings):
    """Print addresses and logins, as scripts/setup_demo.py left them in access.json."""
    path = settings.root / "access.json"
    rows = json.loads(path.read_text()) if path.is_file() else []
    if not any(row["url"].startswith(settings.base_url) for row in rows):
        rows.insert(0, {"label": "Odoo", "url": f"{settings.base_url}/web"})
    named = any(row["url"].startswith(settings.sandbox_url) for row in rows)
    if sandbox_present() and not named:
        rows.append({"label": "Sandbox", "url": f"{settings.sandbox_url}/"})
    width = max(len(row["label"]) for row in rows)
    address = max(len(row["url"]) for row in rows)
    say()
    for row in rows:
        login = " / ".join(filter(None, (row.get("login"), row.get("password"))))
        say(f"  {row['label']:{width}}  {row['url']:{address}}  {login}".rstrip())
    say()
    say("Ctrl-C here, or `make stop` elsewhere, ends it. Logs: make logs")


# === STOP, STATUS === #


def stop():
    """Stop a running copy: its supervisor does it; what a crashed one left is stopped here."""
    settings = load()
    pid = process.running_pid(settings.root, SUPERVISOR)
    if pid:
        process.send(pid, signal.SIGTERM)
        process.wait_gone([pid], 60)
    left = Stack(settings).stop_all()
    if not pid and not left:
        say("Nothing was running.")
    else:
        say(f"Stopped{': ' + ', '.join(left) if left else ''}.")


def load():
    """Return the settings of the copy in var/run.

    :raise Problem: if there never was one
    """
    if not (ROOT / "settings.json").is_file():
        raise Problem("the platform never ran here; start it with: make run")
    return Settings.load(ROOT)


# === SHELL, SCRIPTS, LOGS, CLEAN === #


def shell():
    """Open Odoo's shell on the running database."""
    settings = load()
    argv = [PYTHON, ODOO_BIN, "shell", "-c", settings.conf, "-d", settings.database, "--no-http"]
    os.execve(PYTHON, [str(part) for part in argv], settings.env())


def run_script(name):
    """Run a script of ours against the running copy, with its addresses in the environment.

    :raise Problem: if nothing runs
    """
    settings = load()
    if not process.running_pid(settings.root, SUPERVISOR):
        raise Problem("the platform is not running; start it in another terminal with: make run")
    os.execve(PYTHON, [str(PYTHON), "-m", f"scripts.{name}"], settings.env())


def demo():
    """Buy one top-up as a customer would."""
    run_script("demo_sale")


def screenshots():
    """Take the README's screenshots."""
    run_script("screenshots")


def logs():
    """Follow all logs."""
    files = sorted(load().logs.glob("*.log"))
    if not files:
        raise Problem("there are no logs yet; start the platform with: make run")
    os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])


def clean():
    """Remove the data of the running copy (databases, keys, logs) after a question."""
    if not ROOT.is_dir():
        return say("There is no data to remove.")
    if process.running_pid(ROOT, SUPERVISOR):
        raise Problem("the platform is running; make stop first")
    if not sys.stdin.isatty() and os.environ.get("YES") != "1":
        raise Problem("there is nobody to ask; YES=1 make clean removes the data unasked")
    question = f"Remove all data in {ROOT} (databases, keys, logs)? Type yes: "
    if os.environ.get("YES") == "1" or input(question) == "yes":
        if (ROOT / "settings.json").is_file():
            Stack(load()).stop_all()
        shutil.rmtree(ROOT)
        return say("Removed.")
    return say("Kept.")


ACTIONS = {
    function.__name__: function for function in (start, stop, shell, logs, clean, demo, screenshots)
}


def entry():
    """Command line."""
    action = sys.argv[1] if len(sys.argv) == 2 else ""
    if action not in ACTIONS:
        raise Problem(f"usage: python -m scripts.run {'|'.join(ACTIONS)}")
    ACTIONS[action]()


if __name__ == "__main__":
    main(entry)
