from . import test_company, test_http, test_money, test_secret
