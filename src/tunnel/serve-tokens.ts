import { createHmac, createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Code, filesync, type Handler, rpcError, type ServerCall, unary } from "../grpc/index.ts";
import { type Scope, writeFileAtomic } from "../kit/index.ts";
import type { Session } from "../session/index.ts";

type During = (call: Pick<ServerCall<unknown, unknown>, "signal">) => Scope;

/**
 * Tokens for a builder elsewhere, got here with the caller's credentials; and proof that two sessions have the same ones, by which
 * a builder may use one's token for the other: a key that follows from a secret seed of this user and the builder's salt.
 */
export function authorityHandlers(
  session: Session,
  during: During,
  onLogin: (what: string) => void,
): readonly Handler[] {
  const { AuthService: service } = filesync;
  const seeds = new Map<string, Promise<Uint8Array>>();
  const seed = (host: string) => {
    const known = seeds.get(host) ?? seedOf(host);
    seeds.set(host, known);
    return known;
  };
  return [
    unary(service.FetchToken, async ({ host, realm, service: name, scopes }, call) => {
      if (session.tokenFor === undefined) throw rpcError(Code.UNIMPLEMENTED, "tokens are not fetched here");
      const { kind } = await session.registryCredentials(host, during(call));
      const shown = scopes.map((scope) => scope.replace(/^repository:/, "")).join(" ");
      if (kind === "basic" || kind === "identityToken") onLogin(`${shown} token for ${host}`);
      const { token, expires } = await session.tokenFor(host, { realm, service: name, scopes }, during(call));
      const seconds = Math.max(1, Math.floor((expires - Date.now()) / 1000));
      return { token, expiresIn: BigInt(seconds) };
    }),
    unary(service.GetTokenAuthority, async ({ host, salt }, call) => {
      const key = createPublicKey(await authorityKey(session, host, salt, seed, during(call)));
      return { publicKey: key.export({ format: "der", type: "spki" }).subarray(-keySize) };
    }),
    unary(service.VerifyTokenAuthority, async ({ host, payload, salt }, call) => {
      const key = await authorityKey(session, host, salt, seed, during(call));
      // NaCl's signed message: the signature, then what is signed.
      return { signed: Buffer.concat([sign(null, payload, key), payload]) };
    }),
  ];
}

/** Bytes of an ed25519 key and of its seed. */
const keySize = 32;
/** PKCS #8 around an ed25519 seed. */
const keyFront = Buffer.from("302e020100300506032b657004220420", "hex");

async function authorityKey(
  session: Session,
  host: string,
  salt: Uint8Array,
  seed: (host: string) => Promise<Uint8Array>,
  scope: Scope,
) {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(process.env.BUILDKIT_NO_CLIENT_TOKEN ?? "")) {
    throw rpcError(Code.UNAVAILABLE, "client side tokens disabled");
  }
  const { kind } = await session.registryCredentials(host, scope);
  const mac = createHmac("sha256", salt);
  // Without credentials all callers are alike.
  if (kind !== "none") mac.update(await seed(host));
  const key = Buffer.concat([keyFront, mac.digest()]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** This user's seed for a host; upstream's file, so that both commands prove the same. */
async function seedOf(host: string): Promise<Uint8Array> {
  const folder = process.env.DOCKER_CONFIG || join(process.env.HOME || homedir(), ".docker");
  const path = join(folder, ".token_seed");
  const seeds = await readSeeds(path);
  const known = seeds[host]?.Seed;
  if (known !== undefined) return Buffer.from(known, "base64");
  const seed = randomBytes(16);
  const text = JSON.stringify({ ...seeds, [host]: { Seed: seed.toString("base64") } });
  // A home that cannot be written to: then the seed is good for this command only.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    .then(() => writeFileAtomic(path, text, 0o600))
    .catch(() => {});
  return seed;
}

async function readSeeds(path: string): Promise<Readonly<Record<string, { readonly Seed?: string }>>> {
  try {
    const seeds: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof seeds === "object" && seeds !== null ? (seeds as Record<string, { readonly Seed?: string }>) : {};
  } catch {
    return {};
  }
}
