// Dense tables: Tabulator over a JSON route that pages, sorts and filters on the server.
//
//   <form id="links-filters" data-filters> ... inputs with names ... </form>
//   <div data-table="/links/data" data-label="Links" data-filters-form="links-filters"
//        data-sort="updated" data-dir="desc" data-empty="No task was seen yet."
//        data-columns='[{"field": "task", "title": "Task", "link": "story", "sort": true}]'></div>
//
// A column has: field, title; kind (text, moment, state, number, code, select), link (the field
// that holds its URL), sort (whether the server sorts by it), width (pixels) or grow, keep (0 stays
// longest on a narrow screen). The route takes page, size, sort, dir and the form's fields, and
// answers {"rows": [...], "last_page": 3, "total": 120, "more": false, "note": ""}.
// All texts come from strangers: they become text nodes, never HTML.
"use strict";

(() => {
  const PAGE_SIZE = 50;
  const TYPING_MS = 300;
  const GOOD = new Set(["synced", "done", "active", "fits", "resolved", "replayed"]);
  const BAD = new Set(["dead", "tripped", "failed", "error", "refused"]);
  const WAITING = new Set(["retrying", "held", "waiting", "unrouted", "pending", "creating", "received", "open"]);

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Only ways into this gateway and to web pages; a `javascript:` in a record must not become a link.
  const safe = (url) => /^(\/(?!\/)|https?:\/\/)/.test(url);

  const colour = (state) => (GOOD.has(state) ? "is-success" : BAD.has(state) ? "is-danger" : WAITING.has(state) ? "is-warning" : "");

  const momentOf = (value) => {
    if (!value) return make("span", "has-text-grey", "–");
    const time = make("time", "", window.igwAgo ? window.igwAgo(value) : value.slice(0, 16).replace("T", " "));
    time.dateTime = value;
    time.title = `${value.slice(0, 19).replace("T", " ")} UTC`;
    time.dataset.ago = "";
    return time;
  };

  // Rows stay of one size; all of a long text is shown to who points at it, and on the record's page.
  const LONG = 150;
  const textOf = (value) => {
    const text = make("span", value?.length > LONG ? "is-long" : "", value ?? "");
    if (text.className) text.title = value;
    return text;
  };

  const KINDS = {
    text: textOf,
    number: (value) => make("span", "", value === null || value === undefined ? "" : Number(value).toLocaleString("en")),
    code: (value) => make("code", "", value ?? ""),
    state: (value) => make("span", `tag ${colour(value)}`, String(value ?? "").replaceAll("_", " ")),
    moment: momentOf,
  };

  const content = (column, row) => {
    const inner = (KINDS[column.kind] ?? KINDS.text)(row[column.field]);
    const url = column.link && row[column.link];
    if (!url || !safe(url)) return inner;
    const link = make("a");
    link.href = url;
    if (!url.startsWith("/")) {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    }
    link.append(inner);
    return link;
  };

  class Table {
    constructor(element) {
      this.element = element;
      this.columns = JSON.parse(element.dataset.columns);
      this.form = document.getElementById(element.dataset.filtersForm ?? "");
      this.selected = new Set();
      this.selectable = this.columns.some((column) => column.kind === "select");
      const asked = new URLSearchParams(location.search);
      this.page = Math.max(1, Number.parseInt(asked.get("page") ?? "1", 10) || 1);
      this.sort = asked.get("sort") ?? element.dataset.sort ?? "";
      this.dir = asked.get("dir") ?? element.dataset.dir ?? "desc";
      this.status = make("p", "table-status");
      this.status.setAttribute("role", "status");
      element.before(this.status);
      // Outside of the grid, where only rows may be.
      this.pages = make("nav", "table-pages");
      this.pages.setAttribute("aria-label", `Pages of ${element.dataset.label ?? "the table"}`);
      element.after(this.pages);
      this.listen();
      this.build();
    }

    build() {
      this.tabulator = new Tabulator(this.element, {
        layout: "fitColumns",
        responsiveLayout: "collapse",
        responsiveLayoutCollapseStartOpen: true,
        responsiveLayoutCollapseFormatter: (cells) => this.collapsed(cells),
        columns: this.columns.map((column, index) => this.column(column, index)),
        columnDefaults: { headerSort: false, resizable: "header", tooltip: false },
        headerSortElement: (_column, dir) => ({ asc: "▲", desc: "▼" })[dir] ?? "↕",
        pagination: true,
        paginationMode: "remote",
        paginationElement: this.pages,
        paginationSize: PAGE_SIZE,
        paginationInitialPage: this.page,
        paginationButtonCount: 5,
        sortMode: "remote",
        initialSort: this.sort ? [{ column: this.sort, dir: this.dir }] : [],
        ajaxURL: this.element.dataset.table,
        ajaxRequestFunc: (url, _config, params) => this.fetch(url, params),
        placeholder: () => this.placeholder(),
        index: "id",
      });
      this.tabulator.on("tableBuilt", () => this.describe());
      this.tabulator.on("renderComplete", () => this.describe());
    }

    column(column, index) {
      return {
        field: column.field,
        title: column.title,
        headerSort: Boolean(column.sort),
        headerSortTristate: false,
        width: column.width,
        widthGrow: column.grow ?? 1,
        minWidth: column.min ?? Math.min(column.width ?? 90, 90),
        responsive: column.keep ?? index,
        hozAlign: column.kind === "number" ? "right" : "left",
        variableHeight: true,
        formatter: (cell) => (column.kind === "select" ? this.checkbox(cell.getData()) : content(column, cell.getData())),
      };
    }

    checkbox(row) {
      const box = make("input");
      box.type = "checkbox";
      box.checked = this.selected.has(String(row.id));
      box.setAttribute("aria-label", `Select ${row.label ?? row.id}`);
      box.addEventListener("change", () => {
        if (box.checked) this.selected.add(String(row.id));
        else this.selected.delete(String(row.id));
        this.tellSelection();
      });
      return box;
    }

    // On a narrow screen: what found no room, one line each, below the row.
    collapsed(cells) {
      const list = make("dl", "table-collapsed");
      for (const cell of cells) {
        // Tabulator has called the column's formatter already: the value is an element.
        if (!(cell.value instanceof Element) || ["", "–"].includes(cell.value.textContent)) continue;
        const entry = make("div");
        const value = make("dd");
        value.append(cell.value);
        entry.append(make("dt", "", cell.title), value);
        list.append(entry);
      }
      return list.childElementCount ? list : "";
    }

    async fetch(url, params) {
      const query = this.filters();
      this.page = params.page ?? 1;
      const [sorter] = params.sort?.length ? params.sort : this.sorters(params);
      if (sorter) {
        this.sort = sorter.field;
        this.dir = sorter.dir;
      }
      this.remember(query);
      query.set("page", String(this.page));
      query.set("size", String(PAGE_SIZE));
      if (this.sort) query.set("sort", this.sort);
      if (this.sort) query.set("dir", this.dir);
      this.problem = "";
      try {
        const answer = await fetch(`${url}?${query}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        const found = await answer.json().catch(() => ({}));
        if (!answer.ok) throw new Error(found.message ?? `The gateway answered ${answer.status}.`);
        this.tell(found);
        return { data: found.rows, last_page: Math.max(1, found.last_page), last_row: found.total };
      } catch (error) {
        this.problem = error instanceof TypeError ? "The gateway did not answer." : error.message;
        this.fail();
        return { data: [], last_page: 1, last_row: 0 };
      }
    }

    sorters() {
      return this.tabulator?.getSorters?.().map((one) => ({ field: one.field, dir: one.dir })) ?? [];
    }

    filters() {
      const query = new URLSearchParams();
      if (!this.form) return query;
      for (const [name, value] of new FormData(this.form)) if (value !== "") query.append(name, value);
      return query;
    }

    // The address says what is shown, so that it can be sent to somebody.
    remember(query) {
      const shown = new URLSearchParams(query);
      if (this.page > 1) shown.set("page", String(this.page));
      if (this.sort && this.sort !== this.element.dataset.sort) shown.set("sort", this.sort);
      if (this.sort && this.dir !== (this.element.dataset.dir ?? "desc")) shown.set("dir", this.dir);
      const text = shown.toString();
      history.replaceState(history.state, "", text ? `${location.pathname}?${text}` : location.pathname);
    }

    tell(found) {
      const count = Number(found.total).toLocaleString("en");
      const what = found.total === 1 ? "entry" : "entries";
      this.status.textContent = `${count}${found.more ? "+" : ""} ${what}.${found.note ? ` ${found.note}` : ""}`;
      this.total = found.total;
      this.more = found.more;
      this.tellSelection();
    }

    // The form of `data-selects-for` has what is done to rows: hidden fields with the ids that were
    // picked, or with `all` for whatever the filters leave, and buttons that need a choice.
    tellSelection() {
      const does = document.getElementById(this.element.dataset.selectsFor ?? "");
      if (!this.selectable || !does) return;
      const all = does.querySelector("[data-takes-all]");
      const count = all?.checked ? (this.total ?? 0) : this.selected.size;
      does.elements.letters.value = all?.checked ? "" : [...this.selected].join(",");
      does.elements.all.value = all?.checked ? "1" : "";
      does.querySelector("[data-chosen]").textContent = count
        ? `${count.toLocaleString("en")}${all?.checked && this.more ? "+" : ""} chosen.`
        : "Pick letters, or take all of the list.";
      for (const button of does.querySelectorAll("[data-needs-choice]")) button.disabled = count === 0;
      for (const button of does.querySelectorAll("[data-needs-pick]")) button.disabled = all?.checked || count === 0;
    }

    fail() {
      this.status.replaceChildren(make("span", "has-text-danger", `${this.problem} `));
      const again = make("button", "button is-small", "Try again");
      again.type = "button";
      again.addEventListener("click", () => this.reload());
      this.status.append(again);
    }

    placeholder() {
      const filtered = [...this.filters()].length > 0;
      const text = this.problem ? "This could not be read." : filtered ? "Nothing fits these filters." : this.element.dataset.empty ?? "Nothing is here yet.";
      return make("span", "table-empty", text);
    }

    // Headers are sorted by keyboard as well; what is only drawn for the eye is hidden from others.
    describe() {
      this.element.setAttribute("aria-label", this.element.dataset.label ?? "Table");
      // The whole page scrolls, so its frame need not be reached by keyboard; its cells are.
      this.element.querySelector(".tabulator-tableholder")?.removeAttribute("tabindex");
      for (const part of this.element.querySelectorAll(".tabulator-responsive-collapse")) part.setAttribute("role", "gridcell");
      for (const header of this.element.querySelectorAll(".tabulator-col.tabulator-sortable")) {
        if (header.tabIndex === 0) continue;
        header.tabIndex = 0;
        header.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          header.click();
        });
      }
    }

    listen() {
      document
        .getElementById(this.element.dataset.selectsFor ?? "")
        ?.querySelector("[data-takes-all]")
        ?.addEventListener("change", () => this.tellSelection());
      let typing;
      const again = () => this.tabulator.setPage(1);
      this.form?.addEventListener("input", (event) => {
        clearTimeout(typing);
        typing = setTimeout(again, event.target.matches("select, [type=checkbox], [type=radio], [type=date]") ? 0 : TYPING_MS);
      });
      this.form?.addEventListener("submit", (event) => {
        event.preventDefault();
        clearTimeout(typing);
        again();
      });
      this.form?.addEventListener("reset", () => setTimeout(again, 0));
    }

    reload() {
      this.tabulator.setPage(this.page);
    }

    clearSelection() {
      this.selected.clear();
      const all = document.getElementById(this.element.dataset.selectsFor ?? "")?.querySelector("[data-takes-all]");
      if (all) all.checked = false;
      this.tellSelection();
      this.tabulator.redraw(true);
    }
  }

  const tables = new WeakMap();
  const start = (root) => {
    for (const element of root.querySelectorAll("[data-table]")) {
      if (!tables.has(element)) tables.set(element, new Table(element));
    }
  };
  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:after:swap", () => start(document));
  // The server says by a header (HX-Trigger: tables-changed) that what tables show has changed.
  document.addEventListener("tables-changed", () => {
    for (const element of document.querySelectorAll("[data-table]")) {
      tables.get(element)?.clearSelection();
      tables.get(element)?.reload();
    }
  });
})();
