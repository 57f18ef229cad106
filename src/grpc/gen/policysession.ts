// Generated from src/grpc/proto/policysession.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method, unionCase, pb as llb } from "../../wire/index.ts";
import * as gateway from "./gateway.ts";

export interface CheckPolicyRequest {
  readonly platform?: llb.Platform;
  readonly source?: gateway.ResolveSourceMetaResponse;
  readonly caps: ReadonlyMap<string, boolean>;
}
export const CheckPolicyRequest: MessageType<CheckPolicyRequest> = {
  name: "moby.buildkit.v1.sourcepolicy.policysession.CheckPolicyRequest",
  fields: [
    field(1, "platform", () => llb.Platform, "one", "Platform"),
    field(2, "source", () => gateway.ResolveSourceMetaResponse, "one", "Source"),
    field(3, "caps", "bool", "map"),
  ],
};

export interface CheckPolicyResponse {
  readonly result?:
    | { readonly case: "decision"; readonly value: DecisionResponse }
    | { readonly case: "request"; readonly value: gateway.ResolveSourceMetaRequest };
}
export const CheckPolicyResponse: MessageType<CheckPolicyResponse> = {
  name: "moby.buildkit.v1.sourcepolicy.policysession.CheckPolicyResponse",
  fields: [
    unionCase(1, "decision", () => DecisionResponse, "result"),
    unionCase(2, "request", () => gateway.ResolveSourceMetaRequest, "result"),
  ],
};

export interface DecisionResponse {
  readonly action: number;
  readonly denyMessages: readonly DenyMessage[];
  readonly update?: llb.SourceOp;
}
export const DecisionResponse: MessageType<DecisionResponse> = {
  name: "moby.buildkit.v1.sourcepolicy.policysession.DecisionResponse",
  fields: [
    field(1, "action", "int32"),
    field(2, "denyMessages", () => DenyMessage, "list"),
    field(3, "update", () => llb.SourceOp),
  ],
};

export interface DenyMessage {
  readonly message: string;
}
export const DenyMessage: MessageType<DenyMessage> = {
  name: "moby.buildkit.v1.sourcepolicy.policysession.DenyMessage",
  fields: [
    field(1, "message", "string"),
  ],
};

export const PolicyVerifierService = {
  CheckPolicy: method("/moby.buildkit.v1.sourcepolicy.policysession.PolicyVerifier/CheckPolicy", CheckPolicyRequest, CheckPolicyResponse, false, false),
};
