"""Writes signed webhooks for wrk: sign.py SECRET COUNT FILE. All are equally long; prints the length of one."""

import base64
import hashlib
import hmac
import sys
import time

BODY_BYTES = 512


def request(key, seconds, number):
    identity = f"evt_{number:032x}"
    start = f'{{"order":{number},"note":"'
    body = (start + "x" * (BODY_BYTES - len(start) - 2) + '"}').encode()
    signed = f"{identity}.{seconds}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    head = (
        f"POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: wrk\r\nContent-Type: application/json\r\n"
        f"Webhook-Id: {identity}\r\nWebhook-Timestamp: {seconds}\r\nWebhook-Signature: v1,{signature}\r\n"
        f"Content-Length: {BODY_BYTES}\r\n\r\n"
    )
    return head.encode() + body


def main():
    secret, count, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    seconds = int(time.time())
    with open(file, "wb") as out:
        for number in range(count):
            out.write(request(key, seconds, number))
    print(len(request(key, seconds, 0)))


if __name__ == "__main__":
    main()
