extension Cookbook {
    private static let duration = "a duration (500ms, 30s, 2m)"

    /// In the order in which they are listed: receivers that are far away, server problems, network problems, hostile
    /// behaviour.
    public static let recipes: [Recipe] = [
        Recipe(
            "distant", "every answer comes after 100 ms",
            measure: Recipe.Measure(form: duration, standard: "100ms"),
            """
            # A receiver that works, far away: a sender waits for each answer.
            rules:
              - path: "*"
                delay: {measure}
            """),
        Recipe(
            "internet",
            "half of all answers take 80 ms or more, 1 % over 2 s; 2 % of the attempts get 503, 0.5 % no answer",
            """
            # Many receivers at once, as a sender on the internet sees them. Of a normal distribution 1 % is above 2.326:
            # a sigma of 1.384 puts 1 % of the answers above 80 ms * e^(1.384 * 2.326) = 2 s.
            seed: 1
            rules:
              - path: "*"
                when: {percent: 0.5}
                fault: silence
              - path: "*"
                delay: {lognormal: {median: 80ms, sigma: 1.384, most: 1m}}
                fail_percent: 2
                fail_status: 503
            """),
        Recipe(
            "flaky", "a fifth of all attempts fail with 503, and a fiftieth with a reset connection",
            measure: Recipe.Measure(form: "a percentage from 0 to 100", standard: "20"),
            """
            # Some attempts fail, but every message arrives in the end.
            seed: 1
            rules:
              - path: "*"
                when: {percent: 2}
                reset: true
              - path: "*"
                fail_percent: {measure}
                fail_status: 503
            """),
        Recipe(
            "slow", "half of all answers take two seconds or more, a few take half a minute",
            measure: Recipe.Measure(form: duration, standard: "2s"),
            """
            # A log-normal delay: what an overloaded server looks like from outside.
            seed: 1
            rules:
              - path: "*"
                delay: {lognormal: {median: {measure}, sigma: 1, most: 1h}}
            """),
        Recipe(
            "down-for", "refuses every connection for 30 s from the start, then works again",
            measure: Recipe.Measure(form: duration, standard: "30s"),
            """
            # An outage, and the backlog that is drained after it.
            connections:
              - fault: refuse
                window: {to: {measure}}
            """),
        Recipe(
            "flapping", "answers 503 in the first half of every minute",
            """
            # Comes and goes: senders that mark an endpoint dead must find it alive again.
            rules:
              - path: "*"
                when: {window: {to: 30s, every: 1m}}
                status: 503
            """),
        Recipe(
            "brown-out", "fails more and more: from no attempt to 80 % of them within a minute",
            measure: Recipe.Measure(form: duration, standard: "60s"),
            """
            # Overload as it builds up: answers get slower, then fail.
            seed: 1
            rules:
              - path: "*"
                when: {percent: {from: 0, to: 80, over: {measure}}}
                delay: {uniform: [100ms, 2s]}
                status: 503
            """),
        Recipe(
            "rate-limited", "accepts 10 requests a second, and 10 at once; the others get 429 with Retry-After",
            measure: Recipe.Measure(form: "requests a second", standard: "10"),
            """
            # One token bucket for each path, as large as a second's requests.
            # A correct sender waits as long as Retry-After says.
            rules:
              - path: "*"
                rate_limit: {per_second: {measure}}
            """),
        Recipe(
            "gone", "answers 410: the endpoint wants no more webhooks",
            """
            # A correct sender stops, and tells the endpoint's owner.
            rules:
              - path: "*"
                status: 410
                body: gone
            """),
        Recipe(
            "never-agrees", "answers 403 to every handshake (WebSub, Microsoft, Slack, CloudEvents), 200 to messages",
            """
            # A receiver that does not confirm that it wants webhooks: a sender must not begin to send any.
            # Without this rule it answers every handshake correctly.
            rules:
              - path: "*"
                when: {handshake: any}
                status: 403
            """),
        Recipe(
            "black-hole", "accepts every connection, reads and never answers; nothing counts as a request",
            """
            # What holds a sender's connections longest: only its own time-out ends an attempt.
            # A rule with `fault: silence` in its place counts the requests.
            connections:
              - fault: silence
            """),
        Recipe(
            "tls-expired", "shows a certificate that has expired; needs the TLS port",
            """
            # A sender that verifies certificates never delivers anything.
            connections:
              - fault: tls_expired
            """),
        Recipe(
            "liar",
            "attempts 1 to 4 of a webhook-id get 200 in broken HTTP: wrong length, bad chunks, no status line",
            """
            # Each message meets one lie after another, then the truth. A 2xx with a whole header section counts, whatever is wrong
            # with the body: a sender that sends again after it sends a duplicate. Without a status line nothing counts.
            # Attempts are those of a webhook-id: a request without one gets the truth at once.
            rules:
              - {path: "*", when: {attempt: 1}, body: a full answer, fault: length_too_long}
              - {path: "*", when: {attempt: 2}, body: a full answer, fault: truncated_chunk}
              - {path: "*", when: {attempt: 3}, fault: bad_status_line}
              - {path: "*", when: {attempt: 4}, body: a full answer, fault: malformed_chunk}
            """),
        Recipe(
            "ssrf-redirect",
            "a webhook-id's attempts go to a cloud's metadata service, to http://127.0.0.1:1/, 100 times back here",
            """
            # A sender must follow none of them: the first two are how a private network is reached from outside.
            # Attempts are those of a webhook-id: a request without one gets the last, a chain of 100 redirects.
            rules:
              - {path: "*", when: {attempt: 1}, fault: redirect_private}
              - {path: "*", when: {attempt: 2}, fault: {redirect_to: "http://127.0.0.1:1/"}}
              - {path: "*", fault: {redirect_chain: 100}}
            """),
    ]
}
