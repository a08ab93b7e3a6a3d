import { type IconName, PATHS } from "./paths.ts";

export function Icon(props: { name: IconName; small?: boolean }) {
  return (
    <svg class="icon" classList={{ small: !!props.small }} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  );
}
