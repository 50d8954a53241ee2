"""`python Tests/DescriptionTests [FILTER]`: runs the tests whose name matches the regular expression FILTER, or all.

Needs the packages of Tests/SignatureLibraries/requirements.txt. Exits with 0 when at least one ran and all passed, with 5 when none matches.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Runner"))

import discover

if __name__ == "__main__":
    sys.exit(discover.main("DescriptionTests", sys.argv[1:]))
