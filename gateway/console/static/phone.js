// The handsets of the simulated phone page. Each keeps its USSD session; the server does the rest.
"use strict";
const { place, code, sender } = document.body.dataset;
const POLL_MS = 1500;
const phones = [];

const remembered = (key, otherwise) => {
  try { return JSON.parse(localStorage.getItem(`phone:${place}:${key}`)) ?? otherwise; } catch { return otherwise; }
};
const remember = (key, value) => {
  try { localStorage.setItem(`phone:${place}:${key}`, JSON.stringify(value)); } catch { /* private window */ }
};

async function call(path, body) {
  const asked = body === undefined ? {} :
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try { answer = await fetch(`/phone/${path}`, asked); } catch { throw new Error("The gateway does not answer. Does it still run?"); }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(told.detail || told.title || `Error ${answer.status}`), { refused: answer.status < 500 });
  return told;
}

class Phone {
  constructor(slot, name, number) {
    slot.append(document.getElementById("handset").content.cloneNode(true));
    this.root = slot.querySelector(".phone");
    const find = (what) => this.root.querySelector(what);
    Object.assign(this, {
      shown: find(".shown"), line: find(".dial input"), lineLabel: find(".dial .entry span"), thread: find(".thread"),
      text: find("textarea"), weight: find(".weight"), trouble: find(".trouble"), call: find(".call"), hang: find(".hang"),
      fresh: find(".new"), state: find(".state"), msisdn: find(".msisdn"), number, tab: "dial", session: null, after: 0,
      got: [],
    });
    find(".who").textContent = name;
    this.root.setAttribute("aria-label", `Phone of ${name}`);
    this.msisdn.value = number;
    this.msisdn.onchange = () => this.become(this.msisdn.value.trim());
    for (const tab of this.root.querySelectorAll("[role=tab]")) tab.onclick = () => this.open(tab.dataset.tab);
    for (const key of this.root.querySelectorAll("[data-key]")) {
      key.onmousedown = (event) => event.preventDefault();  // the entry keeps the focus
      key.onclick = () => this.type(key.dataset.key);
    }
    find(".clear").onclick = () => { const e = this.entry(); e.value = e.value.slice(0, -1); this.weigh(); };
    this.call.onclick = () => this.go();
    this.hang.onclick = () => this.hangUp();
    this.text.oninput = () => this.weigh();
    this.root.onkeydown = (event) => {
      if (event.key === "Escape") this.hangUp();
      if (event.key === "Enter" && (event.target === this.line || (event.target === this.text && !event.shiftKey))) {
        event.preventDefault();
        this.go();
      }
    };
    this.idle();
    this.become(number);
  }

  entry() { return this.tab === "sms" ? this.text : this.line; }
  type(key) { const e = this.entry(); e.value += key; e.focus(); this.weigh(); }

  become(number) {
    if (this.session) this.hangUp();
    this.number = number;
    this.read = remembered(`read:${number}`, 0);
    this.mine = remembered(`sent:${number}`, []);
    Object.assign(this, { after: 0, got: [], wrong: null });
    this.draw();
    this.look();
  }

  open(tab) {
    this.tab = tab;
    this.root.querySelector(".dial").hidden = tab !== "dial";
    this.root.querySelector(".sms").hidden = tab !== "sms";
    for (const each of this.root.querySelectorAll("[role=tab]")) each.setAttribute("aria-selected", each.dataset.tab === tab);
    this.label();
    if (tab === "sms") { this.draw(); this.thread.scrollTop = this.thread.scrollHeight; }
    this.entry().focus({ preventScroll: true });
  }

  label() {
    this.call.textContent = this.tab === "sms" || this.session ? "Send" : "Call";
    this.hang.textContent = this.session ? "Hang up" : "Back";
    this.lineLabel.textContent = this.session ? "Your reply" : "Number to dial";
    this.state.textContent = this.session ? "USSD session" : "Simulated";
  }

  idle(said) {
    this.session = null;
    this.shown.textContent = said ?? `Dial ${code} and press Call.`;
    this.shown.classList.toggle("hint", said === undefined);
    this.label();
  }

  async go() {
    if (this.busy) return;
    this.busy = true;
    this.trouble.textContent = "";
    try { await (this.tab === "sms" ? this.send() : this.session ? this.reply() : this.dial()); }
    catch (bad) { this.trouble.textContent = bad.message; }
    finally { this.busy = false; this.label(); }
  }

  async dial() {
    const said = this.line.value.trim();
    const stem = code.replace(/#$/, "");
    if (said !== code && !(said.startsWith(`${stem}*`) && said.endsWith("#"))) {
      this.idle(said ? `${said}\nis not connected here. The code is ${code}` : undefined);
      return;
    }
    this.session = `phone-${crypto.getRandomValues(new Uint32Array(3)).join("")}`;
    await this.step(said === code ? "" : said.slice(stem.length + 1, -1));
  }

  async reply() {
    const said = this.line.value.trim();
    if (said) await this.step(this.inputs ? `${this.inputs}*${said}` : said);
  }

  async step(inputs) {
    const session = this.session;
    let screen;
    try { screen = await call("ussd", { session, number: this.number, text: inputs }); }
    catch (bad) { if (!inputs) this.idle(); throw bad; }
    if (this.session !== session) return;  // hung up meanwhile
    this.inputs = inputs;
    this.line.value = "";
    this.shown.classList.remove("hint");
    if (screen.end) {
      this.idle(`${screen.text}\n\n(The session is over.)`);
      call("end", { session, number: this.number, completed: true }).catch(() => {});
    } else this.shown.textContent = screen.text;
    this.shown.scrollTop = 0;
    this.look();
  }

  hangUp() {
    const session = this.session;
    this.trouble.textContent = "";
    this.line.value = "";
    if (this.tab === "sms" && !session) this.open("dial");
    this.idle();
    if (session) call("end", { session, number: this.number, completed: false }).catch(() => {});
  }

  async send() {
    const text = this.text.value.trim();
    if (!text) return;
    const at = Date.now() / 1000;
    await call("sms", { number: this.number, text });
    this.mine = [...this.mine, { text, at }].slice(-50);
    remember(`sent:${this.number}`, this.mine);
    this.text.value = "";
    this.weigh();
    this.draw();
    setTimeout(() => this.look(), 400);
  }

  weigh() {
    clearTimeout(this.weighing);
    if (this.tab !== "sms" || !this.text.value) { this.weight.textContent = ""; return; }
    this.weighing = setTimeout(async () => {
      const text = this.text.value;
      const found = await call("count", { text }).catch(() => null);
      if (!found || text !== this.text.value) return;
      const kind = found.encoding === "UCS2" ? "special letters" : "plain letters";
      this.weight.textContent = `${[...text].length} characters, ${found.segments} SMS (${kind}, ${found.units_left} left)`;
    }, 200);
  }

  async look() {
    const number = this.number;
    if (!number || number === this.wrong) return;
    let found;
    try { found = await call(`messages?number=${encodeURIComponent(number)}&after=${this.after}`); }
    catch (bad) {
      this.trouble.textContent = bad.message;
      this.deaf = true;
      if (bad.refused) this.wrong = number;  // asking again will not make it a number
      return;
    }
    if (this.deaf) { this.deaf = false; this.trouble.textContent = ""; }
    if (number !== this.number || !found.length) return;
    this.got = [...this.got, ...found.filter((m) => m.id > this.after)];
    this.after = this.got.at(-1).id;
    this.draw();
  }

  draw() {
    const open = this.tab === "sms";
    const news = this.got.filter((m) => m.id > this.read).length;
    const all = [...this.got, ...this.mine.map((m) => ({ ...m, mine: true }))].sort((a, b) => a.at - b.at);
    this.fresh.textContent = news && !open ? `✉ ${news} new` : "";
    if (!open) return;
    this.thread.replaceChildren(...all.map((m) => this.bubble(m)));
    if (!all.length) this.thread.innerHTML = "<li>No messages yet.</li>";
    this.thread.scrollTop = this.thread.scrollHeight;
    this.read = this.after;
    remember(`read:${this.number}`, this.read);
  }

  bubble(m) {
    const item = document.createElement("li");
    item.textContent = m.text;
    item.className = m.mine ? "mine" : m.id > this.read ? "fresh" : "";
    const small = document.createElement("small");
    const time = new Date(m.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    small.textContent = m.mine ? `You, ${time}` : `${sender}, ${time}, ${m.segments} SMS${m.id > this.read ? ", new" : ""}`;
    item.append(small);
    return item;
  }
}

function add(name, number) {
  const slot = document.createElement("div");
  document.querySelector(".handsets").append(slot);
  const phone = new Phone(slot, name, number);
  phones.push(phone);
  const away = document.createElement("button");
  Object.assign(away, { type: "button", className: "away", textContent: "Take away" });
  away.onclick = () => {
    remember("others", remembered("others", []).filter((each) => each !== number));
    phones.splice(phones.indexOf(phone), 1);
    slot.remove();
  };
  slot.querySelector(".number").append(away);
}

for (const slot of document.querySelectorAll(".slot")) phones.push(new Phone(slot, slot.dataset.name, slot.dataset.number));
for (const number of remembered("others", [])) add("Another phone", number);
document.querySelector(".another").onsubmit = (event) => {
  event.preventDefault();
  const number = event.target.number.value.trim();
  event.target.reset();
  if (phones.some((phone) => phone.number === number)) return;
  remember("others", [...remembered("others", []), number].slice(-6));
  add("Another phone", number);
};
for (const button of document.querySelectorAll(".say")) {
  button.onclick = () => {
    const phone = phones[Number(button.dataset.phone)];
    phone.open(button.dataset.tab);
    phone.entry().value = button.dataset.text;
    phone.weigh();
    phone.root.scrollIntoView({ block: "nearest" });
  };
}

const draft = document.querySelector(".draft");
async function findDrafts() {
  const found = await call("drafts");
  const chosen = draft.batch.value;
  draft.batch.replaceChildren(...found.map((one) => new Option(`${one.name} (${one.client})`, one.id, false, one.id === chosen)));
  draft.hidden = !found.length;
}
function look(kind, title, text) {
  const part = document.createElement("figure");
  const name = Object.assign(document.createElement("figcaption"), { textContent: title });
  part.append(name, Object.assign(document.createElement("pre"), { className: kind, textContent: text }));
  return part;
}
draft.onsubmit = async (event) => {
  event.preventDefault();
  const looks = draft.querySelector(".looks");
  try {
    const languages = await call("preview", { batch: draft.batch.value });
    looks.replaceChildren(...languages.flatMap((one) => [
      ...one.messages.map((sms) => look("text", `SMS (${one.language}, ${sms.moment}): ${sms.segments} ${sms.segments === 1 ? "segment" : "segments"}`, sms.text)),
      ...one.screens.map((screen) => look("screen", `Screen (${one.language})`, screen)),
      look("text", `How workers reply (${one.language})`, one.how),
    ]));
  } catch (trouble) { looks.textContent = trouble.message; }
};
draft.batch.onfocus = () => findDrafts().catch(() => {});
findDrafts().catch(() => {});

const crowd = document.querySelector(".crowd");
function showCrowd({ on, kinds }) {
  crowd.on.checked = on;
  crowd.querySelector(".kinds").replaceChildren(...Object.entries(kinds).map(([kind, count]) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "number", name: kind, min: 0, max: 50, value: count });
    label.append(`${kind} `, input);
    return label;
  }));
  crowd.hidden = false;
}
crowd.onsubmit = (event) => event.preventDefault();
crowd.onchange = async () => {
  const kinds = Object.fromEntries([...crowd.querySelectorAll(".kinds input")].map((one) => [one.name, Number(one.value)]));
  const told = crowd.querySelector(".told");
  try {
    showCrowd(await call("crowd", { on: crowd.on.checked, kinds }));
    told.textContent = crowd.on.checked ? "They answer from now on." : "Nobody simulated answers now.";
  } catch (trouble) { told.textContent = trouble.message; }
};
call("crowd").then(showCrowd, () => {});
setInterval(() => { if (!document.hidden) for (const phone of phones) phone.look(); }, POLL_MS);
