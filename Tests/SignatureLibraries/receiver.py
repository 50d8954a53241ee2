"""An HTTP receiver that judges webhooks by the published libraries' own verifiers.

    receiver.py '{"/path": {"library": "standardwebhooks", "secret": "whsec_…"}, …}'

Listens on 127.0.0.1, on a port of the system's choice. Speaks on standard error, one line each: first `listening N`, then for every
request `judged /path genuine=accepted body=rejected id=rejected timestamp=rejected signature=rejected`: what the library says of the
message as it came, and of the message with that part changed. Always answers 200, so that one attempt is made.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standardwebhooks
import stripe
import svix.webhooks


def verify_standard(secret, headers, body):
    standardwebhooks.Webhook(secret).verify(body, headers)


def verify_svix(secret, headers, body):
    svix.webhooks.Webhook(secret).verify(body, headers)


def verify_stripe(secret, headers, body):
    stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)


LIBRARIES = {
    "standardwebhooks": (verify_standard, "webhook-id", "webhook-timestamp", "webhook-signature"),
    "svix": (verify_svix, "svix-id", "svix-timestamp", "svix-signature"),
    "stripe": (verify_stripe, None, "stripe-signature", "stripe-signature"),
}

REFUSALS = (
    standardwebhooks.WebhookVerificationError,
    svix.webhooks.WebhookVerificationError,
    stripe.SignatureVerificationError,
)


def judge(verify, secret, headers, body):
    try:
        verify(secret, headers, body)
    except REFUSALS:
        return "rejected"
    return "accepted"


def next_digit(text, place):
    """The text with one decimal digit changed."""
    return text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1:]


def change_timestamp(value):
    # The last digit: the change stays within the tolerance, so that only the signature can tell.
    start = value.index("t=") + 2 if value.startswith("t=") else 0
    end = start
    while end < len(value) and value[end].isdigit():
        end += 1
    return next_digit(value, end - 1)


def change_signature(value):
    """Every signature of the list with its tenth character changed."""
    separator = "," if value.startswith("t=") else " "
    entries = value.split(separator)
    for place, entry in enumerate(entries):
        if entry.startswith("v1"):
            changed = "1" if entry[12] != "1" else "2"
            entries[place] = entry[:12] + changed + entry[13:]
    return separator.join(entries)


def judgements(rule, headers, body):
    verify, id_header, time_header, signature_header = LIBRARIES[rule["library"]]

    def judged(changed_headers=None, changed_body=None):
        return judge(verify, rule["secret"], {**headers, **(changed_headers or {})}, changed_body or body)

    yield "genuine", judged()
    # Still JSON: a space at its end.
    yield "body", judged(changed_body=body + b" ")
    if id_header:
        yield "id", judged({id_header: headers[id_header] + "0"})
    yield "timestamp", judged({time_header: change_timestamp(headers[time_header])})
    yield "signature", judged({signature_header: change_signature(headers[signature_header])})


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rules = {}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        results = " ".join(f"{part}={result}" for part, result in judgements(self.rules[self.path], headers, body))
        say(f"judged {self.path} {results}")
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def say(line):
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    Receiver.rules = json.loads(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    say(f"listening {server.server_address[1]}")
    server.serve_forever()
