import { spawn } from "node:child_process";
import { CooperError, messageOf, type Scope } from "../../kit/index.ts";
import type { RegistryCredentials } from "../contract.ts";

/** More than any helper answers. */
const maxOutput = 1024 * 1024;

/**
 * Asks `docker-credential-NAME get` for the credentials of a server (docker-credential-helpers protocol: the server on
 * standard input, JSON on standard output). `none` when the helper has none; throws `session/credential-helper` when it fails.
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
  scope: Scope,
): Promise<RegistryCredentials> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.+-]+$/.test(name)) throw failed(program, `"${name}" is no helper's name`, "");
  const { code, output } = await runHelper(program, server, env, scope);
  if (code !== 0) {
    if (output.includes("credentials not found in native keychain")) return { kind: "none" };
    throw failed(program, `exit status ${code}`, output.trim());
  }
  return readAnswer(program, output);
}

function readAnswer(program: string, output: string): RegistryCredentials {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw failed(program, "its answer is no valid JSON", "");
  }
  const { Username: username = "", Secret: secret = "" } = (answer ?? {}) as Record<string, unknown>;
  if (typeof username !== "string" || typeof secret !== "string") throw failed(program, "its answer has no text", "");
  if (username === "" && secret === "") return { kind: "none" };
  if (username === "<token>") return { kind: "identityToken", token: secret };
  return { kind: "basic", username, password: secret };
}

function runHelper(
  program: string,
  input: string,
  env: NodeJS.ProcessEnv,
  scope: Scope,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], { env, stdio: ["pipe", "pipe", "ignore"], signal: scope.signal });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > maxOutput) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    // A helper that does not read its input is not at fault.
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      reject(scope.signal.aborted ? scope.signal.reason : failed(program, startError(program, error), ""));
    });
    child.on("close", (code, signal) =>
      signal === null
        ? resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") })
        : reject(failed(program, `killed by ${signal}`, "")),
    );
    child.stdin.end(input);
  });
}

function startError(program: string, error: Error): string {
  const missing = "code" in error && error.code === "ENOENT";
  return missing ? `exec: "${program}": executable file not found in $PATH` : messageOf(error);
}

function failed(program: string, reason: string, output: string): CooperError {
  return new CooperError(
    "session/credential-helper",
    `error getting credentials - err: ${reason}, out: \`${output}\``,
    {
      hint: `the docker configuration names the credential helper ${program}: install it, or remove it from credsStore and credHelpers`,
    },
  );
}
