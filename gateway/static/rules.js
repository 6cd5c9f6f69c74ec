// What is only on screen, for the pages of rules: dragging, moving by keys, and what was just typed.
"use strict";

(() => {
  // The order of the rules: dragged or moved by the buttons, and sent as the form's hidden inputs.
  const send = (form) => form.requestSubmit();

  const moved = (body) => {
    const rows = [...body.rows];
    rows.forEach((row, place) => {
      row.querySelector("[data-move='-1']").disabled = place === 0;
      row.querySelector("[data-move='1']").disabled = place === rows.length - 1;
    });
  };

  const sortable = () => {
    const form = document.querySelector("form[data-orders]");
    const body = form?.querySelector("[data-sortable]");
    if (!body || body.dataset.ready) return;
    body.dataset.ready = "yes";
    Sortable.create(body, { handle: ".handle", animation: 120, onEnd: (event) => event.oldIndex !== event.newIndex && send(form) });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const row = button.closest("tr");
    const other = button.dataset.move === "-1" ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (button.dataset.move === "-1") other.before(row);
    else other.after(row);
    moved(row.parentElement);
    button.focus();
    send(row.closest("form"));
  });

  document.addEventListener("DOMContentLoaded", sortable);
  document.addEventListener("htmx:after:swap", sortable);

  // A form that is drawn anew has what was sent. What was typed since then is put back, and the
  // page is not left by mistake while something is not saved.
  let typing = null;
  let unsaved = false;
  const editor = () => document.querySelector("form[data-keeps]");

  document.addEventListener("htmx:before:swap", () => {
    const element = document.activeElement;
    const text = element?.matches?.("input:not([type=checkbox], [type=radio]), textarea");
    typing = text && element.id && editor()?.contains(element) ? { id: element.id, value: element.value } : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    const element = typing && document.getElementById(typing.id);
    if (element && element.value !== typing.value) element.value = typing.value;
    typing = null;
  });

  document.addEventListener("input", (event) => {
    if (editor()?.contains(event.target)) unsaved = true;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    const saved = response?.headers.get("X-Saved") === "yes";
    if (saved) unsaved = false;
    else if (sourceElement?.name === "do" && sourceElement.id !== "switch") unsaved = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved && editor()) event.preventDefault();
  });
})();
