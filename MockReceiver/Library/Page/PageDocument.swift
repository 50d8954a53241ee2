/// The pages' HTML.
enum PageDocument {
    private static func document(title: String, script: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title>
        <link rel="stylesheet" href="/page.css">
        <script src="/\(script)" defer></script>
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }

    static let overview = document(
        title: "mock-receiver", script: "page.js",
        """
        <header>
        <h1>mock-receiver</h1>
        <p id="state" role="status">connecting …</p>
        <button id="new-inbox" type="button">New inbox</button>
        <button id="reset" type="button">Reset</button>
        </header>
        <p id="warning" role="alert" hidden></p>
        <main>
        <section aria-labelledby="rate-title">
        <h2 id="rate-title">Rate</h2>
        <p class="big"><span id="rate">0</span> requests/s</p>
        <svg id="rate-plot" viewBox="0 0 120 30" preserveAspectRatio="none" role="img" aria-label="requests per second, last two minutes"></svg>
        <dl id="totals"></dl>
        </section>
        <section aria-labelledby="signatures-title">
        <h2 id="signatures-title">Signature failures</h2>
        <p id="no-failures">None seen.</p>
        <ul id="failures"></ul>
        </section>
        <section class="wide" aria-labelledby="requests-title">
        <h2 id="requests-title">Latest requests</h2>
        <table>
        <thead><tr><th>time</th><th>path</th><th>webhook-id</th><th>attempt</th>
        <th>answer</th><th>signature</th><th>bytes</th></tr></thead>
        <tbody id="requests"></tbody>
        </table>
        </section>
        <section class="wide" aria-labelledby="timeline-title" id="timeline" hidden>
        <h2 id="timeline-title">Attempts</h2>
        <p id="timeline-id"></p>
        <svg id="timeline-plot" viewBox="0 0 1000 60" role="img" aria-label="attempts over time"></svg>
        <ol id="attempts"></ol>
        <pre id="detail"></pre>
        </section>
        <section class="wide" aria-labelledby="program-title">
        <h2 id="program-title">Program</h2>
        <p><label>Ready programs <select id="recipes"><option value="">–</option></select></label> <span id="recipe-line"></span></p>
        <label for="program">YAML or JSON; without <code>secrets</code>, known secrets stay.</label>
        <textarea id="program" rows="12" spellcheck="false"></textarea>
        <p><button id="put" type="button">Put</button> <span id="program-state" role="status"></span></p>
        </section>
        </main>
        """)

    static let inbox = document(
        title: "inbox · mock-receiver", script: "inbox.js",
        """
        <header>
        <h1>Inbox</h1>
        <p id="state" role="status">connecting …</p>
        <a href="/">overview</a>
        </header>
        <main>
        <section class="wide" aria-labelledby="address-title">
        <h2 id="address-title">Send webhooks to</h2>
        <p><code id="url"></code></p>
        <p id="expires"></p>
        </section>
        <section class="wide" aria-labelledby="requests-title">
        <h2 id="requests-title">Requests, newest first</h2>
        <p id="received"></p>
        <div id="requests"></div>
        </section>
        </main>
        """)
}
