from . import test_catalogue, test_openapi, test_parse, test_topups
