"""axe-core from npm, to look at pages for barriers; fetched once into var, never committed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.common import VAR, Problem

AXE = "axe-core@4.10.2"
SCRIPT = VAR / "npm-axe" / "axe-4.10.2.min.js"
# The rules of WCAG 2.2 AA and the levels below it.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SERIOUS = ("serious", "critical")


def install_axe():
    """Return the path of the script; fetch it where npm is there.

    :raise Problem: it is not there and cannot be fetched.
    """
    if SCRIPT.is_file():
        return SCRIPT
    if not shutil.which("npm"):
        raise Problem("npm is not there: axe-core cannot be fetched.")
    SCRIPT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRIPT.parent) as folder:
        done = subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, capture_output=True)
        if done.returncode:
            raise Problem("npm could not fetch axe-core.")
        archive = next(Path(folder).glob("*.tgz"))
        subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
        shutil.copy(Path(folder) / "package" / "axe.min.js", SCRIPT)
    return SCRIPT


def find_barriers(page):
    """Return the serious findings on a page as lines "rule: selector"."""
    # The page's own policy forbids scripts that are not its own: the browser runs it from outside.
    page.evaluate(SCRIPT.read_text())
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    return [
        f"{rule['id']}: {' '.join(str(part) for part in node['target'])}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]
