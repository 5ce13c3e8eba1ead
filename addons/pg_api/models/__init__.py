from . import ir_http, pg_api
