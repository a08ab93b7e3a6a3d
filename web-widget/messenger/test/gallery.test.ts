import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { SCENES, UNSEEN } from "../../gallery/scenes.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const components = (folder: string) => readdirSync(at(folder), { recursive: true }).map(String).filter((name) => name.endsWith(".tsx")).sort();

it("shows every component of the messenger in the gallery", () => {
  const pieces = components("gallery/pieces").map((name) => readFileSync(at(`gallery/pieces/${name}`), "utf8")).join("\n");
  for (const name of components("messenger/src/ui")) {
    expect(pieces, name).toContain(`file: "${name}"`);
    // TableParts are drawn by Table alone.
    if (name !== "TableParts.tsx") expect(pieces, name).toContain(`/src/ui/${name}"`);
  }
});

it("shows every part of the widget in a scene, or says why there is nothing to be seen", () => {
  const shown = new Set([...SCENES.flatMap((scene) => scene.shows), ...Object.keys(UNSEEN)]);
  for (const folder of ["chat", "extras"]) for (const name of components(`widget/src/${folder}`)) expect(shown, `${folder}/${name}`).toContain(`${folder}/${name}`);
  expect(new Set(SCENES.map((scene) => scene.id)).size).toBe(SCENES.length);
});
