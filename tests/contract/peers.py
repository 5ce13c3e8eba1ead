"""Servers that other people wrote: where they are installed, and how one is started and stopped."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRISM = ROOT / "var" / "npm" / "node_modules" / ".bin" / "prism"
LOCALSTRIPE = ROOT / "var" / "localstripe" / "bin" / "localstripe"
LOOPBACK = Path(__file__).parent / "loopback"
LISTENING = "0A"


def free_port():
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(argv, port, log, seconds=60, **env):
    """Run a server until the block ends; wait until it listens, on loopback only.

    :param log: file for what it says
    :raise AssertionError: when it does not come up, or listens to others
    """
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, **env},
        )
    try:
        end = time.monotonic() + seconds
        while not (addresses := listening(port)):
            assert process.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
            time.sleep(0.1)
        assert addresses <= {"127.0.0.1", "::1"}, f"{argv[0]} listens on {addresses}"
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def listening(port):
    """Return the addresses of this machine on which somebody listens at a port."""
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with contextlib.suppress(FileNotFoundError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                local, state = line.split()[1], line.split()[3]
                address, _, number = local.rpartition(":")
                if state == LISTENING and int(number, 16) == port:
                    found.add(_address(address, family))
    return found


def _address(text, family):
    """Read an address as the kernel writes it: words in the order of this machine's bytes."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    return socket.inet_ntop(family, b"".join(words))
