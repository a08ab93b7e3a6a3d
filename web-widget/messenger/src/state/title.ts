/** The window's title: what the page is, before it how many wait. */
import { createSignal } from "solid-js";

const [page, titled] = createSignal("");
export { page, titled };

export const titleOf = (name: string, app: string, waiting: number) => `${waiting > 0 ? `(${waiting}) ` : ""}${name ? `${name} · ` : ""}${app}`;
