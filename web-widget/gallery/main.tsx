/** Every component of the messenger in every state, on one page; what lies over a page has one of its own: `?only=FILE/STATE`. */
import "@kommutator/shared/tokens.css";
import "../messenger/src/styles/all.ts";
import "./gallery.css";
import { createSignal, For, onMount, Show } from "solid-js";
import { render } from "solid-js/web";
import { setLocale } from "../messenger/src/i18n.ts";
import type { Piece, State } from "./piece.ts";
import { forms } from "./pieces/forms.tsx";
import { over } from "./pieces/over.tsx";
import { shown } from "./pieces/shown.tsx";
import { table } from "./pieces/table.tsx";

const PIECES: Piece[] = [...shown, ...forms, ...over, ...table];
const only = new URLSearchParams(location.search).get("only");
const nameOf = (piece: Piece, state: State) => `${piece.file}/${state.name}`;
const FOCUSABLE = "button, input, textarea, select, a";

function Box(props: { state: State }) {
  let box!: HTMLDivElement;
  onMount(() => {
    props.state.act?.(box);
    // A dialog lies in the box it was made in; what is over the page elsewhere is looked for in the page.
    const selector = props.state.on ?? FOCUSABLE;
    const target = box.querySelector<HTMLElement>(selector);
    if (props.state.force && target) target.dataset.force = props.state.force;
  });
  return <div class="gallery-box" ref={(made) => (box = made)}>{props.state.show()}</div>;
}

function Gallery() {
  const [pieces] = createSignal(PIECES);
  return (
    <main class="gallery">
      <h1>Gallery</h1>
      <For each={pieces()}>
        {(piece) => (
          <section>
            <h2>{piece.file}</h2>
            <div class="gallery-states">
              <For each={piece.states}>
                {(state) => (
                  <section class="gallery-state" classList={{ wide: !!state.wide }}>
                    <h3>{state.name}</h3>
                    <Show when={!state.alone} fallback={<a href={`?only=${encodeURIComponent(nameOf(piece, state))}`} data-alone={nameOf(piece, state)}>a page of its own</a>}><Box state={state} /></Show>
                  </section>
                )}
              </For>
            </div>
          </section>
        )}
      </For>
    </main>
  );
}

function Alone(props: { name: string }) {
  const found = () => PIECES.flatMap((piece) => piece.states.map((state) => ({ name: nameOf(piece, state), state }))).find((one) => one.name === props.name);
  return <main class="gallery"><h1 class="sr">{props.name}</h1><Show when={found()} fallback={<p>There is no {props.name}.</p>}>{(one) => <Box state={one().state} />}</Show></main>;
}

const place = document.getElementById("app");
if (place) void setLocale("ru").then(() => { render(() => (only === null ? <Gallery /> : <Alone name={only} />), place); });
