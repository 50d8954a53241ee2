"""Sends webhooks to a receiver, signed by the published libraries' own signing code.

    sender.py URL SECRET

Posts with `requests`, on one kept connection, and prints one line a request: `sent /path msg_id status`.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

import requests
import standardwebhooks
import svix.webhooks

OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps({"type": "order.placed", "tenant": "acme", "n": 1, "name": "ü"}, ensure_ascii=False)


def standard(secret, message, body, when):
    signature = standardwebhooks.Webhook(secret).sign(msg_id=message, timestamp=when, data=body)
    return {"webhook-id": message, "webhook-timestamp": str(int(when.timestamp())), "webhook-signature": signature}


def svix_headers(secret, message, body, when):
    signature = svix.webhooks.Webhook(secret).sign(msg_id=message, timestamp=when, data=body)
    return {"svix-id": message, "svix-timestamp": str(int(when.timestamp())), "svix-signature": signature}


def main(url, secret):
    session = requests.Session()
    now = datetime.now(timezone.utc)

    def send(path, message, headers, body=BODY):
        headers = {"content-type": "application/json", **headers}
        response = session.post(url + path, data=body.encode(), headers=headers, timeout=30)
        print("sent", path, message, response.status_code, flush=True)

    send("/standard", "msg_1", standard(secret, "msg_1", BODY, now))
    send("/svix", "msg_2", svix_headers(secret, "msg_2", BODY, now))
    # What goes wrong in practice.
    send("/standard", "msg_3", standard(OTHER_SECRET, "msg_3", BODY, now))
    send("/standard", "msg_4", standard(secret, "msg_4", BODY, now - timedelta(hours=1)))
    send("/standard", "msg_5", standard(secret, "msg_5", BODY, now + timedelta(hours=1)))
    send("/standard", "msg_6", standard(secret, "msg_6", BODY, now), json.dumps(json.loads(BODY), separators=(",", ":")))
    send("/standard", "msg_7", {"webhook-id": "msg_7"})
    send("/svix", "msg_8", svix_headers(OTHER_SECRET, "msg_8", BODY, now))
    # A retry, and a duplicate.
    send("/flaky", "msg_9", standard(secret, "msg_9", BODY, now))
    send("/flaky", "msg_9", standard(secret, "msg_9", BODY, now))
    send("/flaky", "msg_9", standard(secret, "msg_9", BODY, now))


if __name__ == "__main__":
    main(*sys.argv[1:])
