"""OAuth 2 client credentials: ``POST /dingconnect/idp/connect/token``."""

import secrets
import time

from sandbox import faults
from sandbox.wire import Reply

TOKEN = "Token"
# token: (account id, Unix time of its end); forgotten at a restart, as if all had ended
_tokens = {}


def account_of_headers(registry, headers):
    """Return the account of a call, by API key or by a token that is still good, or None."""
    scheme, _blank, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return registry.find("dingconnect", headers.get("api_key", ""))
    account_id, end = _tokens.get(token, ("", 0))
    return registry.by_id.get(account_id) if time.time() < end else None


async def token(request):
    """Answer one request for a token."""
    form = dict(await request.form())
    registry = request.app.state.registry
    client, secret = str(form.get("client_id", "")), str(form.get("client_secret", ""))
    found = [a for a in registry.of_kind("dingconnect") if a.client_id == client]
    if not found:
        return _refusal("invalid_client").response()
    account = found[0]
    row = account.record_call(TOKEN, grant=form.get("grant_type"))
    fault = account.faults.take(TOKEN)

    def execute():
        if not secrets.compare_digest(account.client_secret.encode(), secret.encode()):
            return _refusal("invalid_client")
        if form.get("grant_type") != "client_credentials":
            return _refusal("unsupported_grant_type")
        return _grant(account)

    reply = await faults.play(fault, execute, lambda fault: _refusal(fault.code or "slow_down"))
    row.update(status=reply.status, fault=fault.fault if fault else None)
    return reply.response()


def _grant(account):
    seconds = account.settings["token_seconds"]
    value = f"sandbox_token_{secrets.token_urlsafe(24)}"
    _tokens[value] = (account.id, time.time() + seconds)
    return Reply.of(
        200,
        {
            "access_token": value,
            "expires_in": seconds,
            "token_type": "Bearer",
            "scope": "topupapi",
        },
    )


def _refusal(code):
    return Reply.of(400, {"error": code})
