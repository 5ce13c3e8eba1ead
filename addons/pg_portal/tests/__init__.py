from . import (
    test_account,
    test_escape,
    test_login_code,
    test_order,
    test_pay,
    test_portal,
    test_sell,
    test_storefront,
    test_tools,
)
