// @ts-check
/** @returns {import("./common.mjs").Fake} */
export const telegram = () => ({
  name: ({ path }) => path,
  answer: () => ({ status: 404, body: {} }),
  control: () => undefined,
});
