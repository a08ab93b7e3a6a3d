/** A new password, told twice. */
import { createSignal } from "solid-js";
import { t } from "../i18n.ts";
import { TextField } from "../ui/Field.tsx";

const SHORTEST = 8;

export function createPassword() {
  const [first, setFirst] = createSignal("");
  const [second, setSecond] = createSignal("");
  const [tried, setTried] = createSignal(false);
  const short = () => Array.from(first()).length < SHORTEST;
  const differ = () => first() !== second();
  return {
    value: first,
    /** Whether it can be sent; from now on what is wrong is shown. */
    check: () => {
      setTried(true);
      return !short() && !differ();
    },
    clear: () => {
      setFirst("");
      setSecond("");
      setTried(false);
    },
    empty: () => first() === "" && second() === "",
    first,
    setFirst,
    second,
    setSecond,
    wrongFirst: () => (tried() && short() ? t("password.help") : null),
    wrongSecond: () => (tried() && !short() && differ() ? t("password.differ") : null),
  };
}

export function PasswordFields(props: { of: ReturnType<typeof createPassword>; label?: string; again?: string }) {
  return (
    <>
      <TextField label={props.label ?? t("password.label")} type="password" autocomplete="new-password" help={t("password.help")} value={props.of.first()} set={props.of.setFirst} error={props.of.wrongFirst()} />
      <TextField label={props.again ?? t("password.again")} type="password" autocomplete="new-password" value={props.of.second()} set={props.of.setSecond} error={props.of.wrongSecond()} />
    </>
  );
}
