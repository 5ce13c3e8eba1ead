"""Delivery of events: asynchronous, retried, held, doubled, reordered, delayed or dropped."""

import asyncio
import contextlib
import http.client
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

TIMEOUT = 20
BACK_OFF = (1, 2, 4, 8, 16, 32, 64)
AFTER_CONFLICT = 0.5
DELIVERIES_KEPT = 1000
_threads = ThreadPoolExecutor(64, "webhook")
_tasks = set()


def send(account, batch):
    """Send the events of one happening, in order, or hold them when the account says so."""
    if not batch:
        return
    if account.gathered is not None:
        account.gathered.extend(batch)
    elif account.webhooks["hold"]:
        account.held.append(batch)
    else:
        _spawn(_deliver(account, batch))


@contextlib.contextmanager
def together(account):
    """Send what happens inside as one happening, so that its events go out in order."""
    if account.gathered is not None:
        yield
        return
    account.gathered = []
    try:
        yield
    finally:
        batch, account.gathered = account.gathered, None
        send(account, batch)


def release(account):
    """Send everything that was held, as one batch; return how many events."""
    batch = [event for held in account.held for event in held]
    account.held.clear()
    account.webhooks["hold"] = False
    if batch:
        _spawn(_deliver(account, batch))
    return len(batch)


def send_again(account, event, times=1):
    """Send one event ``times`` times at once, whatever was sent before."""
    for endpoint in account.listeners(event):
        for _ in range(times):
            _spawn(_attempt(account, endpoint, event))


def _spawn(work):
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _deliver(account, batch):
    """Send a batch in order (or reversed); each event ``duplicate`` times at once."""
    switches = account.webhooks
    if switches["delay"]:
        await asyncio.sleep(switches["delay"])
    for event in reversed(batch) if switches["reorder"] else batch:
        if switches["drop"] > 0:
            switches["drop"] -= 1
            _drop(account, event)
            continue
        await asyncio.gather(
            *(
                _attempt(account, endpoint, event)
                for endpoint in account.listeners(event)
                for _ in range(max(1, switches["duplicate"]))
            )
        )


def _drop(account, event):
    """Note an event that is never sent to anybody."""
    for endpoint in account.listeners(event):
        _note(account, endpoint, event, 0)["error"] = "dropped"


def _note(account, endpoint, event, number):
    kind, subject = account.label(event)
    row = {
        "at": time.time(),
        "event": event["id"],
        "type": kind,
        "object": subject,
        "endpoint": endpoint["id"],
        "url": endpoint["url"],
        "attempt": number + 1,
        "status": None,
    }
    account.deliveries.append(row)
    del account.deliveries[:-DELIVERIES_KEPT]
    return row


async def _attempt(account, endpoint, event, number=0):
    """Send one event once; when it was not taken, try again later without holding up others."""
    loop = asyncio.get_running_loop()
    row = _note(account, endpoint, event, number)
    status, error = await loop.run_in_executor(_threads, _sign_and_post, account, endpoint, event)
    row.update(status=status, error=error, ms=round((time.time() - row["at"]) * 1000, 1))
    if status and 200 <= status < 300:
        account.taken(event)
    elif number < len(BACK_OFF) and account.is_listening(endpoint):
        pause = AFTER_CONFLICT if status == 409 else BACK_OFF[number]
        _spawn(_again(pause, account, endpoint, event, number + 1))


async def _again(pause, *arguments):
    await asyncio.sleep(pause)
    await _attempt(*arguments)


def _sign_and_post(account, endpoint, event):
    """Sign an event when its turn has come, not when it began to wait for one."""
    return post(endpoint["url"], *account.signed(endpoint, event))


def post(address, body, headers):
    """Send a body; return (status, None) or (None, what went wrong). Runs in a thread."""
    url = urllib.parse.urlsplit(address)
    is_tls = url.scheme == "https"
    connect = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    connection = connect(url.hostname, url.port, timeout=TIMEOUT)
    try:
        target = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        answer.read(65536)
        return answer.status, None
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    finally:
        connection.close()
