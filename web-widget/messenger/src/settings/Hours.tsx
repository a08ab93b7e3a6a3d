import { For, Show } from "solid-js";
import type { Hours, Interval } from "@kommutator/shared/generated/protocol.ts";
import { locale, t } from "../i18n.ts";
import { TextField } from "../ui/Field.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Toggle } from "./widget/LookSection.tsx";

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const MOST = 6;
const OFFICE: Interval[] = [{ from: "09:00", to: "18:00" }];

/** Monday is the first; 2024-01-01 was one. */
const dayName = (day: number) => new Intl.DateTimeFormat(locale(), { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + day)));

/** When people answer: each weekday with its intervals, and days off. */
export function HoursFields(props: { label: string; hours: Hours; set: (hours: Hours) => void; wrongDate: string }) {
  const hours = () => props.hours;
  const change = (part: Partial<Hours>) => props.set({ ...hours(), ...part });
  const day = (at: number) => hours().days[at] ?? [];
  const setDay = (at: number, list: Interval[]) => change({ days: DAYS.map((one) => (one === at ? list : day(one))) });
  const put = (at: number, n: number, part: Partial<Interval>) => setDay(at, day(at).map((one, m) => (m === n ? { ...one, ...part } : one)));
  const turn = (on: boolean) => change({ on, days: on && hours().days.length === 0 ? DAYS.map((one) => (one < 5 ? OFFICE : [])) : hours().days });
  const wrongClosed = () => (hours().closed.every((one) => /^\d{4}-\d{2}-\d{2}$/.test(one)) ? null : props.wrongDate);
  const clock = (at: number, n: number, which: "from" | "to") => (
    <input class="input" type="time" value={day(at)[n]?.[which] === "24:00" ? "00:00" : (day(at)[n]?.[which] ?? "")} aria-label={`${dayName(at)}: ${t(`widget.hours.${which}`)}`}
      aria-invalid={!day(at)[n]?.[which]} onInput={(event) => put(at, n, { [which]: event.currentTarget.value })} />
  );
  return (
    <>
      <Toggle label={props.label} value={hours().on} set={turn} />
      <Show when={hours().on}>
        <TextField label={t("widget.zone")} help={t("widget.zone.help")} max={64} value={hours().time_zone} set={(zone) => change({ time_zone: zone.trim() })} />
        <ul class="days">
          <For each={DAYS}>
            {(at) => (
              <li>
                <b>{dayName(at)}</b>
                <div>
                  <Show when={day(at).length > 0} fallback={<span class="dim">{t("widget.hours.off")}</span>}>
                    <For each={day(at).map((_, n) => n)}>
                      {(n) => (
                        <span class="span">
                          {clock(at, n, "from")}<i>–</i>{clock(at, n, "to")}
                          <button type="button" class="ghost" aria-label={`${dayName(at)}: ${t("common.delete")}`} onClick={() => setDay(at, day(at).filter((_, m) => m !== n))}><Icon name="trash" small /></button>
                        </span>
                      )}
                    </For>
                  </Show>
                </div>
                <button type="button" class="ghost" disabled={day(at).length >= MOST} aria-label={`${dayName(at)}: ${t("widget.hours.add")}`} onClick={() => setDay(at, [...day(at), ...OFFICE])}><Icon name="plus" small /></button>
              </li>
            )}
          </For>
        </ul>
        <TextField label={t("widget.closed")} help={t("widget.closed.help")} rows={2} value={hours().closed.join("\n")} set={(text) => change({ closed: text.split(/[\s,;]+/).filter(Boolean) })} error={wrongClosed()} />
      </Show>
    </>
  );
}
