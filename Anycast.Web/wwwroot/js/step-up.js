// Sends the proof of a step-up by fetch, so that the open page and what was typed in it survive.
export function attach(form, page, failed) {
  form.querySelector("input:not([type=hidden])")?.focus();
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const input = form.querySelector("input:not([type=hidden])");
    if (input.value === "") { input.focus(); return; }
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "error" });
      const answer = await response.json();
      if (!answer.ok) { input.value = ""; input.focus(); }
      await page.invokeMethodAsync("Answered", answer.ok, answer.message ?? failed);
    } catch {
      await page.invokeMethodAsync("Answered", false, failed);
    }
  });
}
