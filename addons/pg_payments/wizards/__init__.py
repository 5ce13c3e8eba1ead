from . import base_partner_merge, pg_gateway_setup, pg_refund_ask, pg_refund_confirm
