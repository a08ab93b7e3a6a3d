/** One way of looking at a screen: what is wrong with it as it stands, in words. */
import type { BrowserContext, Page } from "playwright-core";

/** Runs in the page; everything it needs stands inside. */
function examine(options: { target: number; root: string }): string[] {
  const found = new Set<string>();
  const start = options.root ? document.querySelector(options.root)?.shadowRoot : document;
  if (!start) return [`no ${options.root}`];
  const all = [...start.querySelectorAll<HTMLElement | SVGElement>("*")].filter((one) => !one.closest("head, script, style"));
  const name = (one: Element) => `${one.tagName.toLowerCase()}.${[...one.classList].join(".")} in .${one.parentElement?.classList[0] ?? one.parentElement?.tagName.toLowerCase() ?? ""} «${(one.textContent ?? "").trim().slice(0, 30)}»`;
  const shown = (one: Element) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const up = (one: Element): Element | null => one.assignedSlot ?? one.parentElement ?? (one.getRootNode() instanceof ShadowRoot ? (one.getRootNode() as ShadowRoot).host : null);

  if (document.documentElement.scrollWidth > innerWidth + 1) found.add(`the page is ${document.documentElement.scrollWidth} wide, not ${innerWidth}`);

  // Made to: code, wide tables, rows of choices.
  for (const one of all) if (/auto|scroll/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1 && shown(one) && !one.matches("pre, code, textarea, [role=tablist], .scene, .records-frame")) found.add(`scrolls sideways: ${name(one)}`);

  // Colours are computed as the browser would paint them.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!canvas) return ["no canvas"];
  const painted = new Map<string, number[]>();
  const colour = (text: string) => {
    let known = painted.get(text);
    if (!known) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
      painted.set(text, (known = [r, g, b, a / 255]));
    }
    return known;
  };
  const over = (top: number[], below: number[], strength = 1) => [0, 1, 2].map((n) => (top[n] ?? 0) * (top[3] ?? 1) * strength + (below[n] ?? 0) * (1 - (top[3] ?? 1) * strength)).concat(1);
  const light = (of: number[]) => [0.2126, 0.7152, 0.0722].reduce((sum, part, n) => sum + part * (((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))((of[n] ?? 0) / 255)), 0);
  const ratio = (a: number[], b: number[]) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  /** What lies behind an element, and how strongly it is painted itself; none where a picture lies behind. */
  const behind = (one: Element) => {
    const layers: number[][] = [];
    let strength = 1;
    for (let at: Element | null = one; at; at = up(at)) {
      const style = getComputedStyle(at);
      strength *= Number(style.opacity);
      if (style.backgroundImage !== "none") return null;
      layers.push(colour(style.backgroundColor));
      if ((layers.at(-1)?.[3] ?? 0) === 1 || at.matches("dialog")) break;
    }
    return { strength, ground: layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]) };
  };
  const contrast = (one: Element, ink: string, least: number, what: string) => {
    const ground = behind(one);
    if (!ground) return;
    const got = ratio(over(colour(ink), ground.ground, ground.strength), ground.ground);
    if (got < least - 0.05) found.add(`${what} ${got.toFixed(2)} of ${least}: ${name(one)}`);
  };
  const idle = (one: Element) => one.closest("[disabled], [aria-disabled=true], :disabled, .sr") !== null;

  const drawn = (one: Element) => {
    const style = getComputedStyle(one);
    return (colour(style.backgroundColor)[3] ?? 0) > 0 || style.borderTopWidth !== "0px" || /auto|scroll/.test(style.overflowY);
  };

  // Words: where they stand, and whether something cuts them.
  type Ink = { box: DOMRect; of: Element };
  const inks: Ink[] = [];
  for (const one of all) {
    if (!shown(one) || one.closest(".sr, option")) continue;
    for (const node of one.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.textContent?.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        if (box.width < 2 || box.height < 2) continue;
        let seen = { left: box.left, right: box.right, top: box.top, bottom: box.bottom };
        for (let at: Element | null = one; at && at !== document.body; at = up(at)) {
          const style = getComputedStyle(at);
          const frame = at.getBoundingClientRect();
          const dots = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
          const cutX = style.overflowX !== "visible", cutY = style.overflowY !== "visible";
          const hidesX = ["hidden", "clip"].includes(style.overflowX) && !dots, hidesY = ["hidden", "clip"].includes(style.overflowY) && style.webkitLineClamp === "none";
          if (hidesX && seen.right > frame.right + 1 && seen.left < frame.right && seen.bottom > frame.top && seen.top < frame.bottom) found.add(`cut off at the side by .${[...at.classList].join(".")}: ${name(one)}`);
          // Accents that pile up may; a line of plain words may not.
          if (hidesY && (seen.bottom > frame.bottom + 3 || seen.top < frame.top - 3) && seen.top < frame.bottom && seen.bottom > frame.top) found.add(`cut off in height by .${[...at.classList].join(".")}: ${name(one)}`);
          if (cutX) seen = { ...seen, left: Math.max(seen.left, frame.left), right: Math.min(seen.right, frame.right) };
          if (cutY) seen = { ...seen, top: Math.max(seen.top, frame.top), bottom: Math.min(seen.bottom, frame.bottom) };
          if (style.position === "fixed") break;
        }
        // The nearest box that can be seen as one.
        let shell: Element | null = one;
        while (shell && !drawn(shell)) shell = up(shell);
        if (shell && shell !== document.body && getComputedStyle(shell).display !== "inline") {
          const frame = shell.getBoundingClientRect();
          if (seen.bottom > frame.bottom + 2 || seen.top < frame.top - 2 || seen.right > frame.right + 1) found.add(`leaves its box .${[...shell.classList].join(".")}: ${name(one)}`);
        }
        const left = Math.max(0, seen.left), top = Math.max(0, seen.top);
        const width = Math.min(innerWidth, seen.right) - left, height = Math.min(innerHeight, seen.bottom) - top;
        if (width > 3 && height > 3) inks.push({ box: new DOMRect(left, top, width, height), of: one });
      }
    }
    const style = getComputedStyle(one);
    if (idle(one)) continue;
    const words = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (words) contrast(one, style.color, large ? 3 : 4.5, "contrast");
    if (one instanceof SVGElement && one.tagName === "svg") contrast(one, style.color, 3, "mark");
    if (one.matches("input[placeholder], textarea[placeholder]")) contrast(one, getComputedStyle(one, "::placeholder").color, 4.5, "placeholder");
  }

  // Words over words: where two meet and nothing opaque lies between them.
  const opaque = (one: Element) => (colour(getComputedStyle(one).backgroundColor)[3] ?? 0) > 0.9;
  inks.sort((a, b) => a.box.top - b.box.top);
  inks.forEach((a, n) => {
    for (let m = n + 1; m < inks.length; m += 1) {
      const b = inks[m];
      if (!b || b.box.top > a.box.bottom - 4) break;
      const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const height = Math.min(a.box.bottom, b.box.bottom) - b.box.top;
      // Lines of one text touch; names with piled accents are theirs.
      if (width < 3 || height < 4 || a.of === b.of || a.of.contains(b.of) || b.of.contains(a.of)) continue;
      const stack = start.elementsFromPoint(Math.max(a.box.left, b.box.left) + width / 2, b.box.top + height / 2);
      const [first, second] = [stack.indexOf(a.of), stack.indexOf(b.of)];
      if (first < 0 || second < 0) continue;
      const [upper, lower] = first < second ? [first, second] : [second, first];
      const hides = (one: Element, what: Element | undefined) => opaque(one) && !(what && one.contains(what));
      if (stack.slice(upper, lower).some((one) => hides(one, stack[lower])) || stack.slice(0, upper).some((one) => hides(one, stack[upper]))) continue;
      found.add(`words over words: ${name(a.of)} and ${name(b.of)}`);
    }
  });

  for (const one of all) {
    // A link within words is as high as its line; a box is hit by its label too.
    if (!one.matches("button, select, textarea, input:not([type=checkbox]):not([type=radio]):not([type=file]):not([type=color]), a.ghost, a.row, a.button, nav a") || !shown(one) || one.closest(".sr, .toasts, .why, p, mark")) continue;
    const box = one.getBoundingClientRect();
    if (box.width > 1 && (box.height < options.target - 0.5 || box.width < Math.min(options.target, 32) - 0.5)) found.add(`target ${Math.round(box.width)}×${Math.round(box.height)}: ${name(one)}`);
  }
  return [...found];
}

/** What is wrong with what can be seen of the page now; `root`: within the shadow of this element. */
export async function faults(page: Page, root = ""): Promise<string[]> {
  const width = page.viewportSize()?.width ?? 0;
  return page.evaluate(examine, { target: width < 500 ? 44 : 32, root });
}

/** What is wrong with the whole page: what scrolls is looked at a screen at a time, at most so many. */
export async function faultsOf(page: Page, screens = 4): Promise<string[]> {
  const found = new Set<string>();
  for (let at = 0; at < screens; at += 1) {
    for (const one of await faults(page)) found.add(one);
    const more = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll<HTMLElement>(".stage *")].filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowY) && one.scrollHeight > one.clientHeight + 20 && !one.matches(".list *, .rows"));
      const box = boxes.sort((a, b) => b.clientHeight * b.clientWidth - a.clientHeight * a.clientWidth)[0];
      const before = box?.scrollTop ?? 0;
      box?.scrollBy(0, box.clientHeight - 40);
      return box !== undefined && box.scrollTop > before;
    });
    if (!more) break;
  }
  return [...found];
}

/** Begins to count how far things move by themselves; before pages are opened. */
export async function watchShifts(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const seen: { value: number; what: string }[] = ((window as unknown as { shifts: unknown }).shifts = []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean; sources: { node: Node | null }[] }[]) {
        const named = entry.sources.map(({ node }) => (node instanceof Element ? `${node.tagName.toLowerCase()}.${[...node.classList].join(".")}` : String(node?.parentElement?.className)));
        if (!entry.hadRecentInput) seen.push({ value: entry.value, what: named.join(", ") });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

export type Shifts = { sum: number; what: string[] };

/** How far things moved since the page was opened, or since this was asked last. */
export async function shifts(page: Page): Promise<Shifts> {
  // The browser tells of a frame after it was shown.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));
  const seen = await page.evaluate(() => (window as unknown as { shifts: { value: number; what: string }[] }).shifts.splice(0));
  return { sum: seen.reduce((sum, one) => sum + one.value, 0), what: seen.map((one) => `${one.value.toFixed(4)} ${one.what}`) };
}
