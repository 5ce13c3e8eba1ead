#!/bin/bash
# One image, several processes: prepaid odoo | init | pg_dispatcher | pg_mirror | sandbox
set -euo pipefail
DB=${PG_DATABASE:?name of the database}
common=(-c /etc/odoo/odoo.conf -d "$DB")
case ${1:-odoo} in
  odoo)          exec odoo "${common[@]}" ;;
  init)          # first start and every release: install what is new, upgrade what is there
    modules=$(cd /mnt/extra-addons && ls -d pg_* | paste -sd,)
    exec odoo "${common[@]}" -i "$modules" -u "$modules" --stop-after-init --no-http --workers=0 ;;
  # Odoo looks for an addon's command before it reads its configuration: it is told where
  pg_dispatcher) exec odoo --addons-path=/mnt/extra-addons pg_dispatcher "${common[@]}" ;;
  pg_mirror)     exec odoo --addons-path=/mnt/extra-addons pg_mirror "${common[@]}" ;;
  sandbox)       cd /opt/sandbox && exec python3 -m sandbox --port 8190 --state /var/lib/odoo/sandbox.state ;;
  *)             exec "$@" ;;
esac
