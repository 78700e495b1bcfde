// The script of swath's report: sorting, filtering, folding, keys and the theme. Everything else is in the markup.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, text, properties) => Object.assign(document.createElement(tag), { textContent: text }, properties);

  // Storage is forbidden in some places (file://, sandboxes): then nothing is remembered.
  const remembered = (key) => { try { return localStorage.getItem("swath-" + key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem("swath-" + key, value); } catch { /* forbidden */ } };

  // ---- theme ----
  const themes = ["auto", "light", "dark"];
  let theme = themes.includes(remembered("theme")) ? remembered("theme") : "auto";
  const showTheme = () => { if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme; };
  showTheme();

  function addTools() {
    const button = make("button", "Theme: " + theme, { type: "button" });
    button.onclick = () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      button.textContent = "Theme: " + theme;
      remember("theme", theme);
      showTheme();
    };
    const tools = make("div", "", { className: "tools" });
    tools.append(button, make("button", "Keys", { type: "button", onclick: showKeys }));
    document.querySelector(".top").append(tools);
  }

  // ---- tables of files ----
  const MANY = 2000; // Of a longer table only a part is in the page, so that a filter answers at once.
  const PART = 500;

  function setUpTable(table) {
    const body = table.tBodies[table.tBodies.length - 1];
    const top = { children: [], path: "" };
    const path = [top];
    const items = [...body.rows].map((row) => {
      const depth = Number((row.className.match(/d(\d+)/) || [0, 0])[1]);
      const parent = path[Math.min(depth, path.length - 1)];
      const name = row.cells[0].textContent;
      const isFolder = row.classList.contains("f");
      const extra = table.classList.contains("holes") ? " " + row.cells[1].textContent : "";
      const item = { row, children: [], isFolder, path: (parent.path + name + extra).toLowerCase() };
      parent.children.push(item);
      path.length = Math.min(depth, path.length - 1) + 1;
      path.push(item);
      return item;
    });
    const leaves = items.filter((item) => !item.children.length);
    const state = { words: [], all: items.length <= MANY };
    const sum = table.tBodies.length > 1 && table.tBodies[0].rows[0];
    const total = sum && sum.innerHTML;
    const status = make("span", "", { role: "status" });
    const more = make("button", "Show all", { type: "button", hidden: true });

    const matches = (item) => state.words.every((word) => item.path.includes(word));
    function draw() {
      const rows = [];
      let found = 0;
      const walk = (item) => {
        if (!item.children.length) {
          if (!matches(item)) return false;
          found += 1;
          rows.push(item.row);
          return true;
        }
        const at = rows.push(item.row);
        const kept = item.children.map(walk).some(Boolean);
        if (!kept) rows.length = at - 1;
        else if (item.folded && !state.words.length) rows.length = at;
        return kept;
      };
      top.children.forEach(walk);
      const shown = state.all ? rows : rows.slice(0, PART);
      body.replaceChildren(...shown);
      more.hidden = shown.length === rows.length;
      more.textContent = `Show all ${rows.length} rows`;
      status.textContent = state.words.length ? `${found} of ${leaves.length} match` : "";
      if (sum) showSum();
    }
    function showSum() {
      sum.innerHTML = total;
      if (!state.words.length) return;
      const sums = [0, 0, 0, 0, 0];
      leaves.filter(matches).forEach((item) => item.row.dataset.n.split(",").forEach((n, at) => { sums[at] += Number(n); }));
      const digits = (total.match(/\d\.(\d+)%/) || ["", ""])[1].length;
      const percent = (part, whole) => {
        if (!whole) return "–";
        const step = 10 ** -digits;
        const exact = 100 * part / whole;
        const shown = exact === 0 || exact === 100 ? exact : Math.min(Math.max(exact, step), 100 - step);
        return shown.toFixed(digits) + "%";
      };
      const [lines, missed, branches, missedBranches, partial] = sums;
      const run = lines + branches - missed - missedBranches;
      const texts = ["Total, filtered", percent(run, lines + branches), lines, missed, percent(branches - missedBranches, branches), partial];
      texts.forEach((text, at) => { if (sum.cells[at] && sum.cells[at].textContent !== "") sum.cells[at].textContent = text; });
    }

    const value = (item, column) => {
      const text = item.row.cells[column].textContent;
      const number = parseFloat(text);
      return Number.isNaN(number) ? (column && text === "–" ? -1 : text.toLowerCase()) : number;
    };
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    function sort(column, descending) {
      const order = (item) => {
        const keyed = item.children.map((child) => [column ? value(child, column) : child.path, child]);
        keyed.sort((a, b) => (descending ? compare(b[0], a[0]) : compare(a[0], b[0])));
        item.children = keyed.map((pair) => pair[1]);
        item.children.forEach(order);
      };
      order(top);
      draw();
    }
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = make("button", head.textContent, { type: "button" });
      button.onclick = () => {
        const before = head.ariaSort;
        const descending = before ? before === "ascending" : head.classList.contains("n");
        [...head.parentNode.cells].forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(column, descending);
      };
      head.replaceChildren(button);
    });

    if (table.classList.contains("tree")) {
      items.filter((item) => item.children.length).forEach((item) => {
        const name = item.row.cells[0].textContent;
        const button = make("button", "▾", { type: "button", className: "fold", ariaExpanded: "true", ariaLabel: "Fold " + name });
        button.onclick = () => {
          item.folded = !item.folded;
          button.textContent = item.folded ? "▸" : "▾";
          button.ariaExpanded = String(!item.folded);
          draw();
          button.focus();
        };
        item.row.cells[0].prepend(button);
      });
    }
    if (!table.closest(".outline") && items.length > 1) {
      const input = make("input", "", { type: "search", autocomplete: "off" });
      input.oninput = () => {
        state.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        draw();
      };
      const label = make("label", "Filter ");
      label.append(input);
      const box = make("div", "", { className: "filter" });
      box.append(label, status);
      table.parentNode.before(box);
      more.onclick = () => { state.all = true; draw(); };
      table.parentNode.after(more);
    }
    if (!state.all) draw();
  }

  // ---- the source ----
  let here = -1;
  const holes = () => all(".src tbody.h, .src tr.p");
  function jump(step) {
    const found = holes();
    if (!found.length) return;
    if (here < 0 && step < 0) here = found.length;
    here = Math.min(Math.max(here + step, 0), found.length - 1);
    const hole = found[here];
    all(".here").forEach((other) => other.classList.remove("here"));
    hole.classList.add("here");
    const target = hole.tagName === "TBODY" ? hole.rows[0].cells[0] : hole;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    hole.scrollIntoView();
    if (!all("[id^='page:']").length) history.replaceState(null, "", "#" + hole.id);
  }

  function setUpSource(source) {
    const counts = document.querySelector(".counts");
    const toggle = (text, pressed, act) => {
      const button = make("button", text, { type: "button", ariaPressed: String(pressed) });
      button.onclick = () => {
        const on = button.ariaPressed !== "true";
        button.ariaPressed = String(on);
        act(on);
      };
      return button;
    };
    all("li", counts).forEach((item) => {
      item.replaceChildren(toggle(item.textContent, true, (on) => source.classList.toggle("off-" + item.className, !on)));
    });
    const only = toggle("Only holes", false, (on) => {
      const rows = all("tbody tr", source);
      rows.forEach((row, at) => {
        if (!row.matches(".h *, .p")) return;
        rows.slice(Math.max(at - 3, 0), at + 4).forEach((near) => near.classList.add("near"));
      });
      source.classList.toggle("only", on);
    });
    const wrap = toggle("Wrap", remembered("wrap") === "1", (on) => { source.classList.toggle("wrap", on); remember("wrap", on ? "1" : "0"); });
    source.classList.toggle("wrap", remembered("wrap") === "1");
    [only, wrap].forEach((button) => {
      const item = make("li", "");
      item.append(button);
      counts.append(item);
    });
  }

  // #L40-52 marks several lines.
  function markRange(anchor) {
    const [, first, last] = /^L(\d+)-L?(\d+)$/.exec(anchor) || [];
    if (!first) return;
    all(".here").forEach((other) => other.classList.remove("here"));
    const rows = all(".src tr[id]").filter((row) => Number(row.id.slice(1)) >= first && Number(row.id.slice(1)) <= last);
    rows.forEach((row) => row.classList.add("here"));
    if (rows.length) rows[0].scrollIntoView();
  }

  // ---- keys ----
  const keys = {
    n: ["next hole", () => jump(1)],
    p: ["previous hole", () => jump(-1)],
    "]": ["next file with holes", () => follow("[rel=next]")],
    "[": ["previous file with holes", () => follow("[rel=prev]")],
    u: ["all files", () => follow(".title")],
    "/": ["filter", () => { const input = document.querySelector(".filter input"); if (input) input.focus(); }],
    "?": ["these keys", () => showKeys()],
  };
  const follow = (selector) => { const link = document.querySelector(selector); if (link) link.click(); };
  function showKeys() {
    let dialog = document.querySelector("dialog");
    if (!dialog) {
      dialog = make("dialog", "");
      dialog.setAttribute("aria-label", "Keys");
      const list = make("dl", "");
      Object.entries(keys).forEach(([key, [text]]) => {
        const term = make("dt", "");
        term.append(make("kbd", key));
        list.append(term, make("dd", text));
      });
      const off = make("input", "", { type: "checkbox", checked: remembered("keys") !== "off" });
      off.onchange = () => remember("keys", (keysOn = off.checked) ? "on" : "off");
      const label = make("label", "");
      label.append(off, " Single keys are on");
      dialog.append(list, label, make("p", ""));
      dialog.lastChild.append(make("button", "Close", { type: "button", onclick: () => dialog.close() }));
      document.body.append(dialog);
    }
    dialog.showModal();
  }
  let keysOn = remembered("keys") !== "off";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select, dialog")) return;
    if (!Object.hasOwn(keys, event.key) || !(keysOn || event.key === "?")) return;
    event.preventDefault();
    keys[event.key][1]();
  });

  // ---- a report in one file: pages are blocks of data, shown when their names are in the address ----
  function setUpRouter() {
    const main = document.getElementById("main");
    const index = main.innerHTML;
    const page = (name) => (name === "index.html" ? index : (document.getElementById("page:" + name) || {}).textContent);
    let current = "index.html";
    const show = () => {
      const [name, anchor] = decodeURIComponent(location.hash.slice(1)).split(":");
      const wanted = page(name) === undefined ? (name ? current : "index.html") : name;
      if (wanted !== current) {
        current = wanted;
        main.innerHTML = page(wanted);
        here = -1;
        setUpPage();
        scrollTo(0, 0);
      }
      all(".top nav a").forEach((link) => {
        if (link.getAttribute("href") === current) link.ariaCurrent = "page"; else link.removeAttribute("aria-current");
      });
      const target = anchor && document.getElementById(anchor);
      if (target) target.scrollIntoView();
      if (anchor) markRange(anchor);
    };
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      const [name, anchor] = link ? link.getAttribute("href").replace(/^(\.\.\/)+/, "").split("#") : [];
      if (!link || link.className === "skip" || (name && page(name) === undefined)) return;
      event.preventDefault();
      location.hash = (name || current) + (anchor ? ":" + anchor : "");
    });
    addEventListener("hashchange", show);
    show();
  }

  function setUpPage() {
    all("table.files").forEach(setUpTable);
    all("table.src").forEach(setUpSource);
    markRange(location.hash.slice(1));
  }
  document.addEventListener("DOMContentLoaded", () => {
    addTools();
    setUpPage();
    if (all("[id^='page:']").length) setUpRouter();
    else addEventListener("hashchange", () => markRange(location.hash.slice(1)));
  });
})();
