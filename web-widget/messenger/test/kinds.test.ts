import { expect, it } from "vitest";
import { kindText, learn, problemText, reasonText } from "../src/i18n.ts";
import { Problem } from "../src/http.ts";

it("calls channels as they call themselves, and one that nobody knows as it is written", () => {
  expect(kindText("fax")).toBe("Канал");
  learn({ "name.fax": "Факс" });
  expect([kindText("fax"), kindText("telex")]).toEqual(["Факс", "telex"]);
});

it("has the channels' words for codes that only they know; where both have words, the product's", () => {
  learn({ "reason.fax_jammed": "Бумага застряла в лотке {tray}.", "reason.token_revoked": "Иначе." });
  expect(reasonText({ code: "fax_jammed", params: { tray: "2" }, provider: "E7" })).toBe("Бумага застряла в лотке 2. «E7»");
  expect(problemText(new Problem(422, "fax_jammed", "", { tray: "1" }))).toBe("Бумага застряла в лотке 1.");
  expect(reasonText({ code: "token_revoked" })).not.toBe("Иначе.");
});
