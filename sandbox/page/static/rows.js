// The list: each task beside its issue.

import { COLUMNS, columnOf, projectOf } from "./api.js";
import { h, reconcile } from "./dom.js";
import { taskForm } from "./form.js";

const MOST_ROWS = 300;
const PILLS = { "To Do": "", "In Progress": "doing", Done: "done" };

/** Join tasks and issues to rows: every task once, then the issues that have no task here. */
export function join(tasks, issues) {
  const byTask = new Map();
  for (const issue of issues) {
    if (issue.task_id) byTask.set(String(issue.task_id), issue);
  }
  const rows = tasks.map((task) => {
    const issue = byTask.get(String(task.id)) ?? null;
    byTask.delete(String(task.id));
    return { id: `task-${task.id}`, task, issue };
  });
  const joined = new Set(rows.map((row) => row.issue));
  for (const issue of issues) {
    if (!joined.has(issue)) rows.push({ id: `issue-${issue.key}`, task: null, issue });
  }
  return rows;
}

/** Say whether one side is done and the other is not. */
export function isApart({ task, issue }) {
  return Boolean(task && issue) && task.completed !== (columnOf(issue) === "Done");
}

const SHOWN = {
  open: ({ task }) => task && !task.completed,
  completed: ({ task }) => task?.completed,
  unlinked: ({ task, issue }) => task && !task.completed && !issue,
  apart: isApart,
  all: () => true,
};

function holds({ task, issue }, words) {
  const text = [
    task?.title, task?.id, task?.assigned_to?.full_name, task?.associated_to?.full_name,
    issue?.key, issue?.summary, issue?.status,
  ].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Draw the rows that pass the filter. */
export function drawRows(rows, { show, filter, people, act }) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const passing = rows.filter((row) => SHOWN[show](row) && holds(row, words));
  reconcile(document.getElementById("rows"), passing.slice(0, MOST_ROWS), {
    key: (row) => row.id,
    signature: (row) => JSON.stringify([row.task, row.issue, people.length]),
    render: (row) => renderRow(row, people, act),
  });
  const hidden = passing.length - MOST_ROWS;
  document.getElementById("rows-note").textContent =
    hidden > 0 ? `${hidden} more; narrow the filter to see them.`
      : passing.length ? "" : "Nothing here. Try another filter.";
}

function renderRow(row, people, act) {
  const { task, issue } = row;
  const element = h("div", { className: "row" });
  element.classList.toggle("done", Boolean(task?.completed));
  element.classList.toggle("apart", isApart(row));
  element.append(
    h("div", { className: "what" }, task ? taskTitle(task) : h("span", { className: "sub" }, "no task")),
    h("div", { className: "who sub" }, task ? task.assigned_to?.full_name ?? "nobody" : ""),
    h("div", { className: "task-state" }, task ? pill(task.completed ? "Done" : "To Do", task.completed ? "completed" : "open") : ""),
    h("div", { className: "issue" }, issue ? issueName(issue, task) : h("span", { className: "sub" }, "no issue yet")),
    h("div", { className: "state" }, issue ? [pill(columnOf(issue), issue.status), mover(issue, act)] : ""),
    h("div", { className: "actions" }, task ? taskActions(element, task, people, act) : ""),
  );
  return element;
}

function taskTitle(task) {
  const about = task.associated_to ? ` · about ${task.associated_to.full_name}` : "";
  const due = task.ends_on ? ` · due ${task.ends_on}` : "";
  return [
    h("div", { className: "title" }, task.title),
    h("div", { className: "sub" }, `${task.id}${due}${about}`),
  ];
}

function issueName(issue, task) {
  const differs = !task || issue.summary !== task.title;
  return [
    h("div", {}, h("span", { className: "key" }, issue.key), h("span", { className: "sub" }, ` · ${projectOf(issue)}`)),
    differs ? h("div", { className: "sub" }, issue.summary) : null,
  ];
}

function pill(column, text) {
  return h("span", { className: `pill ${PILLS[column]}` }, text);
}

/** Make the list that moves an issue without a mouse. */
export function mover(issue, act) {
  const select = h("select", { "data-focus": "move", "aria-label": `Move ${issue.key} to` },
    h("option", { value: "", selected: true }, "Move to"),
    COLUMNS.map((column) => h("option", { value: column }, column)));
  select.addEventListener("change", () => {
    const to = select.value;
    select.value = "";
    if (to) act.move(issue.key, to);
  });
  return h("span", { className: "move" }, select);
}

function taskActions(element, task, people, act) {
  const turn = task.completed
    ? h("button", { type: "button", "data-focus": "turn", onclick: () => act.reopen(task.id) }, "Reopen")
    : h("button", { type: "button", "data-focus": "turn", onclick: () => act.complete(task.id) }, "Complete");
  turn.setAttribute("aria-label", `${turn.textContent} ${task.title}`);
  const edit = h("button", { type: "button", className: "quiet", "data-focus": "edit", "aria-label": `Edit ${task.title}` }, "Edit");
  edit.addEventListener("click", () => {
    const before = [...element.children];
    const close = () => {
      element.replaceChildren(...before);
      edit.focus();
      // What happened to the task meanwhile has not been drawn yet.
      delete element.dataset.busy;
      act.redraw();
    };
    element.dataset.busy = "yes";
    element.replaceChildren(taskForm({
      task,
      people,
      save: async (values) => { if (await act.edit(task.id, values)) close(); },
      remove: async () => { if (await act.remove(task.id)) close(); },
      cancel: close,
    }));
    element.querySelector("input").focus();
  });
  return [turn, edit];
}
