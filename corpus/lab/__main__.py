"""The command: `python3 corpus/lab`."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from lab.command import main

if __name__ == "__main__":
    sys.exit(main())
