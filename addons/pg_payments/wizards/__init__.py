from . import pg_gateway_setup, pg_refund_confirm
