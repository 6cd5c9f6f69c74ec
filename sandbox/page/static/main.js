// Keep the page true: read both vendors every two seconds and draw what has changed.

import { call, columnOf } from "./api.js";
import { drawBoard, prepareBoard } from "./board.js";
import { notice } from "./dom.js";
import { prepareFailures, refreshFailures } from "./failures.js";
import { taskForm } from "./form.js";
import { drawRows, isApart, join } from "./rows.js";

const EVERY_MS = 2000;
const MOST_TASKS = 1000;
const known = { tasks: [], issues: [], people: [], trouble: {}, outage: "" };
const view = { name: "list", show: "open", filter: "" };
let timer = null;

const act = {
  complete: (id) => change("peopleforce", "POST", `/tasks/${id}/complete`),
  reopen: (id) => change("peopleforce", "POST", `/tasks/${id}/incomplete`),
  edit: (id, values) => change("peopleforce", "PATCH", `/tasks/${id}`, values),
  remove: (id) => change("peopleforce", "DELETE", `/tasks/${id}`),
  create: (values) => change("peopleforce", "POST", "/tasks", values),
  move: (key, to) => change("jira", "POST", `/issues/${encodeURIComponent(key)}/move`, { to }),
  redraw: draw,
};

/** Do one thing, show the result at once, and say whether it worked. */
async function change(vendor, method, path, body) {
  let trouble = "";
  try {
    await call(vendor, method, path, body);
  } catch (error) {
    trouble = error.message;
  }
  notice(trouble);
  await refresh();
  return !trouble;
}

async function load(name, vendor, path) {
  try {
    known[name] = (await call(vendor, "GET", path))[name];
    delete known.trouble[name];
  } catch (error) {
    known.trouble[name] = error.message;
  }
}

async function refresh() {
  clearTimeout(timer);
  await Promise.all([
    load("tasks", "peopleforce", `/tasks?limit=${MOST_TASKS}`),
    load("issues", "jira", "/issues"),
    known.people.length ? null : load("people", "peopleforce", "/people"),
    refreshFailures(),
  ]);
  draw();
  const outage = [...new Set(Object.values(known.trouble))].join("; ");
  // Only a change is news; what an action was refused with stays until the next action.
  if (outage !== known.outage) notice(outage && `${outage}. Trying again.`);
  known.outage = outage;
  timer = setTimeout(refresh, EVERY_MS);
}

function draw() {
  const rows = join(known.tasks, known.issues);
  if (view.name === "list") drawRows(rows, { ...view, people: known.people, act });
  if (view.name === "board") drawBoard(known.issues, { filter: view.filter, act });
  const open = known.tasks.filter((task) => !task.completed).length;
  const linked = rows.filter(({ task, issue }) => task && !task.completed && issue).length;
  const done = known.issues.filter((issue) => columnOf(issue) === "Done").length;
  const sums = `${open} open tasks, ${linked} with an issue · ${rows.filter(isApart).length} out of step`
    + ` · ${known.issues.length} issues, ${done} done`;
  const element = document.getElementById("sums");
  if (element.textContent !== sums) element.textContent = sums;
}

function choose(name) {
  view.name = name;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  document.querySelector(".bar").hidden = name === "failures";
  document.getElementById("show").parentElement.hidden = name !== "list";
  if (window.location.hash.slice(1) !== name) window.history.replaceState(null, "", `#${name}`);
  draw();
}

function offerNewTask() {
  const dialog = document.getElementById("task-dialog");
  const close = () => dialog.close();
  document.getElementById("dialog-form").replaceChildren(taskForm({
    task: null,
    people: known.people,
    save: async (values) => { if (await act.create(values)) close(); },
    cancel: close,
  }));
  dialog.showModal();
}

for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => choose(button.dataset.view));
}
document.getElementById("new-task").addEventListener("click", offerNewTask);
document.getElementById("filter").addEventListener("input", (event) => {
  view.filter = event.target.value;
  draw();
});
document.getElementById("show").addEventListener("change", (event) => {
  view.show = event.target.value;
  draw();
});
prepareBoard(act);
prepareFailures();
const asked = window.location.hash.slice(1);
choose(["list", "board", "failures"].includes(asked) ? asked : "list");
refresh();
