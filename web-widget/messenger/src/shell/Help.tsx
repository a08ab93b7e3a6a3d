import { For } from "solid-js";
import { t, type WordKey } from "../i18n.ts";
import { Dialog } from "../ui/Dialog.tsx";

const KEYS: [string[], WordKey][] = [
  [["Ctrl", "K"], "help.palette"],
  [["J", "K"], "help.move"],
  [["Enter"], "help.open"],
  [["Esc"], "help.back"],
  [["/"], "help.search"],
  [["Home", "End"], "help.ends"],
  [["G"], "help.next"],
  [["X"], "help.pick"],
  [["C"], "first.title"],
  [["R"], "help.reply"],
  [["N"], "help.note"],
  [["E"], "help.close"],
  [["A"], "help.take"],
  [["H"], "help.snooze"],
  [["T"], "help.tags"],
  [["U"], "help.unread"],
  [["Ctrl", "F"], "help.find"],
  [["↑"], "help.edit"],
  [["/"], "help.canned"],
  [["Ctrl", "Enter"], "help.sendClose"],
  [["Enter"], "help.send"],
  [["Shift", "Enter"], "help.break"],
  [["O"], "help.away"],
  [["?"], "help.help"],
];

export function Help(props: { close: () => void }) {
  return (
    <Dialog title={t("help.title")} narrow close={() => props.close()}>
      <dl class="keys">
        <For each={KEYS}>{([keys, word]) => <div><dt><For each={keys}>{(key) => <kbd>{key}</kbd>}</For></dt><dd>{t(word)}</dd></div>}</For>
      </dl>
    </Dialog>
  );
}
