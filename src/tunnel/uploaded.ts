import { type GrpcClient, type Metadata, upload } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import { header } from "./names.ts";

/** The bytes that a caller offers under an address (a context from its standard input). They can be had once. */
export async function* uploaded(client: GrpcClient, address: URL, scope: Scope): AsyncGenerator<Uint8Array, void> {
  const metadata: Metadata = new Map([
    [header.urlPath, [address.pathname]],
    [header.urlHost, [address.host]],
  ]);
  const call = client.call(upload.UploadService.Pull, { signal: scope.signal, metadata });
  try {
    for (let batch = await call.messages.read(); batch !== undefined; batch = await call.messages.read()) {
      for (const { data } of batch) yield data;
    }
  } finally {
    call.cancel();
  }
}
