"""`report.py DIRECTORY [FILTER]`: says which passes of a test run failed and why, and lists its ten slowest tests.

Each pass has a folder in DIRECTORY with `name`, `outcome` (its exit status), `log` (its output), `events` (the event
stream of Swift Testing, or that of discover.py), `files` and `processes` (what it left behind). Exits with 0 when every
pass succeeded and at least one test ran.
"""

import json
import pathlib
import sys

SLOWEST = 10
LOG_LINES = 15
# No test of the folder matches the filter (discover.py).
NO_TEST = 5


class Test:
    """What the event stream says about one test."""

    def __init__(self, name):
        self.name = name
        self.started = None
        self.ended = None
        self.issues = []

    @property
    def seconds(self):
        return self.ended - self.started if self.ended is not None and self.started is not None else None


def test_name(identifier):
    """Target.Suite/test, without the place in the source: as `Tests/run` takes it."""
    parts = identifier.split("/")
    if len(parts) > 1 and ".swift:" in parts[-1]:
        parts.pop()
    return "/".join(parts)


def where(issue):
    location = issue.get("sourceLocation") or {}
    return f"{location['fileID']}:{location['line']}: " if "fileID" in location else ""


def read_tests(path):
    """The tests of an event stream, by identifier. A last line that is cut off (the process died) is left out."""
    tests, functions = {}, set()
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        payload = record["payload"]
        if record["kind"] == "test":
            if payload["kind"] == "function":
                functions.add(payload["id"])
            continue
        identifier = payload.get("testID")
        if identifier is None:
            continue
        test = tests.setdefault(identifier, Test(test_name(identifier)))
        kind, time = payload["kind"], payload["instant"]["absolute"]
        if kind == "testStarted":
            test.started = time
        elif kind == "testEnded":
            test.ended = time
        elif kind == "issueRecorded" and payload["issue"].get("isFailure", not payload["issue"].get("isKnown")):
            texts = [message["text"] for message in payload["messages"]]
            test.issues.append(where(payload["issue"]) + " · ".join(texts))
    # Suites only contain tests; one of theirs counts only for an issue of its own.
    return [test for identifier, test in tests.items() if identifier in functions or test.issues], len(functions)


class Pass:
    def __init__(self, folder):
        def text(name):
            return (folder / name).read_text(errors="replace") if (folder / name).exists() else ""

        self.name = text("name").strip()
        self.outcome = int(text("outcome") or 1)
        self.log = text("log")
        self.files = text("files").splitlines()
        self.processes = text("processes").splitlines()
        self.tests, self.known = read_tests(folder / "events")
        self.failed = [test for test in self.tests if test.issues]
        self.cut_off = [test for test in self.tests if test.started is not None and test.ended is None]

    def complaints(self, filtered):
        """Why the pass failed, line by line; none when it did not."""
        lines = []
        if self.outcome and not (filtered and self.outcome == NO_TEST):
            missing = " (it found no tests)" if self.outcome == NO_TEST else ""
            lines.append(f"  exit status {self.outcome}{missing}")
        for test in self.failed:
            lines.append(f"  failed: {test.name}")
            lines += [f"      {issue}" for issue in test.issues]
        for test in self.cut_off:
            lines.append(f"  was running when the process ended: {test.name}")
        if self.outcome not in (0, NO_TEST) and not self.failed:
            lines.append("  the last lines of its output:")
            lines += [f"      {line}" for line in self.log.splitlines()[-LOG_LINES:]]
        for name in self.files:
            lines.append(f"  left in the temporary directory: {name}")
        for process in self.processes:
            lines.append(f"  left running: {process.strip()}")
        return lines


def main(directory, pattern=None):
    passes = [Pass(folder) for folder in sorted(pathlib.Path(directory).iterdir())]
    tests = [test for each in passes for test in each.tests]
    timed = sorted((test for test in tests if test.seconds is not None), key=lambda test: -test.seconds)
    complaints = [(each.name, each.complaints(pattern is not None)) for each in passes]
    failed = [(name, lines) for name, lines in complaints if lines]

    if timed:
        print(f"== the {min(SLOWEST, len(timed))} slowest of {len(timed)} tests")
        for test in timed[:SLOWEST]:
            print(f"{test.seconds:8.2f} s  {test.name}")
    if failed:
        print(f"== {len(failed)} of {len(passes)} passes failed")
        for name, lines in failed:
            print(f"{name}:", *lines, sep="\n")
        return 1
    if not timed:
        print(
            f"no test matches {pattern or ''}: `swift test list -c release` lists the Swift tests; those in Python are in "
            "Tests/PythonClientTests and Tests/RunnerTests",
            file=sys.stderr,
        )
        return 1
    print(f"== all {len(timed)} tests passed, in {len(passes)} passes")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
