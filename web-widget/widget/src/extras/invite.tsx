/** Speaks to a visitor first, by the owner's rules or when the page asks for it. */
import { createSignal, type JSX } from "solid-js";
import { render } from "solid-js/web";
import type { InvitationView } from "@kommutator/shared/generated/protocol.ts";
import { decode, encode } from "@kommutator/shared/json.ts";
import { invite as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import { icon } from "./shared/outlines.tsx";
import css from "./invite.css?inline";
import { fits } from "./rules.ts";

export function make(panel: Panel) {
  panel.style(css);
  const { chat, host } = panel;
  const [text, setText] = createSignal("");
  const free = () => !chat.opened() && !chat.talk() && chat.messages().length === 0;
  const box = document.createElement("div");
  panel.frame.append(box);
  const face = () => {
    const said = text();
    if (!said || !free()) return null;
    const label = `${said} ${words.open}`;
    return (
      <div class="invite" role="status">
        <button type="button" class="words" aria-label={label} onClick={() => panel.open()}>{said}</button>
        <button type="button" class="x" aria-label={words.close} onClick={() => setText("")}>{icon("close")}</button>
      </div>
    );
  };
  render(() => face as unknown as JSX.Element, box);
  const shown = (): Record<string, number> => {
    try {
      return (decode(chat.recall("invited") ?? "{}") as Record<string, number> | null) ?? {};
    } catch {
      return {};
    }
  };
  let leaving = false;
  let list: InvitationView[] = [];
  let from = Date.now();
  let address = location.href;
  const look = () => {
    if (address !== location.href) {
      address = location.href;
      from = Date.now();
      leaving = false;
    }
    if (text() || !free()) return;
    const page = document.documentElement;
    const room = page.scrollHeight - innerHeight;
    const now = Date.now();
    const at = { seconds: (now - from) / 1000, address, scroll: room > 0 ? (page.scrollTop / room) * 100 : 100, leaving, now };
    const before = shown();
    const found = list.find((one) => fits(one.rule, at, before[one.rule.id]));
    if (!found) return;
    chat.remember("invited", encode({ ...before, [found.rule.id]: now }));
    setText(found.text);
    host.emit("invite", { id: found.rule.id, text: found.text });
  };
  document.addEventListener("mouseout", (event) => {
    if (!event.relatedTarget && event.clientY <= 0) {
      leaving = true;
      look();
    }
  });
  setInterval(look, 500);
  return (came: InvitationView[]) => {
    if (came.length > 0) list = came;
    return { say: (said: string) => setText(said.slice(0, 300)) };
  };
}
