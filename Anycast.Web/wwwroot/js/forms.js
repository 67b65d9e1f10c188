// Plain forms: the same sentences as the server's, on blur and on submit; the server decides all the same.
const message = input => {
  if (input.type === "checkbox") return input.required && !input.checked ? input.dataset.errorRequired : "";
  const value = input.value;
  if (input.required && value.trim() === "") return input.dataset.errorRequired;
  if (value !== "" && input.type === "email" && !/^[^\s@"]+@[^\s@"]+$/.test(value.trim())) return input.dataset.errorEmail;
  if (value !== "" && input.minLength > 0 && [...value].length < input.minLength) return input.dataset.errorShort;
  return "";
};

function check(input) {
  const text = message(input) ?? "";
  const place = document.getElementById(`${input.id}-error`);
  if (place) place.textContent = text;
  if (text) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
  return text === "";
}

const fields = form => [...form.querySelectorAll("input[id]")].filter(input => input.type !== "hidden");

document.addEventListener("focusout", event => {
  const form = event.target.closest?.("form[data-validate]");
  // Leaving for a link or a button is no reason to scold; and an untouched field is not wrong yet.
  if (form && event.target.matches("input[id]") && event.target.value !== "" && !event.relatedTarget?.closest?.("a, button")) check(event.target);
});

document.addEventListener("input", event => {
  if (event.target.closest?.("form[data-validate]") && event.target.getAttribute("aria-invalid")) check(event.target);
});

document.addEventListener("submit", event => {
  const form = event.target;
  if (form.matches("form[data-validate]")) {
    const wrong = fields(form).filter(input => !check(input));
    if (wrong.length > 0) {
      event.preventDefault();
      wrong[0].focus();
      return;
    }
  }
  // Once is enough; a second click would only queue behind the first. Back-navigation must find the button usable again.
  const button = form.querySelector("button[type=submit]");
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});
window.addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form button[type=submit]")) button.disabled = false; });

for (const button of document.querySelectorAll("[data-reveal]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const input = document.getElementById(button.dataset.reveal);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.querySelector("use").setAttribute("href", shown ? "#i-eye" : "#i-eye-off");
  });
}
