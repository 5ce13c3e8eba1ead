from . import (
    payment_provider,
    payment_transaction,
    payment_transaction_checkout,
    payment_transaction_poll,
    payment_transaction_refund,
    pg_payment_event,
    res_company,
)
