// The live log. Lines are built with textContent only: what is logged may be a stranger's text.
"use strict";

(() => {
  const MOST_LINES = 2000;
  const FAST = 5; // New lines at a time that nobody wants read out.
  const OWN = new Set(["at", "level", "name", "event", "request_id", "process", "pid", "exc_info"]);

  const byId = (id) => document.getElementById(id);
  const form = byId("log-filter");
  const list = byId("log-lines");
  const pause = byId("log-pause");
  const toEnd = byId("log-end");
  const empty = byId("log-empty");

  let stream = null;
  let paused = false;
  let waiting = []; // Lines that came while paused, or since the last time the screen was drawn.
  let unseen = 0;
  let drawing = false;

  const element = (tag, name, text) => {
    const one = document.createElement(tag);
    if (name) one.className = name;
    if (text !== undefined) one.textContent = text;
    return one;
  };

  const words = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

  function lineOf(fields) {
    const line = element("li", "log-line");
    const level = String(fields.level ?? "");
    if (level === "WARNING") line.classList.add("is-warning");
    if (level === "ERROR" || level === "CRITICAL") line.classList.add("is-error");
    const moment = new Date(fields.at);
    const time = element("time", "", isNaN(moment) ? "" : clock(moment));
    time.dateTime = String(fields.at ?? "");
    time.title = String(fields.at ?? "");
    const process = element("span", "log-process", String(fields.process ?? ""));
    process.title = `${fields.name ?? ""}, process ${fields.pid ?? ""}`;
    const what = element("span", "log-what");
    what.append(element("span", "log-event", String(fields.event ?? "")));
    for (const [key, value] of Object.entries(fields)) {
      if (OWN.has(key) || value === null || value === "") continue;
      what.append(" ", element("span", "log-key", `${key}=`), element("span", "log-fields", words(value)));
    }
    line.append(time, element("span", "log-level", level), process, what, idOf(fields));
    if (fields.exc_info) {
      const more = element("details");
      more.append(element("summary", "", "Traceback"), element("pre", "", words(fields.exc_info)));
      line.append(more);
    }
    return line;
  }

  function idOf(fields) {
    const id = String(fields.request_id ?? "");
    if (!id) return element("span");
    const button = element("button", "log-id", id.slice(0, 8));
    button.type = "button";
    button.title = `Show all lines of ${id}`;
    button.dataset.id = id;
    return button;
  }

  const two = (number) => String(number).padStart(2, "0");
  const clock = (at) =>
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;

  const parsed = (data) => {
    try {
      return JSON.parse(data);
    } catch {
      return { event: data };
    }
  };

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 24;

  function take(node) {
    waiting.push(node);
    if (waiting.length > MOST_LINES) waiting.splice(0, waiting.length - MOST_LINES);
    if (paused) {
      unseen += 1;
      label();
    } else if (!drawing) {
      drawing = true;
      // Not requestAnimationFrame: a tab in the background would gather lines without end.
      setTimeout(draw, 50);
    }
  }

  function draw() {
    drawing = false;
    if (paused || !waiting.length) return;
    const follow = atEnd();
    // Nobody can listen to a log that is fast.
    list.setAttribute("aria-live", waiting.length > FAST ? "off" : "polite");
    const added = waiting.splice(0).map((make) => make());
    list.append(...added);
    while (list.childElementCount > MOST_LINES) list.firstElementChild.remove();
    if (follow) {
      list.scrollTop = list.scrollHeight;
    } else {
      unseen += added.length;
    }
    label();
  }

  function label() {
    const count = unseen ? ` (${unseen.toLocaleString()} new)` : "";
    pause.textContent = paused ? `Resume${count}` : "Pause";
    pause.setAttribute("aria-pressed", String(paused));
    toEnd.hidden = paused || !unseen;
    toEnd.textContent = `To the newest lines${count}`;
    empty.hidden = list.childElementCount > 0 || waiting.length > 0;
  }

  function setPaused(value) {
    paused = value;
    if (!paused) {
      unseen = 0;
      draw();
    }
    label();
  }

  function goToEnd() {
    list.scrollTop = list.scrollHeight;
    unseen = 0;
    label();
  }

  function clear() {
    list.replaceChildren();
    waiting = [];
    unseen = 0;
    label();
  }

  function query() {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) chosen.set(name, value);
    return String(chosen);
  }

  function connect() {
    stream?.close();
    clear();
    stream = window.live.listen(
      `${form.dataset.stream}?${query()}`,
      {
        message: (data) => take(() => lineOf(parsed(data))),
        gap: () => take(() => element("li", "log-note", "Lines are missing here: you were away for longer than they are kept.")),
      },
      (text, isLive) => {
        byId("log-state").textContent = text;
        byId("log-state").classList.toggle("is-live", isLive);
      },
    );
  }

  let typing = null;
  form.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const chosen = query();
      history.replaceState(null, "", chosen ? `?${chosen}` : location.pathname);
      connect();
    }, 300);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  pause.addEventListener("click", () => setPaused(!paused));
  byId("log-clear").addEventListener("click", clear);
  toEnd.addEventListener("click", goToEnd);
  list.addEventListener("scroll", () => {
    if (unseen && !paused && atEnd()) goToEnd();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "p") setPaused(!paused);
    if (event.key === "End") goToEnd();
  });

  // The trace of one piece of work
  const trace = byId("log-trace");
  const traceWords = byId("log-trace-words");

  async function showTrace(id) {
    byId("log-trace-id").textContent = id;
    byId("log-trace-lines").replaceChildren();
    traceWords.textContent = "Looking …";
    byId("log-trace-filter").href = `${location.pathname}?${new URLSearchParams({ request_id: id })}`;
    const search = byId("log-trace-search");
    search.hidden = !form.dataset.search;
    search.href = `${form.dataset.search}?${new URLSearchParams({ q: id })}`;
    if (!trace.open) trace.showModal();
    try {
      const answer = await fetch(form.dataset.trace.replace("ID", encodeURIComponent(id)), { headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.message);
      const lines = told.lines.map(parsed);
      byId("log-trace-lines").replaceChildren(...lines.map(lineOf));
      traceWords.textContent = summary(lines, told.limit);
    } catch (error) {
      traceWords.textContent = `The trace could not be read. ${error.message || "Try again."}`;
    }
  }

  function summary(lines, limit) {
    if (!lines.length) return "No line with this id is kept any more. The files in data/logs may have it.";
    const processes = new Set(lines.map((line) => line.process));
    const seconds = (new Date(lines.at(-1).at) - new Date(lines[0].at)) / 1000;
    const count = lines.length === limit ? `the newest ${limit}` : lines.length;
    return `${count} lines of ${[...processes].join(", ")} within ${seconds.toFixed(1)} s.`;
  }

  document.addEventListener("click", (event) => {
    const id = event.target.closest?.(".log-id")?.dataset.id;
    if (id) showTrace(id);
  });

  connect();
})();
