"""`Tests/run` with a `swift` that plays planned passes: what it runs, reports, removes, and how it ends."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
FAILING = {"tests": [["Fake.Suite/fails()", 2.0, "Expectation failed: 1 == 2"]], "status": 1}
# A limit for a run that hangs.
LIMIT = 60


class RunTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.top = pathlib.Path(self.folder.name)
        self.temporary = self.top / "temporary"
        tests = self.top / "Tests"
        tests.mkdir()
        shutil.copy(TESTS / "run", tests / "run")
        shutil.copytree(TESTS / "Runner", tests / "Runner")
        self.script(tests / "install", "#!/bin/sh\nexit 0\n")
        (tests / "Fuzz").mkdir()
        self.script(tests / "Fuzz/run", "#!/bin/sh\necho fuzzed\n")
        for name in ("PythonClientTests", "RunnerTests", "DescriptionTests"):
            (tests / name).mkdir()
            (tests / name / "__main__.py").write_text(f"print('{name} ran')\n")
        # The Python packages are there already.
        for folder in ("Tests/SignatureLibraries", ".build/python-venv"):
            (self.top / folder).mkdir(parents=True)
            (self.top / folder / "requirements.txt").write_text("")
        (self.top / ".build/python-venv/bin").mkdir()
        (self.top / ".build/python-venv/bin/python").symlink_to(shutil.which("python3"))
        self.bin = self.top / "bin"
        self.bin.mkdir()
        shutil.copy(TESTS / "RunnerTests/fake_swift", self.bin / "swift")
        self.plan({})

    @staticmethod
    def script(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def plan(self, plan):
        (self.bin / "plan.json").write_text(json.dumps(plan))

    def start(self, *arguments):
        environment = dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}", NEEDLETAIL_TEST_DIR=str(self.temporary))
        return subprocess.Popen(
            [self.top / "Tests/run", *arguments], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            # A background job of a shell ignores SIGINT, and a shell cannot trap a signal that was ignored when it started.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def run_tests(self, *arguments):
        """The exit status and the lines of a whole run."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=LIMIT)
        return process.returncode, output.splitlines()

    def passes(self):
        return (self.bin / "passes").read_text().splitlines()

    @staticmethod
    def is_running(process):
        """Whether it runs; a zombie does not."""
        try:
            return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
        except OSError:
            return False

    def wait_until(self, condition):
        deadline = time.monotonic() + LIMIT
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def assert_nothing_left(self):
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_success(self):
        status, lines = self.run_tests()
        self.assertEqual(status, 0, lines)
        self.assertIn("== all 7 tests passed, in 11 passes", lines)
        self.assertIn("fuzzed", lines)
        self.assertIn("PythonClientTests ran", lines)
        self.assert_nothing_left()

    def test_every_pass_runs_and_every_failure_is_listed(self):
        self.plan({"DurableQueueTests": FAILING, "CrashTests": FAILING})
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertEqual(len(self.passes()), 7)
        self.assertIn("fuzzed", lines)
        report = lines[lines.index("== 2 of 11 passes failed"):]
        failure = [
            "  exit status 1", "  failed: Fake.Suite/fails()", "      Fake/File.swift:7: Expectation failed: 1 == 2"]
        self.assertEqual(report[1:], ["DurableQueueTests:", *failure, "CrashTests:", *failure])
        self.assert_nothing_left()

    def test_a_test_whose_process_died_is_named(self):
        crash = {"tests": [["Fake.Suite/crashes()", None, None]], "output": "Fatal error: boom", "status": 1}
        self.plan({"CrashTests": crash})
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertIn("  was running when the process ended: Fake.Suite/crashes()", lines)
        self.assertEqual(lines[-1], "      Fatal error: boom")

    def test_a_failure_in_a_pass_that_exits_with_0_counts(self):
        self.plan({"CrashTests": {**FAILING, "status": 0}})
        self.assertEqual(self.run_tests()[0], 1)

    def test_the_ten_slowest_are_listed_in_order(self):
        tests = [[f"Fake.Suite/test{number}()", float(number), None] for number in range(1, 13)]
        self.plan({"Fake": {"tests": tests}})
        status, lines = self.run_tests("Fake")
        self.assertEqual(status, 0, lines)
        place = lines.index("== the 10 slowest of 12 tests")
        self.assertEqual(
            [line.split() for line in lines[place + 1:place + 11]],
            [[f"{number}.00", "s", f"Fake.Suite/test{number}()"] for number in range(12, 2, -1)])

    def test_files_left_behind_fail_the_pass(self):
        self.plan({"CrashTests": {"tests": [["Fake.Suite/leaves()", 1.0, None]], "leaves": "needletail-test-1"}})
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertEqual(lines[-2:], ["CrashTests:", "  left in the temporary directory: needletail-test-1"])
        self.assert_nothing_left()

    def test_processes_left_behind_fail_the_pass_and_are_ended(self):
        self.plan({"CrashTests": {"tests": [["Fake.Suite/leaves()", 1.0, None]], "process": "61.5"}})
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertRegex(lines[-1], r"^  left running: \d+ sleep 61.5$")
        self.wait_until(lambda: not self.is_running(lines[-1].split()[2]))

    def test_a_filter_that_matches_nothing_fails(self):
        self.plan({"Nothing": {}})
        status, lines = self.run_tests("Nothing")
        self.assertEqual(status, 1)
        self.assertRegex(lines[-1], "^no test matches Nothing: ")

    def test_a_failure_of_python_or_of_the_fuzzers_counts(self):
        (self.top / "Tests/PythonClientTests/__main__.py").write_text("print('FAIL: test_tls'); raise SystemExit(1)")
        self.script(self.top / "Tests/Fuzz/run", "#!/bin/sh\nexit 3\n")
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertIn("      FAIL: test_tls", lines)
        self.assertIn("  exit status 3", lines)

    def test_missing_python_tests_fail_a_whole_run_only(self):
        (self.top / "Tests/PythonClientTests/__main__.py").write_text("raise SystemExit(5)")
        self.assertEqual(self.run_tests("Fake")[0], 0)
        status, lines = self.run_tests()
        self.assertEqual(status, 1)
        self.assertEqual(lines[-2:], ["Python client:", "  exit status 5 (it found no tests)"])

    def hang(self):
        self.plan({"CrashTests": {"hangs": True, "leaves": "needletail-test-1"}})
        process = self.start()
        self.addCleanup(process.stdout.close)
        self.wait_until((self.bin / "hanging").exists)
        return process

    def test_a_terminated_run_leaves_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.hang()
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=LIMIT), 128 + number)
            self.assert_nothing_left()
            (self.bin / "hanging").unlink()

    def test_the_next_run_removes_what_a_killed_run_left(self):
        process = self.hang()
        self.assertEqual(len(list(self.temporary.iterdir())), 1)
        # A run beside it leaves its directory alone.
        self.plan({})
        self.assertEqual(self.run_tests()[0], 0)
        self.assertEqual(len(list(self.temporary.iterdir())), 1)
        process.kill()
        process.wait(timeout=LIMIT)
        for each in pathlib.Path("/proc").glob("[0-9]*"):
            if self.belongs_to_a_pass(each):
                os.kill(int(each.name), signal.SIGKILL)
                self.wait_until(lambda: not self.is_running(each.name))
        self.assertEqual(self.run_tests("Fake")[0], 0)
        self.assert_nothing_left()

    def belongs_to_a_pass(self, process):
        """Whether its TMPDIR lies in this test's directory."""
        try:
            return f"TMPDIR={self.temporary}/".encode() in (process / "environ").read_bytes()
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
