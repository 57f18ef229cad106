import { expect, test } from "vitest";
import { ghaConfig } from "./config.ts";

const old = "https://artifactcache.example/x/";
const newer = "https://results.example/";

test.each([
  [{ url: old }, 1, old],
  [{ url: old, url_v2: newer }, 2, newer],
  [{ url: old, url_v2: newer, version: "1" }, 1, old],
  [{ url: newer, version: "2" }, 2, newer],
  [
    { url: "https://results-receiver.actions.githubusercontent.com/" },
    2,
    "https://results-receiver.actions.githubusercontent.com/",
  ],
])("%o means version %i at %s", (attrs, version, url) => {
  const config = ghaConfig({ ...attrs, token: "t" }, {});
  expect([config.version, config.url.href]).toEqual([version, url]);
});

test.each([
  [{ url: old }, "token not set for github actions cache"],
  [{ token: "t" }, "url not set for github actions cache"],
  [{ token: "t", url: old, version: "x" }, 'failed to parse api version "x", expected positive integer'],
  [{ token: "t", url: old, timeout: "long" }, "failed to parse timeout for github actions cache"],
])("%o is refused", (attrs, sentence) => {
  expect(() => ghaConfig(attrs as Record<string, string>, {})).toThrow(sentence);
});
