from . import test_escape, test_order, test_pay, test_portal, test_storefront, test_tools
