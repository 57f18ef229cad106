import type { Executor } from "../../executor/index.ts";
import { CooperError, lazy, messageOf } from "../../kit/index.ts";
import type { OpScope } from "../contract.ts";
import type { ExecTools } from "./exec-op.ts";

/** A network for a step, out of which only the builder's proxy leads. */
export interface ProxyHome extends AsyncDisposable {
  /** What the step is to join. */
  readonly networkNamespace: string;
  /** What its processes have to know. */
  readonly env: readonly string[];
  /** Disposes of it, and says in the log, and to whoever listens, what was asked for. */
  end(): Promise<void>;
}

/**
 * Makes a network for a step in the tree at `rootfs`, which trusts the proxy's certificates for that time; disposal takes all of that away again.
 * Throws `ops/no-proxy` where a network cannot be made or joined: then the step must not run.
 */
export async function behindProxy(
  rootfs: string,
  { joinsNetworks = false, description }: Executor,
  proxies: ExecTools["proxies"],
  scope: OpScope,
): Promise<ProxyHome> {
  if (proxies === undefined || !joinsNetworks) {
    throw new CooperError("ops/no-proxy", `proxy network provider is not available with ${description}`, {
      hint: "take another way of isolation (docs/isolation.md), or build without a proxy network",
    });
  }
  const { openProxyNetwork, trustIn } = await import("../../proxy/index.ts");
  const authority = await proxies();
  const allow = async (url: string, method: string) => (await scope.allowRequest?.(url, method)) ?? url;
  const network = await openProxyNetwork(authority, allow).catch((cause: unknown) => {
    throw new CooperError("ops/no-proxy", `cannot make a network for the step: ${messageOf(cause)}`, { cause });
  });
  const distrust = trustIn(rootfs, authority.certificate);
  const { path, env, record } = network;
  const close = lazy(async () => {
    distrust();
    await network[Symbol.asyncDispose]();
  });
  return {
    networkNamespace: path,
    env,
    async end() {
      await close();
      const text = record.text();
      if (text !== "") scope.emit({ type: "log", stream: 2, data: Buffer.from(text) });
      scope.onRequests?.(record);
    },
    [Symbol.asyncDispose]: close,
  };
}
