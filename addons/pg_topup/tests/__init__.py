from . import (
    test_access,
    test_dispatch,
    test_doubt,
    test_ledger,
    test_notice,
    test_order,
    test_payment,
    test_receipt,
    test_state,
    test_webhook,
)
