// The shell's one script: preferences, menus, keys, connection, exact times. It works on plain pages and beside a circuit,
// and never keeps an element between events, because the circuit may replace any of them.
const root = document.documentElement;

/* Preferences: changed here at once, kept with the account on the server; a cookie for the scheme only once chosen, nothing in the browser's storage */
function remember(change) {
  if (!("account" in root.dataset)) return;
  fetch("/preferences", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(change), credentials: "same-origin", keepalive: true }).catch(() => { /* the page shows it all the same */ });
}

function markChoices() {
  for (const button of document.querySelectorAll("[data-set-scheme]"))
    button.setAttribute("aria-pressed", String((root.dataset.scheme ?? "") === button.dataset.setScheme));
  for (const button of document.querySelectorAll("[data-set-density]"))
    button.setAttribute("aria-pressed", String((root.dataset.density ?? "") === button.dataset.setDensity));
}

function setScheme(scheme) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `anycast.scheme=${scheme}; Path=/; SameSite=Lax; Max-Age=${scheme ? 31536000 : 0}${secure}`;
  if (scheme) root.dataset.scheme = scheme; else delete root.dataset.scheme;
  remember({ scheme: scheme || "system" });
  markChoices();
}

function setDensity(density) {
  remember({ density: density || "comfortable" });
  if (density) root.dataset.density = density; else delete root.dataset.density;
  markChoices();
}

function toggleRail() {
  const closed = root.dataset.rail !== "closed";
  remember({ rail: closed ? "closed" : "open" });
  if (closed) root.dataset.rail = "closed"; else delete root.dataset.rail;
}

async function copy(button) {
  const text = button.dataset.copy || button.closest("[data-copy-scope]")?.querySelector("[data-copy-source]")?.textContent || "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http on another host has no clipboard API.
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1400);
}

document.addEventListener("click", event => {
  const target = event.target.closest?.("[data-set-scheme],[data-set-density],[data-toggle-rail],[data-copy],[data-skip],[data-show-keys],[data-close-dialog],[popover] a,[popover] button,[data-palette-open],[data-print]");
  if (!target) return;
  const data = target.dataset;
  if ("setScheme" in data) setScheme(data.setScheme);
  else if ("setDensity" in data) setDensity(data.setDensity);
  else if ("toggleRail" in data) toggleRail();
  else if ("copy" in data) { event.preventDefault(); event.stopPropagation(); copy(target); }
  else if ("skip" in data) { event.preventDefault(); document.getElementById("main")?.focus(); }
  else if ("showKeys" in data) { target.closest("[popover]")?.hidePopover(); showKeys(); }
  else if ("closeDialog" in data) target.closest("dialog")?.close();
  else if ("paletteOpen" in data) openPalette();
  else if (target.matches("a")) target.closest("[popover]")?.hidePopover();
}, true);

document.addEventListener("toggle", event => { if (event.target.matches?.("[popover]") && event.newState === "open") markChoices(); }, true);

/* Times: the exact instant when it is pointed at, in the zone the account chose, else in the browser's */
const zone = () => root.dataset.zone ? { timeZone: root.dataset.zone } : {};
/** Called by the profile page. */
export function setZone(name) { if (name) root.dataset.zone = name; else delete root.dataset.zone; }
document.addEventListener("pointerover", event => {
  const time = event.target.closest?.("time[datetime]");
  if (!time || time.dataset.exact) return;
  const instant = new Date(time.getAttribute("datetime"));
  if (isNaN(instant)) return;
  time.title = new Intl.DateTimeFormat(root.lang, { dateStyle: "full", timeStyle: "long", ...zone() }).format(instant);
});

/* Hover card of an object: drawn here from the link's data, so that a table of a thousand rows sends none */
let card = null, cardTimer = 0;
function hideCard() { clearTimeout(cardTimer); card?.remove(); card = null; }
function showCard(link) {
  hideCard();
  if (!link.isConnected) return;
  const { cardKind, cardNamespace, cardName, cardStatus, cardTone, cardCreated } = link.dataset;
  const line = (className, text) => Object.assign(document.createElement("div"), { className, textContent: text });
  card = line("hover-card", "");
  card.append(line("muted small", cardNamespace ? `${cardKind} · ${cardNamespace}` : cardKind), line("mono", cardName));
  const foot = line("row", "");
  foot.append(Object.assign(document.createElement("span"), { className: `chip ${cardTone}`, textContent: cardStatus }));
  if (cardCreated) foot.append(line("muted small", new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short", ...zone() }).format(new Date(cardCreated))));
  card.append(foot);
  document.body.append(card);
  const at = link.getBoundingClientRect();
  const below = at.bottom + card.offsetHeight + 8 < innerHeight;
  card.style.left = `${Math.max(8, Math.min(at.left, innerWidth - card.offsetWidth - 8))}px`;
  card.style.top = `${below ? at.bottom + 6 : at.top - card.offsetHeight - 6}px`;
}
document.addEventListener("pointerover", event => {
  if (event.pointerType === "touch") return;
  const link = event.target.closest?.("[data-card]");
  if (link) { clearTimeout(cardTimer); cardTimer = setTimeout(showCard, 350, link); } else hideCard();
});
document.addEventListener("scroll", hideCard, true);
document.addEventListener("click", hideCard, true);

/* Keys */
const typing = element => element?.closest?.("input, textarea, select, [contenteditable=true], .monaco-editor") != null;
let palette = null, paletteWanted = false, goPending = 0;

/** The palette registers itself when its circuit is up; a wish made before is kept. From then on <html data-live> says that the page answers. */
export function registerPalette(reference) {
  palette = reference;
  root.dataset.live = "";
  if (paletteWanted) openPalette();
}
/* A modal keeps the focus, also from a page that focuses its heading once it is there */
document.addEventListener("focusin", event => {
  const open = document.querySelector(".palette");
  if (open && !open.contains(event.target)) open.querySelector("[data-palette-input]")?.focus();
});
export function unregisterPalette() { palette = null; delete root.dataset.live; }
export function focusElement(selector) { document.querySelector(selector)?.focus(); }
export function scrollToSelected() { document.querySelector(".palette-entry[aria-selected=true]")?.scrollIntoView({ block: "nearest" }); }

function openPalette() {
  paletteWanted = palette === null;
  palette?.invokeMethodAsync("OpenAsync").catch(() => { });
}

function showKeys() {
  const dialog = document.querySelector("dialog.keys");
  if (dialog && !dialog.open) dialog.showModal();
}

function rows() { return [...document.querySelectorAll("[data-list] [data-list-row]")].filter(row => row.offsetParent !== null); }

function moveSelection(step) {
  const all = rows();
  if (all.length === 0) return false;
  const at = all.findIndex(row => row.hasAttribute("data-selected"));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  all[at]?.removeAttribute("data-selected");
  next.setAttribute("data-selected", "");
  next.scrollIntoView({ block: "nearest" });
  (next.querySelector("[data-list-open], a[href]") ?? next).focus({ preventScroll: true });
  return true;
}

document.addEventListener("keydown", event => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.target.matches?.("[data-palette-input]") && ["ArrowDown", "ArrowUp", "Tab"].includes(event.key)) {
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && event.target.matches("[data-list-search]")) event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open], .mud-dialog, .palette")) return;
  if (goPending) {
    clearTimeout(goPending);
    goPending = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); return; }
  }
  switch (event.key) {
    case "?": event.preventDefault(); showKeys(); break;
    case "/": {
      const search = document.querySelector("[data-list-search]");
      if (search) { event.preventDefault(); search.focus(); search.select?.(); }
      break;
    }
    case "j": if (moveSelection(1)) event.preventDefault(); break;
    case "k": if (moveSelection(-1)) event.preventDefault(); break;
    case "g": goPending = setTimeout(() => { goPending = 0; }, 1000); break;
    case "Enter": {
      const selected = document.querySelector("[data-list-row][data-selected]");
      if (selected && !event.target.closest("a, button, summary")) (selected.querySelector("[data-list-open], a[href]"))?.click();
      break;
    }
  }
});

/* Connection: says what goes on in a thin bar, and comes back by itself */
const bar = document.getElementById("components-reconnect-modal");
if (bar) {
  let trying = false;
  const show = state => { if (state) bar.dataset.state = state; else delete bar.dataset.state; };
  const recover = async () => {
    if (trying) return;
    trying = true;
    try {
      while (bar.dataset.state) {
        await new Promise(done => setTimeout(done, document.hidden ? 8000 : 2000));
        try {
          // The circuit may still be there; else ask for its saved state; else a fresh page.
          if (await Blazor.reconnect()) break;
          if (await Blazor.resumeCircuit?.()) break;
          location.reload();
          return;
        } catch { /* the server is not there yet */ }
      }
      show(null);
    } finally { trying = false; }
  };
  bar.addEventListener("components-reconnect-state-changed", event => {
    switch (event.detail.state) {
      case "show": case "retrying": case "paused": delete root.dataset.live; show("lost"); break;
      case "failed": show("lost"); recover(); break;
      case "rejected": case "resume-failed": show("gone"); reloadWhenUp(); break;
      case "hide":
        if (palette) root.dataset.live = "";
        if (bar.dataset.state) { show("restored"); setTimeout(() => show(null), 1200); }
        break;
    }
  });
  const reloadWhenUp = async () => {
    for (;;) {
      try { if ((await fetch("/favicon.svg", { method: "HEAD", cache: "no-store" })).ok) break; } catch { /* not yet */ }
      await new Promise(done => setTimeout(done, 1500));
    }
    location.reload();
  };
}
document.querySelector("#blazor-error-ui .reload")?.addEventListener("click", event => { event.preventDefault(); location.reload(); });

/* A page that got no circuit because too many are open says so, over what would not answer */
const crash = document.getElementById("blazor-error-ui"), full = document.getElementById("too-many-tabs");
if (crash && full) {
  const look = async () => {
    if (crash.style.display !== "block" || palette) return;
    watch.disconnect();
    try {
      const answer = await fetch("/account/tabs", { cache: "no-store", credentials: "same-origin" });
      if (!(await answer.json()).full) return;
    } catch { return; /* the bar with its reload stays */ }
    crash.style.display = "none";
    full.hidden = false;
    for (const part of document.body.children) if (part !== full) part.inert = true;
    full.querySelector("button").focus();
  };
  const watch = new MutationObserver(look);
  watch.observe(crash, { attributes: true, attributeFilter: ["style"] });
  look();
  full.querySelector("button").addEventListener("click", () => location.reload());
}

/* A strip of tabs that is wider than the window shows the tab one is on. The title changes with every page, aria-current with every tab. */
function showCurrentTabs() {
  for (const tab of document.querySelectorAll("main nav a[aria-current=page]")) {
    const strip = tab.parentElement;
    if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  }
}
const tabs = new MutationObserver(() => requestAnimationFrame(showCurrentTabs));
tabs.observe(document.head, { childList: true, subtree: true, characterData: true });
tabs.observe(document.body, { attributes: true, subtree: true, attributeFilter: ["aria-current"] });
showCurrentTabs();

/* A page that stays open keeps the browser's cookie fresh, once a day. It is no activity: the session ends when nobody does anything. */
let renewed = Date.now();
setInterval(() => {
  if (!("account" in root.dataset) || Date.now() - renewed < 86_400_000) return;
  renewed = Date.now();
  fetch("/account/keep-alive", { method: "POST", credentials: "same-origin" }).catch(() => { renewed -= 82_800_000; /* away: again in an hour */ });
}, 3_600_000);

markChoices();
