// The board: one project's issues in three columns.

import { columnOf, projectOf } from "./api.js";
import { h, reconcile } from "./dom.js";
import { mover } from "./rows.js";

const MOST_CARDS = 120;
let project = null;
let dragged = null;

/** Let columns take dropped cards. */
export function prepareBoard(act) {
  for (const column of document.querySelectorAll(".column")) {
    column.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      column.classList.add("target");
    });
    column.addEventListener("dragleave", (event) => {
      if (!column.contains(event.relatedTarget)) column.classList.remove("target");
    });
    column.addEventListener("drop", (event) => {
      event.preventDefault();
      column.classList.remove("target");
      if (dragged && columnOf(dragged) !== column.dataset.column) act.move(dragged.key, column.dataset.column);
    });
  }
}

/** Draw the board; a card in the hand stays where it is until it is dropped. */
export function drawBoard(issues, { filter, act }) {
  if (dragged) return;
  const projects = [...new Set(issues.map(projectOf))].sort();
  if (!projects.includes(project)) project = projects[0] ?? null;
  reconcile(document.getElementById("projects"), projects, {
    key: (name) => name,
    signature: (name) => `${name} ${name === project}`,
    render: (name) => h("button", {
      type: "button", "data-focus": "chip", "aria-pressed": String(name === project),
      onclick: () => { project = name; act.redraw(); },
    }, name),
  });
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = issues.filter((issue) => projectOf(issue) === project
    && words.every((word) => `${issue.key} ${issue.summary} ${issue.status}`.toLowerCase().includes(word)));
  for (const column of document.querySelectorAll(".column")) {
    const cards = shown.filter((issue) => columnOf(issue) === column.dataset.column);
    column.querySelector(".count").textContent =
      cards.length > MOST_CARDS ? `${MOST_CARDS} of ${cards.length}` : cards.length;
    reconcile(column.querySelector(".cards"), cards.slice(0, MOST_CARDS), {
      key: (issue) => issue.key,
      signature: (issue) => JSON.stringify(issue),
      render: (issue) => card(issue, act),
    });
  }
}

function card(issue, act) {
  const element = h("article", { className: "card", draggable: true },
    h("div", {}, issue.summary),
    h("div", { className: "foot" },
      h("span", { className: "sub" }, h("span", { className: "key" }, issue.key), ` ${issue.status}`),
      mover(issue, act)));
  element.addEventListener("dragstart", (event) => {
    dragged = issue;
    element.classList.add("dragged");
    event.dataTransfer.setData("text/plain", issue.key);
    event.dataTransfer.effectAllowed = "move";
  });
  element.addEventListener("dragend", () => {
    dragged = null;
    element.classList.remove("dragged");
  });
  return element;
}
