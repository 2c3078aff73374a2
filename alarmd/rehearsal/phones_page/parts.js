// Small things that both halves of the page are made of.

export function receiver() {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute(
    "d",
    "M6.6 10.8a15.1 15.1 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25c1.1.37 2.3.57 3.6.57a1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.25.2 2.45.57 3.57a1 1 0 0 1-.25 1z",
  );
  picture.append(path);
  return picture;
}

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return words.length ? [words[0], words.at(-1)].slice(0, words.length).map((word) => word[0]).join("") : "?";
}

/** +4790000022 as +47 900 00 022; numbers of other countries as they are. */
export function grouped(number) {
  return number.replace(/^(\+47)(\d{3})(\d{2})(\d{3})$/, "$1 $2 $3 $4");
}

export function clock(at) {
  return new Intl.DateTimeFormat("nb", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
}

export function element(tag, className = "", words = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (words) made.textContent = words;
  return made;
}
