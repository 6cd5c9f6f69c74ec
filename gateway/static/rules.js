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

  // A form that is drawn anew has what was sent. What was changed since then is put back, as on a
  // slow line people go on typing; buttons wait meanwhile (rules.css), since of two steps at once
  // each would draw the form without the other.
  let unsaved = false;
  const editor = () => document.querySelector("form[data-keeps]");
  const sent = new WeakMap(); // For each request: its number, and the form's values at that moment.
  let last = 0;
  let drawn = 0;
  let running = 0;
  let later = [];

  const ticked = (control) => control.matches("[type=checkbox], [type=radio]");
  const valueOf = (control) => (ticked(control) ? control.checked : control.value);
  const controls = () => [...editor().elements].filter((one) => one.id && one.matches("input:not([type=hidden]), select, textarea"));
  const redraws = (ctx) => editor() && (ctx.target?.id ?? ctx.target) === "editing";
  const wait = (change) => {
    running += change;
    document.getElementById("editing")?.classList.toggle("is-redrawing", running > 0);
  };

  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (!redraws(ctx)) return;
    sent.set(ctx, { number: ++last, values: new Map(controls().map((one) => [one.id, valueOf(one)])) });
    wait(1);
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => sent.has(ctx) && wait(-1));

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const asked = sent.get(ctx);
    if (!asked || !editor()) return;
    if (asked.number < drawn) return event.preventDefault(); // A newer one is shown already.
    drawn = asked.number;
    // Rows that move up would be given what was typed into another.
    const moves = /^(remove|raise) /.test(ctx.sourceElement?.value ?? "");
    later = moves ? [] : controls().filter((one) => asked.values.has(one.id) && asked.values.get(one.id) !== valueOf(one));
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!sent.has(ctx)) return;
    for (const old of later.splice(0)) {
      const control = document.getElementById(old.id);
      if (!control || valueOf(control) === valueOf(old)) continue;
      if (ticked(control)) control.checked = old.checked;
      else control.value = old.value;
      control.dispatchEvent(new Event("input", { bubbles: true }));
      // What has the form drawn anew has to be drawn with this choice.
      if (control.hasAttribute("hx-post")) control.dispatchEvent(new Event("change", { bubbles: true }));
    }
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
