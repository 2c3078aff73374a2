// The page of the simulated phones; buttons.js draws the desk buttons above them. It shows what the server streams and
// asks the server for everything that a hand does; it keeps no state of its own but the language. No framework, no inline
// script: the page runs under default-src 'self'.

import { labelButtons, showButtons } from "./buttons.js";
import { clock, element, grouped, initials, receiver } from "./parts.js";
import { languages, say, useLanguage } from "./texts.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ" };
const SWITCHES = ["reachable", "voicemail", "slow"];
const SCRIPTS = ["silent", "reply", "press"];

const board = document.querySelector("#phones");
const template = document.querySelector("#phone");
const announcements = document.querySelector("#announcements");
const cards = new Map();
const sight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const card = cards.get(entry.target.closest(".phone")?.dataset.number);
      if (card) card.inSight = entry.isIntersecting;
    }
    drawRings();
  },
  { threshold: 0.9 },
);
let link = "opening";

chooseLanguage(localStorage.getItem("alarmd-language") ?? navigator.language.slice(0, 2).replace("no", "nb"));
document.querySelector("#languages").addEventListener("click", (event) => {
  const chosen = event.target.dataset.language;
  if (chosen) {
    localStorage.setItem("alarmd-language", chosen);
    chooseLanguage(chosen);
  }
});
listen();

// -- what comes from the server

function listen() {
  const stream = new EventSource("phones/live");
  stream.addEventListener("all", (event) => {
    const phones = JSON.parse(event.data);
    const there = new Set(phones.map((phone) => phone.number));
    for (const [number, card] of cards) if (!there.has(number)) forget(number, card);
    for (const phone of phones) show(phone, false);
    board.setAttribute("aria-busy", "false");
    document.querySelector("#empty").hidden = cards.size > 0;
    drawRings();
    showLink("open");
  });
  stream.addEventListener("changed", (event) => {
    for (const phone of JSON.parse(event.data)) show(phone, true);
    drawRings();
    document.querySelector("#empty").hidden = cards.size > 0;
  });
  stream.addEventListener("buttons", (event) => showButtons(JSON.parse(event.data)));
  stream.addEventListener("error", () => showLink("lost"));
}

function forget(number, card) {
  sight.unobserve(card.part(".screen"));
  card.root.remove();
  cards.delete(number);
}

function showLink(state) {
  link = state;
  const line = document.querySelector("#link");
  line.dataset.state = state;
  line.textContent = say(state);
  document.body.classList.toggle("cut-off", state === "lost");
}

function chooseLanguage(wanted) {
  const chosen = languages.includes(wanted) ? wanted : "en";
  useLanguage(chosen);
  document.documentElement.lang = chosen;
  document.title = `${say("title")} · alarmd`;
  document.querySelector("#languages").setAttribute("aria-label", say("languages"));
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === chosen));
  }
  translate(document);
  labelButtons();
  showLink(link);
  for (const card of cards.values()) {
    label(card);
    draw(card);
  }
  drawRings();
}

function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
}

/** Where it rings beyond the edge of the screen: no call that rings may be missed for being elsewhere on the page. */
function drawRings() {
  const rings = document.querySelector("#rings");
  const ringing = [...cards.values()].filter((card) => card.root.dataset.state === "ringing" && !card.inSight);
  const now = JSON.stringify(ringing.map((card) => [card.phone.number, say("nowRinging", { name: nameOf(card.phone) })]));
  if (rings.dataset.drawn === now) return;
  rings.dataset.drawn = now;
  rings.hidden = !ringing.length;
  rings.replaceChildren(
    ...ringing.map((card) => {
      const button = Object.assign(element("button"), { type: "button" });
      button.append(receiver(), element("span", "", say("nowRinging", { name: nameOf(card.phone) })));
      button.addEventListener("click", () => {
        card.root.scrollIntoView({ block: "start" });
        card.part("[data-act=answer]")?.focus();
      });
      return button;
    }),
  );
}

// -- one phone

function show(phone, announce) {
  let card = cards.get(phone.number);
  if (!card) {
    card = build(phone);
    cards.set(phone.number, card);
    sight.observe(card.part(".screen"));
    board.append(card.root);
  }
  if (announce) tell(card, phone);
  card.phone = phone;
  draw(card);
}

function build(phone) {
  const root = template.content.firstElementChild.cloneNode(true);
  const card = { root, phone, part: (selector) => root.querySelector(selector), drawn: {} };
  root.dataset.number = phone.number;
  card.part(".write").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = card.part(".write input");
    if (input.value.trim()) write(card, input.value.trim()).then((sent) => sent && (input.value = ""));
  });
  card.part(".quick").addEventListener("click", (event) => {
    if (event.target.dataset.reply) write(card, event.target.dataset.reply);
  });
  for (const name of SWITCHES) card.part(".switches").append(buildSwitch(card, name));
  for (const name of SCRIPTS) card.part("[name=answers]").append(new Option("", name));
  card.part(".script").addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (value !== "") setHabit(card, { [name]: name === "after" ? Number(value) : value });
  });
  card.part(".call").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.key) ask(card, "POST", "/call/keys", { keys: button.dataset.key });
    else if (button?.dataset.act) ask(card, "POST", `/call/${button.dataset.act}`);
  });
  label(card);
  return card;
}

function buildSwitch(card, name) {
  const line = document.createElement("label");
  line.className = "switch";
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name });
  box.setAttribute("role", "switch");
  box.addEventListener("change", () => setHabit(card, { [name]: box.checked }));
  const words = element("span", "switch-words");
  words.append(element("span", "switch-name"), element("small", "switch-hint"));
  line.append(box, words);
  return line;
}

/** The words of a card that only the language changes. */
function label(card) {
  const name = nameOf(card.phone);
  translate(card.root);
  card.part("h2").textContent = name;
  card.part(".number").textContent = grouped(card.phone.number);
  card.part(".face").textContent = initials(card.phone.name);
  card.part(".log").setAttribute("aria-label", name);
  card.part(".write input").placeholder = say("write");
  card.part(".write input").setAttribute("aria-label", say("writeTo", { name }));
  card.part(".send").setAttribute("aria-label", say("send"));
  card.part(".quick").setAttribute("aria-label", say("quick"));
  card.part("summary").textContent = say("habit");
  for (const line of card.root.querySelectorAll(".switch")) {
    const name = line.querySelector("input").name;
    line.querySelector(".switch-name").textContent = say(name);
    line.querySelector(".switch-hint").textContent = say(`${name}Hint`);
  }
  for (const option of card.part("[name=answers]").options) option.textContent = say(option.value);
  card.drawn = {};
}

function draw(card) {
  const { phone } = card;
  const call = phone.calls.find((other) => other.sid === phone.line);
  drawState(card, call);
  drawHabit(card);
  once(card, "log", [phone.texts, phone.calls], () => drawLog(card));
  once(card, "call", call ?? null, () => drawCall(card, call));
  const fault = card.part(".fault");
  fault.hidden = !phone.fault;
  fault.textContent = phone.fault ? say("fault", phone.fault) : "";
}

/** Draws a part only when what it shows has changed, so that the focus of a hand is never pulled away. */
function once(card, part, shown, drawIt) {
  const now = JSON.stringify(shown);
  if (card.drawn[part] !== now) {
    card.drawn[part] = now;
    drawIt();
  }
}

function drawState(card, call) {
  const { habit } = card.phone;
  let state = habit.slow ? "slowOn" : habit.voicemail ? "voicemailOn" : "ready";
  if (!habit.reachable) state = "unreachable";
  if (call) state = call.status === "ringing" ? "ringing" : "talking";
  card.root.dataset.state = state;
  card.part(".state").textContent = say(state);
}

function drawHabit(card) {
  const { habit } = card.phone;
  for (const name of SWITCHES) card.part(`[name=${name}]`).checked = habit[name];
  for (const name of ["answers", "says", "after"]) {
    const field = card.part(`[name=${name}]`);
    if (field !== document.activeElement) field.value = String(habit[name]);
  }
  for (const name of ["says", "after"]) card.part(`[name=${name}]`).disabled = habit.answers === "silent";
}

function drawLog(card) {
  const log = card.part(".log");
  const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const over = card.phone.calls.filter((call) => call.sid !== card.phone.line && call.status !== "queued");
  const entries = [...card.phone.texts.map(bubble), ...over.map(callEntry)];
  entries.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  if (entries.length) log.replaceChildren(...entries.map((entry) => entry.node));
  else log.replaceChildren(element("li", "nothing", say("nothing")));
  if (follows) log.scrollTop = log.scrollHeight;
}

function bubble(text) {
  const node = element("li", text.mine ? "bubble mine" : "bubble");
  node.dataset.status = text.status;
  node.append(element("p", "", text.body));
  const notes = [clock(text.at)];
  if (text.status === "undelivered") notes.push(say("undelivered"));
  else if (text.status === "failed") notes.push(say("failed", { code: text.error_code }));
  else if (text.status === "queued" || text.status === "sent") notes.push(say("onItsWay"));
  if (text.parts > 1) notes.push(say("parts", { n: text.parts }));
  node.append(element("small", "", notes.join(" · ")));
  return { at: text.at, node };
}

function callEntry(call) {
  const machine = call.status === "completed" && call.answered_by !== "human";
  const node = element("li", "called");
  node.dataset.status = machine ? "voicemail" : call.status;
  const words = say(machine ? "call_voicemail" : `call_${call.status}`, { seconds: call.seconds });
  const pressed = call.pressed ? ` · ${say("pressed", { keys: call.pressed })}` : "";
  node.append(element("span", "", `${words}${pressed}`), element("small", "", clock(call.at)));
  return { at: call.at, node };
}

// -- a call

function drawCall(card, call) {
  const panel = card.part(".call");
  panel.hidden = !call;
  card.part(".log").inert = Boolean(call);
  if (!call) return panel.replaceChildren();
  const focused = panel.contains(document.activeElement) ? document.activeElement : null;
  const held = focused?.dataset.key ?? focused?.dataset.act;
  if (call.status === "ringing") panel.replaceChildren(...ringing());
  else panel.replaceChildren(...talking(call));
  const said = panel.querySelector(".spoken");
  if (said) said.scrollTop = said.scrollHeight;
  if (held) panel.querySelector(`[data-key="${held}"], [data-act="${held}"]`)?.focus();
}

function ringing() {
  const halo = element("div", "halo");
  halo.setAttribute("aria-hidden", "true");
  halo.append(receiver());
  const acts = element("div", "acts");
  acts.append(action("hang_up", say("decline"), "red"), action("answer", say("answer"), "green"));
  return [halo, element("p", "calling", say("calling")), acts];
}

function talking(call) {
  const machine = call.answered_by !== "human";
  const spoken = element("ol", "spoken");
  spoken.setAttribute("aria-live", "polite");
  spoken.tabIndex = 0;
  for (const said of call.spoken) {
    const line = element("li", "", said.words);
    if (said.language) line.lang = said.language;
    spoken.append(line);
  }
  if (!call.spoken.length) spoken.append(element("li", "nothing", say("silence")));
  const mood = machine ? say("machine") : say(call.listening ? "listening" : "speaking");
  const line = element("p", "mood", call.pressed ? `${mood} · ${say("pressed", { keys: call.pressed })}` : mood);
  line.dataset.listening = String(call.listening);
  const acts = element("div", "acts");
  acts.append(action("hang_up", say("hangUp"), "red"));
  return machine ? [spoken, line, acts] : [spoken, line, keypad(), acts];
}

function keypad() {
  const pad = element("div", "keypad");
  pad.setAttribute("role", "group");
  pad.setAttribute("aria-label", say("keypad"));
  for (const key of KEYS) {
    const button = Object.assign(element("button", "key"), { type: "button" });
    button.dataset.key = key;
    button.setAttribute("aria-label", key);
    button.append(element("span", "", key), element("small", "", LETTERS[key] ?? ""));
    pad.append(button);
  }
  return pad;
}

function action(name, words, colour) {
  const button = Object.assign(element("button", `act ${colour}`), { type: "button" });
  button.dataset.act = name;
  button.append(receiver(), element("span", "", words));
  return button;
}

// -- what goes to the server

function write(card, body) {
  return ask(card, "POST", "/texts", { body });
}

function setHabit(card, change) {
  return ask(card, "PUT", "", change);
}

/** Asks the server; true when it did so. What it refuses is said on the card. */
async function ask(card, method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const address = `phones/${encodeURIComponent(card.phone.number)}${path}`;
  let why = "";
  try {
    const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
    const said = await answer.json();
    if (answer.ok) {
      show(said, false);
      drawRings();
    } else why = typeof said.detail === "string" ? said.detail : answer.statusText;
  } catch (fault) {
    why = fault.message;
  }
  if (why) {
    drawHabit(card);
    card.part(".fault").hidden = false;
    card.part(".fault").textContent = say("refused", { what: why });
  }
  return !why;
}

// -- small things

/** Says aloud, to a screen reader, what has come since the card was last drawn. */
function tell(card, phone) {
  const known = new Set(card.phone.texts.map((text) => text.sid));
  const name = nameOf(phone);
  for (const text of phone.texts) {
    if (!text.mine && !known.has(text.sid)) announce(say("newText", { name, body: text.body }));
  }
  if (phone.line && phone.line !== card.phone.line) announce(say("nowRinging", { name }));
}

function announce(words) {
  announcements.append(element("span", "", `${words} `));
  while (announcements.childElementCount > 5) announcements.firstElementChild.remove();
}

function nameOf(phone) {
  return phone.name || say("unknown");
}
