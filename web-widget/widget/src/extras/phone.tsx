/** The panel on a phone: it stays in what the keyboard leaves of the window, and the focus stays in it. */
import type { Panel } from "../chat/context.ts";

const reachable = (box: HTMLElement) =>
  [...box.querySelectorAll<HTMLElement>("button:enabled, a[href], input:not([hidden]), textarea, [tabindex='0']")].filter((one) => one.offsetParent);

export function make(panel: Panel) {
  return (box: HTMLElement) => {
    const view = window.visualViewport;
    const fit = () => {
      box.style.setProperty("--vh", `${view?.height ?? innerHeight}px`);
      box.style.setProperty("--vt", `${view?.offsetTop ?? 0}px`);
    };
    view?.addEventListener("resize", fit);
    view?.addEventListener("scroll", fit);
    fit();
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const all = reachable(box);
      const edge = event.shiftKey ? all[0] : all.at(-1);
      if (panel.host.root.activeElement !== edge) return;
      event.preventDefault();
      (event.shiftKey ? all.at(-1) : all[0])?.focus();
    });
  };
}
