from . import pg_report_sale
