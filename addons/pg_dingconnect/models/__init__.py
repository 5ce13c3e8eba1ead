from . import pg_supplier
