"""Let whole-suite tests import `scripts` and `sandbox` from the top folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
