import { expect, test } from "vitest";
import { CooperError, quietScope, sha256 } from "../../kit/index.ts";
import type { FrontendBridge, SourceErrorDetails } from "../contract.ts";
import { dockerfileFrontend } from "./index.ts";

/** A bridge with this Dockerfile and every image there is. */
function bridgeWith(dockerfile: string): FrontendBridge {
  const missing = () => Promise.reject(new CooperError("frontend/not-found", "nothing here"));
  return {
    sessionId: "session",
    workerPlatforms: [{ os: "linux", architecture: "amd64" }],
    solve: async () => ({ id: "ref" }),
    forward: missing,
    resolveImageConfig: async (ref) => {
      const config = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [sha256(ref)] } };
      return { ref, digest: sha256(ref), config: Buffer.from(JSON.stringify(config)) };
    },
    readFile: async (_, path) => (path === "Dockerfile" ? Buffer.from(dockerfile) : missing()),
    statFile: missing,
    warn: () => undefined,
  };
}

/** The error that building the file ends with, and the text that it points at. */
async function failureOf(dockerfile: string) {
  const request = { options: {}, inputs: new Map() };
  const error = await dockerfileFrontend.solve(request, bridgeWith(dockerfile), quietScope).then(
    () => new Error("nothing failed"),
    (reason: CooperError) => reason,
  );
  if (!(error instanceof CooperError)) throw error;
  const { exact } = error.details as SourceErrorDetails;
  if (exact === undefined) throw new Error("no exact place");
  const line = dockerfile.split("\n")[exact.start.line - 1] ?? "";
  return { error, line: exact.start.line, text: line.slice(exact.start.character, exact.end.character) };
}

test.each([
  ["FRM x", "FRM"],
  ["RUN --mont=type=cache x", "--mont"],
  ["RUN --mount=type=cach,target=/x x", "type=cach"],
  ["RUN --mount=type=cache,target=/ x", "target=/"],
  ['RUN --mount="a\\"b" x', "--mount"],
  ["RUN --mount=type=secret x", "--mount=type=secret"],
  ["RUN --mount=from=Up,target=/x x", "from=Up"],
  ["RUN --network=bad x", "--network=bad"],
  ["RUN --security=foo x", "--security=foo"],
  ["RUN --device=x y", "--device"],
  ["ENV A=b C", "C"],
  [`ENV A=\${B^}`, `\${B^`],
  [`ENV A="\${B:?need it}"`, `\${B:?need it}`],
  ['ENV A="x', '"x'],
  ["ARG =x", "=x"],
  ["LABEL =x", "=x"],
  ["COPY --from=nope+ a b", "--from=nope+"],
  ["COPY --from=7 a b", "--from=7"],
  ["COPY --from=$X a b", "--from=$X"],
  ["COPY --chmod=999 a b", "--chmod=999"],
  ["ARG M=999\nCOPY --chmod=$M a b", "--chmod"],
  ["COPY --link=maybe a b", "--link=maybe"],
  ["COPY --chown=a --chown=b a b", "--chown=b"],
  ["COPY --exclude a b", "--exclude"],
  ["COPY https://a/b.git#x /c", "https://a/b.git#x"],
  ["COPY <<EOF /x\nhello", "<<EOF"],
  ["COPY a <<E\nE", "<<E"],
  ["ADD --checksum=x http://a/b /c", "--checksum"],
  ["ADD https://github.com/a/b.git?x=1 /c", "https://github.com/a/b.git?x=1"],
  ["EXPOSE 80 90/foo", "90/foo"],
  ["STOPSIGNAL FOO", "FOO"],
  ["HEALTHCHECK --interval=5 CMD x", "--interval=5"],
  ["HEALTHCHECK FOO x", "FOO"],
  ["ONBUILD FROM x", "FROM"],
  ['CMD ["a", 1]', '["a", 1]'],
  ["FROM $X", "$X"],
  ["FROM Alpine", "Alpine"],
  ["FROM --platform=bad/x/y/z a", "--platform=bad/x/y/z"],
  ["FROM a AS 9x", "9x"],
  ["FROM a AS s\nCOPY --from=s a b", "--from=s"],
  ["\tUSER a b\n USER  ", "USER"],
  ["FROM a b", "FROM a b"],
])("the error of %j points at %s", async (lines, blamed) => {
  expect((await failureOf(`FROM base\n${lines}`)).text).toBe(blamed);
});

test("comments between continued lines are not looked at", async () => {
  const found = await failureOf(
    "FROM a\nRUN --mount=type=tmpfs,target=/x \\\n # moed=3\n  --mount=type=bind,moed=3 x\n",
  );
  expect(found).toMatchObject({ line: 4, text: "moed=3" });
});

test("errors that upstream gives no place have one, which is not sent", async () => {
  const token = await failureOf("# escape=x\nFROM a\n");
  expect(token).toMatchObject({ line: 1, text: "# escape=x" });
  const check = await failureOf("# check=foo\nFROM a\n");
  expect(check).toMatchObject({ line: 1, text: "foo" });
  expect(check.error.details).toMatchObject({ ranges: [], unsent: true });
});

test("what else fails by itself, also in other stages, is told with the first error", async () => {
  const { error } = await failureOf(
    "FROM a AS one\nSTOPSIGNAL x\nEXPOSE y\nFROM b\nCOPY --chmod=9 a b\nCOPY --from=one /x /\nRUN fine\n",
  );
  expect(error.message).toBe("invalid signal: x");
  expect(error.hint).toBe(
    "there is more to correct: line 3: invalid containerPort: y; " +
      "line 5: invalid chmod parameter: '9'. it should be octal string and between 0 and 07777",
  );
});

test("values of which there are few are suggested", async () => {
  const hint = async (line: string) => (await failureOf(`FROM a\n${line}\n`)).error.hint;
  expect(await hint("RUN --network=hots x")).toBe("did you mean host?");
  expect(await hint("RUN --security=x x")).toBe("it is one of sandbox, insecure");
  expect(await hint("STOPSIGNAL SIGTRM")).toBe("did you mean SIGTERM?");
  expect(await hint("RUN --network=x x\nFOO")).toBe(
    "it is one of default, none, host; there is more to correct: line 3: unknown instruction: FOO (did you mean FROM?)",
  );
});
