"""The OpenAPI document is valid, and the real server answers as it says: every route of the table, with good and bad
requests that schemathesis makes from the document."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

NEEDLETAIL = os.environ.get("NEEDLETAIL", ".build/release/needletail")
# Seconds for the start and the end of the server; both take milliseconds.
LIMIT = 20
# Seconds for all requests of schemathesis. It ends earlier: the number of requests is bounded too.
REQUESTS_LIMIT = 120
# The same requests in each run.
SEED = 13
# Requests of the fuzzing phase per operation.
EXAMPLES = 20
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,ignored_auth"
)


class Server:
    """`needletail serve` on a fresh directory and ports that the system chooses."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        self.log = folder / "log"
        port_file = folder / "port"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [NEEDLETAIL, "serve", "--data", folder / "data", "--ingest-port", "0", "--api-port", "0",
                 "--api-port-file", port_file],
                stdout=log, stderr=subprocess.STDOUT,
                # Settings of whoever started the tests are not the server's.
                env={name: value for name, value in os.environ.items() if not name.startswith("NEEDLETAIL_")})
        deadline = time.monotonic() + LIMIT
        key_file = folder / "data/admin-key"
        while not (port_file.exists() and port_file.read_text().strip() and key_file.exists()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"the server did not start: {self.output}")
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        self.key = key_file.read_text().strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.status = self.process.wait()
        self.output = self.log.read_text(errors="replace")
        self.folder.cleanup()


class DescriptionTests(unittest.TestCase):
    def test_the_document_is_valid(self):
        from openapi_spec_validator import OpenAPIV31SpecValidator

        document = json.loads(subprocess.check_output([NEEDLETAIL, "openapi"], timeout=LIMIT))
        mistakes = [f"{list(error.absolute_path)}: {error.message}"
                    for error in OpenAPIV31SpecValidator(document).iter_errors()]
        self.assertEqual(mistakes, [])
        self.assertGreater(len(document["paths"]), 0)

    def test_the_server_serves_the_document_of_the_command(self):
        command = json.loads(subprocess.check_output([NEEDLETAIL, "openapi"], timeout=LIMIT))
        with Server() as server, urllib.request.urlopen(server.url + "/openapi.json", timeout=LIMIT) as answer:
            self.assertEqual(json.load(answer), command)

    def test_every_answer_is_as_documented(self):
        with Server() as server, tempfile.TemporaryDirectory() as folder:
            # Without a configuration file of the caller, and with nothing left in the checkout.
            run = subprocess.run(
                [pathlib.Path(sys.executable).with_name("schemathesis"), "run", server.url + "/openapi.json",
                 "--header", f"Authorization: Bearer {server.key}", "--checks", CHECKS,
                 "--phases", "examples,fuzzing", "--max-examples", str(EXAMPLES), "--seed", str(SEED),
                 "--generation-database", "none", "--no-shrink", "--continue-on-failure",
                 "--request-timeout", "10", "--no-color"],
                cwd=folder, timeout=REQUESTS_LIMIT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": folder})
            self.assertEqual(run.returncode, 0, run.stdout[-20_000:])
            self.assertIsNone(server.process.poll(), "the server ended")
        self.assertEqual(server.status, 0, server.output)
        self.assertNotIn(server.key, server.output)


if __name__ == "__main__":
    unittest.main()
