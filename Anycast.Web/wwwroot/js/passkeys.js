// Passkeys: asks the server what to sign, lets the authenticator sign it, and brings the answer back.
const post = async (url, body) => {
  const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin", redirect: "error" });
  return { ok: response.ok, body: await response.json() };
};

const can = () => typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Whether this browser knows passkeys. */
export function isSupported() { return can(); }

/** Makes a passkey for the signed-in account. Null: the person changed their mind. */
export async function register(name) {
  const asked = await post("/account/passkeys/options", {});
  if (!asked.ok) return asked.body;
  const credential = await sign(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.body) }));
  return credential && (await post("/account/passkeys", { credential, name })).body;
}

/** Shows a passkey: to sign in, or to prove again who one is. */
export async function show(url, target) {
  const asked = await post(url + "/options", {});
  if (!asked.ok) return asked.body;
  const credential = await sign(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.body) }));
  return credential && (await post(url, { credential, return: target })).body;
}

async function sign(ceremony) {
  try {
    return (await ceremony()).toJSON();
  } catch (error) {
    if (error.name === "NotAllowedError" || error.name === "AbortError") return null;
    if (error.name === "InvalidStateError") return null; // This authenticator holds one for the account already.
    throw error;
  }
}

// Plain pages: a button that names where it leads.
for (const button of document.querySelectorAll("[data-passkey]")) {
  button.hidden = !can();
  button.addEventListener("click", async () => {
    const place = document.getElementById("passkey-error");
    place.hidden = true;
    button.disabled = true;
    try {
      const answer = await show(button.dataset.passkey, new URLSearchParams(location.search).get("return"));
      if (answer?.ok) { location.assign(answer.location); return; }
      if (answer) { place.querySelector("span").textContent = answer.message; place.hidden = false; }
    } catch {
      place.querySelector("span").textContent = place.dataset.failed;
      place.hidden = false;
    }
    button.disabled = false;
  });
}
