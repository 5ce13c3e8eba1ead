from . import (
    test_account,
    test_escape,
    test_login_code,
    test_order,
    test_pay,
    test_portal,
    test_publishable_key,
    test_sell,
    test_storefront,
    test_tools,
    test_widened,
    test_widget_api,
)
