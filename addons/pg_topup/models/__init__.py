# isort: off
from . import pg_topup  # the model itself, before all that extends it
from . import pg_topup_attempt, pg_topup_event
from . import (
    payment_transaction,
    pg_circuit,
    pg_operator,
    pg_supplier,
    pg_topup_cancel,
    pg_topup_claim,
    pg_topup_code,
    pg_topup_dispatch,
    pg_topup_ledger,
    pg_topup_pin,
    pg_topup_probe,
    pg_topup_refund,
    pg_topup_sale,
    pg_topup_state,
    pg_topup_status,
    pg_topup_undo,
    pg_topup_wake,
    pg_topup_notice,
    pg_topup_operator,
    pg_webhook,
    pg_webhook_delivery,
    res_company,
    res_partner,
)
