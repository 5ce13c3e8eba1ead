from . import pg_topup_resolve
