// The panel that makes the vendors fail.

import { call } from "./api.js";
import { h, notice, reconcile } from "./dom.js";

const KINDS = [
  ["Slow: 2 s", { kind: "latency", seconds: 2 }],
  ["429, try again in 5 s", { kind: "status", status: 429, retry_after: 5 }],
  ["500", { kind: "status", status: 500 }],
  ["503", { kind: "status", status: 503 }],
  ["Web page instead of JSON", { kind: "html" }],
  ["Answer cut in half", { kind: "truncate" }],
  ["Does it, then hangs up", { kind: "drop_after_write" }],
  ["Does it, answers after 40 s", { kind: "slow_after_write", seconds: 40 }],
];
const NAMES = { peopleforce: "PeopleForce", jira: "Jira" };
const SCOPES = [["every call", {}], ["reads", { method: "GET" }], ["POST", { method: "POST" }], ["PUT", { method: "PUT" }]];
const TIMES = [["once", 1], ["5 times", 5], ["50 times", 50], ["until cleared", null]];
const WEBHOOKS = [
  ["drop_next", "Drop the next", 1], ["duplicate_next", "Send the next twice", 1],
  ["delay_seconds", "Delay each by, s", 0.5], ["reorder_window", "Shuffle in groups of", 1],
  ["drop_probability", "Drop by chance, 0 to 1", 0.05], ["duplicate_probability", "Twice by chance, 0 to 1", 0.05],
];

async function attempt(work) {
  try {
    await work();
    notice("");
  } catch (error) {
    notice(error.message);
  }
  await refreshFailures();
}

/** Build the panels once; refreshFailures keeps them true. */
export function prepareFailures() {
  for (const vendor of Object.keys(NAMES)) {
    const scope = chooser(SCOPES);
    const times = chooser(TIMES);
    document.querySelector(`[data-vendor=${vendor}]`).append(
      h("h2", {}, NAMES[vendor]),
      h("div", { className: "pair" },
        h("label", {}, "What fails", scope.element), h("label", {}, "How often", times.element)),
      h("div", { className: "grid" }, KINDS.map(([label, fault]) => h("button", {
        type: "button",
        onclick: () => attempt(() => call(vendor, "POST", "/faults", { ...fault, ...scope.value(), times: times.value() })),
      }, label))),
      h("h3", { className: "sub" }, "In force"),
      h("ul", { "aria-live": "polite" }),
      h("div", { className: "buttons" },
        h("button", { type: "button", onclick: () => attempt(() => call(vendor, "DELETE", "/faults")) }, "Clear all"),
        h("span", { className: "calls far" })));
  }
  prepareWebhooks();
}

function chooser(options) {
  const element = h("select", {}, options.map(([label], index) => h("option", { value: index }, label)));
  return { element, value: () => options[Number(element.value)][1] };
}

function prepareWebhooks() {
  const inputs = WEBHOOKS.map(([name, label, step]) => {
    const most = name.endsWith("probability") ? 1 : "";
    const input = h("input", { type: "number", min: 0, max: most, step, value: 0, name });
    input.addEventListener("change", () => {
      if (input.reportValidity()) setWebhooks({ [name]: Number(input.value) });
    });
    return h("label", {}, label, input);
  });
  const paused = h("button", { type: "button", name: "paused", "aria-pressed": "false" }, "Hold all back");
  paused.addEventListener("click", () => setWebhooks({ paused: paused.getAttribute("aria-pressed") !== "true" }));
  document.getElementById("webhooks").append(
    h("h2", {}, "Jira's webhooks"),
    h("div", { className: "pair" }, inputs),
    h("div", { className: "buttons" }, paused,
      h("button", {
        type: "button",
        onclick: () => setWebhooks({ ...Object.fromEntries(WEBHOOKS.map(([name]) => [name, 0])), paused: false }),
      }, "Clear all")),
    h("p", { className: "calls" }));
}

function setWebhooks(changes) {
  return attempt(() => call("jira", "PUT", "/webhooks", changes));
}

/** Read faults, calls and webhook settings of both vendors and show them. */
export async function refreshFailures() {
  const counts = await Promise.all(Object.keys(NAMES).map(refreshVendor));
  const misbehaving = await refreshWebhooks();
  const badge = document.getElementById("fault-count");
  const total = counts.reduce((sum, count) => sum + count, misbehaving);
  badge.textContent = total;
  badge.hidden = total === 0;
}

async function refreshVendor(vendor) {
  const panel = document.querySelector(`[data-vendor=${vendor}]`);
  let faults = [];
  let line = "";
  try {
    faults = (await call(vendor, "GET", "/faults")).faults;
    line = `${(await call(vendor, "GET", "/calls")).total} API calls so far`;
  } catch (error) {
    line = error.message;
  }
  const calls = panel.querySelector(".calls");
  if (calls.textContent !== line) calls.textContent = line;
  reconcile(panel.querySelector("ul"), faults, {
    key: (fault) => fault.id,
    signature: (fault) => JSON.stringify(fault),
    render: (fault) => h("li", {}, describe(fault), h("button", {
      type: "button", "data-focus": "remove", "aria-label": `Clear ${describe(fault)}`,
      onclick: () => attempt(() => call(vendor, "DELETE", `/faults/${fault.id}`)),
    }, "✕")),
  });
  return faults.length;
}

function describe(fault) {
  const named = KINDS.find(([, known]) => known.kind === fault.kind && (known.status ?? fault.status) === fault.status);
  const scope = fault.method === "*" ? "every call" : fault.method;
  const path = fault.path === "*" ? "" : ` ${fault.path}`;
  const times = fault.times === null ? "until cleared" : `${fault.times} left`;
  return `${named ? named[0] : `${fault.kind} ${fault.status}`} · ${scope}${path} · ${times}`;
}

async function refreshWebhooks() {
  const panel = document.getElementById("webhooks");
  let settings = {};
  let line = "";
  try {
    const answer = await call("jira", "GET", "/webhooks");
    settings = answer.controls;
    line = `${answer.waiting} waiting to be sent`;
  } catch (error) {
    line = error.message;
  }
  panel.querySelector(".calls").textContent = line;
  for (const input of panel.querySelectorAll("input")) {
    const value = settings[input.name];
    if (value !== undefined && input !== document.activeElement) input.value = value;
  }
  panel.querySelector("[name=paused]").setAttribute("aria-pressed", String(Boolean(settings.paused)));
  return WEBHOOKS.filter(([name]) => settings[name]).length + (settings.paused ? 1 : 0);
}
