"""The drawn pictures and the small lake of the server's tests serve here too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "serve"))
