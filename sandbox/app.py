"""The ASGI application: the services, the control API and the pages in one process."""

from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from sandbox import control, pages, shop
from sandbox.accounts import Registry
from sandbox.dingconnect import routes as dingconnect
from sandbox.dingconnect.account import DingAccount
from sandbox.paypal import routes as paypal
from sandbox.paypal.account import PayPalAccount
from sandbox.pgecom import routes as pgecom
from sandbox.pgecom.account import PgecomAccount
from sandbox.pgpay import routes as pgpay
from sandbox.pgpay.account import PgpayAccount
from sandbox.sms import routes as sms
from sandbox.sms.outbox import Outbox
from sandbox.store import Store
from sandbox.stripe import routes as stripe_routes
from sandbox.stripe.account import StripeAccount
from sandbox.wire import is_local, keep_raw_send

KINDS = (DingAccount, StripeAccount, PayPalAccount, PgpayAccount, PgecomAccount)


def build(state=None):
    """Return the application.

    :param state: SQLite file to keep accounts and their objects in, or None
    """
    store = Store(state)
    registry = Registry(store, KINDS)

    @asynccontextmanager
    async def lifespan(app):
        registry.start()
        yield
        store.close()

    app = Starlette(
        routes=[
            Mount("/dingconnect", routes=dingconnect.routes()),
            Mount("/stripe", routes=stripe_routes.routes()),
            Mount("/paypal", routes=paypal.routes()),
            Mount("/pgpay", routes=pgpay.routes()),
            Mount("/pgecom", routes=pgecom.routes()),
            Mount("/twilio", routes=sms.twilio_routes()),
            Mount("/_control", routes=control.routes()),
            *sms.routes(),
            *pages.routes(),
            *shop.routes(),
        ],
        lifespan=lifespan,
    )
    app.state.registry = registry
    app.state.sms = Outbox()
    return keep_raw_send(_only_local(app))


def _only_local(app):
    """Refuse requests that were meant for another host name (rebinding of names)."""

    async def wrapped(scope, receive, send):
        if scope["type"] == "http":
            host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
            name = host if host.endswith("]") else host.rsplit(":", 1)[0]
            if not is_local(name):
                refusal = PlainTextResponse("The sandbox answers on this machine only.", 403)
                await refusal(scope, receive, send)
                return
        await app(scope, receive, send)

    return wrapped
