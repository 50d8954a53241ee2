"""Tests of the Python client. Run by `Tests/run`, or alone by `python3 Tests/PythonClientTests [FILTER]`."""

import logging
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources/IngestClient/Python"))

# What tests provoke is no news.
logging.getLogger("needletail").addHandler(logging.NullHandler())
