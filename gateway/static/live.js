// Event streams of the gateway, for pages: `live.listen(...)`. The browser's EventSource connects
// again by itself after a lost connection, but gives up for good when the answer is not a stream:
// all places taken, the gateway restarting behind a proxy, logged out. Here it is asked why, and
// tried again.
"use strict";

(() => {
  const RETRY_SECONDS = 5;

  /**
   * Listen to a stream until `close()` is called on what this gives.
   *
   * `events` maps an event's name to a function of its data; "message" is for those without a name.
   * `state(words, live)` is called when the connection changes, with words for people.
   */
  function listen(url, events, state = () => {}) {
    let source = null;
    let timer = null;
    let closed = false;
    let last = "";

    function open() {
      const at = new URL(url, document.baseURI);
      // A new EventSource does not send Last-Event-ID, so it goes into the address.
      if (last) at.searchParams.set("last-event-id", last);
      source = new EventSource(at);
      source.onopen = () => state("Live", true);
      source.onerror = failed;
      for (const [name, take] of Object.entries(events)) {
        source.addEventListener(name, (event) => {
          last = event.lastEventId || last;
          take(event.data);
        });
      }
    }

    async function failed() {
      if (source.readyState !== EventSource.CLOSED) {
        state("Connecting again", false);
        return;
      }
      const { words, seconds } = await reason(source.url);
      if (closed) return;
      state(words, false);
      if (seconds) timer = setTimeout(open, seconds * 1000);
    }

    open();
    return {
      close() {
        closed = true;
        clearTimeout(timer);
        source.close();
      },
    };
  }

  async function reason(url) {
    const asking = new AbortController();
    try {
      const answer = await fetch(url, { signal: asking.signal, redirect: "manual" });
      const type = answer.headers.get("Content-Type") ?? "";
      if (type.startsWith("text/event-stream")) return { words: "Connecting again", seconds: 1 };
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        return { words: "Your session has ended. Load the page again to log in.", seconds: 0 };
      }
      const told = type.startsWith("application/json") ? (await answer.json()).message : "";
      const seconds = Number(answer.headers.get("Retry-After")) || RETRY_SECONDS;
      return { words: told || `The gateway answers ${answer.status}. Trying again.`, seconds };
    } catch {
      return { words: "The gateway cannot be reached. Trying again.", seconds: RETRY_SECONDS };
    } finally {
      asking.abort();
    }
  }

  window.live = { listen };
})();
