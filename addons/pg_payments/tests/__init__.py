from . import (
    test_adapter,
    test_checkout,
    test_fee,
    test_poll,
    test_provider,
    test_refund,
    test_return,
    test_webhook,
    test_webhook_signature,
)
