import { expect, test } from "vitest";
import { readToken, scopeMark, writableScope } from "./token.ts";

const now = new Date("2026-01-01T00:00:00Z");
const seconds = now.getTime() / 1000;
const good = {
  ac: '[{"Scope":"refs/heads/a","Permission":3},{"Scope":"refs/heads/main","Permission":1}]',
  nbf: seconds - 9,
  exp: seconds + 9,
};

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

test("a token says which caches may be read, and which one is written", () => {
  const read = readToken(token(good), now);
  expect(read.scopes).toEqual([
    { scope: "refs/heads/a", writable: true },
    { scope: "refs/heads/main", writable: false },
  ]);
  expect(writableScope(read)).toBe("refs/heads/a");
  expect(scopeMark("refs/heads/main")).toBe("f921bd05");
});

test.each([
  ["a.b", "token is malformed: token contains an invalid number of segments"],
  ["a.b.c", "token is malformed: could not JSON decode claim"],
  [token({ ...good, ac: undefined }), "invalid token without access controls"],
  [token({ ...good, ac: "?" }), "failed to parse token access controls"],
  [token({ ...good, exp: undefined }), "invalid token without expiration time"],
  [token({ ...good, exp: seconds - 1 }), "cache token expired at 2025-12-31 23:59:59 +0000 UTC"],
  [token({ ...good, nbf: seconds + 1 }), "invalid token with future issue time time 2026-01-01 00:00:01 +0000 UTC"],
])("%s is refused", (raw, sentence) => {
  expect(() => readToken(raw, now)).toThrow(sentence);
});
