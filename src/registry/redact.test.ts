import { expect, test } from "vitest";
import { redact } from "./redact.ts";

test("redact() keeps the parameters of the registry protocol", () => {
  const url = "http://127.0.0.1:5057/token?scope=repository%3Agolden%2Funauth%3Apull%2Cpush&service=golden";
  expect(redact(url)).toBe(url);
});

test("redact() blanks a signature, a password and the fragment", () => {
  const url = "https://user:pass@storage.example/blob?X-Amz-Signature=0123abcd&digest=sha256:0#frag";
  expect(redact(url)).toBe("https://storage.example/blob?X-Amz-Signature=REDACTED&digest=sha256%3A0");
});

test("redact() shows nothing of what is no URL", () => {
  expect(redact("Bearer abcdef")).toBe("[unparsable URL]");
});
