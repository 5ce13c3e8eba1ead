from . import pg_secret_mixin, res_company
