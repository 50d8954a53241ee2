"""`needletail serve` and `mock-receiver`, as processes on loopback."""

import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

from .places import MOCK_RECEIVER, NEEDLETAIL
from .publishers import KEY

PATIENCE = 30


class Program:
    """A process of ours. Its lines are read by a thread, so that it never waits for us."""

    def __init__(self, program, *arguments):
        # What the developer's shell sets is not this server's business.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NEEDLETAIL")}
        self.process = subprocess.Popen(
            [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
        )
        self.lines = []
        self._arrivals = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())
                self._arrivals.put(line)
        self._arrivals.put(None)

    def find(self, pattern):
        """What the pattern's first group matches, in this line or a later one."""
        while True:
            line = self._arrivals.get(timeout=PATIENCE)
            if line is None:
                raise AssertionError("the program ended: " + " | ".join(self.lines))
            found = re.search(pattern, line)
            if found:
                return found.group(1)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        assert code == 0, (code, self.lines)


def serve_knows(flag):
    """Whether this build's `serve` has the flag."""
    if not NEEDLETAIL.exists():
        return False
    help = subprocess.run([str(NEEDLETAIL), "serve", "--help"], capture_output=True, text=True, timeout=PATIENCE)
    return flag in help.stdout


class Installation:
    """A data directory and its provisioning; the server may be started on it again and again, on one port.

    `endpoint` is the URL of the tenant "acme", `flags` are more of `serve`.
    """

    def __init__(self, endpoint=None, flags=()):
        self._flags = flags
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.server = None
        self.port = 0
        lines = ["tenants:", "  - name: acme", "    enabled: true"]
        if endpoint:
            lines += [
                "    endpoints:",
                "      - name: hook",
                f'        url: "{endpoint}"',
                '        events: ["*"]',
                "        secret: whsec_KioqKioqKioqKioqKioqKioqKioqKioq",
                "        window: 256",
            ]
        lines += ["  - name: closed", "    enabled: false"]
        lines += ["api_keys:", f"  - {{ name: tests, key: {KEY}, tenants: all }}"]
        lines += [f"  - {{ name: narrow, key: {KEY}-narrow, tenants: [closed] }}"]
        (self.folder / "provision.yaml").write_text("\n".join(lines) + "\n")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        arguments = ["serve", "--data", str(self.folder / "data"), "--provision", str(self.folder / "provision.yaml")]
        arguments += ["--ingest-port", str(self.port), "--no-api", "--allow-http", "--allow-network", "127.0.0.0/8"]
        self.server = Program(NEEDLETAIL, *arguments, "--sender-threads", "1", *self._flags)
        self.port = int(self.server.find(r" ready .*ingest=[^ ]*:(\d+)"))
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        self.server.kill()
        self._folder.cleanup()


class Receiver:
    """A mock receiver that answers 200 and counts."""

    def __enter__(self):
        self._program = Program(MOCK_RECEIVER, "--port", "0", "--admin-port", "0", "--journal", "0")
        line = self._program.find(r"webhooks on (http://.*)")
        self.url, self._admin = re.fullmatch(r"(\S+) · admin on (\S+)", line).groups()
        return self

    def wait_for(self, accepted, seconds):
        """Waits until so many messages were accepted, or the time is over."""
        request = urllib.request.Request(f"{self._admin}/await?accepted={accepted}&timeout={seconds}", method="POST")
        try:
            urllib.request.urlopen(request, timeout=seconds + 10).close()
        except urllib.error.HTTPError as error:
            error.close()

    def stats(self):
        with urllib.request.urlopen(f"{self._admin}/stats", timeout=10) as answer:
            return json.load(answer)

    def __exit__(self, kind, error, trace):
        self._program.kill()
