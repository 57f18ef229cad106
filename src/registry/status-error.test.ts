import { expect, test } from "vitest";
import { describeErrors } from "./status-error.ts";

test.each([
  ['{"errors":[{"code":"DENIED"}]}', "denied"],
  [
    '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown to us"}]}',
    "manifest unknown: manifest unknown to us",
  ],
  ['{"errors":[{"code":"NOBODY_KNOWS","message":"m"}]}', "unknown: m"],
  ['{"errors":[{"code":"DENIED"},{"code":"UNAUTHORIZED","message":"no"}]}', "errors:\ndenied\nunauthorized: no"],
  ['{"errors":[{"code":"DENIED","message":"\\u001b[2Jgone"}]}', "denied: [2Jgone"],
])("describeErrors() reads %s", (body, text) => {
  expect(describeErrors(Buffer.from(body))).toBe(text);
});

test.each(["", "<html>", "null", "[]", '{"errors":[]}', '{"errors":{}}'])(
  "describeErrors() finds none in %j",
  (body) => {
    expect(describeErrors(Buffer.from(body))).toBeUndefined();
  },
);
