// The page's state and its keys. The server holds the plan; a decision is made
// when the server has answered that it is on disk.
import { bulkTable, detail, el, eventLine, foundItem, listRow, percent } from "/view.js";

const PAGE = 50;
const $ = (id) => document.getElementById(id);
const state = { token: null, rows: [], total: 0, offset: 0, at: 0, data: null, version: 0, found: [], foundAt: 0, status: null };

const KEYS = [
  ["j or \u2193, k or \u2191", "next row, row before"],
  ["a or Enter", "accept the page that is shown"],
  ["A (shift)", "accept all open rows above this one: those you have read and passed by"],
  ["1 to 9", "show a candidate beside the old page"],
  ["/", "search all new pages; \u2193 \u2191 and Enter choose"],
  ["g", "gone: there is no equivalent"],
  ["m", "merge: several old pages became the one shown"],
  ["e", "keep: this URL lives on"],
  ["l", "lock or unlock"],
  ["n", "write a note; Ctrl+Enter saves, Esc leaves"],
  ["r", "open again: take the decision of this row back"],
  ["u", "undo the last decision, whoever made it"],
  ["f", "filter"],
  ["s", "settle siblings: look at the rows that learning moved, accept them together"],
  ["b", "one decision for many rows"],
  ["h", "history"],
  ["?", "these keys"],
];

async function ask(name, body = {}) {
  const answer = await fetch(`/api/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-redirectmap-token": state.token ?? "" },
    body: JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
  });
  const value = await answer.json();
  if (!answer.ok) {
    const error = new Error(value.hint ? `${value.error}: ${value.hint}` : value.error);
    error.status = answer.status;
    throw error;
  }
  return value;
}

// One thing at a time: what is pressed while a row loads waits for that row, so
// that a key never decides another row than the one it was meant for.
let queue = Promise.resolve();
let waiting = 0;
function run(call) {
  waiting += 1;
  queue = queue
    .then(call)
    .catch((error) => say(error.message, "bad"))
    .finally(() => {
      waiting -= 1;
    });
  return queue;
}

function say(text, kind = "") {
  $("message").textContent = text;
  $("message").className = kind;
}

async function session() {
  const once = location.hash.slice(1);
  if (once) {
    history.replaceState(null, "", "/");
    const { token } = await ask("session", { once });
    if (token) sessionStorage.setItem("token", token);
  }
  state.token = sessionStorage.getItem("token");
  if (!state.token) throw new Error("This address was used already. Use New tab on the open page, or start the review again.");
}

function filter() {
  return { state: $("f-state").value, action: $("f-action").value, check: $("f-check").value, pattern: $("f-pattern").value, order: $("f-order").value };
}

async function load(keep = null) {
  const value = await ask("rows", { filter: filter(), offset: state.offset, limit: PAGE });
  state.rows = value.rows;
  state.total = value.total;
  const place = keep ? state.rows.findIndex((row) => row.old_url === keep) : -1;
  state.at = place >= 0 ? place : Math.min(state.at, Math.max(0, state.rows.length - 1));
  show(value.status);
  drawList();
}

function drawList() {
  $("rows").replaceChildren(...state.rows.map((row, place) => listRow(row, place === state.at, () => run(() => pick(place)))));
  $("where").textContent = state.total ? `${state.offset + 1} to ${state.offset + state.rows.length} of ${state.total}` : "no row";
  $("earlier").disabled = state.offset === 0;
  $("later").disabled = state.offset + state.rows.length >= state.total;
  $("rows").querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
}

function show(status) {
  state.version = status.version;
  state.status = status;
  const p = status.progress;
  const covered = p.value_sure * 100;
  $("fill").style.setProperty("width", `${covered}%`);
  $("meter").setAttribute("aria-valuenow", covered.toFixed(0));
  const left = p.decisions_left ? `${p.decisions_left} more decisions reach the error budget of ${percent(p.max_error)}` : `within the error budget of ${percent(p.max_error)}`;
  $("figures").textContent = `${p.decided} of ${p.rows} rows decided \u00b7 ${percent(p.value_sure, 1)} of the value covered \u00b7 ${left}${status.state === "ready" ? "" : ` \u00b7 ${status.state} \u2026`}`;
  const known = [...$("f-check").options].map((o) => o.value).join();
  const names = ["", ...Object.keys(status.checks)];
  if (known !== names.join()) {
    const before = $("f-check").value;
    $("f-check").replaceChildren(...names.map((name) => el("option", { value: name }, name ? `${name} (${status.checks[name]})` : "any")));
    $("f-check").value = names.includes(before) ? before : "";
  }
  if (status.trouble) say(status.trouble, "bad");
}

async function pick(place, target = null) {
  state.at = place;
  const row = state.rows[place];
  drawList();
  if (!row) {
    $("detail").replaceChildren(el("p", { class: "done" }, state.total ? "" : "No row fits the filter. Everything shown here is decided."));
    state.data = null;
    return;
  }
  const data = await ask("row", { url: row.old_url, target });
  if (state.rows[state.at]?.old_url !== row.old_url) return;
  const other = state.data?.row.old_url !== row.old_url;
  state.data = data;
  $("detail").replaceChildren(...detail(data, CLICKS).filter(Boolean));
  if (other) $("detail").scrollTop = 0;
  $("note").addEventListener("keydown", noteKeys);
  $("query").addEventListener("input", search);
  $("query").addEventListener("keydown", foundKeys);
}

async function step(by) {
  const next = state.at + by;
  if (next >= 0 && next < state.rows.length) return pick(next);
  const offset = state.offset + by * PAGE;
  if (offset < 0 || offset >= state.total) return undefined;
  state.offset = offset;
  state.at = by > 0 ? 0 : PAGE - 1;
  await load();
  return pick(state.at);
}

async function decide(kind, more = {}) {
  if (!state.data) return;
  const { row, seen } = state.data;
  try {
    const made = await ask("decide", { url: row.old_url, kind, seen, ...more });
    say(kind === "note" ? "note saved" : `${made.event.what}: ${made.event.after} (saved)`, "good");
    await after(made, kind === "note" || kind === "lock" ? row.old_url : null);
  } catch (error) {
    say(error.message, "bad");
    if (error.status === 409) await pick(state.at);
  }
}

async function after(made, stay) {
  state.version = made.version;
  const next = stay ?? state.rows[state.at + 1]?.old_url ?? null;
  await load(next);
  if (!state.rows.length && state.offset > 0) {
    state.offset = Math.max(0, state.offset - PAGE);
    await load();
  }
  await pick(state.at);
}

async function undo(number = null) {
  try {
    const made = await ask("undo", { number });
    say(made.event.what, "good");
    state.version = made.version;
    await load(made.event.old_url);
    await pick(state.at);
    if ($("history").open) await showHistory();
  } catch (error) {
    say(error.message, "bad");
  }
}

const CALLS = {
  accept: () => {
    const { row, shown } = state.data;
    if (shown && shown !== row.new_url) return decide("choose", { target: shown });
    return decide("accept");
  },
  gone: () => decide("gone"),
  merge: () => decide("merge", { target: state.data.shown }),
  keep: () => decide("keep"),
  lock: () => decide("lock"),
  reopen: () => decide("review"),
  undo: () => undo(),
  next: () => step(1),
  show: (url) => pick(state.at, url),
};
const CLICKS = Object.fromEntries(Object.entries(CALLS).map(([name, call]) => [name, (url) => run(() => call(url))]));

let asked = 0;
async function search() {
  const query = $("query").value;
  const mine = ++asked;
  const { found, ready } = query.trim() ? await ask("find", { query }) : { found: [], ready: true };
  if (mine !== asked) return;
  state.found = found;
  state.foundAt = 0;
  drawFound(ready ? "" : "the pages are being read");
}

function drawFound(text = "") {
  const items = state.found.map((one, place) => foundItem(one, place, place === state.foundAt, CLICKS.show));
  $("found").replaceChildren(...items, ...(text ? [el("li", { class: "soft" }, text)] : []));
}

function foundKeys(event) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const by = event.key === "ArrowDown" ? 1 : -1;
    state.foundAt = Math.max(0, Math.min(state.found.length - 1, state.foundAt + by));
    drawFound();
    event.preventDefault();
  } else if (event.key === "Enter" && state.found[state.foundAt]) {
    const { url } = state.found[state.foundAt];
    event.target.blur();
    CLICKS.show(url);
    event.preventDefault();
  } else if (event.key === "Escape") event.target.blur();
  event.stopPropagation();
}

function noteKeys(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const note = event.target.value;
    event.target.blur();
    run(() => decide("note", { note }));
  } else if (event.key === "Escape") event.target.blur();
  event.stopPropagation();
}

async function showHistory() {
  const { events } = await ask("history", {});
  $("events").replaceChildren(events.length ? el("ul", { class: "plain" }, ...events.map((e) => eventLine(e, (number) => run(() => undo(number))))) : el("p", {}, "Nothing was decided yet."));
  if (!$("history").open) $("history").showModal();
}

function bulkAsked() {
  return { kind: $("bulk-kind").value, filter: filter(), target: $("bulk-target").value, least: Number($("bulk-least").value || 0) / 100, only: bulkOnly };
}

let bulkOnly = [];
function openBulk(only = []) {
  const f = filter();
  bulkOnly = only;
  const rows = only.length ? `only the ${only.length} rows above this one` : `${state.total} rows`;
  $("bulk-filter").textContent = [f.state, f.action, f.check, f.pattern].filter(Boolean).join(", ") + ` (${rows})`;
  $("bulk-shown").replaceChildren();
  bulkFields();
  $("bulk").showModal();
}

// The rows that learning moved, in one preview: what is right there is accepted at once.
async function settle() {
  $("f-state").value = "changed";
  $("f-pattern").value = "";
  await refilter();
  if (!state.total) {
    say("Nothing was moved by learning, or all of it is decided.");
    $("f-state").value = "open";
    return refilter();
  }
  return acceptTogether();
}

async function acceptTogether(only = []) {
  $("bulk-kind").value = "accept";
  $("bulk-least").value = "0";
  openBulk(only);
  await previewBulk();
  $("bulk-apply").focus();
}

// Who reads row after row and finds most of them right passes them by with j.
function acceptPassed() {
  const passed = state.rows.slice(0, state.at).filter((row) => !row.decided);
  if (!passed.length) return say("There is no open row above this one.");
  return acceptTogether(passed.map((row) => row.old_url));
}

function bulkFields() {
  const kind = $("bulk-kind").value;
  $("bulk-target-row").hidden = !["merge", "move"].includes(kind);
  $("bulk-least-row").hidden = kind !== "accept";
  $("bulk-apply").disabled = true;
}

let previewed = null;
async function previewBulk() {
  try {
    const shown = await ask("bulk", bulkAsked());
    previewed = shown.stamp;
    const left = shown.left_count ? `; ${shown.left_count} rows are left out (${shown.left.slice(0, 3).map((l) => l.why).join("; ")})` : "";
    $("bulk-shown").replaceChildren(el("p", {}, `${shown.count} rows, ${percent(shown.value, 2)} of the value${left}.`), bulkTable(shown));
    $("bulk-apply").disabled = !shown.count;
    $("bulk-apply").textContent = `Decide ${shown.count} rows`;
  } catch (error) {
    $("bulk-shown").replaceChildren(el("p", { class: "bad" }, error.message));
  }
}

async function applyBulk() {
  try {
    const made = await ask("bulk", { ...bulkAsked(), apply: previewed });
    $("bulk").close();
    say(`${made.event.what} (saved; u takes it back)`, "good");
    if ($("f-state").value === "changed") $("f-state").value = "open";
    const here = bulkOnly.length ? state.rows[state.at]?.old_url : null;
    state.offset = 0;
    state.at = 0;
    await load(here);
    await pick(state.at);
  } catch (error) {
    $("bulk-shown").replaceChildren(el("p", { class: "bad" }, error.message));
    $("bulk-apply").disabled = true;
  }
}

const BY_KEY = {
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
  a: CALLS.accept, Enter: CALLS.accept, g: CALLS.gone, m: CALLS.merge, e: CALLS.keep, l: CALLS.lock,
  r: CALLS.reopen, u: CALLS.undo, n: () => $("note").focus(), "/": () => $("query").focus(),
  f: () => $("f-pattern").focus(), b: () => openBulk(), s: settle, A: acceptPassed, h: showHistory, "?": () => $("help").showModal(),
};
const ALWAYS = new Set(["u", "f", "b", "s", "A", "h", "?"]);
const FOCUS = new Set(["n", "/", "f", "b", "s", "A", "h", "?"]);
let swallow = false;
let typed = "";

function keys(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || event.target.closest("input,textarea,select")) {
    if (event.key === "Escape") event.target.blur?.();
    return;
  }
  if (event.key === "Enter" && event.target.closest("a,button")) return;
  if (swallow) {
    typed += event.key.length === 1 ? event.key : "";
    event.preventDefault();
    return;
  }
  if (!(event.key in BY_KEY) && !/^[1-9]$/.test(event.key)) return;
  event.preventDefault();
  // What follows a key that opens a field is text; it must not run as commands.
  swallow = FOCUS.has(event.key) && waiting > 0;
  run(() => {
    const done = act(event.key);
    if (swallow) typeOn();
    return done;
  });
}

function typeOn() {
  const field = document.activeElement?.closest("input,textarea");
  if (field && typed) {
    field.value += typed;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  swallow = false;
  typed = "";
}

function act(key) {
  const one = state.data?.candidates[Number(key) - 1];
  if (one) return CALLS.show(one.url);
  return key in BY_KEY && (state.data || ALWAYS.has(key)) ? BY_KEY[key]() : undefined;
}

async function watch() {
  try {
    const status = await ask("status", {});
    const changed = status.version !== state.version;
    const news = status.learned.at(-1);
    if (news && news.at !== state.news) {
      state.news = news.at;
      const look = el("button", { type: "button", on: { click: () => run(settle) } }, "Look at them ", el("kbd", {}, "s"));
      $("learned").replaceChildren(`Learned from the decisions so far: ${news.said}. `, look);
    }
    const wasReading = state.data && !state.data.pages_known;
    if (changed && !waiting) await run(() => refresh(wasReading));
    else show(status);
  } catch {
    say("The server does not answer; decisions so far are saved. Start the review again.", "bad");
  }
  setTimeout(watch, state.status?.state === "ready" ? 1500 : 500);
}

async function refresh(wasReading) {
  const here = state.rows[state.at]?.old_url ?? null;
  const other = state.data && state.data.shown !== state.data.row.new_url ? state.data.shown : null;
  const typing = document.activeElement?.closest("input,textarea,select,dialog");
  await load(here);
  const same = here !== null && state.rows[state.at]?.old_url === here;
  if (typing && same && !wasReading) return;
  const top = $("detail").scrollTop;
  await pick(state.at, same ? other : null);
  if (same) $("detail").scrollTop = top;
}

async function begin() {
  $("keys").replaceChildren(...KEYS.flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]));
  try {
    await session();
  } catch (error) {
    say(error.message, "bad");
    return;
  }
  document.addEventListener("keydown", keys);
  $("filter").addEventListener("change", () => run(refilter));
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("f-pattern").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); event.target.blur(); } });
  $("earlier").addEventListener("click", () => run(() => page(-1)));
  $("later").addEventListener("click", () => run(() => page(1)));
  $("open-bulk").addEventListener("click", () => openBulk());
  $("open-history").addEventListener("click", showHistory);
  $("open-help").addEventListener("click", () => $("help").showModal());
  $("open-tab").addEventListener("click", newTab);
  $("finish").addEventListener("click", finish);
  $("bulk-kind").addEventListener("change", bulkFields);
  for (const id of ["bulk-target", "bulk-least"]) $(id).addEventListener("input", () => { $("bulk-apply").disabled = true; });
  $("bulk-preview").addEventListener("click", previewBulk);
  $("bulk-apply").addEventListener("click", () => run(applyBulk));
  $("bulk-form").addEventListener("submit", (event) => { if (event.submitter?.value !== "close") { event.preventDefault(); previewBulk(); } });
  await load();
  await pick(0);
  watch();
}

async function refilter() {
  state.offset = 0;
  state.at = 0;
  await load();
  await pick(0);
}

async function page(by) {
  state.offset = Math.max(0, state.offset + by * PAGE);
  state.at = 0;
  await load();
  await pick(0);
}

async function newTab() {
  const { once } = await ask("invite", {});
  window.open(`/#${once}`, "_blank", "noopener");
}

async function finish() {
  try {
    await ask("finish", {});
  } finally {
    say("Finished. All decisions are saved; plan.csv is brought up to date. You can close this tab.", "good");
    $("detail").replaceChildren();
    $("rows").replaceChildren();
    state.data = null;
  }
}

begin();
