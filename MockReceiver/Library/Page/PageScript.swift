/// The pages' script. Received text goes into text nodes only, never into markup.
enum PageScript {
    static let shared = """
        "use strict";
        const byId = id => document.getElementById(id);
        const make = (name, text, kind) => {
          const element = document.createElement(name);
          if (text !== undefined) element.textContent = text;
          if (kind) element.className = kind;
          return element;
        };
        const draw = (name, attributes) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", name);
          for (const key in attributes) element.setAttribute(key, attributes[key]);
          return element;
        };
        const clock = us => new Date(us / 1000).toISOString().slice(11, 23);
        const isGood = request => request.status >= 200 && request.status < 300;
        const answer = request => request.fault ? request.fault : request.status === 0 ? "reset" : String(request.status);
        async function ask(method, target, body) {
          const response = await fetch(target, { method, body });
          const text = await response.text();
          if (response.ok) return text;
          let problem = {};
          try { problem = JSON.parse(text); } catch { }
          throw new Error([problem.detail || "the answer is " + response.status, problem.mend].filter(Boolean).join("\\n"));
        }
        // With ?still the page takes one update and closes its stream: for printing, and for tests.
        const isStill = new URLSearchParams(location.search).has("still");
        function listen(target, handlers) {
          const source = new EventSource(target);
          source.onopen = () => { byId("state").textContent = "live"; };
          if (isStill) source.addEventListener("stats", () => { source.close(); byId("state").textContent = "still"; });
          source.onerror = () => { byId("state").textContent = "the receiver does not answer; retrying …"; };
          for (const name in handlers) source.addEventListener(name, event => handlers[name](JSON.parse(event.data)));
        }
        async function openInbox() {
          const inbox = JSON.parse(await ask("POST", "/inboxes"));
          location.assign(inbox.page);
        }

        """

    static let overview = """
        const most = 100;
        const rates = [];
        let before = null;
        let shown = null;
        const newest = new Map();

        function showStats(stats) {
          const now = performance.now();
          // Two updates at nearly the same time give no rate.
          const isLater = before && now - before.at > 50;
          if (isLater && stats.totals.requests >= before.requests) {
            const rate = (stats.totals.requests - before.requests) / ((now - before.at) / 1000);
            rates.push(rate);
            if (rates.length > 120) rates.shift();
            byId("rate").textContent = rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
            plotRates();
          }
          if (!before || isLater) before = { requests: stats.totals.requests, at: now };
          const rows = [
            ["requests", stats.totals.requests], ["messages accepted", stats.totals.accepted], ["retries", stats.totals.retries],
            ["duplicates", stats.totals.duplicates], ["bodies changed", stats.totals.changed_bodies],
            ["signatures not valid", stats.totals.unverified], ["resets", stats.totals.resets], ["spoilt answers", stats.totals.spoilt],
            ["endpoints", stats.endpoints], ["connections", stats.connections], ["most in flight", stats.totals.conduct.most_in_flight],
          ];
          byId("totals").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", name), make("dd", value.toLocaleString("en"))]));
          const warning = byId("warning");
          warning.hidden = !stats.inconclusive;
          warning.textContent = "Inconclusive: " + stats.uncounted +
            " requests did not fit into the accounts. Start with a larger --messages.";
        }

        function plotRates() {
          const top = Math.max(1, ...rates);
          const points = rates.map((rate, index) => (120 - rates.length + index) + "," + (29 - rate / top * 28)).join(" ");
          byId("rate-plot").replaceChildren(draw("polyline", { points, class: "plot" }));
        }

        function showRequest(request) {
          if (newest.has(request.number)) return;
          newest.set(request.number, request);
          if (newest.size > most) newest.delete(newest.keys().next().value);
          const row = make("tr");
          const link = make("button", request.id || "(none)", "link");
          link.type = "button";
          link.addEventListener("click", () => showTimeline(request));
          const id = make("td");
          id.append(link);
          row.append(make("td", clock(request.at_us)), make("td", request.path), id, make("td", request.attempt || "–"),
            make("td", answer(request), isGood(request) ? "good" : "bad"),
            make("td", request.verdict, request.verdict === "valid" ? "good" : request.verdict === "unchecked" ? "" : "bad"),
            make("td", request.body_length));
          const table = byId("requests");
          table.prepend(row);
          while (table.children.length > most) table.lastChild.remove();
          if (request.verdict !== "valid" && request.verdict !== "unchecked") showFailure(request);
          if (shown && shown === request.id) showTimeline(request);
        }

        function showFailure(request) {
          byId("no-failures").hidden = true;
          const item = make("li");
          item.append(make("strong", request.verdict, "bad"),
            " at " + request.path + ", " + clock(request.at_us) + ", " + (request.id || "no id") + ". ",
            make("span", request.advice || ""));
          const list = byId("failures");
          list.prepend(item);
          while (list.children.length > 20) list.lastChild.remove();
        }

        async function showTimeline(request) {
          shown = request.id;
          byId("timeline").hidden = false;
          byId("timeline-id").textContent = request.id || "(a request without webhook-id)";
          byId("detail").textContent = request.head + (request.body ?? request.body_base64 ?? "");
          byId("attempts").replaceChildren();
          byId("timeline-plot").replaceChildren();
          if (!request.id) return;
          let timeline;
          try { timeline = JSON.parse(await ask("GET", "/messages/" + encodeURIComponent(request.id) + "/timeline")); }
          catch (error) { byId("timeline-id").textContent = error.message; return; }
          const attempts = timeline.attempts;
          const start = attempts.length ? attempts[0].at_us : 0;
          const span = Math.max(1, attempts.length ? attempts[attempts.length - 1].at_us - start : 1);
          byId("timeline-plot").replaceChildren(draw("line", { x1: 0, x2: 1000, y1: 30, y2: 30, class: "axis" }),
            ...attempts.map(attempt => draw("circle", {
              cx: 10 + (attempt.at_us - start) / span * 980, cy: 30, r: 7, class: isGood(attempt) ? "mark-good" : "mark-bad",
            })));
          byId("attempts").replaceChildren(...attempts.map(attempt => {
            const gap = attempt.gap_us === undefined ? "" : " after " + (attempt.gap_us / 1e6).toFixed(3) + " s";
            const text = clock(attempt.at_us) + gap + ", " + attempt.path + ": " + answer(attempt) + ", " + attempt.verdict;
            return make("li", text, isGood(attempt) ? "good" : "bad");
          }));
          if (timeline.unseen > 0) byId("attempts").prepend(make("li", timeline.unseen + " attempts have left the journal"));
        }

        function clear() {
          newest.clear();
          before = null;
          for (const id of ["requests", "failures", "attempts"]) byId(id).replaceChildren();
          byId("no-failures").hidden = false;
          byId("timeline").hidden = true;
        }

        async function guard(place, work) {
          try { byId(place).textContent = (await work()) ?? ""; } catch (error) { byId(place).textContent = error.message; }
        }

        async function prepareProgram() {
          byId("program").value = await ask("GET", "/program");
          for (const recipe of JSON.parse(await ask("GET", "/programs"))) {
            const option = make("option", recipe.name);
            option.value = recipe.name;
            option.dataset.line = recipe.line;
            byId("recipes").append(option);
          }
        }

        byId("recipes").addEventListener("change", event => guard("program-state", async () => {
          const option = event.target.selectedOptions[0];
          byId("recipe-line").textContent = option.dataset.line ?? "";
          if (option.value) byId("program").value = await ask("GET", "/programs/" + option.value);
        }));
        byId("put").addEventListener("click", () => guard("program-state", async () => {
          await ask("PUT", "/program", byId("program").value);
          return "applies from the next request on";
        }));
        byId("reset").addEventListener("click", () => guard("state", async () => { await ask("POST", "/reset"); clear(); return "live"; }));
        byId("new-inbox").addEventListener("click", () => guard("state", openInbox));
        guard("program-state", prepareProgram);
        listen("/stream", { stats: showStats, request: showRequest, reset: clear });

        """

    static let inbox = """
        const token = location.pathname.split("/").pop();
        let content = "";

        async function refresh() {
          let inbox;
          try { inbox = JSON.parse(await ask("GET", "/inboxes/" + token)); }
          catch (error) { byId("state").textContent = error.message; return; }
          byId("url").textContent = inbox.inbox.url;
          const end = new Date(inbox.inbox.expires_us / 1000).toISOString();
          byId("expires").textContent = "Expires " + end.slice(0, 16).replace("T", " ") + " UTC.";
          const state = inbox.received + ":" + (inbox.requests[0]?.number ?? 0);
          if (state === content) return;
          content = state;
          byId("received").textContent = inbox.received === 0 ? "Nothing yet." : inbox.received + " received" +
            (inbox.received > inbox.requests.length ? "; the latest " + inbox.requests.length + " are kept." : ".");
          byId("requests").replaceChildren(...inbox.requests.map(show));
        }

        function show(request) {
          const article = make("article");
          const title = make("h3", clock(request.at_us) + "  " + (request.id || "no webhook-id") + "  ");
          title.append(make("span", answer(request), isGood(request) ? "good" : "bad"), "  ",
            make("span", request.verdict, request.verdict === "valid" ? "good" : request.verdict === "unchecked" ? "" : "bad"));
          article.append(title);
          if (request.advice) article.append(make("p", request.advice, "bad"));
          article.append(make("pre", request.head.trimEnd()));
          let body = request.body ?? request.body_base64 ?? "";
          try { if (request.body) body = JSON.stringify(JSON.parse(request.body), null, 2); } catch { }
          article.append(make("pre", body));
          return article;
        }

        refresh();
        listen("/stream?path=/inbox/" + token, { stats: refresh, reset: refresh });

        """
}
