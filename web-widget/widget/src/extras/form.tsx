/** Who writes: asked before the first message, or instead of it while nobody answers. */
import { createSignal, For } from "solid-js";
import type { Ask, VisitorContact } from "@kommutator/shared/generated/protocol.ts";
import { form as words } from "@kommutator/extra-words";
import type { Panel } from "../chat/context.ts";
import css from "./form.css?inline";

const TYPES = { name: "text", phone: "tel", email: "email" } as const;
type Field = keyof typeof TYPES;
type Wrong = Partial<Record<Field | "text" | "consent", string>>;

const enough = { name: () => true, phone: (text: string) => text.replace(/\D/g, "").length >= 8, email: (text: string) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) };

export function make(panel: Panel) {
  panel.style(css);
  const { chat } = panel;
  return () => {
    const asked = (field: Field): Ask => chat.look()?.form?.[field] ?? "off";
    const fields = () => (Object.keys(TYPES) as Field[]).filter((field) => asked(field) !== "off");
    const [wrong, setWrong] = createSignal<Wrong>({});
    let box!: HTMLFormElement;
    const value = (name: string) => (box.elements.namedItem(name) as HTMLInputElement | null)?.value.trim() ?? "";
    const check = (): Wrong => {
      const found: Wrong = {};
      for (const field of fields()) {
        const text = value(field);
        if (!text && asked(field) === "required") found[field] = words.fill;
        else if (text && !enough[field](text)) found[field] = field === "phone" ? words.wrongPhone : words.wrongEmail;
      }
      if (!value("text")) found.text = words.fill;
      if (chat.look()?.form?.consent && !(box.elements.namedItem("consent") as HTMLInputElement).checked) found.consent = words.agree;
      return found;
    };
    const send = (event: Event) => {
      event.preventDefault();
      const found = check();
      setWrong(found);
      const first = Object.keys(found)[0];
      if (first) {
        (box.elements.namedItem(first) as HTMLElement).focus();
        return;
      }
      const contact: VisitorContact = { name: value("name"), phone: value("phone"), email: value("email"), consent: !!chat.look()?.form?.consent };
      chat.send(value("text"), [], contact);
    };
    const error = (name: keyof Wrong) => <small id={`wrong-${name}`} class="wrong" role="alert">{wrong()[name]}</small>;
    const phrases = () => {
      const list = chat.look()?.phrases ?? [];
      if (list.length === 0) return null;
      const pick = (phrase: string) => ((box.elements.namedItem("text") as HTMLTextAreaElement).value = phrase);
      return <div class="ready"><For each={list}>{(phrase) => <button type="button" onClick={() => pick(phrase)}>{phrase}</button>}</For></div>;
    };
    const consent = () => {
      const look = chat.look();
      if (!look?.form?.consent) return null;
      const { consent: line, consent_link: link } = look;
      return (
        <div>
          <label class="agree">
            <input type="checkbox" name="consent" aria-describedby="wrong-consent" />
            <span>{line} {link && <a href={link} target="_blank" rel="noopener">{words.more}</a>}</span>
          </label>
          {error("consent")}
        </div>
      );
    };
    return (
      <form class="ask" ref={(made) => (box = made)} novalidate onSubmit={send}>
        <b>{words.lead}</b>
        <For each={fields()}>
          {(field) => (
            <label>
              <span>{words[field]}{asked(field) === "optional" && <i> — {words.optional}</i>}</span>
              <input name={field} type={TYPES[field]} maxlength="200" autocomplete={field === "phone" ? "tel" : field} aria-invalid={wrong()[field] ? "true" : "false"} aria-describedby={`wrong-${field}`} />
              {error(field)}
            </label>
          )}
        </For>
        <label>
          <span>{words.text}</span>
          <textarea name="text" rows="3" maxlength="4000" aria-invalid={wrong().text ? "true" : "false"} aria-describedby="wrong-text" />
          {error("text")}
        </label>
        {phrases()}
        {consent()}
        <button class="submit">{words.send}</button>
      </form>
    );
  };
}
