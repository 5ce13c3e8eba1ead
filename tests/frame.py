"""What every measurement and every run with killed servers shares.

A folder of its own below `var/`, servers that are stopped at the end however it ends, parts that
run in a fresh process, and the last line, ``RESULT`` and a JSON object. After a failure the folder
stays, since its logs tell why; the next run clears it.
"""

import json
import operator
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager

from scripts import process
from scripts.common import PROJECT, PYTHON, Problem, say

SIGNS = {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge}


@contextmanager
def ground(root, *, keep=False):
    """Give an empty folder; at the end run the callbacks, end what is left, remove the data.

    :param root: the folder; what an earlier run left there is ended and removed first.
    :param bool keep: leave data and logs though all went well.
    :return: an `ExitStack`, for what stops the servers.
    """
    _clear(root)
    root.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _raise_interrupt)
    with ExitStack() as ends:
        ends.callback(_end_all, root)
        try:
            yield ends
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
    if not keep:
        shutil.rmtree(root, ignore_errors=True)


def ask(settings, module, *words, inside=True, **values):
    """Run a part in a fresh process: `values` go in as JSON, its last line comes out as JSON.

    :param settings: of the running copy.
    :param bool inside: run it by `tests.inside`, with Odoo's configuration read.
    :return: what it answered; lines before the last one are printed.
    :raise Problem: it failed; the text names its log
    """
    runner = ["tests.inside"] if inside else []
    argv = [PYTHON, "-m", *runner, module, *words]
    log = settings.logs / f"{module.rpartition('.')[2]}-{words[0]}.log"
    with log.open("a") as stream:
        answer = subprocess.run(
            [str(word) for word in argv],
            input=json.dumps({"database": settings.database, **values}),
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            cwd=PROJECT,
            env=settings.env(),
        )
    lines = answer.stdout.strip().splitlines()
    if answer.returncode or not lines:
        raise Problem(f"{module} {words[0]} failed; look into {log}")
    for line in lines[:-1]:
        say(line)
    return json.loads(lines[-1])


def show(figures, targets):
    """Print the figures that have a target beside it, then the last line.

    :param dict targets: name → (sign, figure), or None for one that is only told.
    """
    say()
    for name, target in targets.items():
        if name not in figures:
            continue
        if not target:
            say(f"     {name} {figures[name]}")
            continue
        sign, limit = target
        held = "ok  " if SIGNS[sign](figures[name], limit) else "MISS"
        say(f"{held} {name} {figures[name]} (target {sign} {limit})")
    say("RESULT " + json.dumps(figures))


def _end_all(root):
    left = process.find_all(root)
    for pid in left:
        process.send(pid, signal.SIGKILL)
    process.wait_gone(left, 5)


def _clear(root):
    _end_all(root)
    shutil.rmtree(root, ignore_errors=True)


def _raise_interrupt(_number, _frame):
    """Treat a polite kill as Ctrl-C, so that everything is stopped."""
    raise KeyboardInterrupt
