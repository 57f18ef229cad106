// Generated from src/grpc/proto/caps.proto by tools/proto.ts; do not edit.

import { field, type MessageType } from "../../wire/index.ts";

export interface APICap {
  readonly id: string;
  readonly enabled: boolean;
  readonly deprecated: boolean;
  readonly disabledReason: string;
  readonly disabledReasonMsg: string;
  readonly disabledAlternative: string;
}
export const APICap: MessageType<APICap> = {
  name: "moby.buildkit.v1.apicaps.APICap",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "enabled", "bool", "one", "Enabled"),
    field(3, "deprecated", "bool", "one", "Deprecated"),
    field(4, "disabledReason", "string", "one", "DisabledReason"),
    field(5, "disabledReasonMsg", "string", "one", "DisabledReasonMsg"),
    field(6, "disabledAlternative", "string", "one", "DisabledAlternative"),
  ],
};
