"""Start the sandbox: ``python -m sandbox --port 8190``."""

import argparse
import contextlib
import socket
import sys

import uvicorn

from sandbox.app import build
from sandbox.dingconnect.account import DingAccount
from sandbox.wire import is_local

DESCRIPTION = """\
Local stand-ins for DingConnect, Stripe, PayPal, PGPay and PGecom, with their traps and with faults
on demand.

  DingConnect   http://127.0.0.1:PORT/dingconnect/api/V1/<Method>   header api_key
  Stripe        http://127.0.0.1:PORT/stripe/v1/...                 header Authorization: Bearer
  PayPal        http://127.0.0.1:PORT/paypal/v2/...                 token of /v1/oauth2/token
  PGPay         http://127.0.0.1:PORT/pgpay/v1/...                  headers PGPay-Key-Id, -Signature
  PGecom        http://127.0.0.1:PORT/pgecom/api/...                field userID
  control page  http://127.0.0.1:PORT/
  control API   http://127.0.0.1:PORT/_control/...

See sandbox/README.md for accounts, faults and test numbers."""


def parse_arguments(arguments=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "python -m sandbox",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8190, help="port to listen on (8190)")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address (127.0.0.1)")
    parser.add_argument(
        "--state", metavar="FILE", help="SQLite file that keeps accounts and objects over a restart"
    )
    parser.add_argument(
        "--full-catalogue",
        action="store_true",
        help="DingConnect accounts have 17,600 SKUs unless they ask for the small catalogue",
    )
    parser.add_argument("--log", action="store_true", help="write one line per request")
    return parser.parse_args(arguments)


def listen(host, port):
    """Return a listening socket.

    :raise SystemExit: with one clear line when the port is taken or the host is not local
    """
    if not is_local(host):
        sys.exit(f"sandbox: refused to listen on {host}: it serves this machine only.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        sys.exit(f"sandbox: port {port} cannot be used ({reason}); choose another with --port.")
    listener.listen(1024)
    return listener


def main():
    """Run until stopped."""
    arguments = parse_arguments()
    DingAccount.DEFAULTS["full_catalogue"] = arguments.full_catalogue
    listener = listen(arguments.host, arguments.port)
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        build(arguments.state),
        log_level="info" if arguments.log else "warning",
        access_log=arguments.log,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    print(f"sandbox: http://{arguments.host}:{port}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
