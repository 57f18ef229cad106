import { control, type Handler, streaming, unary } from "../../grpc/index.ts";
import type { History } from "./history.ts";

/** `ListenBuildHistory` and `UpdateBuildHistory`. */
export function historyHandlers(history: History): readonly Handler[] {
  const { ControlService: service } = control;
  return [
    streaming(service.ListenBuildHistory, async (call) => {
      const [request] = (await call.messages.read()) ?? [];
      call.header(new Map([["buildkit-current-timestamp", [new Date().toISOString()]]]));
      if (request === undefined) return;
      await history.listen(request, async (event) => void (await call.messages.send(event)), call.signal);
    }),
    unary(service.UpdateBuildHistory, async ({ ref, pinned, delete: gone, finalize }) => {
      if (gone || finalize) await history.finalize(ref);
      if (gone) await history.delete(ref);
      else if (!finalize) await history.update(ref, (record) => ({ ...record, pinned }));
      return {};
    }),
  ];
}
