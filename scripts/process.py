"""Start processes with a pid file; stop by pid, and only after seeing that the process is ours."""

import os
import signal
import subprocess
import time
from pathlib import Path

from scripts.common import PROJECT

MARK = "PG_ROOT"  # environment variable that every process we start carries


def read_proc(pid, name):
    """Return a file of /proc/<pid> as bytes, or nothing when the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def stat_fields(pid):
    """Return the fields of /proc/<pid>/stat after the command name: state, ppid, pgrp, session…"""
    return read_proc(pid, "stat").rpartition(b")")[2].split()


def is_ours(pid, root):
    """Whether a live process was started by us for this root folder."""
    fields = stat_fields(pid)
    if not fields or fields[0] == b"Z":
        return False
    marked = f"{MARK}={root}".encode() in read_proc(pid, "environ").split(b"\0")
    arguments = read_proc(pid, "cmdline").split(b"\0")
    inside = f"{root}/".encode()
    return marked or any(inside in argument for argument in arguments)


def pid_file(root, name):
    """Return where the pid of a named process is kept."""
    return Path(root) / "pids" / f"{name}.pid"


def recorded_pid(root, name):
    """Return the pid that was written down for a named process, or None."""
    try:
        return int(pid_file(root, name).read_text())
    except (OSError, ValueError):
        return None


def running_pid(root, name):
    """Return the pid of a named process that is alive and ours, else None."""
    pid = recorded_pid(root, name)
    return pid if pid and is_ours(pid, root) else None


def start(root, name, argv, env, cwd=PROJECT):
    """Start a process in a session of its own, its output appended to log/<name>.log."""
    log = Path(root) / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**env, MARK: str(root)},
            cwd=cwd,
            start_new_session=True,
        )
    path = pid_file(root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{process.pid}\n")
    return process


def members(session):
    """Return the live processes of a session: a leader started by us, its children, theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        fields = stat_fields(path.name)
        if len(fields) > 3 and fields[0] != b"Z" and int(fields[3]) == session:
            found.append(int(path.name))
    return found


def send(pid, number):
    """Send a signal to a process that may be gone by now."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_gone(pids, timeout):
    """Wait until all are gone; return those still alive after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        pids = [pid for pid in pids if stat_fields(pid)[:1] not in ([], [b"Z"])]
        if not pids or time.monotonic() > deadline:
            return pids
        time.sleep(0.05)


def stop(root, name, number=signal.SIGTERM, timeout=20):
    """Stop a named process: ask its leader, then end what is left of its session.

    A leader that was killed may have left children behind: they are ended, too.

    :return: whether there was anything to stop
    """
    pid = recorded_pid(root, name)
    if not pid:
        return False
    found = running_pid(root, name) is not None
    if found:
        send(pid, number)
        if number != signal.SIGKILL:
            wait_gone([pid], timeout)
    left = [member for member in members(pid) if is_ours(member, root)]
    for member in left:
        send(member, signal.SIGKILL)
    wait_gone([pid, *left] if found else left, 5)
    pid_file(root, name).unlink(missing_ok=True)
    return found or bool(left)


def find_all(root):
    """Return every live process that carries our mark for this root, but not ourselves."""
    mark = f"{MARK}={root}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        if pid == os.getpid() or stat_fields(pid)[:1] in ([], [b"Z"]):
            continue
        if mark in read_proc(pid, "environ").split(b"\0"):
            found.append(pid)
    return found


def describe(pid):
    """Return a process's command line for a message."""
    return read_proc(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()[:120]
