"""Events and their delivery: signed, asynchronous, retried, held, doubled or reordered."""

import asyncio
import copy
import http.client
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from stripe import WebhookSignature

from sandbox import jsonx
from sandbox.stripe.account import API_VERSION, new_id, now, public

TIMEOUT = 20
BACK_OFF = (1, 2, 4, 8, 16, 32, 64)
AFTER_CONFLICT = 0.5
DELIVERIES_KEPT = 1000
_threads = ThreadPoolExecutor(64, "webhook")
_tasks = set()


def emit(account, events):
    """Write events and send them to the endpoints that listen.

    :param events: [(type, object)] of one happening, in order; the object is copied as it is now
    """
    batch = []
    for kind, subject in events:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": now(),
            "data": {"object": copy.deepcopy(public(subject))},
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        event["pending_webhooks"] = len(_listeners(account, event))
        account.put("event", event)
        batch.append(event)
    if not batch:
        return
    if account.webhooks["hold"]:
        account.held.append(batch)
    else:
        _spawn(deliver(account, batch))


def release(account):
    """Send everything that was held, as one batch; return how many events."""
    batch = [event for held in account.held for event in held]
    account.held.clear()
    account.webhooks["hold"] = False
    if batch:
        _spawn(deliver(account, batch))
    return len(batch)


def send_again(account, event, times=1):
    """Send one event ``times`` times at once, whatever was sent before."""
    for endpoint in _listeners(account, event):
        for _ in range(times):
            _spawn(_attempt(account, endpoint, event))


def _spawn(work):
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _listeners(account, event):
    return [
        endpoint
        for endpoint in account.shelves["endpoint"].values()
        if endpoint["status"] == "enabled"
        and ("*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"])
    ]


async def deliver(account, batch):
    """Send a batch in order (or reversed); each event ``duplicate`` times at once."""
    switches = account.webhooks
    if switches["delay"]:
        await asyncio.sleep(switches["delay"])
    for event in reversed(batch) if switches["reorder"] else batch:
        await asyncio.gather(
            *(
                _attempt(account, endpoint, event)
                for endpoint in _listeners(account, event)
                for _ in range(max(1, switches["duplicate"]))
            )
        )


async def _attempt(account, endpoint, event, number=0):
    """Send one event once; when it was not taken, try again later without holding up others."""
    loop = asyncio.get_running_loop()
    body = jsonx.dumps(event)
    row = {
        "at": time.time(),
        "event": event["id"],
        "type": event["type"],
        "object": event["data"]["object"].get("id"),
        "endpoint": endpoint["id"],
        "url": endpoint["url"],
        "attempt": number + 1,
        "status": None,
    }
    account.deliveries.append(row)
    del account.deliveries[:-DELIVERIES_KEPT]
    status, error = await loop.run_in_executor(_threads, _post, endpoint, body)
    row.update(status=status, error=error, ms=round((time.time() - row["at"]) * 1000, 1))
    if status and 200 <= status < 300:
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        account.store.put("event", account.id, event["id"], event)
    elif number < len(BACK_OFF) and endpoint["id"] in account.shelves["endpoint"]:
        pause = AFTER_CONFLICT if status == 409 else BACK_OFF[number]
        _spawn(_again(pause, account, endpoint, event, number + 1))


async def _again(pause, *arguments):
    await asyncio.sleep(pause)
    await _attempt(*arguments)


def _post(endpoint, body):
    """Send the signed body; return (status, None) or (None, what went wrong). Runs in a thread."""
    url = urllib.parse.urlsplit(endpoint["url"])
    is_tls = url.scheme == "https"
    connect = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    connection = connect(url.hostname, url.port, timeout=TIMEOUT)
    try:
        signature = WebhookSignature.generate_signature_header(body, endpoint["_secret"])
        connection.request(
            "POST",
            urllib.parse.urlunsplit(("", "", url.path or "/", url.query, "")),
            body.encode(),
            {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signature,
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            },
        )
        answer = connection.getresponse()
        answer.read(65536)
        return answer.status, None
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    finally:
        connection.close()
