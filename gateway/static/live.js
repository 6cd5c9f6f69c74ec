// Event streams of the gateway, for pages: `live.listen(...)`, or for a part that the server renders
// `<div data-live="/live/overview">`. The browser's EventSource connects again by itself after a
// lost connection, but gives up for good when the answer is not a stream: all places taken, the
// gateway restarting behind a proxy, logged out. Here it is asked why, and tried again.
"use strict";

(() => {
  const RETRY_SECONDS = 5;

  // A browser has six connections for one host (HTTP/1.1): six tabs with a stream each would keep
  // the seventh page from loading. A tab that nobody sees needs none.
  const UNSEEN_SECONDS = 10;

  /**
   * Listen to a stream until `close()` is called on what this gives.
   *
   * `events` maps an event's name to a function of its data; "message" is for those without a name.
   * `state(words, live)` is called when the connection changes, with words for people.
   */
  function listen(url, events, state = () => {}) {
    let source = null;
    let timer = null;
    let resting = false;
    let closed = false;
    let last = "";

    function open() {
      clearTimeout(timer);
      resting = false;
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
      if (closed || resting) return;
      if (document.hidden) {
        rest();
        return;
      }
      state(words, false);
      if (seconds) timer = setTimeout(open, seconds * 1000);
    }

    function rest() {
      resting = true;
      clearTimeout(timer);
      source.close();
      state("Waiting for you to come back", false);
    }

    function seen() {
      if (document.hidden) {
        clearTimeout(timer);
        timer = setTimeout(rest, UNSEEN_SECONDS * 1000);
      } else if (source.readyState === EventSource.CLOSED) {
        open();
      } else {
        clearTimeout(timer);
      }
    }

    document.addEventListener("visibilitychange", seen);
    open();
    return {
      close() {
        closed = true;
        document.removeEventListener("visibilitychange", seen);
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

  // What the server sends replaces the element's content, morphed, so that focus and open details
  // stay.
  for (const element of document.querySelectorAll("[data-live]")) {
    const fragment = (text) =>
      htmx.swap({ sourceElement: element, target: element, text, swap: "innerMorph" });
    listen(element.dataset.live, { fragment }, (words, isLive) => {
      element.dataset.liveState = isLive ? "live" : "reconnecting";
      element.dataset.liveWords = words;
    });
  }

  window.live = { listen };
})();
