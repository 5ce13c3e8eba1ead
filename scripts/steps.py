"""Run the steps of the bootstrap side by side, each after those it needs, one line per step."""

import subprocess
import threading
import time
from dataclasses import dataclass, field

from scripts.common import LOGS, Problem, live, say, seconds, tail

#: What the network's absence looks like in the logs of apt, pip and npm.
NO_NETWORK = (
    "Temporary failure resolving",
    "Temporary failure in name resolution",
    "Could not resolve",
    "Name or service not known",
    "Network is unreachable",
    "Could not connect",
    "Connection timed out",
    "connection timed out",
    "NewConnectionError",
    "ENOTFOUND",
    "EAI_AGAIN",
)


@dataclass
class Step:
    """One thing to have: `needed` says whether work is left, `work` does it and returns a note."""

    key: str
    label: str
    work: callable
    needed: callable = lambda: True
    after: tuple = ()
    note: str = field(default="", compare=False)


class Runner:
    """Run steps in threads. The first Problem ends the others' commands and is raised."""

    def __init__(self, steps):
        self.steps = [step for step in steps if step.needed()]
        self.done = set()
        self.running = {}
        self.problem = None
        self.commands = []
        self.condition = threading.Condition()

    def run(self):
        """:raise Problem: the first one met"""
        keys = {step.key for step in self.steps}
        waiting = list(self.steps)
        started = time.monotonic()
        try:
            with self.condition:
                while (waiting or self.running) and not self.problem:
                    for step in list(waiting):
                        if not ((set(step.after) & keys) - self.done):
                            waiting.remove(step)
                            self._launch(step)
                    self.condition.wait(timeout=1)
                    names = ", ".join(step.label for step in self.running.values())
                    if names:
                        live(f"      … {names} ({seconds(started)})")
        finally:
            self._end_commands()
        if self.problem:
            raise self.problem

    def _launch(self, step):
        self.running[step.key] = step
        threading.Thread(target=self._perform, args=(step,), daemon=True).start()

    def _perform(self, step):
        started = time.monotonic()
        problem = None
        try:
            step.note = step.work(self) or ""
        except Problem as error:
            problem = error
        except OSError as error:
            problem = Problem(f"{step.label}: {error}")
        with self.condition:
            del self.running[step.key]
            self.done.add(step.key)
            if problem:
                self.problem = self.problem or problem
            elif not self.problem:
                note = f" ({step.note})" if step.note else ""
                count = f"[{len(self.done)}/{len(self.steps)}]"
                say(f"{count} {step.label} … {seconds(started)}{note}")
            self.condition.notify_all()

    def command(self, key, argv, *, advice, env=None, cwd=None):
        """Run a command with its noise in var/log/bootstrap-<key>.log.

        :raise Problem: if it fails: the network's absence by name, anything else with `advice`
        """
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / f"bootstrap-{key}.log"
        with log.open("w") as stream:
            stream.write("$ " + " ".join(map(str, argv)) + "\n")
            stream.flush()
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=env, cwd=cwd
            )
            self.commands.append(process)
            code = process.wait()
            self.commands.remove(process)
        if code:
            raise Problem(explain(log, advice))

    def _end_commands(self):
        for process in list(self.commands):
            process.terminate()
        for process in list(self.commands):
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def explain(log, advice):
    """Return one line for a failed command: no network if its log says so, else the advice."""
    text = log.read_text(errors="replace") if log.is_file() else ""
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return (
            "the package index's certificate is not trusted on this machine; "
            f"install its authority or set PIP_CERT to its file (details: {log})"
        )
    if any(sign in text for sign in NO_NETWORK):
        return (
            "the network or a package mirror cannot be reached; "
            f"check the connection and run again (details: {log})"
        )
    last = [line.strip() for line in tail(log, 40).splitlines() if line.strip().startswith("E")]
    return f"{advice} (details: {log}{'; ' + last[-1][:160] if last else ''})"
