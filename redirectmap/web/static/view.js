// Builds what is seen. Every text of a page goes through textContent, every
// address through safeLink: nothing of a crawled page is ever markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "on") for (const [type, call] of Object.entries(value)) node.addEventListener(type, call);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((c) => c !== null && c !== undefined).map((c) => (c instanceof Node ? c : visible(c))));
  return node;
}

// Control and direction marks could make a text look like another one.
export function visible(text) {
  return document.createTextNode(String(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd"));
}

export function percent(share, places = 0) {
  if (share === null || share === undefined) return "";
  const least = 10 ** -(places + 2);
  return share > 0 && share < least / 2 ? `< ${(least * 100).toFixed(places)} %` : `${(share * 100).toFixed(places)} %`;
}

export function pathOf(url) {
  try {
    const parsed = new URL(url);
    return decodeURI(parsed.pathname + parsed.search) || "/";
  } catch {
    return String(url ?? "");
  }
}

export function safeLink(url, text) {
  let parsed = null;
  try {
    parsed = new URL(url);
  } catch {
    return el("span", {}, text ?? url);
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return el("span", {}, text ?? url);
  return el("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow" }, text ?? url);
}

export function listRow(row, chosen, pick) {
  const tag = row.decided ? row.decision ?? row.action : row.action;
  return el(
    "li",
    { class: chosen ? "row chosen" : "row", "aria-current": chosen ? "true" : null, "data-url": row.old_url, on: { click: pick } },
    el("span", { class: `tag ${row.action}` }, tag),
    el("b", {}, pathOf(row.old_url)),
    el("small", {}, row.new_url ? `\u2192 ${pathOf(row.new_url)}` : "no target"),
    el(
      "small",
      { class: "soft" },
      `${percent(row.value, 2)} of the value` + (row.decided || row.confidence == null ? "" : `, ${percent(row.confidence)} sure`) + (row.changed ? `, learned: ${row.changed}` : "")
    ),
    row.findings.length ? el("span", { class: "count", title: "findings" }, `${row.findings.length}`) : null
  );
}

function marked(segments) {
  return segments.map(([kind, text]) => (kind === "own" ? el("mark", {}, text) : visible(text)));
}

function field(name, segments) {
  if (!segments.length) return [el("dt", {}, name), el("dd", { class: "soft" }, "\u2013")];
  return [el("dt", {}, name), el("dd", {}, ...marked(segments))];
}

function pageCard(title, url, page, side, data, known) {
  const compared = data.compared;
  const links = data.links[side === 0 ? "old" : "new"];
  const card = el("article", { class: "page", "aria-label": title }, el("h3", {}, title), url ? el("p", { class: "address" }, safeLink(url)) : el("p", { class: "address soft" }, "no page"));
  if (!page) {
    if (url) card.append(el("p", { class: "soft" }, known ? "This address was not crawled." : "The pages are being read \u2026"));
    return card;
  }
  card.append(
    el(
      "dl",
      {},
      ...field("Title", compared.title[side]),
      ...field("h1", compared.h1[side]),
      ...field("Description", compared.description[side]),
      el("dt", {}, "Headings"),
      el("dd", {}, compared.headings[side].length ? el("ul", {}, ...compared.headings[side].map(([kind, text]) => el("li", {}, kind === "own" ? el("mark", {}, text) : text))) : "\u2013"),
      el("dt", {}, "Language"),
      el("dd", {}, page.lang ?? "not known"),
      ...field("Text", compared.text[side]),
      el("dt", {}, "Links"),
      el("dd", {}, `${page.inlinks ?? 0} pages link here`, links.length ? el("ul", { class: "links" }, ...links.map(([target, anchor]) => el("li", {}, safeLink(target, anchor || pathOf(target))))) : null)
    )
  );
  return card;
}

function facts(row) {
  const parts = [`${percent(row.value, 2)} of the value`];
  for (const [name, word] of [["referring_domains", "linking domains"], ["clicks", "clicks"], ["sessions", "sessions"], ["inlinks", "inlinks"]]) {
    if (row[name]) parts.push(`${Math.round(row[name])} ${word}`);
  }
  return parts.join(" \u00b7 ");
}

function candidate(one, number, shown, choose) {
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: one.url === shown ? "candidate shown" : "candidate", "aria-pressed": one.url === shown ? "true" : "false", on: { click: () => choose(one.url) } },
      el("kbd", {}, number),
      el("span", { class: "n" }, percent(one.probability)),
      el("span", {}, el("b", {}, one.title || pathOf(one.url)), el("small", {}, pathOf(one.url)), one.reason ? el("small", { class: "soft" }, one.reason) : null)
    )
  );
}

function findings(list) {
  if (!list.length) return el("p", { class: "soft" }, "No check complains about this row.");
  return el("ul", { class: "plain" }, ...list.map((f) => el("li", {}, el("span", { class: `tag ${f.severity}` }, f.severity), " ", el("b", {}, f.check), " ", f.message, f.hint ? el("small", { class: "soft" }, f.hint) : null)));
}

export function eventLine(event, undo) {
  return el(
    "li",
    {},
    el("b", {}, event.what),
    ` by ${event.by}, ${event.at.replace("T", " ").slice(0, 19)}`,
    el("small", {}, `${pathOf(event.old_url)}${event.rows > 1 ? ` and ${event.rows - 1} more` : ""}: ${event.before} \u2192 ${event.after}`),
    undo ? el("button", { type: "button", on: { click: () => undo(event.number) } }, "Undo") : null
  );
}

export function detail(data, calls) {
  const row = data.row;
  const button = (key, text, call, kind = "") => el("button", { type: "button", class: kind, on: { click: call } }, text, " ", el("kbd", {}, key));
  const other = data.shown && data.shown !== row.new_url;
  const note = el("textarea", { id: "note", rows: 2, "aria-label": "Note", placeholder: "Note (n; Ctrl+Enter saves)" });
  note.value = row.note ?? "";
  const query = el("input", { id: "query", type: "search", "aria-label": "Search all new pages", placeholder: "Search all new pages (/)", spellcheck: "false" });
  return [
    el("div", { class: "head" }, el("h2", {}, pathOf(row.old_url)), el("p", { class: "soft" }, facts(row))),
    el(
      "p",
      { class: "why" },
      el("span", { class: `tag ${row.action}` }, row.decided ? `${row.decision ?? row.action}, decided` : row.action),
      " ",
      row.locked ? el("span", { class: "tag" }, "locked") : null,
      " ",
      row.reason ?? "",
      row.changed ? el("b", {}, ` Learned: ${row.changed}.`) : null
    ),
    el(
      "div",
      { class: "do", role: "toolbar", "aria-label": "Decide" },
      button("a", other ? "Choose this page" : row.action === "gone" && !row.decided ? "Accept: gone" : "Accept", calls.accept, "main"),
      button("g", "Gone", calls.gone),
      button("m", "Merge", calls.merge),
      button("e", "Keep", calls.keep),
      button("l", row.locked ? "Unlock" : "Lock", calls.lock),
      button("r", "Open again", calls.reopen),
      button("u", "Undo", calls.undo),
      button("j", "Next", calls.next)
    ),
    el("div", { class: "pages" }, pageCard("Old page", row.old_url, data.old, 0, data, data.pages_known), pageCard(other ? "Chosen for comparison" : "Proposed page", data.shown, data.new, 1, data, data.pages_known)),
    data.sharing.length ? el("p", { class: "soft" }, `Also goes to this page: ${data.sharing.slice(0, 5).map(pathOf).join(", ")}${data.sharing.length > 5 ? " and more" : ""}. Merge (m) says that this is meant.`) : null,
    el("div", { class: "columns" },
      el("div", {}, el("h3", {}, "Candidates"), data.candidates.length ? el("ol", { class: "plain" }, ...data.candidates.map((one, place) => candidate(one, place + 1, data.shown, calls.show))) : el("p", { class: "soft" }, "None."), query, el("ol", { id: "found", class: "plain" })),
      el("div", {}, el("h3", {}, "Findings"), findings(row.findings), el("h3", {}, "Note"), note, el("h3", {}, "History"), data.history.length ? el("ul", { class: "plain" }, ...data.history.map((e) => eventLine(e)).reverse()) : el("p", { class: "soft" }, "Nobody has decided this row."))
    ),
  ];
}

export function foundItem(one, place, active, choose) {
  return el("li", { class: active ? "active" : "" }, el("button", { type: "button", class: "candidate", on: { click: () => choose(one.url) } }, el("span", {}, el("b", {}, one.title || pathOf(one.url)), el("small", {}, pathOf(one.url)), el("small", { class: "soft" }, `found by ${one.how.join(", ")}`))));
}

export function bulkTable(shown) {
  if (!shown.shown.length) return el("p", {}, "No row fits.");
  const head = el("tr", {}, el("th", { scope: "col" }, "Old URL"), el("th", { scope: "col" }, "Now"), el("th", { scope: "col" }, "Then"));
  const words = ([action, url]) => `${action}${url ? ` ${pathOf(url)}` : ""}`;
  const lines = shown.shown.map((r) => el("tr", {}, el("td", {}, pathOf(r.old_url)), el("td", {}, words(r.from)), el("td", {}, words(r.to))));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...lines)));
}
