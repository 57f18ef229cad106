import { expect, test } from "vitest";
import { CooperError, quietScope } from "../kit/index.ts";
import type { RegistryCredentials } from "../session/index.ts";
import { loginHint } from "./login-hint.ts";

const session = (credentials: RegistryCredentials) => ({
  registryCredentials: async (host: string) => (host === "r.example:5000" ? credentials : { kind: "none" as const }),
  loginPlaces: () => ["$DOCKER_AUTH_CONFIG", "/login/config.json"],
});
const refusal = (code: string) =>
  new CooperError(code, "401", { details: { kind: "registry", url: "https://r.example:5000/v2/a/blobs/x" } });

test("says where no login was found", async () => {
  expect(await loginHint(refusal("registry/unauthorized"), session({ kind: "none" }), quietScope)).toBe(
    "no login for r.example:5000 was found in $DOCKER_AUTH_CONFIG, /login/config.json",
  );
});

test("names whose login was refused, and no password", async () => {
  const hint = await loginHint(
    refusal("registry/denied"),
    session({ kind: "basic", username: "me", password: "hidden" }),
    quietScope,
  );
  expect(hint).toContain('the login of "me" that was found for r.example:5000 does not do');
  expect(hint).not.toContain("hidden");
});

test("has nothing to say of other errors", async () => {
  expect(await loginHint(refusal("registry/failed"), session({ kind: "none" }), quietScope)).toBeUndefined();
  expect(await loginHint(new Error("no"), session({ kind: "none" }), quietScope)).toBeUndefined();
});
