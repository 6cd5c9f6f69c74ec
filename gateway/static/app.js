// What is only on screen, for every page. State is changed by HTMX; the server renders what it became.
"use strict";

(() => {
  // A page of another site cannot read this token, so it cannot send what changes something here.
  const csrfToken = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-CSRFToken"] = csrfToken;
  });

  // Every button answers at once, and nothing is sent twice.
  const buttonOf = (element, submitter) =>
    submitter ?? (element.matches("button, .button") ? element : element.querySelector("button[type=submit], button:not([type])"));

  const setBusy = (element, busy) => {
    const button = element && buttonOf(element);
    if (!button) return;
    button.classList.toggle("is-loading", busy);
    button.disabled = busy;
    button.setAttribute("aria-busy", String(busy));
  };
  document.addEventListener("htmx:before:request", (event) => setBusy(event.detail.ctx?.sourceElement, true));
  document.addEventListener("htmx:finally:request", (event) => setBusy(event.detail.ctx?.sourceElement, false));
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const byHtmx = ["hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"].some((name) => form.hasAttribute(name));
    if (byHtmx || form.method === "dialog" || event.defaultPrevented) return;
    // Only after the browser has read the form: a disabled button would not be sent.
    setTimeout(() => setBusy(form, true), 0);
    setTimeout(() => setBusy(form, false), 10_000);
  });
  // The page that the back button shows is the one that was left, with its button still busy.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("[aria-busy=true]").forEach((button) => setBusy(button, false));
  });

  // Questions before what cannot be taken back.
  document.addEventListener("htmx:confirm", (event) => {
    const question = event.detail.ctx?.confirm ?? event.target.closest("[hx-confirm]")?.getAttribute("hx-confirm");
    if (!question) return;
    event.preventDefault();
    const dialog = document.getElementById("confirmation");
    document.getElementById("confirmation-text").textContent = question;
    dialog.returnValue = "no";
    dialog.addEventListener(
      "close",
      () => (dialog.returnValue === "yes" ? event.detail.issueRequest() : event.detail.dropRequest?.()),
      { once: true },
    );
    dialog.showModal();
  });

  // Sentences in the corner: good news goes by itself, trouble stays.
  const NOTICE_MS = 8000;
  const notices = document.getElementById("notices");
  const notify = (text, kind = "danger") => {
    const box = document.createElement("div");
    box.className = `notification is-${kind} is-light`;
    box.dataset.notice = "";
    const close = document.createElement("button");
    close.className = "delete";
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.dataset.closesNotice = "";
    box.append(close, text);
    notices.append(box);
  };
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (node.classList?.contains("is-success") || node.classList?.contains("is-info")) {
        setTimeout(() => node.remove(), NOTICE_MS);
      }
    }
  }).observe(notices, { childList: true });
  document.addEventListener("htmx:error", (event) => {
    const response = event.detail.ctx?.response;
    if (response) return; // The server said in words what happened, and that is shown.
    notify("The gateway did not answer. Nothing may have been changed: reload the page, then try again.");
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-closes-notice]")) event.target.closest("[data-notice]").remove();
    const toggle = event.target.closest("[data-toggles]");
    if (toggle) {
      const open = document.getElementById(toggle.dataset.toggles).classList.toggle("is-open");
      toggle.setAttribute("aria-expanded", String(open));
    }
    if (event.target.closest("[data-theme-toggle]")) switchTheme();
  });

  // Light or dark: the system's choice until somebody makes another; a cookie, so that the server
  // renders the next page in it and nothing flashes.
  const switchTheme = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `igw_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  };

  // "/" goes to the search box, as in most tools of this kind.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      document.getElementById("search-box")?.focus();
    }
    if (event.key === "Escape") document.querySelectorAll(".side.is-open").forEach((side) => side.classList.remove("is-open"));
  });

  // "3 minutes ago" stays true while the page is open.
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const ago = (seconds) => {
    const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS.at(-1);
    return `${Math.max(0, Math.floor(seconds / size))} ${unit} ago`;
  };
  window.igwAgo = (moment) => ago((Date.now() - Date.parse(moment)) / 1000); // For what scripts draw.
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const text = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  }, 5000);
})();
