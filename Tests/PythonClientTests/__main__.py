"""`python3 Tests/PythonClientTests [FILTER]`: runs the tests whose name matches the regular expression FILTER, or all.

Exits with 0 when at least one ran and all passed, with 5 when none matches.
"""

import pathlib
import re
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
NO_TEST = 5


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def main():
    pattern = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
    found = unittest.defaultTestLoader.discover(str(TESTS / "PythonClientTests"), top_level_dir=str(TESTS))
    chosen = [test for test in each(found) if pattern.search(test.id())]
    if not chosen:
        return NO_TEST
    result = unittest.TextTestRunner(verbosity=1).run(unittest.TestSuite(chosen))
    return 0 if result.wasSuccessful() and len(result.skipped) < result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
