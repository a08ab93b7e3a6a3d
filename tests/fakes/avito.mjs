// @ts-check
/** @returns {import("./common.mjs").Fake} */
export const avito = () => ({
  name: ({ path }) => path,
  answer: () => ({ status: 404, body: {} }),
  control: () => undefined,
});
