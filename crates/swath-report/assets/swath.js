// Sorting, filtering, folding, keys and the theme of swath's report. Everything else is in the markup.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, text, properties) => Object.assign(document.createElement(tag), { textContent: text }, properties);
  const makeButton = (text, onclick, properties) => make("button", text, { type: "button", onclick, ...properties });
  const wrapped = (tag, ...children) => {
    const element = document.createElement(tag);
    element.append(...children);
    return element;
  };

  // Where storage is forbidden (file://, sandboxes), nothing is remembered.
  const remembered = (key) => { try { return localStorage.getItem("swath-" + key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem("swath-" + key, value); } catch { /* forbidden */ } };

  // ---- theme ----
  const themes = ["auto", "light", "dark"];
  const root = document.documentElement.dataset;
  root.theme = remembered("theme") || "auto";

  function addTools() {
    const button = makeButton("Theme: " + root.theme, () => {
      root.theme = themes[(themes.indexOf(root.theme) + 1) % themes.length];
      button.textContent = "Theme: " + root.theme;
      remember("theme", root.theme);
    });
    const tools = wrapped("div", button, makeButton("Keys", showKeys));
    tools.className = "tools";
    one(".top").append(tools);
  }

  // ---- tables of files ----
  const MANY = 2000; // Of a longer table only a part is in the page, so that a filter answers at once.
  const PART = 200;

  function setUpTable(table) {
    const body = table.tBodies[table.tBodies.length - 1];
    const top = { children: [], path: "" };
    const path = [top];
    const items = [...body.rows].map((row) => {
      const depth = Number(/d(\d+)/.exec(row.className)?.[1] ?? 0);
      path.length = Math.min(depth + 1, path.length);
      const parent = path[path.length - 1];
      const text = row.cells[0].textContent + (table.matches(".holes") ? " " + row.cells[1].textContent : "");
      const item = { row, depth, children: [], path: (parent.path + text).toLowerCase() };
      item.numbers = (row.dataset.n || "").split(",").map(Number);
      parent.children.push(item);
      path.push(item);
      return item;
    });
    const leaves = items.filter((item) => !item.children.length);
    const sum = table.tBodies.length > 1 && table.tBodies[0].rows[0];
    const total = sum && sum.innerHTML;
    const status = make("span", "", { role: "status" });
    const more = makeButton("", () => { isWhole = true; draw(); }, { hidden: true });
    let words = [];
    let isWhole = items.length <= MANY;

    const matches = (item) => words.every((word) => item.path.includes(word));
    function draw() {
      const rows = [];
      const found = [];
      const walk = (item) => {
        const at = rows.push(item.row);
        const isLeaf = !item.children.length;
        const kept = isLeaf ? matches(item) : item.children.map(walk).some(Boolean);
        if (!kept) rows.length = at - 1;
        else if (isLeaf) found.push(item);
        else if (item.folded && !words.length) rows.length = at;
        return kept;
      };
      top.children.forEach(walk);
      const shown = isWhole ? rows : rows.slice(0, PART);
      body.replaceChildren(...shown);
      more.hidden = shown.length === rows.length;
      more.textContent = `Show all ${rows.length} rows`;
      status.textContent = words.length ? `${found.length} of ${leaves.length} match` : "";
      if (sum) showSum(found);
    }
    function showSum(found) {
      sum.innerHTML = total;
      if (!words.length) return;
      const digits = /\.(\d+)%/.exec(total)?.[1].length ?? 0;
      const percent = (part, whole) => {
        if (!whole) return "–";
        const exact = 100 * part / whole;
        const least = 10 ** -digits; // 0 and 100 only where they are exact
        return (exact % 100 ? Math.min(Math.max(exact, least), 100 - least) : exact).toFixed(digits) + "%";
      };
      const add = (sums, item) => sums.map((number, at) => number + item.numbers[at]);
      const [lines, missed, branches, missedBranches, partial] = found.reduce(add, [0, 0, 0, 0, 0]);
      const whole = lines + branches;
      const texts = ["Total, filtered", percent(whole - missed - missedBranches, whole), lines, missed, percent(branches - missedBranches, branches), partial];
      [...sum.cells].forEach((cell, at) => { if (cell.textContent) cell.textContent = texts[at]; });
    }

    const value = (item, column) => {
      if (!column) return item.path;
      const text = item.row.cells[column].textContent;
      const number = text === "–" ? -1 : parseFloat(text);
      return Number.isNaN(number) ? text : number;
    };
    const collator = new Intl.Collator("en", { numeric: true });
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
    function sort(item, column, sign) {
      const keyed = item.children.map((child) => [value(child, column), child]);
      keyed.sort((a, b) => sign * compare(a[0], b[0]));
      item.children = keyed.map(([, child]) => child);
      item.children.forEach((child) => sort(child, column, sign));
    }
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.replaceChildren(makeButton(head.textContent, () => {
        const isUp = head.ariaSort ? head.ariaSort !== "ascending" : !head.matches(".n");
        all("th", table.tHead).forEach((other) => { other.ariaSort = null; });
        head.ariaSort = isUp ? "ascending" : "descending";
        sort(top, column, isUp ? 1 : -1);
        draw();
      }));
    });

    const folders = items.filter((item) => item.children.length);
    const fold = (item, isFolded) => {
      item.folded = isFolded;
      item.button.textContent = isFolded ? "▸" : "▾";
      item.button.ariaExpanded = !isFolded;
    };
    folders.forEach((item) => {
      const head = item.row.cells[0];
      item.button = makeButton("▾", () => {
        fold(item, !item.folded);
        draw();
        item.button.focus();
      }, { className: "fold", ariaExpanded: true, ariaLabel: "Fold " + head.textContent });
      head.prepend(item.button);
    });
    const foldAll = (isFolded) => { folders.forEach((item) => fold(item, isFolded)); draw(); };
    // A tree longer than the screen is folded from its deepest folders up, until it fits; never to a single row.
    const fits = () => body.rows.length * items[0].row.offsetHeight <= innerHeight;
    const least = top.children.length > 1 ? 0 : 1;
    for (let depth = Math.max(...folders.map((item) => item.depth)); depth >= least && !fits(); depth -= 1) {
      folders.filter((item) => item.depth === depth).forEach((item) => fold(item, true));
      draw();
    }
    if (!table.closest(".outline") && items.length > 1) {
      const input = make("input", "", { type: "search", autocomplete: "off" });
      input.oninput = () => { words = input.value.toLowerCase().split(/\s+/).filter(Boolean); draw(); };
      const box = wrapped("div", wrapped("label", "Filter ", input), status);
      box.className = "filter";
      if (folders.length) box.append(makeButton("Collapse all", () => foldAll(true)), makeButton("Expand all", () => foldAll(false)));
      table.parentNode.before(box);
      table.parentNode.after(more);
      if (!isWhole) draw();
    }
  }

  // ---- the source ----
  let here = -1;
  const mark = (elements) => {
    all(".here").forEach((other) => other.classList.remove("here"));
    elements.forEach((element) => element.classList.add("here"));
    elements[0]?.scrollIntoView();
  };
  function jump(step) {
    const holes = all(".src .h, .src .p");
    if (!holes.length) return;
    here = Math.min(Math.max(here < 0 && step < 0 ? holes.length - 1 : here + step, 0), holes.length - 1);
    const hole = holes[here];
    const target = hole.rows ? hole.rows[0].cells[0] : hole;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    mark([hole]);
    if (!isSingleFile) history.replaceState(null, "", "#" + hole.id);
  }

  function setUpSource(source) {
    const toggle = (text, isOn, act) => makeButton(text, (event) => {
      isOn = !isOn;
      event.currentTarget.ariaPressed = isOn;
      act(isOn);
    }, { ariaPressed: isOn });
    all(".counts li").forEach((item) => {
      item.replaceChildren(toggle(item.textContent, true, (isOn) => source.classList.toggle("off-" + item.className, !isOn)));
    });
    const showOnly = (isOn) => {
      const rows = all("tbody tr", source);
      rows.forEach((row, at) => {
        if (row.matches(".m, .p")) rows.slice(Math.max(at - 3, 0), at + 4).forEach((near) => near.classList.add("near"));
      });
      source.classList.toggle("only", isOn);
    };
    const wrap = (isOn) => { source.classList.toggle("wrap", isOn); remember("wrap", isOn); };
    const isWrapped = remembered("wrap") === "true";
    wrap(isWrapped);
    const tools = [toggle("Only holes", false, showOnly), toggle("Wrap", isWrapped, wrap)];
    one(".counts").append(...tools.map((button) => wrapped("li", button)));
  }

  // #L40-52 marks several lines.
  function markRange(anchor) {
    const [, first, last] = /^L(\d+)-L?(\d+)$/.exec(anchor) || [];
    const isIn = (line) => first <= line && line <= last;
    if (first) mark(all(".src tr[id]").filter((row) => isIn(Number(row.id.slice(1)))));
  }

  // ---- keys ----
  const follow = (selector) => one(selector)?.click();
  const keys = {
    n: ["next hole", () => jump(1)],
    p: ["previous hole", () => jump(-1)],
    "]": ["next file with holes", () => follow("[rel=next]")],
    "[": ["previous file with holes", () => follow("[rel=prev]")],
    u: ["all files", () => follow(".title")],
    "/": ["filter", () => one(".filter input")?.focus()],
    "?": ["these keys", showKeys],
  };
  let areKeysOn = remembered("keys") !== "off";
  function showKeys() {
    let dialog = one("dialog");
    if (!dialog) {
      const list = wrapped("dl", ...Object.entries(keys).flatMap(([key, [text]]) => [wrapped("dt", make("kbd", key)), make("dd", text)]));
      const box = make("input", "", { type: "checkbox", checked: areKeysOn });
      box.onchange = () => remember("keys", (areKeysOn = box.checked) ? "on" : "off");
      dialog = wrapped("dialog", list, wrapped("label", box, " Single keys are on"), wrapped("p", makeButton("Close", () => dialog.close())));
      dialog.ariaLabel = "Keys";
      document.body.append(dialog);
    }
    dialog.showModal();
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, dialog")) return;
    const [, act] = keys[areKeysOn || event.key === "?" ? event.key : ""] || [];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // ---- a report in one file: its pages are blocks of data ----
  let isSingleFile = false;
  function setUpRouter() {
    const main = one("main");
    const index = main.innerHTML;
    const page = (name) => (name === "index.html" ? index : document.getElementById("page:" + name)?.textContent);
    let current;
    const show = () => {
      const [name, anchor] = decodeURIComponent(location.hash.slice(1)).split(":");
      const wanted = page(name) === undefined ? (name && current) || "index.html" : name;
      if (wanted !== current) {
        current = wanted;
        main.innerHTML = page(wanted);
        here = -1;
        setUpPage();
        scrollTo(0, 0);
      }
      all(".top nav a").forEach((link) => { link.ariaCurrent = link.getAttribute("href") === current ? "page" : null; });
      document.getElementById(anchor)?.scrollIntoView();
      markRange(anchor);
    };
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]:not(.skip)");
      const [name, anchor] = link ? link.getAttribute("href").replace(/^(\.\.\/)+/, "").split("#") : [];
      if (!link || (name && page(name) === undefined)) return;
      event.preventDefault();
      location.hash = (name || current) + (anchor ? ":" + anchor : "");
    });
    addEventListener("hashchange", show);
    show();
  }

  function setUpPage() {
    all("table.files").forEach(setUpTable);
    all("table.src").forEach(setUpSource);
  }
  document.addEventListener("DOMContentLoaded", () => {
    addTools();
    isSingleFile = Boolean(one("[id^='page:']"));
    if (isSingleFile) return setUpRouter();
    const showRange = () => markRange(location.hash.slice(1));
    setUpPage();
    showRange();
    addEventListener("hashchange", showRange);
  });
})();
