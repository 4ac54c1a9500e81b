// The server, as two functions. An error says which of two kinds it is: the server said no, or nobody is there.

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export class Unreachable extends Error {}

async function ask(path, options) {
  let reply;
  try {
    reply = await fetch(path, { credentials: "same-origin", redirect: "error", ...options });
  } catch {
    throw new Unreachable("The server does not answer. Is `nextlabel label` still running?");
  }
  if (reply.status === 202) return null;
  const body = await reply.json().catch(() => null);
  if (reply.ok && body !== null) return body;
  // Whoever answers without a sentence is another program at our address: what it says counts for nothing.
  if (typeof body?.error !== "string") throw new Unreachable("Another program answers here. Is `nextlabel label` still running?");
  // 5xx, a time that ran out, too many at once: trying again may help. Anything else will be refused again.
  if (reply.status >= 500 || reply.status === 408) throw new Unreachable(body.error);
  throw new Refused(reply.status, body.error);
}

export const get = (path) => ask(path, {});

export const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

// randomUUID exists only where the browser trusts the connection; over http to another machine it does not.
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// Server-sent events while the page is looked at: browsers give one server six connections, over all tabs together.
export function follow(onChange) {
  let source = null;
  const look = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource("/api/events");
      source.onmessage = (event) => onChange(JSON.parse(event.data));
    }
  };
  document.addEventListener("visibilitychange", look);
  look();
}
