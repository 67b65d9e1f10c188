// The chat's script: keys and draft of the composer, the growing tail of an answer, and scrolling that gives way to the reader.

const RestBeforeDraft = 900; // milliseconds without a key until the draft is kept
const NearEnd = 90;          // pixels from the end within which the view follows the answer

/** Connects a chat. `owner` is the component that takes questions and drafts. */
export function attach(scroller, form, owner, draft) {
  const input = form.querySelector("[data-question]");
  const state = { follow: true, timer: 0, sending: false, saved: draft ?? "", gone: false };
  if (draft && !input.value) input.value = draft;
  fit(input);

  async function send() {
    const text = input.value.trim();
    if (!text || state.sending) return;
    state.sending = true;
    clearTimeout(state.timer);
    try {
      if (await owner.invokeMethodAsync("SendAsync", text)) {
        // What was typed meanwhile stays.
        if (input.value.trim() === text) input.value = "";
        state.saved = input.value;
        state.follow = true;
        fit(input);
        toEnd();
      }
    } catch { /* the connection bar says so; the text stays */ } finally {
      state.sending = false;
    }
  }

  function keep() {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => {
      if (state.gone || state.sending || input.value === state.saved) return;
      state.saved = input.value;
      owner.invokeMethodAsync("DraftAsync", input.value).catch(() => { state.saved = null; });
    }, RestBeforeDraft);
  }

  const onKey = event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      send();
    }
  };
  const onInput = () => { fit(input); keep(); };
  const onClick = event => { if (event.target.closest?.("[data-send]")) { event.preventDefault(); send(); } };
  const onScroll = () => {
    state.follow = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NearEnd;
    mark();
  };
  const onJump = event => { if (event.target.closest?.("[data-to-end]")) { state.follow = true; toEnd(); } };
  const mark = () => { const away = scroller.parentElement; if (away) away.toggleAttribute("data-away", !state.follow); };
  const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; mark(); };

  input.addEventListener("keydown", onKey);
  input.addEventListener("input", onInput);
  form.addEventListener("click", onClick);
  scroller.addEventListener("scroll", onScroll, { passive: true });
  scroller.parentElement?.addEventListener("click", onJump);
  const grown = new MutationObserver(() => { if (state.follow) toEnd(); });
  grown.observe(scroller, { childList: true, subtree: true, characterData: true });
  toEnd();

  return {
    ask(text) { input.value = text; fit(input); return send(); },
    focus() { input.focus(); },
    setDraft(text) { if (!input.value || input.value === state.saved) { input.value = text; state.saved = text; fit(input); } },
    dispose() {
      state.gone = true;
      clearTimeout(state.timer);
      grown.disconnect();
      input.removeEventListener("keydown", onKey);
      input.removeEventListener("input", onInput);
      form.removeEventListener("click", onClick);
      scroller.removeEventListener("scroll", onScroll);
      scroller.parentElement?.removeEventListener("click", onJump);
    },
  };
}

/** Adds a piece to the growing tail. */
export function append(tail, text) {
  if (!tail) return;
  if (!tail.firstChild) { settle(tail, text); return; }
  tail.lastChild.appendData(text);
}

/** Replaces the tail: what was in it stands above as finished blocks now. */
export function settle(tail, text) {
  if (!tail) return;
  text = text.replace(/^\s+/, "");
  if (text) tail.replaceChildren(document.createTextNode(text)); else tail.replaceChildren();
}

function fit(input) {
  input.style.height = "auto";
  input.style.height = Math.min(input.scrollHeight + 2, 220) + "px";
}
