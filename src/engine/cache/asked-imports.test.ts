import { expect, test } from "vitest";
import type { BuildRequest } from "../contract.ts";
import { askedImports } from "./asked-imports.ts";

const entry = (ref: string) => ({ type: "registry", attrs: { ref } });
const request = (options: Record<string, string>, own: BuildRequest["cacheImports"] = []) =>
  askedImports({ cacheImports: own, frontendOptions: options } as unknown as BuildRequest);

test("caches come from the request and from the frontend's options, each once", () => {
  const options = {
    "cache-from": "a,b",
    "cache-imports": '[{"Type":"registry","Attrs":{"ref":"a"}},{"Type":"local","Attrs":{"src":"c"}}]',
  };
  expect(request(options, [entry("b")])).toEqual([entry("b"), entry("a"), { type: "local", attrs: { src: "c" } }]);
});

test.each(["", "null", "{}", "[1]", '[{"Type":1}]', "not json"])("%j names none", (text) => {
  expect(request({ "cache-imports": text })).toEqual([]);
});
