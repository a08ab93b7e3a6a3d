/** Whom a new dialog is begun with: null while there is none, empty while one does not know yet. */
import { createSignal } from "solid-js";

const [firstTo, setFirstTo] = createSignal<string | null>(null);
export { firstTo };

export const writeFirst = (address: string | null) => setFirstTo(address);
