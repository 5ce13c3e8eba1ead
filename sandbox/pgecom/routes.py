"""HTTP face of PGecom's PG Pay."""

from starlette.routing import Route

from sandbox import face, jsonx
from sandbox.pgecom import orders, page
from sandbox.pgecom.account import PgecomError
from sandbox.wire import Reply


def routes():
    """Return the routes below ``/pgecom``."""
    return [
        Route("/payment/pgpay/{token}", page.show, methods=["GET"]),
        Route("/payment/pgpay/{token}", page.submit, methods=["POST"]),
        Route("/api/pgpay/token", _endpoint(_merchant_of_body, _create), methods=["POST"]),
        Route("/api/pgpay/order", _endpoint(_merchant_of_token, _verify), methods=["POST"]),
        Route("/api/order/{id}", _endpoint(_merchant_of_bearer, _read), methods=["GET"]),
    ]


def _endpoint(find, work):
    """Return the endpoint of one call.

    :param find: (request, body) -> the account, or a PgecomError
    :param work: (account, request, body, fault) -> what is answered
    """

    async def endpoint(request):
        raw = await request.body()
        try:
            body = _decoded(raw)
            account = find(request, body)
        except PgecomError as error:
            return error.reply().response()
        reply = await face.run(
            account,
            f"{request.method} {request.url.path.removeprefix('/pgecom')}",
            lambda fault: Reply.of(200, account.show("order", work(account, request, body, fault))),
            _refusal,
            query=request.url.query,
            body=raw.decode("utf-8", "replace"),
        )
        return reply.response()

    return endpoint


def _decoded(raw):
    try:
        body = jsonx.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise PgecomError("the body must be a JSON object")
    return body


def _merchant_of_body(request, body):
    account = request.app.state.registry.find("pgecom", str(body.get("userID") or ""))
    if account is None:
        raise PgecomError("userID is not known")
    return account


def _merchant_of_token(request, body):
    token = str(body.get("pgPayToken") or "")
    account, order = page.find(request.app.state.registry, token) if "." in token else (None, None)
    if order is None:
        raise PgecomError("jwt malformed - session expired", 401)
    return account


def _merchant_of_bearer(request, body):
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    for account in request.app.state.registry.of_kind("pgecom"):
        if scheme.lower() == "bearer" and token == account.api_token:
            return account
    raise PgecomError("jwt malformed - session expired", 401)


def _create(account, request, body, fault):
    base = f"{request.url.scheme}://{request.url.netloc}"
    return orders.create(account, body, base, fault)


def _verify(account, request, body, fault):
    return account.order_of(body["pgPayToken"])


def _read(account, request, body, fault):
    return account.get("order", request.path_params["id"])


def _refusal(fault):
    """Return the answer of a ``refuse`` or ``throttle`` fault."""
    if fault.fault == "throttle":
        return PgecomError("Too many requests", 429).reply()
    text = fault.context or f"The sandbox was told to refuse with {fault.code or 'nothing'}."
    return PgecomError(text, fault.status or 400).reply()
