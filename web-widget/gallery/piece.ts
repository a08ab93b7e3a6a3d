/** What the gallery shows of a component. */
import type { JSX } from "solid-js";

export type State = {
  name: string;
  show: () => JSX.Element;
  /** Shown as under the pointer, or with the focus; `on` says which element, else the first one that can have it. */
  force?: "hover" | "focus";
  on?: string;
  /** Brings it into the state, once it stands in its box. */
  act?: (box: HTMLElement) => void;
  /** It lies over the page, so it has a page of its own. */
  alone?: boolean;
  wide?: boolean;
};

/** `file`: of `messenger/src/ui`; what is no file there is made of classes. */
export type Piece = { file: string; states: State[] };

export const click = (selector: string) => (box: HTMLElement) => box.querySelector<HTMLElement>(selector)?.click();

export const type = (selector: string, text: string) => (box: HTMLElement) => {
  const field = box.querySelector<HTMLInputElement>(selector);
  if (!field) return;
  field.value = text;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
};

export const LONG = "Очень длинное название, которого никто не ждал, с оченьдлиннымсловомбезединогопробела и ещё одним концом";
