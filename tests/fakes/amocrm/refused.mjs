// @ts-check
/** Answers that are errors, as amoCRM writes them. */

/** @typedef {Record<string, any>} Fields */

/** An answer that is an error; its body as amoCRM would write it. */
export class Refused extends Error {
  /** @param {number} status @param {string | Fields} said @param {Record<string, string>} [headers] */
  constructor(status, said, headers = {}) {
    super(typeof said === "string" ? said : JSON.stringify(said));
    this.status = status;
    this.body = said;
    this.headers = headers;
  }
}

const TITLES = /** @type {Record<number, string>} */ ({
  400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 422: "Unprocessable Entity", 429: "Too Many Requests",
});

/** An error of the API. @param {number} status @param {string} detail @param {Fields} [more] @param {Record<string, string>} [headers] */
export const problem = (status, detail, more = {}, headers = {}) =>
  new Refused(status, { ...more, title: TITLES[status] ?? "Error", type: `https://httpstatus.es/${status}`, status, detail }, { "content-type": "application/problem+json", ...headers });

/** The page of the server before amoCRM. @param {number} status */
export const page = (status) => new Refused(
  status,
  `<html>\r\n<head><title>${status} ${TITLES[status] ?? ""}</title></head>\r\n<body>\r\n<center><h1>${status} ${TITLES[status] ?? ""}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
  { "content-type": "text/html" },
);

/** @typedef {{code: string, path: string, detail: string}} Wrong */

// What may be wrong with an item. Of the codes only `NotSupportedChoice` and `InvalidType` were seen; the other names are ours.
/** @param {string} path @returns {Wrong} */
export const noChoice = (path) => ({ code: "NotSupportedChoice", path, detail: "The value you selected is not a valid choice." });
/** @param {string} path @returns {Wrong} */
export const noEntity = (path) => ({ code: "NotSupportedChoice", path, detail: "Entity not found" });
/** @param {string} path @param {string} wanted @returns {Wrong} */
export const noType = (path, wanted) => ({ code: "InvalidType", path, detail: `This value should be of type ${wanted}.` });
/** @param {string} path @returns {Wrong} */
export const missing = (path) => ({ code: "FieldMissing", path, detail: "This field is missing." });
/** @param {string} path @param {number} most @returns {Wrong} */
export const tooMany = (path, most) => ({ code: "TooManyElements", path, detail: `This collection should contain ${most} elements or less.` });

/** Items that are not as they should be. @param {{request_id: string, errors: Wrong[]}[]} items */
export const invalid = (items) => problem(400, "Request validation failed", { "validation-errors": items });

/** The error of the chats. @param {number} status @param {string} type @param {string} description */
export const origin = (status, type, description) =>
  new Refused(status, { status: 0, error_code: status, error_type: type, error_description: description }, { "content-type": "application/json" });
