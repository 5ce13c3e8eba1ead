"""Print what Odoo's image does not bring: requirements.txt from "# the addons" on."""

import sys
from pathlib import Path


def main(path):
    """:raise SystemExit: if the heading is gone, so that no image is built without its packages"""
    _odoo, heading, ours = Path(path).read_text().partition("# the addons\n")
    if not heading:
        sys.exit(f"{path} has no line '# the addons'")
    print(ours)


if __name__ == "__main__":
    main(sys.argv[1])
