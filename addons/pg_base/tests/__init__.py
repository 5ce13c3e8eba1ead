from . import (
    test_audit_log,
    test_company,
    test_http,
    test_memo,
    test_money,
    test_rate_limit,
    test_secret,
)
