import { messageOf, type Scope } from "../../kit/index.ts";
import type { Container, ContainerSpec, Executor } from "../contract.ts";
import type { StepNetworks } from "./networks.ts";

/** The executor, its steps in networks of their own where they would have had the machine's and did not ask for that. */
export function withNetworks(executor: Executor, networks: StepNetworks): Executor {
  return {
    description: executor.description,
    ...(executor.refusal && { refusal: executor.refusal }),
    movesMounts: executor.movesMounts ?? false,
    joinsNetworks: executor.joinsNetworks ?? false,
    async run(step, output, scope) {
      if (!wantsNetwork(step)) return executor.run(step, output, scope);
      const place = await takenFor(step, networks, scope);
      try {
        return await executor.run({ ...step, ...place.settings }, output, scope);
      } finally {
        await place.release();
      }
    },
    async open(container, scope) {
      if (!wantsNetwork(container)) return executor.open(container, scope);
      const place = await takenFor(container, networks, scope);
      const opened = await executor.open({ ...container, ...place.settings }, scope).catch(async (error: unknown) => {
        await place.release();
        throw error;
      });
      return withRelease(opened, place.release);
    },
    async [Symbol.asyncDispose]() {
      await executor[Symbol.asyncDispose]();
      await networks[Symbol.asyncDispose]();
    },
  };
}

type Networked = Pick<ContainerSpec, "network" | "networkNamespace" | "hostname">;

function wantsNetwork({ network, networkNamespace }: Networked): boolean {
  return network === "sandbox" && networkNamespace === undefined;
}

async function takenFor({ hostname }: Networked, networks: StepNetworks, scope: Scope) {
  const network = await networks.take(hostname);
  return {
    settings: { networkNamespace: network.path, nameServers: network.dns },
    // A step is not to fail for what only the next one may notice.
    release: () =>
      network[Symbol.asyncDispose]().catch((error: unknown) =>
        scope.log(`cannot release a network: ${messageOf(error)}`),
      ),
  };
}

function withRelease(container: Container, release: () => Promise<void>): Container {
  const { placeOf } = container;
  return {
    start: (process, scope) => container.start(process, scope),
    ...(placeOf && { placeOf: (source: string) => placeOf.call(container, source) }),
    async [Symbol.asyncDispose]() {
      try {
        await container[Symbol.asyncDispose]();
      } finally {
        await release();
      }
    },
  };
}
