"""What happens to events without an answer when the program ends, or is interrupted."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

from needletail import AsyncPublisher, Options, Publisher, PublisherClosed

from .support.publishers import KEY, events, options
from .support.scripted_server import PATIENCE, ScriptedServer

#: Long enough that a test which waits for it fails: it never passes by itself.
FAR = 600.0


class Program:
    """A program in a process of its own that publishes; `body` follows the imports."""

    def __init__(self, body, *arguments):
        preamble = (
            "import asyncio, os, signal, sys, threading, time, needletail\n"
            # Started from a script in the background, it would ignore SIGINT as the script does.
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from needletail import AsyncPublisher, Event, Options, Publisher\n"
            "address, key = sys.argv[1:3]\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", preamble + body, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_line(self):
        return self.process.stdout.readline()

    def finish(self, patience=PATIENCE):
        """Exit code and stderr."""
        try:
            _, errors = self.process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode, errors


def silent(connection):
    """Answers nothing."""
    connection.greet().read_to_end()


SUBMIT = (
    "publisher = Publisher(address, key, options=Options(exit_timeout={exit}, publish_timeout=600))\n"
    "for _ in range(1000): publisher.submit(Event('acme', 'order.placed'))\n"
)


class EndingTests(unittest.TestCase):
    def test_the_end_of_the_program_waits_for_a_bounded_time_and_says_what_is_missing(self):
        with ScriptedServer(silent) as server:
            code, errors = Program(SUBMIT.format(exit=0.2), server.address, KEY).finish()
        self.assertEqual(code, 0)
        self.assertIn("events without an answer at the end: 1000.", errors)

    def test_the_default_wait_is_ten_seconds(self):
        self.assertEqual(Options().exit_timeout, 10)
        for wrong in (-1, float("nan")):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "exit_timeout"):
                Options(exit_timeout=wrong)

    def test_two_publishers_wait_at_the_same_time(self):
        body = (
            "made = [Publisher(address, key, options=Options(exit_timeout=1, publish_timeout=600)) for _ in range(8)]\n"
            "for publisher in made: publisher.submit(Event('acme', 'order.placed'))\n"
        )
        with ScriptedServer(silent) as server:
            began = time.monotonic()
            code, errors = Program(body, server.address, KEY).finish()
        self.assertEqual(code, 0)
        self.assertIn("at the end: 8.", errors)
        # One after the other they would need eight.
        self.assertLess(time.monotonic() - began, 7)

    def test_nothing_is_said_when_everything_is_stored(self):
        with ScriptedServer(lambda connection: connection.greet().accept_all()) as server:
            code, errors = Program(SUBMIT.format(exit=10), server.address, KEY).finish()
            self.assertEqual(len(server.result()), 1000)
        self.assertEqual((code, errors), (0, ""))

    def test_without_a_server_the_line_says_why(self):
        code, errors = Program(SUBMIT.format(exit=0.2), "127.0.0.1:1", KEY).finish()
        self.assertIn("at the end: 1000.", errors)
        self.assertRegex(errors, "Latest problem: no connection to 127.0.0.1:1")

    def test_an_interrupted_program_does_not_hang(self):
        body = SUBMIT.format(exit=0.2) + "print('submitted', flush=True)\nsignal.pause()\n"
        with ScriptedServer(silent) as server:
            program = Program(body, server.address, KEY)
            program.until_line()
            program.process.send_signal(signal.SIGINT)
            code, errors = program.finish()
        self.assertIn(code, (130, -signal.SIGINT))
        self.assertIn("at the end: 1000.", errors)

    def test_an_interrupted_with_block_does_not_hang(self):
        body = (
            "with Publisher(address, key, options=Options(exit_timeout=0.2, publish_timeout=600)) as publisher:\n"
            "    for _ in range(7): publisher.submit(Event('acme', 'order.placed'))\n"
            "    print('submitted', flush=True)\n"
            "    publisher.publish(Event('acme', 'order.placed'))\n"
        )
        with ScriptedServer(silent) as server:
            program = Program(body, server.address, KEY)
            program.until_line()
            program.process.send_signal(signal.SIGINT)
            code, errors = program.finish()
        self.assertIn(code, (130, -signal.SIGINT))
        self.assertRegex(errors, "at the end: [78]\\.")
        self.assertEqual(errors.count("without an answer"), 1)

    def test_an_interrupted_close_is_finished_by_the_end_of_the_program(self):
        body = SUBMIT.format(exit=0.2) + "print('submitted', flush=True)\npublisher.close()\n"
        with ScriptedServer(silent) as server:
            program = Program(body, server.address, KEY)
            program.until_line()
            program.process.send_signal(signal.SIGINT)
            code, errors = program.finish()
        self.assertIn("at the end: 1000.", errors)
        self.assertEqual(errors.count("without an answer"), 1)

    def test_a_second_interruption_ends_the_wait(self):
        body = (
            SUBMIT.format(exit=FAR)
            + "import needletail.threads as threads\n"
            + "wait = threads.ConnectionThread.finish_end\n"
            + "def told(self, by):\n    print('waits', flush=True)\n    wait(self, by)\n"
            + "threads.ConnectionThread.finish_end = told\n"
        )
        with ScriptedServer(silent) as server:
            program = Program(body, server.address, KEY)
            self.assertEqual(program.until_line(), "waits\n")
            program.process.send_signal(signal.SIGINT)
            _, errors = program.finish()
        self.assertIn("at the end: 1000.", errors)

    def test_the_two_lines_of_the_readme_make_sigterm_an_ordinary_end(self):
        body = (
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
            + SUBMIT.format(exit=10)
            + "print('submitted', flush=True)\nsignal.pause()\n"
        )
        gate = threading.Event()

        def script(connection):
            connection.greet()
            gate.wait(PATIENCE)
            return connection.accept_all()

        with ScriptedServer(script) as server:
            program = Program(body, server.address, KEY)
            program.until_line()
            program.process.send_signal(signal.SIGTERM)
            gate.set()
            self.assertEqual(program.finish(), (0, ""))
            self.assertEqual(len(server.result()), 1000)

    def test_a_forked_process_waits_for_nothing(self):
        body = SUBMIT.format(exit=0.2) + "child = os.fork()\nif child: os.waitpid(child, 0); publisher.close(0)\n"
        with ScriptedServer(silent) as server:
            code, errors = Program(body, server.address, KEY).finish()
        self.assertEqual(code, 0)
        self.assertEqual(errors.count("at the end: 1000."), 1)

    def test_a_close_that_loses_events_logs_their_number(self):
        with ScriptedServer(silent) as server, self.assertLogs("needletail", "WARNING") as logs:
            publisher = Publisher(server.address, KEY, options=options())
            for event in events(3):
                publisher.submit(event)
            publisher.close(0.05)
            publisher.close()
        self.assertEqual(["at the end: 3." in line for line in logs.output].count(True), 1)


class AsynchronousEndingTests(unittest.TestCase):
    def test_a_cancelled_block_does_not_hang_and_logs_what_is_missing(self):
        async def run(address):
            async def publish():
                settings = options(exit_timeout=0.05, publish_timeout=FAR)
                async with AsyncPublisher(address, KEY, options=settings) as publisher:
                    sent.extend([await publisher.submit(event) for event in events(3)])
                    submitted.set()
                    await asyncio.Event().wait()

            sent = []
            submitted = asyncio.Event()
            task = asyncio.ensure_future(publish())
            await submitted.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(task), PATIENCE)
            ends = await asyncio.gather(*sent, return_exceptions=True)
            self.assertTrue(all(isinstance(end, PublisherClosed) for end in ends))

        with ScriptedServer(silent) as server, self.assertLogs("needletail", "WARNING") as logs:
            asyncio.run(run(server.address))
        self.assertTrue(any("at the end: 3." in line for line in logs.output))

    def test_a_publisher_that_was_never_closed_is_reported_at_the_end(self):
        body = (
            "async def run():\n"
            "    publisher = AsyncPublisher(address, key)\n"
            "    for _ in range(5): await publisher.submit(Event('acme', 'order.placed'))\n"
            "asyncio.run(run())\n"
        )
        with ScriptedServer(silent) as server:
            code, errors = Program(body, server.address, KEY).finish()
        self.assertEqual(code, 0)
        self.assertIn("at the end: 5.", errors)

    def test_an_interrupted_program_does_not_hang(self):
        body = (
            "async def run():\n"
            "    async with AsyncPublisher(address, key, options=Options(exit_timeout=0.2, publish_timeout=600)) as publisher:\n"
            "        for _ in range(5): await publisher.submit(Event('acme', 'order.placed'))\n"
            "        print('submitted', flush=True)\n"
            "        await asyncio.Event().wait()\n"
            "asyncio.run(run())\n"
        )
        with ScriptedServer(silent) as server:
            program = Program(body, server.address, KEY)
            program.until_line()
            program.process.send_signal(signal.SIGINT)
            code, errors = program.finish()
        self.assertIn(code, (130, -signal.SIGINT))
        self.assertIn("at the end: 5.", errors)
