"""What was taken, and what becomes of a message by the end of its number."""

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from sandbox.delivery import post
from sandbox.wire import is_loopback_url

KEPT = 5000
#: End of the number → (state of IAP, error code of Twilio).
ENDINGS = {
    "0001": ("wrong_number_format", 21211),
    "0002": ("insufficient_credit", 21608),
    "0003": ("country_not_supported", 21408),
}
#: A number that ends so is taken, but never reached.
UNREACHED = "0004"
#: The whole service breaks at a number that ends so.
BROKEN = "0009"
REPORT_SECONDS = 0.2
_threads = ThreadPoolExecutor(8, "sms-report")
_tasks = set()


class Outbox:
    """The messages that were taken, newest last."""

    def __init__(self):
        self.messages = deque(maxlen=KEPT)
        self.known = {}

    def take(self, service, identity, number, body):
        """Keep a message; return it."""
        message = {
            "at": time.time(),
            "service": service,
            "id": identity,
            "number": number,
            "body": body,
            "reported": None,
        }
        self.messages.append(message)
        self.known[identity] = message
        return message

    def of_number(self, number=None):
        """Return the messages to a number, or all."""
        return [m for m in self.messages if number in (None, m["number"])]

    def clear(self):
        """Forget everything."""
        self.messages.clear()
        self.known.clear()


def report(message, url, body, headers):
    """Tell the sender a moment later what became of a message; addresses of this machine only."""
    if url and is_loopback_url(url):
        task = asyncio.get_running_loop().create_task(_report(message, url, body, headers))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


async def _report(message, url, body, headers):
    await asyncio.sleep(REPORT_SECONDS)
    loop = asyncio.get_running_loop()
    message["reported"], _error = await loop.run_in_executor(_threads, post, url, body, headers)


def is_unreached(number):
    """Say whether a message to this number is lost on its way."""
    return number.endswith(UNREACHED)
