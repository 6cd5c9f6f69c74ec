// The form of a task, used in its row and in the dialog for a new one.

import { h } from "./dom.js";

/** Make the form. `save` gets only what was changed; `remove` is left out for a new task. */
export function taskForm({ task, people, save, remove, cancel }) {
  const assignees = people.filter((person) => person.active || person.id === task?.assigned_to?.id);
  const fields = {
    title: h("input", { name: "title", required: true, value: task?.title ?? "" }),
    assigned_to: h("select", { name: "assigned_to" },
      h("option", { value: "" }, "nobody"),
      assignees.map((person) => h("option", { value: person.id }, `${person.full_name}, ${person.department}`))),
    starts_on: h("input", { name: "starts_on", type: "date", value: task?.starts_on ?? "" }),
    ends_on: h("input", { name: "ends_on", type: "date", value: task?.ends_on ?? "" }),
    description: h("textarea", { name: "description", value: task?.description ?? "" }),
  };
  fields.assigned_to.value = String(task?.assigned_to?.id ?? "");
  const before = read(fields);
  const form = h("form", { className: "form" },
    h("div", { className: "fields" },
      h("label", { className: "wide" }, "Title", fields.title),
      h("label", { className: "owner" }, "Assignee", fields.assigned_to),
      h("label", {}, "Starts", fields.starts_on),
      h("label", {}, "Due", fields.ends_on),
      h("label", { className: "wide" }, "Description (HTML)", fields.description)),
    h("div", { className: "buttons" },
      h("button", { type: "submit", className: "primary" }, "Save"),
      h("button", { type: "button", onclick: cancel }, "Cancel"),
      remove ? h("button", { type: "button", className: "quiet danger far", onclick: remove }, "Delete task") : null));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const now = read(fields);
    save(Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== before[name])));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cancel();
  });
  return form;
}

function read(fields) {
  return {
    title: fields.title.value.trim(),
    assigned_to: fields.assigned_to.value ? Number(fields.assigned_to.value) : null,
    starts_on: fields.starts_on.value || null,
    ends_on: fields.ends_on.value || null,
    description: fields.description.value || null,
  };
}
