// @ts-check
/** @returns {import("./common.mjs").Fake} */
export const vk = () => ({
  name: ({ path }) => path,
  answer: () => ({ status: 404, body: {} }),
  control: () => undefined,
});
