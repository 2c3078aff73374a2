// The desk buttons above the phones: each with its room, its light in colour and word, and a hand that presses it. A silent
// button shows one grey dot and never anything else, also when it is pressed.

import { say } from "./texts.js";

const desk = document.querySelector("#desk");
const list = document.querySelector("#buttons");
const template = document.querySelector("#button");
const cards = new Map();

/** All buttons, as the server streams them. */
export function showButtons(buttons) {
  const there = new Set(buttons.map((button) => button.device));
  for (const [device, card] of cards) {
    if (!there.has(device)) {
      card.root.remove();
      cards.delete(device);
    }
  }
  for (const button of buttons) {
    const card = cards.get(button.device) ?? build(button);
    card.button = button;
    draw(card);
  }
  desk.hidden = cards.size === 0;
  if (cards.size) document.querySelector("#lead").textContent = say("leadButtons");
}

/** The words that only the language changes. */
export function labelButtons() {
  if (cards.size) document.querySelector("#lead").textContent = say("leadButtons");
  for (const card of cards.values()) {
    card.part(".press").textContent = say("pressButton");
    draw(card);
  }
}

function build(button) {
  const root = template.content.firstElementChild.cloneNode(true);
  const card = { root, button, part: (selector) => root.querySelector(selector) };
  card.part(".press").textContent = say("pressButton");
  card.part(".press").addEventListener("click", () => press(card));
  cards.set(button.device, card);
  list.append(root);
  return card;
}

function draw(card) {
  const { device, place, floor, kind, light, silent } = card.button;
  card.root.dataset.light = light;
  card.part("h3").textContent = place;
  card.part("h3").title = [place, floor].filter(Boolean).join(", ");
  card.part(".button-what").textContent = `${device} · ${say(`kind_${kind}`)}`;
  card.part(".press").setAttribute("aria-label", say("pressAt", { device, place }));
  const word = card.part(".light-word");
  const now = silent ? "" : say(`light_${light}`);
  if (word.textContent === now) return;
  word.textContent = now;
  if (!silent) announce(say("lightOf", { device, light: now }));
}

function announce(words) {
  const line = Object.assign(document.createElement("span"), { textContent: `${words} ` });
  const log = document.querySelector("#lights");
  log.append(line);
  while (log.childElementCount > 5) log.firstElementChild.remove();
}

/** Only that it could not be pressed is said: the light answers for the rest. */
async function press(card) {
  const fault = document.querySelector("#desk-fault");
  let why = "";
  try {
    const answer = await fetch(`buttons/${encodeURIComponent(card.button.device)}/press`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    });
    if (!answer.ok) why = answer.statusText || String(answer.status);
  } catch (problem) {
    why = problem.message;
  }
  fault.hidden = !why;
  fault.textContent = why ? say("refused", { what: why }) : "";
}
