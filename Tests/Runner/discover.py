"""Runs the Python tests of a folder, for its `__main__.py`.

With NEEDLETAIL_EVENTS=FILE it writes what happened to FILE, in the form of Swift Testing's event stream, for report.py.
"""

import json
import os
import pathlib
import re
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
# Exit status when no test matches.
NO_TEST = 5


class Result(unittest.TextTestResult):
    events = None

    def write(self, kind, test, **more):
        if self.events:
            payload = {"kind": kind, "testID": test.id(), "instant": {"absolute": time.monotonic()}, "messages": [], **more}
            print(json.dumps({"kind": "event", "payload": payload}), file=self.events, flush=True)

    def startTest(self, test):
        if self.events:
            record = {"kind": "test", "payload": {"id": test.id(), "kind": "function"}}
            print(json.dumps(record), file=self.events, flush=True)
        self.write("testStarted", test)
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.write("testEnded", test)

    def addError(self, test, err):
        super().addError(test, err)
        self.issue(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.issue(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.issue(test, err)

    def issue(self, test, err):
        text = f"{err[0].__name__}: {err[1]}"
        self.write("issueRecorded", test, issue={"isFailure": True}, messages=[{"text": text}])


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def main(folder, arguments):
    """Runs the tests whose name matches the regular expression `arguments[0]`, or all. Returns the exit status: 0 when
    at least one ran and all passed, 5 when none matches."""
    pattern = re.compile(arguments[0] if arguments else "")
    found = unittest.defaultTestLoader.discover(str(TESTS / folder), top_level_dir=str(TESTS))
    chosen = [test for test in each(found) if pattern.search(test.id())]
    if not chosen:
        return NO_TEST
    if path := os.environ.get("NEEDLETAIL_EVENTS"):
        Result.events = open(path, "w", encoding="utf-8")
    result = unittest.TextTestRunner(verbosity=1, resultclass=Result).run(unittest.TestSuite(chosen))
    return 0 if result.wasSuccessful() and len(result.skipped) < result.testsRun else 1
