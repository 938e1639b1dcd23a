"""The modules beside this one are imported by name, by the tests as by the commands."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
